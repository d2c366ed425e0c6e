//! Keys that check signatures which only a private key can make: RSA, ECDSA on P-256, Ed25519.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use serde_json::Value;

use super::der::{self, BIT_STRING, CONTEXT_0, INTEGER, OID, Reader, SEQUENCE};
use super::ed25519::PublicKey;
use super::encoding::Encoding;

/// rsaEncryption, 1.2.840.113549.1.1.1.
const OID_RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// id-ecPublicKey, 1.2.840.10045.2.1.
const OID_EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// prime256v1, 1.2.840.10045.3.1.7.
const OID_P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// id-Ed25519, 1.3.101.112.
const OID_ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// A key that checks signatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyingKey {
    /// Modulus and exponent, as PKCS #1 writes them. From 2048 bits on.
    Rsa(Vec<u8>),
    /// A point on P-256, uncompressed.
    P256(Vec<u8>),
    /// 32 bytes.
    Ed25519(PublicKey),
}

/// How a signature is computed and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureForm {
    /// PKCS #1 v1.5 over SHA-1; only for senders that offer nothing better.
    RsaSha1,
    /// PKCS #1 v1.5 over SHA-256.
    RsaSha256,
    /// PKCS #1 v1.5 over SHA-512.
    RsaSha512,
    /// ECDSA over SHA-256, as a DER sequence of two numbers.
    P256Der,
    /// ECDSA over SHA-256, as two numbers of 32 bytes.
    P256Fixed,
    /// Ed25519.
    Ed25519,
}

impl VerifyingKey {
    /// From PEM: a public key, or a certificate that holds one.
    pub fn from_pem(text: &str) -> Option<Self> {
        let (_, from) = text.split_once("-----BEGIN ")?;
        let (label, rest) = from.split_once("-----")?;
        let (body, _) = rest.split_once("-----END ")?;
        let encoded: String = body.split_whitespace().collect();
        let bytes = Encoding::Base64.decode(&encoded)?;
        match label {
            "PUBLIC KEY" => Self::from_spki(&bytes),
            "RSA PUBLIC KEY" => rsa(&bytes),
            "CERTIFICATE" => Self::from_spki(certified(&bytes)?),
            _ => None,
        }
    }

    /// From the DER of a `SubjectPublicKeyInfo` (RFC 5280).
    pub fn from_spki(bytes: &[u8]) -> Option<Self> {
        let mut info = Reader::new(Reader::new(bytes).take(SEQUENCE)?);
        let mut algorithm = Reader::new(info.take(SEQUENCE)?);
        let kind = algorithm.take(OID)?;
        // The first byte says how many bits of the last one do not count: none.
        let key = info.take(BIT_STRING)?.strip_prefix(&[0])?;
        match kind {
            OID_RSA => rsa(key),
            OID_EC if algorithm.take(OID)? == OID_P256 => p256(key.to_vec()),
            OID_ED25519 => PublicKey::new(key).map(Self::Ed25519),
            _ => None,
        }
    }

    /// From a JSON Web Key (RFC 7517).
    pub fn from_jwk(key: &Value) -> Option<Self> {
        let text = |name: &str| key.get(name)?.as_str();
        let bytes = |name: &str| Encoding::Base64Url.decode(text(name)?);
        match (text("kty")?, text("crv")) {
            ("RSA", _) => {
                let modulus = der::write_unsigned(&bytes("n")?);
                let exponent = der::write_unsigned(&bytes("e")?);
                rsa(&der::write(SEQUENCE, &[modulus, exponent].concat()))
            }
            ("EC", Some("P-256")) => p256([vec![4], bytes("x")?, bytes("y")?].concat()),
            ("OKP", Some("Ed25519")) => PublicKey::new(&bytes("x")?).map(Self::Ed25519),
            _ => None,
        }
    }

