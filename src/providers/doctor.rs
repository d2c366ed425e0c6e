//! Why a signature is wrong, for the operator: what would have made it right.
//!
//! A bounded number of tries, all of them made, so that the time tells nothing. The sender is never
//! told.

use bytes::Bytes;

use crate::event::Delivery;
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::definition::Provider;
use super::reading::Settings;
use super::verify::{Refusal, verify};

/// Longer bodies are not looked into, in bytes.
const BODY_BYTES_MAX: usize = 256 * 1024;
/// The most other sources whose secrets are tried.
const OTHERS_MAX: usize = 20;

/// Another source of the same provider, and its secrets.
#[derive(Debug)]
pub struct Other<'o> {
    /// Its name.
    pub name: &'o str,
    /// Its secrets.
    pub secrets: &'o [Secret],
}

/// What is known beside the delivery.
#[derive(Debug)]
pub struct Case<'c> {
    /// The provider, as the source uses it.
    pub provider: &'c Provider,
    /// The scheme that the source uses.
    pub scheme: Option<&'c str>,
    /// The secrets that count.
    pub secrets: &'c [Secret],
    /// Secrets that have ended.
    pub ended: &'c [Secret],
    /// Other sources of the same provider.
    pub others: &'c [Other<'c>],
}

/// What would have made a refused delivery right; nothing where nothing was found.
pub fn examine(
    case: &Case<'_>,
    delivery: &Delivery,
    refusal: &Refusal,
    now: Timestamp,
) -> Vec<String> {
    if delivery.body.len() > BODY_BYTES_MAX {
        return Vec::new();
    }
    match refusal {
        Refusal::Stale { by, direction, .. } => {
            let then = if *direction == "in the past" {
                Timestamp::from_millis(now.millis() - millis(*by))
            } else {
                now.after(*by)
            };
            let right = right(case, case.secrets, delivery, then);
            let clocks =
                "the signature is right: one of the two clocks is off, or it is sent again";
            right.then(|| clocks.to_owned()).into_iter().collect()
        }
        Refusal::Mismatch { .. } | Refusal::Malformed { .. } | Refusal::Missing { .. } => {
            let mut found = of_scheme(case, delivery, now);
            found.extend(of_secret(case, delivery, now));
            found.extend(of_body(case, delivery, now));
            found.extend(of_url(case, delivery, now));
            found
        }
        _ => Vec::new(),
    }
}

fn millis(by: std::time::Duration) -> i64 {
    i64::try_from(by.as_millis()).unwrap_or(i64::MAX)
}

fn right(case: &Case<'_>, secrets: &[Secret], delivery: &Delivery, now: Timestamp) -> bool {
    verify(case.provider, case.scheme, secrets, delivery, now).is_ok()
}

fn of_scheme(case: &Case<'_>, delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let known = case.provider.schemes();
    let used = case.scheme.or(known.first().copied());
    let fits = |scheme: &&&str| {
        Some(**scheme) != used
            && verify(case.provider, Some(scheme), case.secrets, delivery, now).is_ok()
    };
    let found = known.iter().filter(fits);
    found
        .map(|scheme| format!("it is right for another scheme: write `scheme: {scheme}`"))
        .collect()
}

fn of_secret(case: &Case<'_>, delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    if right(case, case.ended, delivery, now) {
        found.push("it is made with a secret that has ended (`until`)".to_owned());
    }
    for other in case.others.iter().take(OTHERS_MAX) {
        if right(case, other.secrets, delivery, now) {
            found.push(format!("it is right for the source `{}`", other.name));
        }
    }
    let changed = |change: fn(&str) -> String| -> Vec<Secret> {
        let texts = case.secrets.iter().map(|secret| change(secret.expose()));
        texts.map(Secret::new).collect()
    };
    let trimmed = changed(|secret| secret.trim().to_owned());
    if right(case, &trimmed, delivery, now) {
        found.push(
            "the secret has spaces or a line's end around it that do not belong there".into(),
        );
    }
    let newline = changed(|secret| format!("{secret}\n"));
    if right(case, &newline, delivery, now) {
        found.push("the sender's secret has a line's end behind it".to_owned());
    }
    found
}

fn of_body(case: &Case<'_>, delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let body = &delivery.body;
    let mut bodies: Vec<(Bytes, &str)> = Vec::new();
    let trimmed = body.trim_ascii_end();
    if trimmed.len() < body.len() {
        let bytes = Bytes::copy_from_slice(trimmed);
        bodies.push((bytes, "a line's end or spaces were added behind the body"));
    }
    for end in ["\n", "\r\n"] {
        let bytes = [body, end.as_bytes()].concat();
        bodies.push((bytes.into(), "a line's end behind the body was lost"));
    }
    if let Ok(value) = serde_json::from_slice::<serde_json::Value>(body) {
        let why = "the body was written anew on its way: JSON must pass byte for byte";
        bodies.push((value.to_string().into(), why));
        if let Ok(spaced) = serde_json::to_string_pretty(&value) {
            bodies.push((spaced.into(), why));
        }
    }
    let fits = |(body, why): (Bytes, &str)| {
        let other = Delivery {
            body,
            ..delivery.clone()
        };
        right(case, case.secrets, &other, now).then(|| why.to_owned())
    };
    let mut found: Vec<_> = bodies.into_iter().filter_map(fits).collect();
    found.dedup();
    found
}

