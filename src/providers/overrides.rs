//! What a source may set differently from its provider's definition.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::crypto::{Algorithm, Encoding};
use crate::diagnostic::{Diagnostics, code};
use crate::secret::Secret;
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, key};

use super::finder::{delivery_id, finder, finder_shape, header};
use super::freshness::{tolerance, tolerance_shape};
use super::identify::Name;
use super::parts::{Parts, Place};
use super::signature::{encoding, named, place, place_shape};
use super::signed::{parts, parts_shape};

/// What a source may set differently from its provider's definition (`generic` lives by it):
/// `header algorithm encoding prefix content timestamp tolerance event delivery_id url settings split`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// The header that carries the signature or token.
    pub header: Option<Box<str>>,
    /// The hash function.
    pub algorithm: Option<Algorithm>,
    /// How the signature is written.
    pub encoding: Option<Encoding>,
    /// What stands before the signature or token in its header.
    pub prefix: Option<Box<str>>,
    /// What is signed.
    pub content: Option<Parts>,
    /// Where the signed timestamp stands.
    pub timestamp: Option<Place>,
    /// How old the timestamp may be; `Some(None)` looks at no clock.
    pub tolerance: Option<Option<Duration>>,
    /// The names of events.
    pub event: Option<Vec<Name>>,
    /// Where the delivery id stands; `Some` of nothing for `none`.
    pub delivery_id: Option<Vec<Parts>>,
    /// The address as the sender knows it, without a query.
    pub url: Option<Box<str>>,
    /// What the definition asks of a source.
    pub settings: Option<BTreeMap<String, Secret>>,
    /// Whether a delivery with several events becomes several.
    pub split: Option<bool>,
}

impl Overrides {
    /// Its keys of a source.
    pub fn keys_of_source() -> [ShapeKey; 12] {
        [
            key("header", Shape::text(), "The header that carries the signature or token.", "X-Signature"),
            key("algorithm", Shape::choice(Algorithm::NAMES), "The hash function of the signature.", "sha512"),
            key("encoding", Shape::choice(Encoding::NAMES), "How the signature is written.", "base64"),
            key("prefix", Shape::text(), "What stands before the signature or token in its header.", "sha256="),
            key("content", parts_shape(), "What is signed: a text with parts in it.", "{header:X-Time}.{body}"),
            key("timestamp", place_shape(), "Where the signed time stands.", "header:X-Time"),
            key("tolerance", tolerance_shape(), "How old or how far ahead a signed time may be; `none` looks at no clock.", "10m"),
            key("event", Shape::one_or_list(finder_shape()), "What events are called: where the name stands, or a text with parts in it.", "{header:X-Event}"),
            key("delivery_id", Shape::one_or_list(finder_shape()), "Where the id stands that the sender makes anew for each event; `none` where there is none.", "{header:X-Id}").like("none"),
            key("url", Shape::matching("^https?://[^/?#]"), "The address that the sender posts to, exactly as it stands there and without a query, where the provider signs it.", "https://hooks.example.com/webhook/phone"),
            key("settings", Shape::named_by_author("verify_token", Shape::text()), "What the provider's definition asks of a source: `hookrule providers show NAME` lists it.", json!({"verify_token": "${env:SETTING:-a-setting-for-examples}"})),
            key("split", Shape::flag(), "Whether a delivery with several events becomes several; else what the provider's definition says.", false),
        ]
    }

    /// Takes its keys from a source's block in hookrule.yaml; the caller finishes the block.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        Self {
            header: fields
                .optional("header")
                .and_then(|node| header(node, problems)),
            algorithm: fields
                .optional("algorithm")
                .and_then(|node| named(node, &Algorithm::NAMES, Algorithm::named, problems)),
            encoding: fields
                .optional("encoding")
                .and_then(|node| encoding(node, problems)),
            prefix: fields
                .optional("prefix")
                .and_then(|node| node.text(problems))
                .map(Into::into),
            content: fields
                .optional("content")
                .and_then(|node| parts(node, problems)),
            timestamp: fields
                .optional("timestamp")
                .and_then(|node| place(node, problems)),
            tolerance: fields
                .optional("tolerance")
                .and_then(|node| tolerance(node, problems)),
            event: fields.optional("event").and_then(|node| {
                let texts = node.one_or_list().iter();
                let texts: Option<Vec<_>> = texts.map(|text| finder(text, problems)).collect();
                Some(texts?.into_iter().map(Name::always).collect())
            }),
            delivery_id: fields
                .optional("delivery_id")
                .and_then(|node| delivery_id(node, problems, finder)),
            url: fields
                .optional("url")
                .and_then(|node| address(node, problems)),
            settings: fields
                .optional("settings")
                .and_then(|node| settings(node, problems)),
            split: fields
                .optional("split")
                .and_then(|node| node.bool(problems)),
        }
    }

    /// The keys that are set.
    pub fn keys(&self) -> Vec<&'static str> {
        let keys = [
            ("header", self.header.is_some()),
            ("algorithm", self.algorithm.is_some()),
            ("encoding", self.encoding.is_some()),
            ("prefix", self.prefix.is_some()),
            ("content", self.content.is_some()),
            ("timestamp", self.timestamp.is_some()),
            ("tolerance", self.tolerance.is_some()),
            ("event", self.event.is_some()),
            ("delivery_id", self.delivery_id.is_some()),
            ("url", self.url.is_some()),
            ("settings", self.settings.is_some()),
            ("split", self.split.is_some()),
        ];
        keys.into_iter()
            .filter_map(|(key, set)| set.then_some(key))
            .collect()
    }
}