    /// Whether `tag` is this key's signature of `message` in that form; a form of another kind of key
    /// never is.
    pub fn matches(&self, form: SignatureForm, message: &[u8], tag: &[u8]) -> bool {
        let check = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key)
                .verify(message, tag)
                .is_ok()
        };
        match (form, self) {
            (SignatureForm::RsaSha1, Self::Rsa(key)) => {
                check(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, key)
            }
            (SignatureForm::RsaSha256, Self::Rsa(key)) => check(&RSA_PKCS1_2048_8192_SHA256, key),
            (SignatureForm::RsaSha512, Self::Rsa(key)) => check(&RSA_PKCS1_2048_8192_SHA512, key),
            (SignatureForm::P256Der, Self::P256(key)) => check(&ECDSA_P256_SHA256_ASN1, key),
            (SignatureForm::P256Fixed, Self::P256(key)) => check(&ECDSA_P256_SHA256_FIXED, key),
            (SignatureForm::Ed25519, Self::Ed25519(key)) => key.matches(message, tag),
            _ => false,
        }
    }

    /// Whether it can check signatures of that form.
    pub fn fits(&self, form: SignatureForm) -> bool {
        match form {
            SignatureForm::RsaSha1 | SignatureForm::RsaSha256 | SignatureForm::RsaSha512 => {
                matches!(self, Self::Rsa(_))
            }
            SignatureForm::P256Der | SignatureForm::P256Fixed => matches!(self, Self::P256(_)),
            SignatureForm::Ed25519 => matches!(self, Self::Ed25519(_)),
        }
    }

    /// How many bytes it has.
    pub fn bytes(&self) -> usize {
        match self {
            Self::Rsa(key) | Self::P256(key) => key.len(),
            Self::Ed25519(key) => key.as_bytes().len(),
        }
    }
}

fn rsa(bytes: &[u8]) -> Option<VerifyingKey> {
    let mut numbers = Reader::new(Reader::new(bytes).take(SEQUENCE)?);
    numbers.take(INTEGER)?;
    numbers.take(INTEGER)?;
    Some(VerifyingKey::Rsa(bytes.to_vec()))
}

fn p256(point: Vec<u8>) -> Option<VerifyingKey> {
    let uncompressed = point.len() == 65 && point.first() == Some(&4);
    uncompressed.then_some(VerifyingKey::P256(point))
}

