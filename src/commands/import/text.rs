//! Text as it is written in YAML.

use std::fmt::Write as _;

/// Words that YAML takes for something else.
const WORDS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off"];

/// A text in YAML, also between brackets: without quotes where it is plain.
pub(super) fn scalar(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./-$".contains(c);
    let begins = |c: char| c.is_ascii_alphabetic() || c == '/' || c == '$';
    let word = WORDS.contains(&text.to_ascii_lowercase().as_str());
    if text.starts_with(begins) && text.chars().all(plain) && !word {
        return text.to_owned();
    }
    // Between single quotes nothing but the quote is special, and nothing can be written that is not
    // on one line; between double quotes everything can, as JSON writes it.
    if text.contains('\\') && !text.chars().any(char::is_control) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut written = String::new();
    for sign in serde_json::Value::from(text).to_string().chars() {
        if sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{feff}') {
            let _ = write!(written, "\\u{:04x}", u32::from(sign));
        } else {
            written.push(sign);
        }
    }
    written
}

/// A text that is no template, where one could stand.
pub(super) fn literal(text: &str) -> Option<String> {
    (!text.contains("{{")).then(|| scalar(text))
}

/// A comment, on one line.
pub(super) fn comment(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    format!("# {line}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostics, SourceFile};
    use crate::yaml::read;

    #[test]
    fn what_is_written_is_read_again() {
        for text in [
            "refs/heads/main",
            "/opt/deploy.sh",
            "",
            "true",
            "Yes",
            "1",
            "1.5",
            "a: b",
            "a #b",
            "it's",
            "\"x\"",
            "^v\\d+'$",
            "a\\\n",
            "*",
            "&x",
            "- a",
            "{a}",
            "[a]",
            "ü",
            "@x",
            "%",
            "a,b",
            "$.a",
            " a ",
            "null",
            "~",
            "!x",
            "\u{85}",
            "{{x}}",
            "0x1F",
            "a:",
            "#",
            "\t",
        ] {
            for whole in [
                format!("a: {}", scalar(text)),
                format!("{{a: [{}]}}", scalar(text)),
            ] {
                let mut problems = Diagnostics::new();
                let node = read(&SourceFile::new("a", whole.as_str()), &mut problems).unwrap();
                let found = node.get("a").unwrap().one_or_list()[0].to_json();
                assert_eq!(found, text, "{whole}");
                assert!(problems.is_empty(), "{whole}: {problems:?}");
            }
        }
        assert_eq!(literal("{{x}}"), None);
        assert_eq!(comment("a\nb"), "# a b");
    }
}
