//! Reads a body exactly, within its limits of size and time.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::{Body, Incoming};

use crate::runtime::Clock;

use super::Settings;
use super::answers::{Reply, closing, error};
use super::crowd::Share;

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unread {
    /// Longer than its source takes.
    TooLarge,
    /// Too many bytes of other bodies are held.
    Crowded,
    /// Too slow.
    TooSlow,
    /// Not what its Content-Encoding says.
    Garbled,
    /// The connection broke, or what came is not HTTP.
    Broken,
}

impl Unread {
    /// The word it is counted under.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::TooLarge => "too_large",
            Self::Crowded => "crowded",
            Self::TooSlow => "too_slow",
            Self::Garbled => "garbled",
            Self::Broken => "broken",
        }
    }

    /// What the sender is told. The connection ends, for the rest of the body is still to come on it.
    pub(super) fn reply(self) -> Reply {
        let (status, message) = match self {
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"),
            Self::Crowded => (
                StatusCode::SERVICE_UNAVAILABLE,
                "too much is being received; try again later",
            ),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the body came too slowly"),
            Self::Garbled => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "the body is not what its Content-Encoding says",
            ),
            Self::Broken => (StatusCode::BAD_REQUEST, "the body broke off"),
        };
        let mut reply = closing(error(status, message));
        if self == Self::Crowded {
            let wait = hyper::header::HeaderValue::from_static("5");
            reply.headers_mut().insert("retry-after", wait);
        }
        reply
    }
}

/// Reads a body whole. Its bytes are taken from `share`, which the caller keeps while it holds them.
///
/// # Errors
/// [`Unread`]; nothing of the body is kept then.
pub(super) async fn read(
    body: Incoming,
    bytes_max: u64,
    share: &mut Share,
    settings: &Settings,
    clock: &Clock,
) -> Result<Bytes, Unread> {
    if body.size_hint().lower() > bytes_max {
        return Err(Unread::TooLarge);
    }
    tokio::select! {
        // The deadline comes last, so that a body that is there is never turned away as slow.
        biased;
        read = pieces(body, bytes_max, share, settings, clock) => read,
        () = clock.sleep(settings.request_timeout) => Err(Unread::TooSlow),
    }
}

async fn pieces(
    mut body: Incoming,
    bytes_max: u64,
    share: &mut Share,
    settings: &Settings,
    clock: &Clock,
) -> Result<Bytes, Unread> {
    let mut whole: Option<BytesMut> = None;
    let mut first: Option<Bytes> = None;
    let mut length = 0_u64;
    while let Some(piece) = next(&mut body, settings.body_idle_timeout, clock).await? {
        let more = piece.len() as u64;
        length = length.saturating_add(more);
        if length > bytes_max {
            return Err(Unread::TooLarge);
        }
        if !share.take(more, settings.bodies_bytes_max) {
            return Err(Unread::Crowded);
        }
        // Most bodies are one piece, which is kept as it came.
        match (&mut whole, first.take()) {
            (Some(whole), _) => whole.extend_from_slice(&piece),
            (None, Some(before)) => {
                let mut both = BytesMut::with_capacity(before.len() + piece.len());
                both.extend_from_slice(&before);
                both.extend_from_slice(&piece);
                whole = Some(both);
            }
            (None, None) => first = Some(piece),
        }
    }
    Ok(whole.map_or_else(|| first.unwrap_or_default(), BytesMut::freeze))
}

async fn next(body: &mut Incoming, idle: Duration, clock: &Clock) -> Result<Option<Bytes>, Unread> {
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = clock.sleep(idle) => return Err(Unread::TooSlow),
        };
        match frame {
            None => return Ok(None),
            Some(Err(_)) => return Err(Unread::Broken),
            // Trailers are nobody's business here.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}