/// The `SubjectPublicKeyInfo` of an X.509 certificate. Who vouches for it is not looked at.
fn certified(certificate: &[u8]) -> Option<&[u8]> {
    let mut outer = Reader::new(Reader::new(certificate).take(SEQUENCE)?);
    let mut inner = Reader::new(outer.take(SEQUENCE)?);
    if inner.is_next(CONTEXT_0) {
        inner.take_whole()?;
    }
    // Serial number, signature, issuer, validity, subject.
    for _ in 0..5 {
        inner.take_whole()?;
    }
    inner.take_whole()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    // Made for these tests with openssl; each signature is over `hook`.
    const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nMIIC/zCCAeegAwIBAgIUbClzk4C+uJJe9lC5Br6hJ8TS1wcwDQYJKoZIhvcNAQEL\nBQAwDzENMAsGA1UEAwwEdGVzdDAeFw0yNjExMjUyMzUxNDlaFw0zNjExMjIyMzUx\nNDlaMA8xDTALBgNVBAMMBHRlc3QwggEiMA0GCSqGSIb3DQEBAQUAA4IBDwAwggEK\nAoIBAQClVZFCr5bkMwn70qpmbl1nEkg9XKF69z5PX3hEOgEElj/wySsEgZkDWa32\nY24HxDwQbOoKbxbI+79J6Nz+8zrU2xX0y6tf3TlRWpic/n3jHFu9uEfZ8qe2HisT\nCvNnOwT9zEaXQ6eBmAQIt3v/GmVhR6FbFR+COyfGyrha4XoV/zQ7up69RYLrn7ZH\n22GCO4vVG1TH1tqQUTxwi92h2Tu1cS+2dMI9NKEaX2jem+V2RhOKtJ384vM0hCdC\nZc1f+LIrn56vsknh0+C1Ntlc8DbZV6U0VNM/fqm32OhDREp68xpDUpLPBB4smz6R\n4yjUEQimT8epudQD9llCYA/aDwTfAgMBAAGjUzBRMB0GA1UdDgQWBBREuTvT97+D\nt11rT/hFq06TPLwS3jAfBgNVHSMEGDAWgBREuTvT97+Dt11rT/hFq06TPLwS3jAP\nBgNVHRMBAf8EBTADAQH/MA0GCSqGSIb3DQEBCwUAA4IBAQA/ZJLSiLVxDHdWNlZR\nU8tMGSpKLYmnEECxsbW7Fd+yZ4RmF7eBn77N7Oe6Fn70WqsW3bogZx0APj/IRkBQ\nxjE+ZxZ3FWpT5MdYq05wx+lGY85vkhCMibUGbDMp5BlsiVy1lO4XGMPvADP8Zak5\nfGbVRn7U6z34jQ+iNqdWsjQutbB+x3iIjpzmIqrQN6TEHnrJY1bz3faNfPpHwzt5\nJ6ffc3+iKwus7ZIcFHazUHAZUz/UMrl3Y/TWJS1gW2W/vXtRw9Coe3WVz/kkZp8d\naEW/Vses47O3SA0+kLDrANGKwzq+YRlV4HYwUUnAnQvURE9SytXNA2HJVti/zjlm\nkaSX\n-----END CERTIFICATE-----";
    const RSA_SPKI: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEApVWRQq+W5DMJ+9KqZm5d\nZxJIPVyhevc+T194RDoBBJY/8MkrBIGZA1mt9mNuB8Q8EGzqCm8WyPu/Sejc/vM6\n1NsV9MurX905UVqYnP594xxbvbhH2fKnth4rEwrzZzsE/cxGl0OngZgECLd7/xpl\nYUehWxUfgjsnxsq4WuF6Ff80O7qevUWC65+2R9thgjuL1RtUx9bakFE8cIvdodk7\ntXEvtnTCPTShGl9o3pvldkYTirSd/OLzNIQnQmXNX/iyK5+er7JJ4dPgtTbZXPA2\n2VelNFTTP36pt9joQ0RKevMaQ1KSzwQeLJs+keMo1BEIpk/HqbnUA/ZZQmAP2g8E\n3wIDAQAB\n-----END PUBLIC KEY-----";
    const RSA_PKCS1: &str = "-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEApVWRQq+W5DMJ+9KqZm5dZxJIPVyhevc+T194RDoBBJY/8MkrBIGZ\nA1mt9mNuB8Q8EGzqCm8WyPu/Sejc/vM61NsV9MurX905UVqYnP594xxbvbhH2fKn\nth4rEwrzZzsE/cxGl0OngZgECLd7/xplYUehWxUfgjsnxsq4WuF6Ff80O7qevUWC\n65+2R9thgjuL1RtUx9bakFE8cIvdodk7tXEvtnTCPTShGl9o3pvldkYTirSd/OLz\nNIQnQmXNX/iyK5+er7JJ4dPgtTbZXPA22VelNFTTP36pt9joQ0RKevMaQ1KSzwQe\nLJs+keMo1BEIpk/HqbnUA/ZZQmAP2g8E3wIDAQAB\n-----END RSA PUBLIC KEY-----";
    const RSA_N: &str = "pVWRQq-W5DMJ-9KqZm5dZxJIPVyhevc-T194RDoBBJY_8MkrBIGZA1mt9mNuB8Q8EGzqCm8WyPu_Sejc_vM61NsV9MurX905UVqYnP594xxbvbhH2fKnth4rEwrzZzsE_cxGl0OngZgECLd7_xplYUehWxUfgjsnxsq4WuF6Ff80O7qevUWC65-2R9thgjuL1RtUx9bakFE8cIvdodk7tXEvtnTCPTShGl9o3pvldkYTirSd_OLzNIQnQmXNX_iyK5-er7JJ4dPgtTbZXPA22VelNFTTP36pt9joQ0RKevMaQ1KSzwQeLJs-keMo1BEIpk_HqbnUA_ZZQmAP2g8E3w";
    const RSA_SHA256: &str = "QKpLyRjk5FzG5JPQqSex5eHgBIA2KfPEJG+eRtn16JcBNXvH2v2agkHCKV0Prj8SCH+owA7KsXgaghAdmw5XaDgQPNfxEN0NCdsReFZtOgSefbLxefl+rjteYKNwebOKYbh7c86peMrph936HzzWINwOaBQ57xLqZLy9H6veq60Bs0AepCYBsbo2emCXEmDKLwVl7Hrfhkdu1om2csy9cHbz773RrAlUpwypG1RAJESuNT5l7fQP5tSrGyowV/fDLoqGhkB5xisFLbxwPNTwODrMXMs995qJi5Z3epadmEIeGwU9Z7pz2lGgEotwEKjpqI9/fPjqAbWQh1kNBE+gjw==";
    const RSA_SHA1: &str = "OkeHGsuPlsxAT3GivtqvIq9KIqp39cf4NCEALiP7eQhdpwu2es/RqvH0IUJp5FLp/MrHsN+cJZQ7S3vPvlmKVYqVs4vD+F8/xfz2dJAjopZepv/T2i4Dq1/qYhDSfwkraHEoWl5Ho/sjCVctovGmovlxH0vObAGejVMggMDL8x42l7QWBJy/CyCh/d/3dgZ519iAFS+ZBhwWt1Wp6fqBdHCo/lRNJYW2kd5YLLtvHfSF2lqr//G8J+/oGqXwtsK0VxFjPEwZw/6JjOYMvy2AajXfwPJO53oeuSwmdMPX3Gr1Fd/Yev/Z92h3cH+H8PAqT2+kksnhkkEaO55b1Hvseg==";
    const EC: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEkPDyTOcwm7s8l60+HDsX4UTJZ71b\numnBgbEdLPH9m+77bwpmoo8eV83Kax4Blu34hYUBe7PIxwAZLe/OMwU9DA==\n-----END PUBLIC KEY-----";
    const EC_XY: [&str; 2] = [
        "kPDyTOcwm7s8l60-HDsX4UTJZ71bumnBgbEdLPH9m-4",
        "-28KZqKPHlfNymseAZbt-IWFAXuzyMcAGS3vzjMFPQw",
    ];
    const EC_DER: &str = "MEQCIF9ZMRhiJQAu+YQnMRiy5Z5eDru3IQ/jSY4T3G6AHCf0AiALmKbnPi0WjIAXqO8ITSLonJgW0LTT35vCQ/VpH0BU7w==";
    const ED25519: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAabZpsIgPm9D+fkNvSKTqpjhePmIJ9k5cUU8i412zDN0=\n-----END PUBLIC KEY-----";
    const ED25519_TAG: &str =
        "fZ1M2YjcAbLXTZJade7TKoZEEBTH2iulEXES3nh1ncoLWB0PU2kntPjgVTJD4MkAUaRn0y0Xmz8z7YZl5gvTBg==";

    #[track_caller]
    fn check(key: &VerifyingKey, form: SignatureForm, tag: &str) {
        let tag = Encoding::Base64.decode(tag).unwrap();
        assert!(key.fits(form) && key.matches(form, b"hook", &tag));
        assert!(!key.matches(form, b"hooh", &tag));
        assert!(!key.matches(form, b"hook", tag.get(1..).unwrap()));
        assert!(!key.matches(form, b"hook", b""));
    }

    #[test]
    fn one_key_however_it_is_written() {
        let key = VerifyingKey::from_pem(RSA_SPKI).unwrap();
        check(&key, SignatureForm::RsaSha256, RSA_SHA256);
        check(&key, SignatureForm::RsaSha1, RSA_SHA1);
        assert_eq!(VerifyingKey::from_pem(CERTIFICATE).as_ref(), Some(&key));
        assert_eq!(VerifyingKey::from_pem(RSA_PKCS1).as_ref(), Some(&key));
        let jwk = json!({"kty": "RSA", "n": RSA_N, "e": "AQAB", "kid": "1"});
        assert_eq!(VerifyingKey::from_jwk(&jwk).as_ref(), Some(&key));
        let key = VerifyingKey::from_pem(EC).unwrap();
        check(&key, SignatureForm::P256Der, EC_DER);
        let jwk = json!({"kty": "EC", "crv": "P-256", "x": EC_XY[0], "y": EC_XY[1]});
        assert_eq!(VerifyingKey::from_jwk(&jwk), Some(key));
        let key = VerifyingKey::from_pem(ED25519).unwrap();
        check(&key, SignatureForm::Ed25519, ED25519_TAG);
    }

    #[test]
    fn a_key_fits_its_own_forms_only() {
        let key = VerifyingKey::from_pem(EC).unwrap();
        let tag = Encoding::Base64.decode(EC_DER).unwrap();
        for form in [
            SignatureForm::RsaSha256,
            SignatureForm::Ed25519,
            SignatureForm::P256Fixed,
        ] {
            assert!(!key.matches(form, b"hook", &tag));
        }
        assert!(!key.fits(SignatureForm::RsaSha1) && key.fits(SignatureForm::P256Fixed));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for text in [
            "",
            "-----BEGIN PUBLIC KEY-----",
            "-----BEGIN PUBLIC KEY-----\n!\n-----END PUBLIC KEY-----",
            &RSA_SPKI.replace("PUBLIC", "PRIVATE"),
            &RSA_SPKI.replace("MII", "MIJ"),
            &CERTIFICATE.replace("CERTIFICATE", "PUBLIC KEY"),
        ] {
            assert_eq!(VerifyingKey::from_pem(text), None, "{text}");
        }
        for key in [
            json!({}),
            json!({"kty": "oct", "k": "aG9vaw"}),
            json!({"kty": "EC", "crv": "P-256", "x": "aG9vaw", "y": "aG9vaw"}),
            json!({"kty": "EC", "crv": "P-384", "x": EC_XY[0], "y": EC_XY[1]}),
            json!({"kty": "RSA", "n": RSA_N}),
        ] {
            assert_eq!(VerifyingKey::from_jwk(&key), None, "{key}");
        }
    }
}
