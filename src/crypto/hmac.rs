//! HMAC (RFC 2104).

use ::hmac::{Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::ConstantTimeEq;

use super::digest::Algorithm;

/// A keyed digest being computed piece by piece.
#[derive(Clone)]
pub struct Mac(State);

#[derive(Clone)]
enum State {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    Sha512(Hmac<Sha512>),
}

macro_rules! each {
    ($state:expr, $mac:ident => $body:expr) => {
        match $state {
            State::Sha1($mac) => $body,
            State::Sha256($mac) => $body,
            State::Sha512($mac) => $body,
        }
    };
}

#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn keyed<M: KeyInit>(key: &[u8]) -> M {
    M::new_from_slice(key).expect("HMAC takes a key of any length")
}

impl Mac {
    /// Starts with a key of any length.
    pub fn new(algorithm: Algorithm, key: &[u8]) -> Self {
        Self(match algorithm {
            Algorithm::Sha1 => State::Sha1(keyed(key)),
            Algorithm::Sha256 => State::Sha256(keyed(key)),
            Algorithm::Sha512 => State::Sha512(keyed(key)),
        })
    }

    /// The tag of a message given in pieces.
    pub fn tag<P: AsRef<[u8]>>(algorithm: Algorithm, key: &[u8], pieces: &[P]) -> Vec<u8> {
        let mut mac = Self::new(algorithm, key);
        for piece in pieces {
            mac.update(piece.as_ref());
        }
        mac.finish()
    }

    /// Adds a piece of the message.
    pub fn update(&mut self, piece: &[u8]) {
        each!(&mut self.0, mac => mac.update(piece));
    }

    /// The tag.
    pub fn finish(self) -> Vec<u8> {
        each!(self.0, mac => mac.finalize().into_bytes().to_vec())
    }

    /// Whether any of the tags is right. All are compared, each in constant time.
    pub fn matches_any<T: AsRef<[u8]>>(self, tags: &[T]) -> bool {
        let own = self.finish();
        tags.iter().fold(false, |found, tag| {
            found | bool::from(own.as_slice().ct_eq(tag.as_ref()))
        })
    }
}

impl std::fmt::Debug for Mac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mac(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::Encoding;

    #[track_caller]
    fn check(algorithm: Algorithm, key: &[u8], message: &[u8], expected: &str) {
        let tag = Mac::tag(algorithm, key, &[message]);
        assert_eq!(hex::encode(&tag), expected);
        let halves = message.split_at(message.len() / 2);
        assert_eq!(Mac::tag(algorithm, key, &[halves.0, halves.1]), tag);
    }

    /// RFC 2202 test 2, RFC 4231 tests 2 and 6 (a key longer than a block).
    #[test]
    fn known_tags() {
        let (key, message) = (b"Jefe", b"what do ya want for nothing?");
        check(
            Algorithm::Sha1,
            key,
            message,
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79",
        );
        check(
            Algorithm::Sha256,
            key,
            message,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        );
        check(
            Algorithm::Sha512,
            key,
            message,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554\
             9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        );
        check(
            Algorithm::Sha256,
            &[0xaa; 131],
            b"Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        );
    }

    /// The examples in GitHub's and Standard Webhooks' own documents.
    #[test]
    fn documented_signatures() {
        check(
            Algorithm::Sha256,
            b"It's a Secret to Everybody",
            b"Hello, World!",
            "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        );
        let key = Encoding::Base64
            .decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
            .unwrap();
        let content = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk.1649367553.";
        let body = r#"{"email":"test@example.com","username":"test_user"}"#;
        let tag = Mac::tag(Algorithm::Sha256, &key, &[content, body]);
        assert_eq!(
            Encoding::Base64.encode(&tag),
            "tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="
        );
    }

    #[test]
    fn only_a_whole_tag_matches() {
        let mac = Mac::new(Algorithm::Sha256, b"key");
        let tag = mac.clone().finish();
        assert!(mac.clone().matches_any(&[vec![0; 32], tag.clone()]));
        assert!(!mac.clone().matches_any(&[&tag[..31], &[]]));
        assert!(!mac.matches_any::<Vec<u8>>(&[]));
    }

    #[test]
    fn never_prints_its_key() {
        assert_eq!(
            format!("{:?}", Mac::new(Algorithm::Sha1, b"key")),
            "Mac(***)"
        );
    }
}