fn of_url(case: &Case<'_>, delivery: &Delivery, now: Timestamp) -> Vec<String> {
    let Some(url) = &case.provider.settings().url else {
        return Vec::new();
    };
    let slash = match url.strip_suffix('/') {
        Some(without) => without.to_owned(),
        None => format!("{url}/"),
    };
    let scheme = match url.strip_prefix("https://") {
        Some(rest) => format!("http://{rest}"),
        None => url.replacen("http://", "https://", 1),
    };
    let fits = |url: &String| {
        let mut provider = case.provider.clone();
        provider.settings = Settings {
            url: Some(url.as_str().into()),
            ..provider.settings
        };
        verify(&provider, case.scheme, case.secrets, delivery, now).is_ok()
    };
    let found = [slash, scheme].into_iter().filter(fits);
    found
        .map(|url| format!("it is signed for {url}: write that as `url:`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;
    use super::super::sign::{Draft, sign};
    use super::*;
    use crate::event::Headers;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn sent(provider: &Provider, secret: &str, body: &str, at: Timestamp) -> Delivery {
        let draft = Draft {
            headers: Headers::default(),
            body: body.to_owned().into(),
            event: None,
            delivery_id: "1".to_owned(),
        };
        sign(provider, None, &Secret::new(secret), &draft, at).unwrap()
    }

    #[track_caller]
    fn check(name: &str, url: &str, change: impl Fn(&Provider) -> Delivery, said: Option<&str>) {
        let known = Providers::builtin().find(name).unwrap();
        let with = |url: &str| {
            let overrides = super::super::overrides::Overrides {
                url: Some(url.into()),
                ..Default::default()
            };
            known.with(&overrides, None).unwrap()
        };
        let (provider, there) = (with("https://h.example/in"), with(url));
        let delivery = change(&there);
        let secrets = [Secret::new("the right secret")];
        let refusal = verify(&provider, None, &secrets, &delivery, NOW).unwrap_err();
        let case = Case {
            provider: &provider,
            scheme: None,
            secrets: &secrets,
            ended: &[Secret::new("an old secret")],
            others: &[Other {
                name: "other",
                secrets: &[Secret::new("the other's secret")],
            }],
        };
        let found = examine(&case, &delivery, &refusal, NOW);
        match said {
            Some(said) => assert!(found.iter().any(|f| f.contains(said)), "{found:?}"),
            None => assert!(found.is_empty(), "{found:?}"),
        }
    }

    #[test]
    fn each_finding() {
        let own = "https://h.example/in";
        let signed = |secret: &'static str| move |p: &Provider| sent(p, secret, "{\"a\":1}", NOW);
        let with_body = |body: &'static str| {
            move |p: &Provider| {
                let mut delivery = sent(p, "the right secret", "{\"a\":1}", NOW);
                delivery.body = Bytes::from_static(body.as_bytes());
                delivery
            }
        };
        check("github", own, signed("nobody's secret"), None);
        check("github", own, signed("an old secret"), Some("has ended"));
        check(
            "github",
            own,
            signed("the other's secret"),
            Some("source `other`"),
        );
        check(
            "github",
            own,
            signed("the right secret\n"),
            Some("line's end behind it"),
        );
        check(
            "github",
            own,
            with_body("{\"a\":1}\n"),
            Some("added behind the body"),
        );
        check(
            "github",
            own,
            with_body("{ \"a\": 1 }"),
            Some("byte for byte"),
        );
        check("github", own, with_body("{\"a\":2}"), None);
        let square = |p: &Provider| sent(p, "the right secret", "{}", NOW);
        check(
            "square",
            "https://h.example/in/",
            square,
            Some("signed for https://h.example/in/"),
        );
        check(
            "square",
            "http://h.example/in",
            square,
            Some("signed for http://h.example/in"),
        );
        check("square", "https://other.example/in", square, None);
        let old = Timestamp::from_seconds(1_699_000_000);
        let stale = move |p: &Provider| sent(p, "the right secret", "{}", old);
        check("stripe", own, stale, Some("clocks is off"));
        let forged = move |p: &Provider| sent(p, "nobody's secret", "{}", old);
        check("stripe", own, forged, None);
    }
}
