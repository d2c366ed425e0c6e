//! Bodies and definitions that are nearly right: what matters is that reading them ends.

use bytes::Bytes;

use super::super::definition::Provider;
use super::super::registry::Providers;
use super::Numbers;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::{MediaKind, Payload};
use crate::yaml;

/// Reads a body in every way; what matters is that it ends.
pub fn read_body(raw: &[u8]) {
    let raw = Bytes::copy_from_slice(raw);
    for kind in [
        MediaKind::Json,
        MediaKind::Form,
        MediaKind::FormField("a".to_owned()),
        MediaKind::Text,
        MediaKind::Lines,
        MediaKind::Xml,
        MediaKind::Multipart,
        MediaKind::MultipartField("a".to_owned()),
        MediaKind::Jwt,
    ] {
        if let Ok(payload) = Payload::new(raw.clone(), kind) {
            payload.value();
        }
    }
}

/// Reads a definition and runs its vectors; what matters is that it ends.
pub fn read_definition(raw: &[u8]) {
    let file = SourceFile::new("mangled.yaml", String::from_utf8_lossy(raw));
    let mut problems = Diagnostics::new();
    let Some(node) = yaml::read(&file, &mut problems) else {
        return;
    };
    if let Some(provider) = Provider::parse(&node, &mut problems) {
        for vector in provider.vectors() {
            let _ = vector.run(&provider);
        }
    }
}

/// Mangles bodies and definitions for so many rounds and reads them.
pub fn read_nonsense(seed: u64, rounds: u64) {
    const BODIES: [&str; 5] = [
        "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n{\"b\":[1]}\r\n--B--\r\n",
        "<a k=\"1\"><b>x&amp;y</b><b/><![CDATA[z]]></a>",
        "{\"a\":{\"b\":[1,2.5e3,\"\\u00e9\"]}}\n[null,true]\n",
        "a=%7B%22b%22%3A1%7D&c=d+e&c=f",
        "eyJhbGciOiJub25lIn0.eyJhIjoxfQ.AA",
    ];
    let providers = Providers::builtin();
    let names = providers.names();
    let mut numbers = Numbers::new(seed);
    for round in 0..rounds {
        let mut raw = match (round % 8, names.get(numbers.below(names.len()))) {
            (0, Some(name)) => providers.text(name).unwrap_or_default(),
            _ => BODIES
                .get(numbers.below(BODIES.len()))
                .copied()
                .unwrap_or_default(),
        }
        .as_bytes()
        .to_vec();
        for _ in 0..=numbers.below(4) {
            raw = numbers.mangle(&raw);
        }
        if round % 8 == 0 {
            read_definition(&raw);
        } else {
            read_body(&raw);
        }
    }
}
