//! Ed25519 (RFC 8032): signatures that need no shared secret.

use std::fmt;

use ring::signature::{self, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// The length of a public key, in bytes.
pub const PUBLIC_KEY_BYTES: usize = 32;

/// The points of small order, in each way they can be written, without the bit for the sign: under
/// such a key a signature that anybody can make fits any message.
const SMALL_ORDER: [[u8; PUBLIC_KEY_BYTES]; 7] = [
    edge(0x00, 0x00, 0x00),
    edge(0x01, 0x00, 0x00),
    edge(0xec, 0xff, 0x7f),
    edge(0xed, 0xff, 0x7f),
    edge(0xee, 0xff, 0x7f),
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
];

const fn edge(first: u8, between: u8, last: u8) -> [u8; PUBLIC_KEY_BYTES] {
    let mut bytes = [between; PUBLIC_KEY_BYTES];
    bytes[0] = first;
    bytes[PUBLIC_KEY_BYTES - 1] = last;
    bytes
}

/// A key that checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey([u8; PUBLIC_KEY_BYTES]);

impl PublicKey {
    /// From its bytes; none where there are too few or too many, or they are a point of small order.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let key: [u8; PUBLIC_KEY_BYTES] = bytes.try_into().ok()?;
        let mut unsigned = key;
        if let Some(last) = unsigned.last_mut() {
            *last &= 0x7f;
        }
        (!SMALL_ORDER.contains(&unsigned)).then_some(Self(key))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_BYTES] {
        &self.0
    }

    /// Whether `tag` is this key's signature of `message`.
    pub fn matches(&self, message: &[u8], tag: &[u8]) -> bool {
        UnparsedPublicKey::new(&signature::ED25519, &self.0)
            .verify(message, tag)
            .is_ok()
    }
}

/// A key that makes signatures.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// From its seed of 32 bytes; none where it is of another length.
    pub fn from_seed(seed: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(Self)
    }

    /// The key that checks its signatures.
    pub fn public_key(&self) -> Option<PublicKey> {
        PublicKey::new(self.0.public_key().as_ref())
    }

    /// Its signature of `message`.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.0.sign(message).as_ref().to_vec()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(text: &str) -> Vec<u8> {
        hex::decode(text).unwrap()
    }

    /// RFC 8032 section 7.1, tests 1 and 3.
    #[test]
    fn known_signatures() {
        for (seed, public, message, tag) in [
            (
                "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
                "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
                "af82",
                "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
            ),
        ] {
            let key = SigningKey::from_seed(&bytes(seed)).unwrap();
            assert_eq!(
                key.public_key().unwrap().as_bytes().as_slice(),
                bytes(public)
            );
            assert_eq!(key.sign(&bytes(message)), bytes(tag));
            let public = PublicKey::new(&bytes(public)).unwrap();
            assert!(public.matches(&bytes(message), &bytes(tag)));
            assert!(!public.matches(b"another", &bytes(tag)));
            assert!(!public.matches(&bytes(message), &bytes(tag)[..63]));
        }
    }

    #[test]
    fn keys_have_one_length() {
        assert!(PublicKey::new(&[1; 31]).is_none() && PublicKey::new(&[1; 33]).is_none());
        assert!(SigningKey::from_seed(&[1; 31]).is_none());
        // Not a point on the curve: matches nothing.
        assert!(!PublicKey::new(&[0xfe; 32]).unwrap().matches(b"", &[0; 64]));
    }

    #[test]
    fn keys_that_fit_any_message_are_none() {
        // The neutral point as key and as the signature's first half, nothing as its second.
        let neutral = edge(1, 0, 0);
        let forged = [neutral, [0; 32]].concat();
        assert!(PublicKey(neutral).matches(b"whatever somebody likes", &forged));
        for mut key in SMALL_ORDER {
            assert!(PublicKey::new(&key).is_none(), "{key:?}");
            key[31] |= 0x80;
            assert!(PublicKey::new(&key).is_none(), "{key:?}");
        }
    }

    #[test]
    fn a_signing_key_never_prints_itself() {
        let key = SigningKey::from_seed(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(***)");
    }
}
