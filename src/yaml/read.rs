//! Text → [`Node`]: `serde_yaml` says what the values are, `saphyr-parser` where they stand.
//!
//! The walk over places comes first, because it refuses what would keep `serde_yaml` busy for minutes.

use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};

use super::alike;
use super::node::{Node, Value};
use super::raw;
use super::walk::{Walked, walk};
use super::zip::zip;

/// The largest YAML file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The deepest nesting that is read.
pub const DEPTH_MAX: usize = 64;
/// The most values that are read from one file, each alias counted with all it stands for.
pub const VALUES_MAX: usize = 500_000;

/// Reads the one document of a file. Every problem that can be found is reported; what could be read
/// is returned even beside problems, unless there is nothing to return. An empty file is a null node.
pub fn read(file: &Arc<SourceFile>, problems: &mut Diagnostics) -> Option<Node> {
    if file.text.len() > FILE_BYTES_MAX {
        let place = Place {
            file: Arc::clone(file),
            span: 0..0,
        };
        let message = format!("this file has {} bytes", file.text.len());
        let help = format!("at most {FILE_BYTES_MAX} are read: split it");
        problems.push(Diagnostic::error(code::TOO_LARGE, place, message).help(help));
        return None;
    }
    let found_before = problems.iter().count();
    let Some(Walked { root, alike }) = walk(file, problems).ok()? else {
        return Some(Node {
            value: Value::Null,
            place: Place {
                file: Arc::clone(file),
                span: 0..0,
            },
            filled: false,
        });
    };
    let values = if alike {
        alike::values(&root)
    } else {
        raw::read(&file.text)
    };
    match values {
        Ok(values) => Some(zip(file, &root, values, problems)),
        Err(error) => {
            // The walk says it better, if it found anything.
            if problems.iter().count() == found_before {
                problems.push(raw::diagnostic(file, &error));
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Reads a text; problems as `code text-at-the-place: message`.
    fn read_text(text: &str) -> (Option<Node>, Vec<String>) {
        let file = SourceFile::new("a.yaml", text);
        let mut problems = Diagnostics::new();
        let node = read(&file, &mut problems);
        let problems = problems
            .sorted()
            .into_iter()
            .map(|found| {
                let there = text.get(found.place.span.clone()).expect("a place inside");
                assert!(found.help.is_some(), "no help: {}", found.message);
                format!("{} {there:?}: {}", found.code.id(), found.message)
            })
            .collect();
        (node, problems)
    }

    #[track_caller]
    fn good(text: &str) -> Node {
        let (node, problems) = read_text(text);
        assert!(problems.is_empty(), "{text:?}: {problems:?}");
        node.expect("a node")
    }

    #[track_caller]
    fn bad(text: &str, expected: &[&str]) -> Option<Node> {
        let (node, problems) = read_text(text);
        assert_eq!(problems, expected, "{text:?}");
        node
    }

    #[track_caller]
    fn place(text: &str, path: &[&str], expected: &str) {
        let root = good(text);
        let node = path.iter().fold(&root, |node, name| match name.parse() {
            Ok(number) => {
                let number: usize = number;
                &node.one_or_list()[number]
            }
            Err(_) => node.get(name).expect("a key"),
        });
        assert_eq!(
            &text[node.place.span.clone()],
            expected,
            "{text:?} {path:?}"
        );
    }

    #[test]
    fn scalars_have_the_types_that_serde_yaml_gives() {
        for (text, expected) in [
            ("yes", json!("yes")),
            ("on", json!("on")),
            ("true", json!(true)),
            ("~", json!(null)),
            ("'1'", json!("1")),
            ("0777", json!("0777")),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("1_000", json!("1_000")),
            ("12:30:00", json!("12:30:00")),
            ("!!str 5", json!("5")),
            ("!!int '5'", json!(5)),
            ("2026-01-01", json!("2026-01-01")),
            ("+5", json!(5)),
            ("1e999", json!("1e999")),
        ] {
            assert_eq!(
                good(&format!("a: {text}")).to_json(),
                json!({ "a": expected }),
                "{text}"
            );
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        for text in [
            "1.10",
            "-0.50",
            "1e+3",
            "12345678901234567890123",
            "340282366920938463463374607431768211456123",
            "0.1234567890123456789",
        ] {
            let node = good(&format!("a: {text}"));
            assert_eq!(node.get("a").unwrap().to_json().to_string(), text);
        }
    }

    #[test]
    fn places_cover_what_was_written() {
        let text = "# ü\na: &x 'ö b'\nb: *x\nc: !!str 5 # c\nd:\n  - |\n    ö\n    two\n\n  - >-\n    f1\n\n\
                    e: {x: 1, \"y\": [1, 2 ]}   # c\nf:\ng: plain more\n  words  \nh: &y\n  k: v\nlast: 1\n";
        place(text, &["a"], "'ö b'");
        place(text, &["b"], "'ö b'");
        place(text, &["c"], "5");
        place(text, &["d"], "- |\n    ö\n    two\n\n  - >-\n    f1");
        place(text, &["d", "0"], "ö\n    two");
        place(text, &["d", "1"], "f1");
        place(text, &["e"], "{x: 1, \"y\": [1, 2 ]}");
        place(text, &["e", "y"], "[1, 2 ]");
        place(text, &["e", "y", "1"], "2");
        place(text, &["f"], "");
        place(text, &["g"], "plain more\n  words");
        place(text, &["h"], "k: v");
        place(text, &["last"], "1");
        place("\u{feff}a: ü\r\nb: [x]\r\n", &["b"], "[x]");
        place("\u{feff}a: ü\r\nb: [x]\r\n", &["a"], "ü");
        place("a: 'it''s' # c\n", &["a"], "'it''s'");
        place("a: [\"x\\\"y\" # c\n  ]\n", &["a", "0"], "\"x\\\"y\"");
        let root = good(text);
        let (key, _) = &root.get("e").unwrap().as_map().unwrap()[1];
        assert_eq!(&text[key.span.clone()], "\"y\"");
        assert_eq!(root.place.span, 5..text.len() - 1);
    }

    #[test]
    fn an_empty_file_is_nothing() {
        for text in ["", "\n", "# only\n", "---\n", "\u{feff}", "~"] {
            assert_eq!(good(text).value, Value::Null, "{text:?}");
        }
    }

    #[test]
    fn every_key_written_twice_is_reported() {
        let node = bad(
            "a: 1\nb: {c: 1, 'c': 2}\na: 2\n1: x\n\"1\": y\n",
            &[
                "HR0003 \"'c'\": `c` is written twice in this map",
                "HR0003 \"a\": `a` is written twice in this map",
                "HR0003 \"\\\"1\\\"\": `1` is written twice in this map",
            ],
        );
        assert_eq!(
            node.unwrap().to_json(),
            json!({"a": 1, "b": {"c": 1}, "1": "x"})
        );
    }

    #[test]
    fn merges_keep_the_keys_written_in_the_map() {
        let text = "base: &b {x: 1, y: {z: 2}}\nmore: &m {x: 3, w: 4}\n\
                    one:\n  <<: *b\n  x: 5\ntwo: {<<: [*m, *b], '<<': 1}\n";
        let node = good(text);
        assert_eq!(
            node.get("one").unwrap().to_json(),
            json!({"x": 5, "y": {"z": 2}})
        );
        let two = node.get("two").unwrap().to_json();
        assert_eq!(two, json!({"<<": 1, "x": 3, "w": 4, "y": {"z": 2}}));
        place(text, &["one", "y"], "{z: 2}");
        bad(
            "a: {<<: 5}",
            &["HR0007 \"5\": `<<` takes a map or a list of maps, not a number"],
        );
        bad(
            "a: {<<: }",
            &["HR0007 \"\": `<<` takes a map or a list of maps, not nothing"],
        );
    }

    #[test]
    fn infinite_numbers_and_foreign_tags_are_reported_once() {
        bad(
            "a: &x .nan\nb: *x\n",
            &["HR0007 \".nan\": `.nan` is not a number that can be used"],
        );
        bad(
            "- -.inf",
            &["HR0007 \"-.inf\": `-.inf` is not a number that can be used"],
        );
        let node = bad(
            "a: !foo 1\nb: !<tag:x> {c: 1}\n",
            &[
                "HR0002 \"!foo\": the tag `!foo` means nothing here",
                "HR0002 \"!<tag:x>\": the tag `!<tag:x>` means nothing here",
            ],
        );
        assert_eq!(node.unwrap().get("b").unwrap().to_json(), json!({"c": 1}));
        let (node, problems) = read_text("a: !!int x");
        assert!(node.is_none() && problems.len() == 1, "{problems:?}");
    }

    #[test]
    fn a_second_document_is_reported() {
        let node = bad(
            "---\na: 1\n---\nb: 2\n",
            &["HR0002 \"---\": a second document starts here"],
        );
        assert_eq!(node.unwrap().to_json(), json!({"a": 1}));
        good("---\na: 1\n...\n");
    }

    #[test]
    fn braces_without_quotes_are_read_as_the_template_that_was_meant() {
        let found = "HR0002 \"{{payload.x}}\": braces without quotes are a map, not a template";
        let node = bad("a: {{payload.x}}\n", &[found]);
        assert_eq!(node.unwrap().to_json(), json!({"a": "{{payload.x}}"}));
        bad("a: {b: {{payload.x}}}\n", &[found]);
        bad("a: {{payload.x}} more\n", &[found]);
        bad("{[a]: 1}", &["HR0006 \"[a]\": a key must be text"]);
        bad("a: {: 1}", &["HR0006 \"\": a key is missing here"]);
    }

    #[test]
    fn limits_hold_quickly() {
        let laughs: String = (0..40).fold("a0: &a0 [x]\n".to_owned(), |text, number| {
            let aliases = vec![format!("*a{number}"); 9].join(", ");
            text + &format!("a{0}: &a{0} [{aliases}]\n", number + 1)
        });
        let deep_aliases: String = (0..DEPTH_MAX + 2)
            .fold("a0: &a0 [x]\n".to_owned(), |text, number| {
                text + &format!("a{0}: &a{0} [*a{number}]\n", number + 1)
            });
        for text in [
            "x".repeat(FILE_BYTES_MAX + 1),
            "[".repeat(100_000),
            "{a: ".repeat(100_000),
            "- ".repeat(100_000),
            "[x, ".to_owned() + &"1,".repeat(VALUES_MAX) + "]",
            laughs,
            deep_aliases,
        ] {
            let (node, problems) = read_text(&text);
            assert!(node.is_none());
            assert!(
                problems.len() == 1 && problems[0].starts_with("HR0008"),
                "{problems:?}"
            );
        }
        bad(
            "a: &x 1\nb: &x 2\nc: &y 3\nd: *x\n",
            &["HR0002 \"&x\": the anchor `&x` is written twice"],
        );
        bad(
            "a: 'x\u{85}y'",
            &["HR0002 \"'x\\u{85}y'\": this can be read in two ways"],
        );
        bad(
            "a: &a [*a]",
            &["HR0002 \"*a\": `*a` stands inside the value that it names"],
        );
        let deepest = "[".repeat(DEPTH_MAX) + &"]".repeat(DEPTH_MAX);
        good(&deepest);
    }
}
