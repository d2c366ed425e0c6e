//! Where a text will stand, and how a value is kept in its place there.

mod markdown;

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use url::Url;

use markdown::{markdown, part_mentions};

/// Where the text will stand: decides how `{{x}}` is escaped. `{{{x}}}` never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// Not at all: a JSON string, a log line, a body whose type we do not know.
    None,
    /// One segment of a URL path, or one name or value of a query.
    Url,
    /// An HTTP header: control characters are an error.
    Header,
    /// Discord markdown, mentions included.
    Discord,
    /// Notion's markdown.
    Notion,
    /// Slack mrkdwn.
    Slack,
}

/// Everything but what RFC 3986 calls unreserved.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

impl Escape {
    /// Every place, as the registry of put-helpers needs it.
    pub(super) const ALL: [Self; 6] = [
        Self::None,
        Self::Url,
        Self::Header,
        Self::Discord,
        Self::Notion,
        Self::Slack,
    ];

    /// Makes a value's text safe for its place, or says why no escaping can.
    pub(super) fn apply(self, text: &str) -> Result<Cow<'_, str>, String> {
        match self {
            Self::None => Ok(Cow::Borrowed(text)),
            Self::Url => url_part(text),
            Self::Header => header(text).map(|()| Cow::Borrowed(text)),
            Self::Discord | Self::Notion if is_plain_url(text) => Ok(Cow::Borrowed(text)),
            Self::Discord => Ok(Cow::Owned(part_mentions(&markdown(text)).into_owned())),
            Self::Notion => Ok(Cow::Owned(markdown(text))),
            Self::Slack => Ok(Cow::Owned(slack(text))),
        }
    }

    /// The same for every text inside a value, names of members included.
    pub(super) fn apply_within(self, value: Value) -> Result<Value, String> {
        if self == Self::None {
            return Ok(value);
        }
        match value {
            Value::String(text) => Ok(Value::String(self.apply(&text)?.into_owned())),
            Value::Array(items) => items.into_iter().map(|i| self.apply_within(i)).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| {
                    Ok((self.apply(&name)?.into_owned(), self.apply_within(value)?))
                })
                .collect(),
            plain => Ok(plain),
        }
    }

    /// Looks once more at the whole text that values were put into.
    pub(super) fn accepts_whole(self, text: &str) -> Result<(), String> {
        match self {
            Self::Header => header(text),
            // Two harmless values side by side can still make a step up.
            Self::Url if text.split(['/', '\\']).any(is_dot_segment) => Err(DOT_SEGMENT.to_owned()),
            _ => Ok(()),
        }
    }
}

const DOT_SEGMENT: &str = "`.` and `..` cannot stand in a path: they would lead elsewhere";

fn is_dot_segment(segment: &str) -> bool {
    let segment = segment.to_ascii_lowercase().replace("%2e", ".");
    segment == "." || segment == ".."
}

fn url_part(text: &str) -> Result<Cow<'_, str>, String> {
    if is_dot_segment(text) {
        return Err(DOT_SEGMENT.to_owned());
    }
    Ok(utf8_percent_encode(text, UNRESERVED).into())
}

fn header(text: &str) -> Result<(), String> {
    match text.chars().find(|c| !(' '..='~').contains(c)) {
        None => Ok(()),
        Some(c) if c.is_control() => Err(format!(
            "a header cannot hold the control character U+{:04X}",
            u32::from(c)
        )),
        Some(c) => Err(format!("a header takes ASCII only, and `{c}` is not")),
    }
}

/// Whether a value is one http(s) address that no markup can begin or end in.
fn is_plain_url(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_graphic() && !"()<>[]{}|\\`\"'*".contains(c);
    let lower = text.to_ascii_lowercase();
    (lower.starts_with("https://") || lower.starts_with("http://"))
        && text.chars().all(plain)
        && !lower.contains("@everyone")
        && !lower.contains("@here")
        && Url::parse(text).is_ok_and(|url| url.has_host() && url.username().is_empty())
}

