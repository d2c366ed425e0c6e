//! What differs between what a test expects and what was rendered.

use serde_json::Value;

use crate::diagnostic::Place;
use crate::expression::decimal::equal;
use crate::yaml::{self, Node};

/// The most differences that are told in a finding.
const DIFFERENCES_MAX: usize = 8;
/// The longest value that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// One value that is not as a test expects it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Where in the rendered value: `properties.Amount`, `embeds[0].title`; empty for the whole.
    pub path: String,
    /// What the test expects; nothing where it expects that there is nothing.
    pub expected: Option<Value>,
    /// What was rendered, if anything.
    pub found: Option<Value>,
    /// Where the expected value is written; of what was not expected, where the map around it is.
    pub place: Place,
}

/// How much of a value a test has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// A part is enough: maps may have more keys than expected. Lists must have as many items.
    Part,
    /// All of it.
    Whole,
}

/// Where `found` is not as expected.
pub(super) fn differences(expected: &Node, found: &Value, extent: Extent) -> Vec<Difference> {
    let mut comparing = Comparing {
        extent,
        differences: Vec::new(),
    };
    comparing.compare("", expected, Some(found));
    comparing.differences
}

/// One line for each of the first differences.
pub(super) fn lines(differences: &[Difference]) -> Vec<String> {
    let told = differences.iter().take(DIFFERENCES_MAX);
    let mut lines: Vec<_> = told.map(Difference::line).collect();
    if let Some(more) = differences.len().checked_sub(DIFFERENCES_MAX + 1) {
        lines.push(format!("… and {} more", more + 1));
    }
    lines
}

impl Difference {
    fn line(&self) -> String {
        let path = match self.path.as_str() {
            "" => "the whole",
            path => path,
        };
        let (expected, found) = (shown(self.expected.as_ref()), shown(self.found.as_ref()));
        format!("{path}: expected {expected}, rendered {found}")
    }
}

struct Comparing {
    extent: Extent,
    differences: Vec<Difference>,
}

impl Comparing {
    fn compare(&mut self, path: &str, expected: &Node, found: Option<&Value>) {
        match (&expected.value, found) {
            (yaml::Value::Map(entries), Some(Value::Object(found))) => {
                for (key, expected) in entries {
                    self.compare(&below(path, &key.text), expected, found.get(&key.text));
                }
                if self.extent == Extent::Whole {
                    let more = found.iter().filter(|(key, _)| expected.get(key).is_none());
                    self.differences.extend(more.map(|(key, value)| Difference {
                        path: below(path, key),
                        expected: None,
                        found: Some(value.clone()),
                        place: expected.place.clone(),
                    }));
                }
            }
            (yaml::Value::List(items), Some(Value::Array(found))) if items.len() == found.len() => {
                for (at, (expected, found)) in items.iter().zip(found).enumerate() {
                    self.compare(&format!("{path}[{at}]"), expected, Some(found));
                }
            }
            (_, found) => {
                let value = expected.to_json();
                if !found.is_some_and(|found| equal(&value, found)) {
                    self.differences.push(Difference {
                        path: path.to_owned(),
                        expected: Some(value),
                        found: found.cloned(),
                        place: expected.place.clone(),
                    });
                }
            }
        }
    }
}

fn below(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}

/// A value as people read it, cut short.
pub(super) fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diagnostic::{Diagnostics, SourceFile};

    fn told(expected: &str, found: &Value, extent: Extent) -> Vec<String> {
        let file = SourceFile::new("a.yaml", expected);
        let node = yaml::read(&file, &mut Diagnostics::new()).unwrap();
        lines(&differences(&node, found, extent))
    }

    #[test]
    fn a_part_is_enough_and_numbers_are_numbers() {
        let found = json!({"a": 1205, "b": {"c": "x", "d": 2}, "e": [1, {"f": 1, "g": 2}]});
        for part in ["{}", "a: 1205.0", "b: {c: x}", "e: [1, {g: 2}]"] {
            assert_eq!(told(part, &found, Extent::Part), [""; 0], "{part}");
        }
        let whole = "{a: 1205.0, b: {c: x, d: 2}, e: [1, {f: 1, g: 2}]}";
        assert_eq!(told(whole, &found, Extent::Whole), [""; 0]);
    }

    #[test]
    fn the_whole_names_every_key() {
        let found = json!({"a": 1, "b": {"c": "x"}, "e": [{"f": 1}]});
        let part = "{a: 1, b: {}, e: [{}]}";
        assert_eq!(
            told(part, &found, Extent::Whole),
            [
                "b.c: expected nothing, rendered \"x\"",
                "e[0].f: expected nothing, rendered 1"
            ]
        );
    }

    #[test]
    fn differences_say_where() {
        let found = json!({"a": "1", "b": {"c": "x"}, "e": [1, 2]});
        for (part, line) in [
            ("a: 1", "a: expected 1, rendered \"1\""),
            ("b: {c: y}", "b.c: expected \"y\", rendered \"x\""),
            ("b: {z: null}", "b.z: expected null, rendered nothing"),
            ("e: [1, 3]", "e[1]: expected 3, rendered 2"),
            ("e: [1]", "e: expected [1], rendered [1,2]"),
            (
                "[]",
                "the whole: expected [], rendered {\"a\":\"1\",\"b\":{\"c\":\"x\"},\"e\":[1,2]}",
            ),
        ] {
            assert_eq!(told(part, &found, Extent::Part), [line]);
        }
    }

    #[test]
    fn many_differences_are_told_in_part() {
        let part: Vec<_> = (0..10).map(|n| format!("k{n}: 1\n")).collect();
        let told = told(&part.concat(), &json!({}), Extent::Part);
        assert_eq!(told.len(), 9);
        assert_eq!(told.last().unwrap(), "… and 2 more");
    }
}