/// An address as a sender writes it: no parsing and writing again, which might change it.
fn address(node: &Node, problems: &mut Diagnostics) -> Option<Box<str>> {
    let text = node.text(problems)?;
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let fits = |rest: &str| {
        !rest.is_empty() && !rest.starts_with('/') && rest.chars().all(|c| c.is_ascii_graphic())
    };
    if rest.is_some_and(fits) && !text.contains(['?', '#']) {
        return Some(text.into());
    }
    let message = format!("`{text}` is not an address that a sender can have");
    problems.push(
        node.error(code::BAD_VALUE, message)
            .help("write https://HOST/PATH, without a query: that comes with each delivery"),
    );
    None
}

fn settings(node: &Node, problems: &mut Diagnostics) -> Option<BTreeMap<String, Secret>> {
    let mut found = BTreeMap::new();
    for (key, node) in node.map(problems)? {
        let text = node.text(problems)?;
        if text.trim().is_empty() {
            problems.push(
                node.error(code::BAD_VALUE, "this setting is empty")
                    .help("write its value, or leave the setting out"),
            );
            return None;
        }
        found.insert(key.text.clone(), Secret::new(text));
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::super::identify::{identify, media_kind};
    use super::super::registry::Providers;
    use super::super::verify::verify;
    use super::super::{Identity, Provider};
    use super::*;
    use crate::crypto::Mac;
    use crate::diagnostic::SourceFile;
    use crate::event::{Delivery, Headers, Payload, Query};
    use crate::runtime::Timestamp;
    use crate::secret::Secret;
    use crate::yaml;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn overrides(text: &str) -> (Overrides, Vec<String>) {
        let mut problems = Diagnostics::new();
        let node = yaml::read(&SourceFile::new("hookrule.yaml", text), &mut problems).unwrap();
        let mut fields = Fields::of(&node, &mut problems).unwrap();
        let overrides = Overrides::parse(&mut fields, &mut problems);
        fields.finish(&mut problems);
        let said = problems.iter().map(|problem| problem.message.clone());
        (overrides, said.collect())
    }

    #[track_caller]
    fn generic(text: &str) -> Result<Provider, String> {
        let (overrides, problems) = overrides(text);
        assert_eq!(problems, Vec::<String>::new());
        Providers::builtin()
            .find("generic")
            .unwrap()
            .with(&overrides, None)
    }

    fn delivery(headers: &[(&str, &str)], body: &str) -> Delivery {
        Delivery {
            method: "POST".to_owned(),
            query: Query::default(),
            query_text: String::new(),
            headers: Headers::new(headers.iter().copied()),
            body: body.to_owned().into(),
            received_at: NOW,
            remote: None,
        }
    }

    fn accepts(provider: &Provider, scheme: &str, headers: &[(&str, &str)], body: &str) -> bool {
        let secret = [Secret::new("a secret of ours")];
        verify(
            provider,
            Some(scheme),
            &secret,
            &delivery(headers, body),
            NOW,
        )
        .is_ok()
    }

    fn tag(algorithm: Algorithm, encoding: Encoding, content: &str) -> String {
        encoding.encode(&Mac::tag(algorithm, b"a secret of ours", &[content]))
    }

    fn identity(provider: &Provider, headers: &[(&str, &str)], body: &str) -> Identity {
        let delivery = delivery(headers, body);
        let kind = media_kind(provider, &delivery).unwrap();
        let payload = Payload::new(delivery.body.clone(), kind).unwrap();
        identify(provider, &delivery, &payload)
    }

    #[test]
    fn a_source_says_how_its_sender_signs() {
        let provider = generic("{header: X-Sig, algorithm: sha1, encoding: base64, prefix: ''}");
        let provider = provider.unwrap();
        assert_eq!(provider.recognise(), ["x-sig"]);
        let right = tag(Algorithm::Sha1, Encoding::Base64, "{}");
        assert!(accepts(&provider, "signature", &[("X-Sig", &right)], "{}"));
        assert!(!accepts(&provider, "signature", &[("X-Sig", &right)], "[]"));
        let prefixed = generic("{algorithm: sha512}").unwrap();
        let right = format!("sha512={}", tag(Algorithm::Sha512, Encoding::Hex, "{}"));
        assert!(accepts(
            &prefixed,
            "signature",
            &[("X-Signature-256", &right)],
            "{}"
        ));
    }

    #[test]
    fn a_signed_timestamp_is_looked_at() {
        let provider =
            generic("{timestamp: 'header:X-Time', content: '{timestamp}.{body}', tolerance: 10s}");
        let provider = provider.unwrap();
        for (time, fresh) in [
            ("1700000000", true),
            ("1699999990", true),
            ("1699999989", false),
        ] {
            let content = format!("{time}.{{}}");
            let right = format!("sha256={}", tag(Algorithm::Sha256, Encoding::Hex, &content));
            let headers = [("X-Time", time), ("X-Signature-256", right.as_str())];
            assert_eq!(accepts(&provider, "signature", &headers, "{}"), fresh);
        }
    }

    #[test]
    fn a_token_in_a_header_of_its_own() {
        let provider = generic("{header: X-Api-Key}").unwrap();
        assert_eq!(provider.credential_headers(), ["x-api-key"]);
        assert!(!provider.own_headers().contains(&"x-api-key".to_owned()));
        assert!(accepts(
            &provider,
            "token",
            &[("X-Api-Key", "a secret of ours")],
            ""
        ));
        assert!(!accepts(
            &provider,
            "token",
            &[("X-Api-Key", "a secret of our")],
            ""
        ));
        assert!(!accepts(
            &provider,
            "token",
            &[("Authorization", "Bearer a secret of ours")],
            ""
        ));
    }

    #[test]
    fn names_and_ids_from_anywhere() {
        for (text, expected) in [
            (
                "{event: 'header:X-Event', delivery_id: 'header:X-Id'}",
                ("pushed", Some("7")),
            ),
            (
                "{event: $.kind.name, delivery_id: '$.ids[0]'}",
                ("made", Some("9")),
            ),
            (
                "{event: '{header:X-Event}.{json:kind.name}'}",
                ("pushed.made", None),
            ),
            (
                "{event: {header: X-Event}, delivery_id: none}",
                ("pushed", None),
            ),
            ("{event: $.nothing}", ("unknown", None)),
        ] {
            let provider = generic(text).unwrap();
            let body = r#"{"kind":{"name":"made"},"ids":[9]}"#;
            let found = identity(&provider, &[("X-Event", "pushed"), ("X-Id", "7")], body);
            let name = found.names.last().map(String::as_str);
            assert_eq!(
                (name, found.delivery_id.as_deref()),
                (Some(expected.0), expected.1)
            );
        }
    }

    #[test]
    fn what_does_not_fit_is_said() {
        for (text, said) in [
            (
                "{tolerance: 10s}",
                "`tolerance` does not fit: `generic` signs no timestamp",
            ),
            (
                "{timestamp: 'header:X-Time'}",
                "the timestamp is not signed",
            ),
            ("{content: '{timestamp}{body}'}", "does not say where it is"),
            (
                "{content: '{sig:t}{body}'}",
                "`sig:` needs a signature made of fields",
            ),
        ] {
            let error = generic(text).unwrap_err();
            assert!(error.contains(said), "{text}: {error}");
        }
        let discord = Providers::builtin().find("discord").unwrap();
        let (algorithm, _) = overrides("{algorithm: sha1}");
        let error = discord.with(&algorithm, None).unwrap_err();
        assert!(error.contains("`algorithm` does not fit"), "{error}");
        for (text, said) in [
            ("{algorithm: md5}", "`md5` is none of sha1, sha256, sha512"),
            ("{encoding: Hex}", "`Hex` is none of"),
            ("{header: 'X Sig'}", "not the name of a header"),
            ("{event: type}", "`type` is not a part of a delivery"),
            ("{event: {header: a, json: b}}", "one key is wanted here"),
            ("{tolerance: 0s}", "a tolerance of nothing"),
            ("{tolerance: 300}", "`300` is not a duration"),
        ] {
            let (_, problems) = overrides(text);
            assert!(
                problems.iter().any(|p| p.contains(said)),
                "{text}: {problems:?}"
            );
        }
    }
}
