//! Times, headers, prefixes, tokens, names and passwords.

use super::{NOW, SECRET, Source, delivery, hex, mac};
use crate::crypto::{Algorithm, Encoding};
use crate::event::{Delivery, Proof, Strength};
use crate::providers::verify::verify;
use crate::secret::Secret;

const BODY: &str = r#"{"id":"1"}"#;

#[test]
fn a_signed_time_is_plain_digits_or_none() {
    let slack = Source::new("slack", None, SECRET);
    let check = |time: &str| {
        let tag = format!("v0={}", hex(&format!("v0:{time}:{BODY}")));
        let headers = [
            ("X-Slack-Request-Timestamp", time),
            ("X-Slack-Signature", &*tag),
        ];
        slack.verify(&delivery(&headers, "", BODY))
    };
    assert!(check("1700000000").is_ok());
    for odd in [
        "+1700000000",
        " 1700000000",
        "1700000000 ",
        "1.7e9",
        "1700000000.0",
        "0x6553f100",
        "17_0000_0000",
        "\u{661}\u{667}00000000",
        "18446744075409551616",
        "9223372036854775808",
        "-1700000000",
    ] {
        assert_eq!(check(odd).unwrap_err().kind(), "malformed", "{odd}");
    }
    // Milliseconds where seconds are meant lie far in the future.
    assert!(check("1700000000000").is_err());
}

#[test]
fn an_older_or_newer_scheme_beside_the_right_one_proves_nothing() {
    let stripe = Source::new("stripe", None, SECRET);
    let tag = hex(&format!("1700000000.{BODY}"));
    let with = |value: String| delivery(&[("Stripe-Signature", &value)], "", BODY);
    assert!(
        stripe
            .verify(&with(format!("t=1700000000,v1={tag}")))
            .is_ok()
    );
    for name in ["v0", "v2", "V1", "v1 v1", ""] {
        stripe.refuses(&with(format!("t=1700000000,{name}={tag}")), "malformed");
    }
    let wrong = "0".repeat(64);
    stripe.refuses(
        &with(format!("t=1700000000,v1={wrong},v0={tag}")),
        "mismatch",
    );
    // A second time would let the signed one be another than the one that is looked at.
    stripe.refuses(&with(format!("t=1,t=1700000000,v1={tag}")), "repeated");
    let github = Source::new("github", None, SECRET);
    let old = format!("sha1={}", mac(Algorithm::Sha1, Encoding::Hex, BODY));
    github.refuses(&delivery(&[("X-Hub-Signature", &old)], "", BODY), "missing");
    github.refuses(
        &delivery(&[("X-Hub-Signature-256", &old)], "", BODY),
        "malformed",
    );
}

#[test]
fn a_signature_is_whole_and_stands_once_behind_its_prefix() {
    let github = Source::new("github", None, SECRET);
    let tag = hex(BODY);
    let with = |values: &[&str]| {
        let headers: Vec<_> = values.iter().map(|v| ("X-Hub-Signature-256", *v)).collect();
        delivery(&headers, "", BODY)
    };
    let right = format!("sha256={tag}");
    assert!(github.verify(&with(&[&right])).is_ok());
    // Hex is read in either case: the same bytes.
    let upper = format!("sha256={}", tag.to_uppercase());
    assert!(github.verify(&with(&[&upper])).is_ok());
    github.refuses(&with(&[&right, &right]), "repeated");
    let half = format!("sha256={}", tag.get(..32).unwrap());
    github.refuses(&with(&[&half]), "mismatch");
    for wrong in [
        tag.clone(),
        format!("SHA256={tag}"),
        format!(" sha256={tag}"),
        format!("sha256= {tag}"),
        format!("sha256={tag}, sha256={tag}"),
        "sha256=".to_owned() + "\u{ff10}",
    ] {
        github.refuses(&with(&[&wrong]), "malformed");
    }
    github.refuses(&with(&["sha256="]), "mismatch");
}

