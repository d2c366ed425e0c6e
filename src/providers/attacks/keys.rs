//! Signatures that a private key makes: keys and signatures that fit too much.

use super::{NOW, SECRET, Source, delivery};
use crate::crypto::{Encoding, SigningKey};
use crate::event::{Delivery, Headers};
use crate::providers::verify::verify;
use crate::secret::Secret;

/// The order of Ed25519's group, the lowest byte first.
const ED25519_ORDER: &str = "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010";
/// The order of P-256's group, the highest byte first.
const P256_ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

fn bytes(hex: &str) -> Vec<u8> {
    Encoding::Hex.decode(hex).unwrap()
}

fn discord(tag: &[u8], body: &str) -> Delivery {
    let tag = Encoding::Hex.encode(tag);
    let headers = [
        ("x-signature-timestamp", "1700000000"),
        ("x-signature-ed25519", &*tag),
    ];
    delivery(&headers, "", body)
}

#[test]
fn an_ed25519_signature_has_one_form() {
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let public = Encoding::Hex.encode(key.public_key().unwrap().as_bytes());
    let source = Source::new("discord", None, &public);
    let tag = key.sign(b"1700000000{}");
    assert!(source.verify(&discord(&tag, "{}")).is_ok());
    // The second half and the group's order: the same number to whoever does not look.
    let mut longer = tag.clone();
    let mut carry = 0;
    for (byte, add) in longer.iter_mut().skip(32).zip(bytes(ED25519_ORDER)) {
        let sum = u16::from(*byte) + u16::from(add) + carry;
        *byte = u8::try_from(sum & 0xff).unwrap();
        carry = sum >> 8;
    }
    for wrong in [
        longer,
        [&tag[..], &[0]].concat(),
        tag[..63].to_vec(),
        vec![0; 64],
    ] {
        source.refuses(&discord(&wrong, "{}"), "mismatch");
    }
}

#[test]
fn a_key_of_small_order_is_none() {
    // Under the neutral point, the neutral point and zero sign everything.
    let neutral = format!("01{}", "00".repeat(31));
    let forged = bytes(&format!("{neutral}{}", "00".repeat(32)));
    let source = Source::new("discord", None, &neutral);
    source.refuses(&discord(&forged, r#"{"any":"thing"}"#), "no_secret");
    let said = source.provider.check_secret(None, &source.secret);
    assert_eq!(said.unwrap_err(), "this is a key that anybody can sign for");
}

/// A number as DER writes it.
fn integer(number: &[u8]) -> Vec<u8> {
    let digits: Vec<_> = number.iter().copied().skip_while(|b| *b == 0).collect();
    let sign = digits.first().is_none_or(|first| *first >= 0x80);
    let content = if sign {
        [vec![0], digits].concat()
    } else {
        digits
    };
    [vec![2, u8::try_from(content.len()).unwrap()], content].concat()
}

fn pair(r: &[u8], s: &[u8]) -> Vec<u8> {
    let both = [integer(r), integer(s)].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat()
}

#[test]
fn an_ecdsa_signature_is_two_numbers_in_der() {
    let source = Source::new("sendgrid", None, SECRET);
    let mut vectors = source.provider.vectors().iter();
    let shown = vectors.find_map(|vector| vector.accepted(&source.provider));
    let shown = shown.unwrap();
    let header = "x-twilio-email-event-webhook-signature";
    let good = shown.delivery.headers.single(header).unwrap();
    let good = Encoding::Base64.decode(good).unwrap();
    let check = |tag: &[u8]| {
        let others = shown.delivery.headers.keep(|name| name != header);
        let others = others.iter().map(|(n, v)| (n, v.to_owned()));
        let mut delivery = shown.delivery.clone();
        delivery.headers = Headers::new(others.chain([(header, Encoding::Base64.encode(tag))]));
        verify(&shown.provider, None, &shown.secrets, &delivery, NOW).is_ok()
    };
    assert!(check(&good));
    let length = usize::from(good[3]);
    let (r, s) = (good[4..4 + length].to_vec(), good[6 + length..].to_vec());
    assert!(check(&pair(&r, &s)));
    let order = bytes(P256_ORDER);
    let zero = [0_u8];
    for (r, s) in [
        (&zero[..], &zero[..]),
        (&r, &zero),
        (&zero, &s),
        (&order, &order),
        (&[1], &[1]),
        (&s, &r),
    ] {
        assert!(!check(&pair(r, s)), "{r:?} {s:?}");
    }
    let mut padded = good.clone();
    padded.push(0);
    let mut long_form = good.clone();
    long_form.splice(1..2, [0x81, good[1]]);
    for wrong in [
        padded,
        long_form,
        [r.clone(), s.clone()].concat(),
        Vec::new(),
    ] {
        assert!(!check(&wrong), "{wrong:?}");
    }
    // The order less the second number is as right: another spelling of the same signature, which
    // proves the same text. No delivery is known by its signature.
    let mut mirrored = order;
    let mut borrow = 0;
    let s = [vec![0; 32], s].concat();
    for (digit, less) in mirrored.iter_mut().rev().zip(s.iter().rev()) {
        let difference = i16::from(*digit) - i16::from(*less) - borrow;
        borrow = i16::from(difference < 0);
        *digit = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    assert!(check(&pair(&r, &mirrored)));
}

#[test]
fn a_shared_secret_is_no_public_key() {
    for (provider, secret) in [
        ("discord", "00"),
        ("discord", "hookrule_test_secret_0001"),
        ("sendgrid", "hookrule_test_secret_0001"),
        (
            "wise",
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ),
    ] {
        let source = Source::new(provider, None, secret);
        let secrets = [Secret::new(secret)];
        let delivery = discord(&[0; 64], "{}");
        let refusal = verify(&source.provider, None, &secrets, &delivery, NOW).unwrap_err();
        assert_eq!(refusal.kind(), "no_secret", "{provider}");
    }
}
