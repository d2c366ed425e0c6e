//! JSON Web Tokens: which algorithm, whose key, and what the token says of both.

use serde_json::{Value, json};

use super::{SECRET, Source, delivery};
use crate::crypto::{Algorithm, Encoding, Mac};
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::Delivery;
use crate::providers::Provider;
use crate::yaml;

const BODY: &str = r#"{"event":{"type":"user.create","id":"e"}}"#;
/// The SHA-256 of the body, in base64.
const DIGEST: &str = "ZQRlQ5jVL7aF7oT7F0SK/QqfYhe9yaDce6FgbKEH5Ww=";

fn token(header: &Value, claims: &Value, key: &[u8], algorithm: Algorithm) -> String {
    let encode = |value: &Value| Encoding::Base64Url.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let tag = Mac::tag(algorithm, key, &[&signed]);
    format!("{signed}.{}", Encoding::Base64Url.encode(&tag))
}

fn with(token: &str) -> Delivery {
    delivery(&[("X-FusionAuth-Signature-JWT", token)], "", BODY)
}

fn shown(scheme: &'static str) -> (Source, String) {
    let mut source = Source::new("fusionauth", Some(scheme), SECRET);
    let mut vectors = source.provider.vectors().iter();
    let shown = vectors.find_map(|v| v.accepted(&source.provider).filter(|s| s.scheme == scheme));
    let shown = shown.unwrap();
    let token = shown.delivery.headers.single("x-fusionauth-signature-jwt");
    let token = token.unwrap().to_owned();
    source.secret = shown.secrets.first().unwrap().clone();
    (source, token)
}

#[test]
fn a_token_does_not_choose_its_algorithm() {
    let claims = json!({"request_body_sha256": DIGEST});
    let shared = Source::new("fusionauth", Some("shared"), SECRET);
    let key = SECRET.as_bytes();
    let right = token(&json!({"alg": "HS256"}), &claims, key, Algorithm::Sha256);
    assert!(shared.verify(&with(&right)).is_ok());
    for name in [
        "none", "None", "NONE", "nOnE", "hs256", "HS384", "HS512", "RS256", "",
    ] {
        let other = token(&json!({"alg": name}), &claims, key, Algorithm::Sha256);
        shared.refuses(&with(&other), "malformed");
    }
    // No signature at all, in each way that libraries have taken it for one.
    let (unsigned, _) = right.rsplit_once('.').unwrap();
    for bare in [
        unsigned.to_owned(),
        format!("{unsigned}."),
        format!("{unsigned}.."),
    ] {
        assert!(shared.verify(&with(&bare)).is_err(), "{bare}");
    }
    let none = token(&json!({"alg": "none"}), &claims, b"", Algorithm::Sha256);
    let (none, _) = none.rsplit_once('.').unwrap();
    shared.refuses(&with(&format!("{none}.")), "malformed");
    for header in [
        json!({"alg": "HS256", "crit": ["b64"], "b64": false}),
        json!({}),
        json!([]),
    ] {
        let odd = token(&header, &claims, key, Algorithm::Sha256);
        shared.refuses(&with(&odd), "malformed");
    }
}

#[test]
fn a_public_key_is_no_shared_secret() {
    let (public, good) = shown("public");
    assert!(public.verify(&with(&good)).is_ok());
    let claims = json!({"request_body_sha256": DIGEST});
    let pem = public.secret.expose();
    for key in [pem, pem.trim_end()] {
        let forged = token(
            &json!({"alg": "HS256"}),
            &claims,
            key.as_bytes(),
            Algorithm::Sha256,
        );
        public.refuses(&with(&forged), "malformed");
        let forged = token(
            &json!({"alg": "RS256"}),
            &claims,
            key.as_bytes(),
            Algorithm::Sha256,
        );
        public.refuses(&with(&forged), "mismatch");
    }
    // A definition cannot ask for it either.
    let text = "name: x\ndelivery_id: none\nverify: {scheme: jwt, from: 'header:T', algorithms: [RS256, HS256]}\n";
    let mut problems = Diagnostics::new();
    let node = yaml::read(&SourceFile::new("x.yaml", text), &mut problems).unwrap();
    assert!(Provider::parse(&node, &mut problems).is_none());
}

#[test]
fn a_token_does_not_bring_its_own_key() {
    let (public, _) = shown("public");
    // Signed by another key, which its header carries (`jwk`) and points to (`jku`, `x5u`, a `kid`
    // that is a path).
    let mut vectors = public.provider.vectors().iter();
    let named = vectors.find(|vector| vector.name.ends_with("a key that the token brings along"));
    assert_eq!(named.unwrap().refused(), Some("mismatch"));
    assert_eq!(named.unwrap().run(&public.provider), Ok(()));
    // With a shared secret, the same fields mean nothing.
    let shared = Source::new("fusionauth", Some("shared"), SECRET);
    let claims = json!({"request_body_sha256": DIGEST});
    for kid in ["../../../dev/null", "' UNION SELECT ''", "|true"] {
        let header = json!({"alg": "HS256", "kid": kid, "jwk": {"kty": "oct", "k": ""}});
        for key in [&b""[..], b"\0", b"null"] {
            let forged = token(&header, &claims, key, Algorithm::Sha256);
            shared.refuses(&with(&forged), "mismatch");
        }
    }
}

#[test]
fn a_right_token_says_the_right_body() {
    let shared = Source::new("fusionauth", Some("shared"), SECRET);
    let check = |claims: &Value| {
        let key = SECRET.as_bytes();
        let token = token(&json!({"alg": "HS256"}), claims, key, Algorithm::Sha256);
        shared
            .verify(&with(&token))
            .map_err(|refusal| refusal.kind())
    };
    assert!(check(&json!({"request_body_sha256": DIGEST})).is_ok());
    let other = DIGEST.to_lowercase();
    for claims in [
        json!({}),
        json!({"request_body_sha256": null}),
        json!({"request_body_sha256": true}),
        json!({"request_body_sha256": ""}),
        json!({"request_body_sha256": other}),
        json!({"request_body_sha256": {"0": DIGEST}}),
        json!({"REQUEST_BODY_SHA256": DIGEST}),
    ] {
        assert_eq!(check(&claims), Err("mismatch"), "{claims}");
    }
    let late = json!({"request_body_sha256": DIGEST, "exp": 1_699_999_000});
    assert_eq!(check(&late), Err("stale"));
    for exp in [json!("never"), json!(-1), json!(1e300), json!([])] {
        let claims = json!({"request_body_sha256": DIGEST, "exp": exp});
        assert_eq!(check(&claims), Err("malformed"), "{claims}");
    }
}
