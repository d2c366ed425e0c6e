//! Unpacks a body within the limits of a plain one.
//!
//! This happens before anything is proven: senders that pack their bodies sign the plain ones. So what it
//! may cost is bounded by what a plain body may cost: the same most of bytes, taken from the same share.

use std::io::Read as _;

use bytes::{Buf as _, Bytes};
use flate2::bufread::GzDecoder;
use flate2::{Decompress, FlushDecompress, Status};

use crate::event::ContentEncoding;

use super::body::Unread;
use super::crowd::Share;

/// So many bytes are unpacked before others have their turn.
const PIECE_BYTES: usize = 64 * 1024;
/// A body may become so many times as long: text becomes five to twenty times, a bomb a thousand times.
const RATIO_MAX: u64 = 100;
/// Up to this length the ratio does not matter, in bytes.
const FREE_BYTES: u64 = 64 * 1024;
/// Longer packed bodies are unpacked on a thread of their own, in bytes: there are blocks that take long
/// to read and hold nothing.
const BLOCKING_BYTES_MIN: usize = 16 * 1024;

/// Where unpacked bytes are counted.
pub(super) struct Room<'s> {
    /// The longest that a body may become, in bytes.
    pub(super) body_bytes_max: u64,
    /// Takes the unpacked bytes; the packed ones are in it already.
    pub(super) share: &'s mut Share,
    /// The most of all bodies together, in bytes.
    pub(super) bodies_bytes_max: u64,
}

/// The plain body.
///
/// # Errors
/// [`Unread::TooLarge`], [`Unread::Crowded`], or [`Unread::Garbled`] where it is not what it is called, not
/// whole, or followed by something else.
pub(super) async fn inflate(
    packed: Bytes,
    encoding: ContentEncoding,
    room: &mut Room<'_>,
) -> Result<Bytes, Unread> {
    let slow = packed.len() > BLOCKING_BYTES_MIN;
    let ratio_bytes_max = (packed.len() as u64).saturating_mul(RATIO_MAX);
    let bytes_max = room.body_bytes_max.min(ratio_bytes_max.max(FREE_BYTES));
    let mut unpacking = Unpacking::of(packed, encoding);
    let mut plain = Vec::new();
    loop {
        let before = plain.len();
        (unpacking, plain) = aside(slow, move || unpacking.append_to(plain)).await?;
        let length = plain.len().saturating_sub(before) as u64;
        if length == 0 {
            return Ok(plain.into());
        }
        if plain.len() as u64 > bytes_max {
            return Err(Unread::TooLarge);
        }
        if !room.share.take(length, room.bodies_bytes_max) {
            return Err(Unread::Crowded);
        }
    }
}

/// Work here, or on a thread of its own.
async fn aside<T: Send + 'static>(
    slow: bool,
    work: impl FnOnce() -> Result<T, Unread> + Send + 'static,
) -> Result<T, Unread> {
    if !slow {
        return work();
    }
    let done = tokio::task::spawn_blocking(work).await;
    // It does not panic; and where the program ends, nobody waits for an answer.
    done.unwrap_or(Err(Unread::Broken))
}

/// A body on its way of being unpacked.
enum Unpacking {
    /// One member: several would be legal, no sender has them, and each costs a fresh state.
    Gzip(GzDecoder<bytes::buf::Reader<Bytes>>),
    Deflate(Bytes, Decompress, Status),
}

impl Unpacking {
    fn of(packed: Bytes, encoding: ContentEncoding) -> Self {
        match encoding {
            ContentEncoding::Gzip => Self::Gzip(GzDecoder::new(packed.reader())),
            ContentEncoding::Deflate => Self::Deflate(packed, Decompress::new(true), Status::Ok),
        }
    }

    /// Appends the next piece; none at the end, which is then known to be right.
    fn append_to(mut self, mut plain: Vec<u8>) -> Result<(Self, Vec<u8>), Unread> {
        let mut length = plain.len();
        plain.resize(length + PIECE_BYTES, 0);
        while let Some(free) = plain.get_mut(length..).filter(|free| !free.is_empty()) {
            let more = self.read(free)?;
            if more == 0 {
                break;
            }
            length += more;
        }
        plain.truncate(length);
        Ok((self, plain))
    }

