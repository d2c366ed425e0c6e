//! Which headers of a delivery are kept: none that carries a credential of ours.

use crate::event::{Headers, Query};
use crate::providers::Provider;

/// Headers that are dropped whatever the provider.
const DROPPED: &[&str] = &["authorization", "proxy-authorization", "cookie"];
/// Endings of header names that mean a credential.
const DROPPED_ENDINGS: &[&str] = &["-token", "-secret", "-key"];

/// The headers as they are stored and passed on. The provider's definition says which carry a
/// credential, and which others are its own: those stay, whatever their names end in (Bitbucket's
/// `X-Event-Key` is an event name). Signatures over the body stay too, so that a receiver behind us
/// can check them.
pub(super) fn kept(headers: &Headers, provider: &Provider) -> Headers {
    let (credentials, own) = (provider.credential_headers(), provider.own_headers());
    let among = |names: &[String], name: &str| names.iter().any(|n| n.eq_ignore_ascii_case(name));
    headers.keep(|name| {
        let looks_secret = DROPPED_ENDINGS.iter().any(|ending| name.ends_with(ending));
        !DROPPED.contains(&name)
            && !among(&credentials, name)
            && (!looks_secret || among(&own, name))
    })
}

/// The query as it is stored: without the parameters that carry a credential.
pub(super) fn kept_query(query: &Query, provider: &Provider) -> Query {
    let credentials = provider.credential_parameters();
    query.keep(|name| !credentials.iter().any(|credential| credential == name))
}

#[cfg(test)]
mod tests {
    use super::kept;
    use crate::event::Headers;
    use crate::providers::Providers;

    #[track_caller]
    fn check(provider: &str, headers: &[(&str, &str)], expected: &[&str]) {
        let provider = Providers::builtin().find(provider).unwrap();
        let kept = kept(&Headers::new(headers.iter().copied()), &provider);
        let names: Vec<_> = kept.iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn signatures_stay_and_credentials_go() {
        check(
            "gitlab",
            &[
                ("X-Hub-Signature-256", "sha256=0"),
                ("Authorization", "Bearer hunter2"),
                ("X-Gitlab-Token", "hunter2"),
                ("X-Custom-Secret", "hunter2"),
                ("X-API-Key", "hunter2"),
                ("Cookie", "hunter2"),
                ("X-Token-Kind", "kept"),
                ("Content-Type", "application/json"),
            ],
            &["x-hub-signature-256", "x-token-kind", "content-type"],
        );
    }

    #[test]
    fn what_the_provider_calls_its_own_stays() {
        check(
            "bitbucket",
            &[("X-Event-Key", "repo:push")],
            &["x-event-key"],
        );
        check("github", &[("X-Event-Key", "hunter2")], &[]);
    }
}
