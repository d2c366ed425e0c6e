//! What is kept of an answer: for people its beginning, without credentials and control characters;
//! for followers all of it but our own credentials.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::net::Response;

use super::outputs::beginning;

/// The most of an answer that is kept for people, in bytes.
const EXCERPT_BYTES_MAX: usize = 4 * 1024;

/// A credential shorter than this is not looked for: it would be found everywhere.
const SECRET_BYTES_MIN: usize = 4;

const MASK: &str = "***";

/// What tokens of well-known services begin with.
const TOKEN_PREFIXES: [&str; 15] = [
    "github_pat_",
    "ghp_",
    "gho_",
    "ghs_",
    "ghu_",
    "ghr_",
    "glpat-",
    "xoxa-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk-",
    "ntn_",
    "secret_",
    "whsec_",
];

/// Paths that are followed by a webhook's token.
const WEBHOOK_PATHS: [&str; 3] = ["/webhooks/", "/services/T", "/bot"];

/// Names whose values are credentials, in a query.
const QUERY_NAMES: [&str; 8] = [
    "token=",
    "secret=",
    "password=",
    "api_key=",
    "apikey=",
    "access_key=",
    "sig=",
    "signature=",
];

/// Masks a destination's own credentials, and whatever looks like one.
#[derive(Debug, Default)]
pub(in crate::actions) struct Redactor {
    secrets: Vec<String>,
}

impl Redactor {
    /// With the credentials of a destination.
    pub(in crate::actions) fn new(secrets: impl IntoIterator<Item = String>) -> Self {
        let mut all = Vec::new();
        for secret in secrets {
            if secret.len() >= SECRET_BYTES_MIN {
                all.push(utf8_percent_encode(&secret, NON_ALPHANUMERIC).to_string());
                all.push(secret.replace('/', "\\/"));
                all.push(secret);
            }
        }
        // The longest first, so that none is left behind half masked.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.dedup();
        Self { secrets: all }
    }

    /// Status and the beginning of the answer.
    pub(in crate::actions) fn note(&self, response: &Response) -> String {
        let excerpt = self.text(&String::from_utf8_lossy(&response.body));
        match excerpt.as_str() {
            "" => response.status.to_string(),
            excerpt => format!("{}: {excerpt}", response.status),
        }
    }

    /// The beginning of a text. Masked before it is cut, so that no half of a credential is left.
    pub(in crate::actions) fn text(&self, text: &str) -> String {
        let clean = mask_tokens(&self.without_own(&printable(text)));
        beginning(clean.trim(), EXCERPT_BYTES_MAX).to_owned()
    }

    /// The whole text without the destination's own credentials, for programs.
    pub(in crate::actions) fn without_own(&self, text: &str) -> String {
        let masked = |text: String, secret: &String| text.replace(secret, MASK);
        self.secrets.iter().fold(text.to_owned(), masked)
    }

    /// The same for every text in a value.
    pub(in crate::actions) fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.without_own(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| (self.without_own(&name), self.value(value)))
                .collect(),
            other => other,
        }
    }
}

/// Text for a line of a log or list: control and direction characters become spaces.
pub(in crate::actions) fn printable(text: &str) -> String {
    let visible = |c: char| {
        let hidden = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if hidden { ' ' } else { c }
    };
    text.chars().map(visible).collect()
}

fn mask_tokens(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut after_scheme = false;
    for word in text.split_inclusive(is_delimiter) {
        let (bare, end) = match word.char_indices().next_back() {
            Some((at, c)) if is_delimiter(c) => word.split_at(at),
            _ => (word, ""),
        };
        if after_scheme && !bare.is_empty() {
            masked.push_str(MASK);
        } else {
            masked.push_str(&mask_word(bare));
        }
        let scheme = bare.eq_ignore_ascii_case("bearer") || bare.eq_ignore_ascii_case("basic");
        after_scheme = (scheme && end == " ") || (after_scheme && bare.is_empty());
        masked.push_str(end);
    }
    masked
}

fn is_delimiter(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '"' | '\'' | '`' | ',' | '<' | '>' | '(' | ')' | '[' | ']' | '{' | '}' | ';'
        )
}

fn mask_word(word: &str) -> String {
    let lower = word.to_ascii_lowercase();
    if let Some(start) = WEBHOOK_PATHS
        .iter()
        .filter(|_| lower.contains("://"))
        .find_map(|path| Some(word.find(path)? + path.len()))
    {
        return format!("{}{MASK}", word.get(..start).unwrap_or_default());
    }
    for name in QUERY_NAMES {
        if let Some(start) = lower.find(name).map(|at| at + name.len()) {
            let rest = word.get(start..).unwrap_or_default();
            let end = rest.find('&').unwrap_or(rest.len());
            let tail = mask_word(rest.get(end..).unwrap_or_default());
            return format!("{}{MASK}{tail}", word.get(..start).unwrap_or_default());
        }
    }
    for prefix in TOKEN_PREFIXES {
        if let Some(at) = word.find(prefix) {
            let token = word.get(at + prefix.len()..).unwrap_or_default();
            if token.len() >= 8 {
                return format!("{}{prefix}{MASK}", word.get(..at).unwrap_or_default());
            }
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let redactor = Redactor::new(["own/secret+value".to_owned(), "abc".to_owned()]);
        assert_eq!(redactor.text(text), expected);
    }

    #[test]
    fn credentials_are_masked() {
        check("it was own/secret+value.", "it was ***.");
        check(r#"{"t":"own\/secret+value"}"#, r#"{"t":"***"}"#);
        check("?x=own%2Fsecret%2Bvalue", "?x=***");
        check(
            "Authorization: Bearer abcdef.ghi",
            "Authorization: Bearer ***",
        );
        check(r#""bearer xyz123", next"#, r#""bearer ***", next"#);
        check("ghp_0123456789abcdef", "ghp_***");
        check("\"sk-0123456789abcdef\"", "\"sk-***\"");
        check("key=ntn_0123456789", "key=ntn_***");
        check(
            "https://discord.com/api/webhooks/123/abc-DEF please",
            "https://discord.com/api/webhooks/*** please",
        );
        check(
            "https://hooks.slack.com/services/T0/B0/xyz",
            "https://hooks.slack.com/services/T***",
        );
        check(
            "https://api.telegram.org/bot123:abc/sendMessage",
            "https://api.telegram.org/bot***",
        );
        check("/x?token=abcd&b=1&sig=zz", "/x?token=***&b=1&sig=***");
        check(
            "abc is too short to look for",
            "abc is too short to look for",
        );
        check("nothing secret_ here", "nothing secret_ here");
    }

    #[test]
    fn values_lose_our_credentials_and_nothing_else() {
        let redactor = Redactor::new(["own/secret+value".to_owned()]);
        let before = serde_json::json!({
            "a": ["x own/secret+value y", 1, null],
            "own/secret+value": {"key": "ghp_0123456789abcdef\n"},
        });
        let after = serde_json::json!({
            "a": ["x *** y", 1, null],
            "***": {"key": "ghp_0123456789abcdef\n"},
        });
        assert_eq!(redactor.value(before), after);
    }

    #[test]
    fn control_characters_are_gone_and_the_rest_is_cut() {
        check("a\r\nb\u{1b}[31mc\u{202e}d\0", "a  b [31mc d");
        let long = format!("{}own/secret+value", "ä".repeat(2040));
        let text = Redactor::new(["own/secret+value".to_owned()]).text(&long);
        assert!(
            text.len() <= EXCERPT_BYTES_MAX && !text.contains("own"),
            "{text}"
        );
    }
}
