//! Deliveries that are nearly right: none of them is ever accepted.

use bytes::Bytes;

use crate::crypto::{Encoding, SigningKey};
use crate::event::{Delivery, Headers, Query, Strength};
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::definition::Provider;
use super::fuzz::{secret_for, set};
use super::parts::{Piece, Place};
use super::registry::Providers;
use super::sign::{Draft, sign};
use super::verify::{Refusal, verify};

const BODY: &str = r#"{"id":"1","type":"thing.happened"}"#;
const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Each definition and scheme that we can sign for, and a good delivery of it.
fn good() -> Vec<(Provider, String, Secret, Delivery)> {
    let providers = Providers::builtin();
    let mut found = Vec::new();
    for name in providers.names() {
        let known = providers.find(name).unwrap();
        for scheme in known.schemes() {
            let provider = set(&known).unwrap();
            let Some(secret) = secret_for(&provider, scheme) else {
                continue;
            };
            let draft = Draft {
                headers: Headers::default(),
                body: Bytes::from_static(BODY.as_bytes()),
                event: None,
                delivery_id: "id-1".to_owned(),
            };
            if let Ok(delivery) = sign(&provider, Some(scheme), &secret, &draft, NOW)
                && delivery.body == BODY
            {
                found.push((provider, scheme.to_owned(), secret, delivery));
            }
        }
    }
    found.push(discord(&providers));
    found
}

fn discord(providers: &Providers) -> (Provider, String, Secret, Delivery) {
    let key = SigningKey::from_seed(&[7; 32]).unwrap();
    let public = key.public_key().unwrap();
    let tag = key.sign(format!("1700000000{BODY}").as_bytes());
    let headers = Headers::new([
        ("x-signature-timestamp", "1700000000".to_owned()),
        ("x-signature-ed25519", Encoding::Hex.encode(&tag)),
    ]);
    let secret = Secret::new(Encoding::Hex.encode(public.as_bytes()));
    let provider = Provider::clone(&providers.find("discord").unwrap());
    (
        provider,
        "signature".to_owned(),
        secret,
        delivery(headers, BODY),
    )
}

fn delivery(headers: Headers, body: &str) -> Delivery {
    Delivery {
        method: "POST".to_owned(),
        query: Query::default(),
        query_text: String::new(),
        headers,
        body: body.to_owned().into(),
        received_at: NOW,
        remote: None,
    }
}

/// The headers that prove something: those without which a delivery is refused.
fn proofs(provider: &Provider, scheme: &str) -> Vec<String> {
    let scheme = provider.scheme(Some(scheme)).unwrap();
    let headers: Vec<_> = match scheme.signed() {
        None => scheme.headers(),
        Some(signed) => {
            let time = signed.freshness.as_ref().map(|freshness| &freshness.from);
            let content = signed
                .content
                .pieces()
                .iter()
                .filter_map(|piece| match piece {
                    Piece::Part(place, _) => Some(place),
                    _ => None,
                });
            let places = signed
                .signature
                .from
                .iter()
                .take(1)
                .chain(time)
                .chain(content);
            places.filter_map(Place::header).collect()
        }
    };
    headers
        .iter()
        .map(|name| name.to_ascii_lowercase())
        .collect()
}

#[test]
fn what_is_signed_is_accepted_and_anything_less_is_not() {
    let good = good();
    assert!(good.len() >= 170, "{}", good.len());
    for (provider, scheme, secret, delivery) in &good {
        let secrets = std::slice::from_ref(secret);
        let check = |secrets: &[Secret], delivery: &Delivery, now| {
            verify(provider, Some(scheme), secrets, delivery, now)
        };
        let proof = check(secrets, delivery, NOW).unwrap();
        assert!([Strength::Signed, Strength::Authenticated].contains(&proof.strength()));
        let other = Secret::new(match secret.expose() {
            hex if hex.len() == 64 => "11".repeat(32),
            basic if basic.contains(':') => "name:another password".to_owned(),
            _ => "whsec_YW5vdGhlciBzZWNyZXQgb2Ygb3Vycw==".to_owned(),
        });
        let both = [other.clone(), secret.clone()];
        assert!(check(&both, delivery, NOW).is_ok());
        for none in [&[][..], &[Secret::new("")], &[Secret::new("  ")]] {
            assert_eq!(check(none, delivery, NOW).unwrap_err(), Refusal::NoSecret);
        }
        assert!(check(&[other], delivery, NOW).is_err());
        for name in proofs(provider, scheme) {
            let without = delivery.headers.keep(|header| header != name);
            let mut gone = delivery.clone();
            gone.headers = without;
            let refusal = check(secrets, &gone, NOW).unwrap_err();
            let provider = provider.name();
            assert_eq!(refusal.kind(), "missing", "{provider} {scheme} {name}");
            let twice = delivery.headers.iter().chain(
                delivery
                    .headers
                    .iter()
                    .filter(|(header, _)| *header == name),
            );
            let mut twice_there = delivery.clone();
            twice_there.headers = Headers::new(twice);
            let refusal = check(secrets, &twice_there, NOW).unwrap_err();
            assert_eq!(refusal.kind(), "repeated", "{provider} {scheme} {name}");
        }
    }
}

/// Numbers that look random and are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

fn mangled(value: &str, numbers: &mut Numbers) -> String {
    let mut bytes = value.as_bytes().to_vec();
    let (at, other) = (numbers.below(bytes.len()), numbers.below(bytes.len()));
    match numbers.below(6) {
        0 => bytes[at] ^= 1 << numbers.below(7),
        1 => bytes.truncate(at),
        2 => bytes.swap(at, other),
        3 => bytes.reverse(),
        4 => drop(bytes.remove(at)),
        _ => bytes.insert(at, b"09afAF+/=-_~"[numbers.below(12)]),
    }
    String::from_utf8(bytes).unwrap()
}