#[test]
fn no_secret_is_no_key() {
    for secret in ["", " ", "\t\n"] {
        let github = Source::new("github", None, secret);
        let tag = Encoding::Hex.encode(&crate::crypto::Mac::tag(
            Algorithm::Sha256,
            secret.as_bytes(),
            &[BODY],
        ));
        let forged = delivery(
            &[("X-Hub-Signature-256", &format!("sha256={tag}"))],
            "",
            BODY,
        );
        github.refuses(&forged, "no_secret");
    }
    // Base64 of nothing, behind a prefix that the sender's secrets have.
    let svix = Source::new("svix", None, "whsec_");
    let tag = crate::crypto::Mac::tag(Algorithm::Sha256, b"", &["1.1700000000.{}"]);
    let tag = format!("v1,{}", Encoding::Base64.encode(&tag));
    let headers = [
        ("svix-id", "1"),
        ("svix-timestamp", "1700000000"),
        ("svix-signature", &*tag),
    ];
    svix.refuses(&delivery(&headers, "", "{}"), "no_secret");
}

#[test]
fn a_token_is_the_whole_secret() {
    let gitlab = Source::new("gitlab", Some("token"), SECRET);
    let with = |value: &str| delivery(&[("X-Gitlab-Token", value)], "", BODY);
    assert!(gitlab.verify(&with(SECRET)).is_ok());
    for wrong in [
        "a secret of our",
        "a secret of ours ",
        " a secret of ours",
        "A secret of ours",
        "a secret of ours\0",
        "a secret of ours,a secret of ours",
    ] {
        gitlab.refuses(&with(wrong), "mismatch");
    }
    let twice = [("X-Gitlab-Token", SECRET), ("X-Gitlab-Token", "another")];
    gitlab.refuses(&delivery(&twice, "", BODY), "repeated");
    let grid = Source::new("azure-event-grid", Some("code"), SECRET);
    let with = |query: &str| delivery(&[], query, "[]");
    assert!(grid.verify(&with("code=a+secret+of+ours")).is_ok());
    grid.refuses(&with("code=a+secret+of+ours&code=x"), "repeated");
    grid.refuses(&with("Code=a+secret+of+ours"), "missing");
    grid.refuses(&with("code[]=a+secret+of+ours"), "missing");
}

#[test]
fn a_name_and_password_are_compared_whole() {
    let basic = Source::new("azure-devops", None, "ada:a long password");
    let with = |text: &str| {
        let value = format!("Basic {}", Encoding::Base64.encode(text.as_bytes()));
        delivery(&[("Authorization", &value)], "", BODY)
    };
    assert!(basic.verify(&with("ada:a long password")).is_ok());
    for wrong in [
        "ada:a long passwor",
        "ada:a long password\0",
        "ada:a long password:",
        "ADA:a long password",
        "ada :a long password",
        "ada:",
        ":a long password",
        "a long password",
    ] {
        basic.refuses(&with(wrong), "mismatch");
    }
    let encoded = Encoding::Base64.encode(b"ada:a long password");
    for wrong in [
        encoded.clone(),
        format!("Bearer {encoded}"),
        format!("Basic\t{encoded}"),
        format!("Basic {encoded} {encoded}"),
        format!("Basic {encoded},"),
    ] {
        basic.refuses(
            &delivery(&[("Authorization", &wrong)], "", BODY),
            "malformed",
        );
    }
    // Without a password, a secret would be a name that anybody may know.
    for secret in ["ada", "ada:", "ada: "] {
        let open = Source::new("azure-devops", None, secret);
        open.refuses(&with(secret), "no_secret");
    }
}

#[test]
fn a_delivery_for_one_source_at_another_with_the_same_secret() {
    let sign = |url: &str| mac(Algorithm::Sha256, Encoding::Base64, &format!("{url}{BODY}"));
    let square = Source::new("square", None, SECRET);
    let with = |tag: &str| delivery(&[("x-square-hmacsha256-signature", tag)], "", BODY);
    assert!(square.verify(&with(&sign(super::URL))).is_ok());
    square.refuses(&with(&sign("https://hooks.example.com/in/y")), "mismatch");
    // GitHub signs no address: two sources with one secret are one to it. Only other secrets part them.
    let good = delivery(
        &[("X-Hub-Signature-256", &format!("sha256={}", hex(BODY)))],
        "",
        BODY,
    );
    let check = |secret: &str, delivery: &Delivery| {
        let provider = Source::new("github", None, secret).provider;
        verify(&provider, None, &[Secret::new(secret)], delivery, NOW).map(Proof::strength)
    };
    assert_eq!(check(SECRET, &good), Ok(Strength::Signed));
    assert!(check("the other source's", &good).is_err());
}
