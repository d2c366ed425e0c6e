//! A test's payload: written into the test, a file beside it, or a stored event.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use bytes::Bytes;

use crate::diagnostic::{Diagnostics, code};
use crate::event::EventId;
use crate::rule::find_beside;
use crate::yaml::{Node, Value};

const JSON: &str = "application/json";
/// The largest payload file, in bytes: what GitHub sends at most.
pub(super) const PAYLOAD_BYTES_MAX: u64 = 25 * 1024 * 1024;

/// The body of a test's event.
#[derive(Debug)]
pub(super) enum Body {
    /// As it would have been sent.
    Sent {
        /// The bytes.
        bytes: Bytes,
        /// The media type that its file name says.
        content_type: &'static str,
        /// Whether it was written into the test: then it is the parsed payload itself.
        inline: bool,
    },
    /// That of an event in the store.
    Stored(EventId),
}

impl Body {
    /// Reads `payload:` of a test; where there is none, the payload is an empty object.
    pub(super) fn parse(
        node: Option<&Node>,
        test: &Node,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let inline = |text: String| Self::Sent {
            bytes: Bytes::from(text),
            content_type: JSON,
            inline: true,
        };
        let Some(node) = node else {
            return Some(inline("{}".to_owned()));
        };
        if let Some(id) = stored_event(node) {
            return Some(Self::Stored(id));
        }
        let Value::String(path) = &node.value else {
            return Some(inline(node.to_json().to_string()));
        };
        let file = &test.place.file.path;
        match read(file.parent().unwrap_or(Path::new("")), path) {
            Ok(bytes) => Some(Self::Sent {
                bytes: bytes.into(),
                content_type: match Path::new(path).extension() {
                    Some(ending) if ending == "form" => "application/x-www-form-urlencoded",
                    Some(ending) if ending == "txt" => "text/plain",
                    _ => JSON,
                },
                inline: false,
            }),
            Err(message) => {
                let message = format!("the payload `{path}` {message}");
                problems.push(node.error(code::UNREADABLE, message).help(
                    "a payload is a map, the path of a file beside this one, or `{event: evt_…}`",
                ));
                None
            }
        }
    }
}

/// The event that `payload: {event: evt_…}` names.
pub(super) fn stored_event(node: &Node) -> Option<EventId> {
    match node.as_map()? {
        [(key, value)] if key.text == "event" => value.as_str()?.parse().ok(),
        _ => None,
    }
}

/// Reads a file below a folder; a link must not lead out of it.
fn read(folder: &Path, path: &str) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let found = find_beside(folder, path)?;
    let mut bytes = Vec::new();
    let mut file = File::open(&found)
        .map_err(cannot)?
        .take(PAYLOAD_BYTES_MAX + 1);
    file.read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > PAYLOAD_BYTES_MAX {
        return Err(format!("is larger than {PAYLOAD_BYTES_MAX} bytes"));
    }
    Ok(bytes)
}
