//! Digests.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

/// A hash function that senders sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// 20 bytes; only for senders that offer nothing better.
    Sha1,
    /// 32 bytes.
    Sha256,
    /// 64 bytes.
    Sha512,
}

impl Algorithm {
    /// Every one, as definitions write them.
    pub const NAMES: [&'static str; 3] = ["sha1", "sha256", "sha512"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "sha1" => Some(Self::Sha1),
            "sha256" => Some(Self::Sha256),
            "sha512" => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The digest of some bytes.
    pub fn digest(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => sha1(bytes).to_vec(),
            Self::Sha256 => sha256(bytes).to_vec(),
            Self::Sha512 => sha512(bytes).to_vec(),
        }
    }

    /// Its name as documents write it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// The SHA-1 of some bytes.
pub fn sha1(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-512 of some bytes.
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    Sha512::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FIPS 180-4's own example, `abc`.
    #[test]
    fn digests_of_abc() {
        assert_eq!(
            hex::encode(sha1(b"abc")),
            "a9993e364706816aba3e25717850c26c9cd0d89d"
        );
        assert_eq!(
            hex::encode(sha256(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex::encode(sha512(b"abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
        );
    }

    #[test]
    fn names_find_their_algorithm() {
        assert!(
            Algorithm::NAMES
                .iter()
                .all(|n| Algorithm::named(n).is_some())
        );
        assert_eq!(Algorithm::named("md5"), None);
    }
}