    fn read(&mut self, free: &mut [u8]) -> Result<usize, Unread> {
        match self {
            Self::Deflate(packed, state, status) => deflated(packed, state, status, free),
            Self::Gzip(decoder) => match decoder.read(free) {
                Ok(0) if decoder.get_ref().get_ref().has_remaining() => Err(Unread::Garbled),
                Ok(length) => Ok(length),
                Err(_) => Err(Unread::Garbled),
            },
        }
    }
}

/// The stream must end, with its checksum, where the body does.
fn deflated(
    packed: &mut Bytes,
    state: &mut Decompress,
    status: &mut Status,
    free: &mut [u8],
) -> Result<usize, Unread> {
    while *status != Status::StreamEnd {
        let (taken, given) = (state.total_in(), state.total_out());
        *status = state
            .decompress(packed, free, FlushDecompress::None)
            .map_err(|_| Unread::Garbled)?;
        let taken = usize::try_from(state.total_in() - taken).unwrap_or(usize::MAX);
        packed.advance(taken.min(packed.len()));
        let given = usize::try_from(state.total_out() - given).unwrap_or_default();
        if given > 0 {
            return Ok(given);
        }
        if taken == 0 && *status != Status::StreamEnd {
            return Err(Unread::Garbled);
        }
    }
    if packed.is_empty() {
        Ok(0)
    } else {
        Err(Unread::Garbled)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::sync::Arc;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::super::crowd::Budget;
    use super::*;

    const LIMIT: u64 = 1024 * 1024;

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(plain: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    /// The body, and how much of the budget is held then.
    async fn unpack(
        packed: &[u8],
        encoding: ContentEncoding,
        all: u64,
    ) -> (Result<Bytes, Unread>, u64) {
        let budget = Arc::new(Budget::default());
        let mut share = budget.share();
        let mut room = Room {
            body_bytes_max: LIMIT,
            share: &mut share,
            bodies_bytes_max: all,
        };
        let body = inflate(Bytes::copy_from_slice(packed), encoding, &mut room).await;
        (body, budget.taken())
    }

    #[track_caller]
    fn is(found: &(Result<Bytes, Unread>, u64), expected: Result<&[u8], Unread>) {
        let found = found.0.as_ref().map(|body| &body[..]).map_err(|why| *why);
        let short = |body: &[u8]| body.len();
        assert_eq!(found.map(short), expected.map(short));
        assert!(found == expected, "another body of the same length");
    }

    /// Text that is not much shorter when it is packed.
    fn text(bytes: usize) -> Vec<u8> {
        let mut number = 7_u32;
        let mut next = || {
            number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            number >> 24
        };
        let mut text = String::new();
        while text.len() < bytes {
            text += "{\"id\":";
            text += &next().to_string();
            text += "},";
        }
        text.truncate(bytes);
        text.into()
    }

    #[tokio::test]
    async fn what_is_whole_comes_out_as_it_was() {
        for bytes in [
            0,
            1,
            100,
            PIECE_BYTES - 1,
            PIECE_BYTES,
            PIECE_BYTES + 1,
            1024 * 1024,
        ] {
            let plain = text(bytes);
            for (packed, encoding) in [
                (gzip(&plain), ContentEncoding::Gzip),
                (zlib(&plain), ContentEncoding::Deflate),
            ] {
                let found = unpack(&packed, encoding, u64::MAX).await;
                is(&found, Ok(&plain));
                assert_eq!(found.1, bytes as u64, "all of it is counted");
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_whole_or_not_that_is_refused() {
        let plain = text(5000);
        for (packed, encoding) in [
            (gzip(&plain), ContentEncoding::Gzip),
            (zlib(&plain), ContentEncoding::Deflate),
        ] {
            let refused = |packed: Vec<u8>| async move {
                let found = unpack(&packed, encoding, u64::MAX).await;
                is(&found, Err(Unread::Garbled));
            };
            for cut in 0..packed.len() {
                refused(packed[..cut].to_vec()).await;
            }
            for more in [&b"\0"[..], b" ", b"{}", &packed[..10], &packed, b"\x1f\x8b"] {
                refused([&packed[..], more].concat()).await;
            }
            for at in 1..=8 {
                let mut wrong = packed.clone();
                let at = wrong.len() - at;
                wrong[at] ^= 1;
                if encoding == ContentEncoding::Gzip || at >= wrong.len() - 4 {
                    refused(wrong).await;
                }
            }
            refused(plain.clone()).await;
            refused(b"PK\x03\x04".to_vec()).await;
        }
        is(
            &unpack(&gzip(&plain), ContentEncoding::Deflate, u64::MAX).await,
            Err(Unread::Garbled),
        );
        is(
            &unpack(&zlib(&plain), ContentEncoding::Gzip, u64::MAX).await,
            Err(Unread::Garbled),
        );
        let mut raw = DeflateEncoder::new(Vec::new(), Compression::default());
        raw.write_all(&plain).unwrap();
        let raw = raw.finish().unwrap();
        is(
            &unpack(&raw, ContentEncoding::Deflate, u64::MAX).await,
            Err(Unread::Garbled),
        );
    }

    #[tokio::test]
    async fn bombs_are_stopped_at_the_limit_of_a_plain_body() {
        let over = text(1024 * 1024 + 1);
        let zeros = vec![0; 1024 * 1024];
        for (packed, encoding) in [
            (gzip(&over), ContentEncoding::Gzip),
            (zlib(&over), ContentEncoding::Deflate),
            (gzip(&zeros.repeat(16)), ContentEncoding::Gzip),
            (zlib(&zeros.repeat(16)), ContentEncoding::Deflate),
        ] {
            let (body, held) = unpack(&packed, encoding, u64::MAX).await;
            assert_eq!(body, Err(Unread::TooLarge));
            assert!(held <= LIMIT, "{held}");
        }
    }

    #[tokio::test]
    async fn what_grows_a_thousand_times_is_no_text() {
        let little = vec![b' '; 60 * 1024];
        is(
            &unpack(&gzip(&little), ContentEncoding::Gzip, u64::MAX).await,
            Ok(&little),
        );
        let zeros = vec![b' '; 900 * 1024];
        for (packed, encoding) in [
            (gzip(&zeros), ContentEncoding::Gzip),
            (zlib(&zeros), ContentEncoding::Deflate),
        ] {
            let (body, held) = unpack(&packed, encoding, u64::MAX).await;
            assert_eq!(body, Err(Unread::TooLarge));
            assert!(
                held <= FREE_BYTES.max(packed.len() as u64 * RATIO_MAX),
                "{held}"
            );
        }
    }

    #[tokio::test]
    async fn all_bodies_together_have_their_limit_too() {
        let plain = text(300_000);
        let (body, held) = unpack(&gzip(&plain), ContentEncoding::Gzip, 200_000).await;
        assert_eq!(body, Err(Unread::Crowded));
        assert!(held <= 200_000, "{held}");
    }

    /// A good body with bytes changed, cut out, doubled and put in: it is refused, or comes out as a body
    /// that the checksum stands for, which a change that is felt never does.
    #[tokio::test]
    async fn no_mutation_comes_out_as_another_body() {
        let plain = text(2_000);
        let mut number = 0x5eed_u64;
        let mut below = |end: usize| {
            number ^= number << 13;
            number ^= number >> 7;
            number ^= number << 17;
            usize::try_from(number % end as u64).unwrap()
        };
        for (packed, encoding) in [
            (gzip(&plain), ContentEncoding::Gzip),
            (zlib(&plain), ContentEncoding::Deflate),
        ] {
            let mut refused = 0;
            for _ in 0..5_000 {
                let mut mutant = packed.clone();
                for _ in 0..=below(3) {
                    let at = below(mutant.len());
                    match below(4) {
                        0 => mutant[at] ^= 1 << below(8),
                        1 => drop(mutant.remove(at)),
                        2 => mutant.insert(at, u8::try_from(below(256)).unwrap()),
                        _ => mutant.truncate(at.max(1)),
                    }
                }
                match unpack(&mutant, encoding, u64::MAX).await.0 {
                    Ok(body) => assert!(body[..] == plain[..], "{mutant:?}"),
                    Err(_) => refused += 1,
                }
            }
            assert!(refused > 4_000, "{refused}");
        }
    }
}
