//! Which headers of a delivery are kept: none that carries a credential of ours.

use crate::event::Headers;

/// Headers that are dropped whatever the provider.
const DROPPED: &[&str] = &["authorization", "proxy-authorization", "cookie"];
/// Endings of header names that mean a credential.
const DROPPED_ENDINGS: &[&str] = &["-token", "-secret", "-key"];

/// The headers as they are stored and passed on; `credentials` are those that the provider's
/// definition names. Signatures over the body stay, so that a receiver behind us can check them too.
pub(super) fn kept(headers: &Headers, credentials: &[String]) -> Headers {
    headers.keep(|name| {
        let credential = DROPPED.contains(&name)
            || DROPPED_ENDINGS.iter().any(|ending| name.ends_with(ending))
            || credentials
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name));
        !credential
    })
}

#[cfg(test)]
mod tests {
    use super::kept;
    use crate::event::Headers;

    #[test]
    fn signatures_stay_and_credentials_go() {
        let headers = Headers::new([
            ("X-Hub-Signature-256", "sha256=0"),
            ("Authorization", "Bearer hunter2"),
            ("X-Gitlab-Token", "hunter2"),
            ("X-Custom-Secret", "hunter2"),
            ("X-API-Key", "hunter2"),
            ("Cookie", "hunter2"),
            ("X-Named", "hunter2"),
            ("X-Token-Kind", "kept"),
            ("Content-Type", "application/json"),
        ]);
        let kept = kept(&headers, &["X-Named".to_owned()]);
        let names: Vec<_> = kept.iter().map(|(name, _)| name).collect();
        assert_eq!(
            names,
            ["x-hub-signature-256", "x-token-kind", "content-type"]
        );
    }
}