/// The one spelling of a proof: hex in lower case, base64 without padding.
fn canonical(value: &str, encoding: Option<Encoding>) -> String {
    match encoding {
        Some(Encoding::Hex) => value.to_ascii_lowercase(),
        Some(Encoding::Base64 | Encoding::Base64Url) => value.trim_end_matches('=').to_owned(),
        None => value.to_owned(),
    }
}

/// Whether two values say the same: HTTP does not care how `Basic` is written.
fn same(value: &str, new: &str) -> bool {
    let cut = |value: &str| {
        let (word, rest) = value.split_once(' ')?;
        Some((word.to_ascii_lowercase(), rest.trim().to_owned()))
    };
    let (value, new) = (cut(value), cut(new));
    value == new && value.is_some_and(|(word, _)| word == "basic")
}

#[test]
fn mangled_proofs_are_never_accepted() {
    let mut numbers = Numbers(0x5eed_5eed_5eed_5eed);
    let mut tried = 0;
    for (provider, scheme, secret, delivery) in &good() {
        let signed = provider.scheme(Some(scheme)).unwrap().signed();
        let encoding = signed.map(|signed| signed.signature.encoding);
        let names = proofs(provider, scheme);
        if names.is_empty() {
            continue;
        }
        for _ in 0..60 {
            let name = &names[numbers.below(names.len())];
            let value = delivery.headers.single(name).unwrap().to_owned();
            let new = mangled(&value, &mut numbers);
            if canonical(&new, encoding) == canonical(&value, encoding) {
                continue;
            }
            let mut forged = delivery.clone();
            let headers = delivery.headers.iter().map(|(header, old)| {
                let value = if header == name { new.as_str() } else { old };
                (header, value)
            });
            forged.headers = Headers::new(headers);
            let secrets = std::slice::from_ref(secret);
            let result = verify(provider, Some(scheme), secrets, &forged, NOW);
            let provider = provider.name();
            assert!(
                result.is_err() || same(&value, &new),
                "{provider} {scheme} {name}: {value} -> {new}"
            );
            tried += 1;
        }
    }
    assert!(tried > 8_000, "{tried}");
}

#[test]
fn mangled_bodies_are_never_accepted() {
    let mut numbers = Numbers(0xb0d1_e5b0_d1e5_b0d1);
    for (provider, scheme, secret, delivery) in &good() {
        let secrets = std::slice::from_ref(secret);
        let check = |delivery: &Delivery| verify(provider, Some(scheme), secrets, delivery, NOW);
        if check(delivery).unwrap().strength() != Strength::Signed {
            continue;
        }
        for _ in 0..40 {
            let mut forged = delivery.clone();
            forged.body = mangled(BODY, &mut numbers).into();
            if forged.body == delivery.body {
                continue;
            }
            let refusal = check(&forged).unwrap_err();
            let provider = provider.name();
            let kinds = ["mismatch", "missing", "malformed"];
            assert!(
                kinds.contains(&refusal.kind()),
                "{provider} {scheme}: {refusal}"
            );
        }
    }
}

#[test]
fn refusals_say_how_to_sign() {
    let providers = Providers::builtin();
    for (name, said) in [
        (
            "github",
            "X-Hub-Signature-256 is missing; sign it: X-Hub-Signature-256: \
             sha256=HEX(HMAC-SHA256(secret, body))",
        ),
        (
            "stripe",
            "Stripe-Signature is missing; sign it: Stripe-Signature: \
             t=TIMESTAMP,v1=HEX(HMAC-SHA256(secret, \"{timestamp}.{body}\"))",
        ),
        (
            "slack",
            "X-Slack-Signature is missing; sign it: X-Slack-Request-Timestamp: TIMESTAMP, \
             X-Slack-Signature: v0=HEX(HMAC-SHA256(secret, \"v0:{timestamp}:{body}\"))",
        ),
    ] {
        let provider = providers.find(name).unwrap();
        let empty = delivery(Headers::default(), BODY);
        let secret = [Secret::new("a secret")];
        let refusal = verify(&provider, None, &secret, &empty, NOW).unwrap_err();
        assert_eq!(refusal.to_string(), said);
    }
}

#[test]
fn at_most_sixteen_signatures_are_tried() {
    let providers = Providers::builtin();
    let provider = providers.find("stripe").unwrap();
    let right = crate::crypto::Mac::tag(
        crate::crypto::Algorithm::Sha256,
        b"a secret",
        &[format!("1700000000.{BODY}")],
    );
    let check = |wrong: usize| {
        let wrong = format!("v1={},", "0".repeat(64)).repeat(wrong);
        let value = format!("t=1700000000,{wrong}v1={}", Encoding::Hex.encode(&right));
        let delivery = delivery(Headers::new([("stripe-signature", value)]), BODY);
        verify(&provider, None, &[Secret::new("a secret")], &delivery, NOW).is_ok()
    };
    assert!(check(15));
    assert!(!check(16));
}

#[test]
fn a_source_without_its_scheme_is_refused() {
    let provider = Providers::builtin().find("gitlab").unwrap();
    let delivery = delivery(Headers::default(), BODY);
    let secret = [Secret::new("a secret")];
    let refusal = verify(&provider, Some("tokne"), &secret, &delivery, NOW).unwrap_err();
    assert!(
        refusal
            .to_string()
            .contains("`gitlab` has no scheme `tokne`")
    );
}