fn slack(text: &str) -> String {
    part_mentions(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check(place: Escape, text: &str, expected: &str) {
        assert_eq!(place.apply(text).unwrap(), expected);
    }

    #[test]
    fn a_url_part_never_leaves_its_segment() {
        check(
            Escape::Url,
            "a/b?c#d&e=f g%2f\\",
            "a%2Fb%3Fc%23d%26e%3Df%20g%252f%5C",
        );
        check(Escape::Url, "ü-._~", "%C3%BC-._~");
        for bad in [".", "..", "%2e%2E", ".%2e"] {
            assert!(Escape::Url.apply(bad).is_err(), "{bad}");
        }
        assert!(Escape::Url.accepts_whole("a/../b").is_err());
        assert!(Escape::Url.accepts_whole("a/..b/...").is_ok());
    }

    #[test]
    fn a_header_takes_no_line_break() {
        check(Escape::Header, "plain; text=\"1\"", "plain; text=\"1\"");
        for bad in ["a\r\nX: y", "a\nb", "\0", "\u{7f}", "tab\t", "ü", "\u{85}"] {
            assert!(Escape::Header.apply(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn discord_markup_and_mentions_are_text() {
        check(Escape::Discord, "*b* _i_ `c`", "\\*b\\* \\_i\\_ \\`c\\`");
        check(Escape::Discord, "[x](y)", "\\[x\\]\\(y\\)");
        check(Escape::Discord, "<@42>", "\\<@42\\>");
        check(Escape::Discord, "@everyone", "@\u{200b}everyone");
        check(Escape::Discord, "@HERE", "@\u{200b}HERE");
        check(Escape::Discord, "- a\n 1. b-c", "\\- a\n 1\\. b-c");
        check(Escape::Discord, ":smile: http://x", "\\:smile: http\\://x");
        check(
            Escape::Discord,
            "# a\n## b\n-# c #12",
            "\\# a\n\\## b\n\\-# c #12",
        );
        for plain in ["1.5 text-with", "Fix: 12:30", "-5", "a@b.io", "see #12"] {
            check(Escape::Discord, plain, plain);
        }
    }

    #[test]
    fn a_whole_address_stays_whole() {
        for place in [Escape::Discord, Escape::Notion] {
            check(place, "https://x.io/a_b?c=d#e", "https://x.io/a_b?c=d#e");
        }
        check(
            Escape::Slack,
            "https://x.io/?a=b&c",
            "https://x.io/?a=b&amp;c",
        );
        for odd in [
            "https://x.io/a b",
            "https://x.io/)",
            "https://x.io/>",
            "https://good@evil.io/",
            "javascript:alert(1)",
            "https://",
            "https://x.io/@everyone",
            "see https://x.io/a",
        ] {
            assert_ne!(Escape::Discord.apply(odd).unwrap(), odd);
        }
    }

    #[test]
    fn slack_entities() {
        check(
            Escape::Slack,
            "<!channel> & <@U1>",
            "&lt;!channel&gt; &amp; &lt;@U1&gt;",
        );
        check(Escape::Slack, "@here", "@\u{200b}here");
        check(Escape::Slack, "bob@example.com", "bob@example.com");
    }

    #[test]
    fn every_text_in_a_value_is_escaped() {
        let value = serde_json::json!({"@here": ["*", 1, null]});
        let escaped = Escape::Discord.apply_within(value).unwrap();
        assert_eq!(
            escaped.to_string(),
            "{\"@\u{200b}here\":[\"\\\\*\",1,null]}"
        );
    }

    proptest! {
        #[test]
        fn url_parts_hold_only_unreserved_characters(text in any::<String>()) {
            if let Ok(part) = Escape::Url.apply(&text) {
                let fine = |b: u8| b.is_ascii_alphanumeric() || b"-._~%".contains(&b);
                prop_assert!(part.bytes().all(fine));
            }
        }

        #[test]
        fn no_crowd_is_ever_called(text in "[@a-z <!]{0,8}@(everyone|here)[a-z]{0,3}") {
            for place in [Escape::Discord, Escape::Slack] {
                let escaped = place.apply(&text).unwrap();
                prop_assert!(!escaped.contains("@everyone") && !escaped.contains("@here"));
            }
        }
    }
}
