//! The one door for hashes, keys and comparisons.
//!
//! Comes in: bytes and keys. Goes out: digests, yes or no. What is signed, and where the signature
//! stands, is left to `providers`.

mod compare;
mod crc;
mod der;
mod digest;
mod ed25519;
mod encoding;
mod hmac;
mod public_key;
mod random;

pub use compare::equal;
pub use crc::crc32;
pub use digest::{Algorithm, sha1, sha256, sha512};
pub use ed25519::{PUBLIC_KEY_BYTES, PublicKey, SigningKey};
pub use encoding::Encoding;
pub use hmac::Mac;
pub use public_key::{SignatureForm, VerifyingKey};
pub use random::{NoRandomness, random};
