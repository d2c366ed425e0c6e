//! What differs between the part that a test expects and the whole that was rendered.

use serde_json::Value;

use crate::expression::decimal::equal;

/// The most differences that are told.
const DIFFERENCES_MAX: usize = 8;
/// The longest value that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// One line for each difference; none where `expected` is a part of `found`. Maps may have more keys
/// than expected; lists must have as many items.
pub(super) fn differences(expected: &Value, found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    compare("", expected, Some(found), &mut lines);
    if lines.len() > DIFFERENCES_MAX {
        let more = lines.len() - DIFFERENCES_MAX;
        lines.truncate(DIFFERENCES_MAX);
        lines.push(format!("… and {more} more"));
    }
    lines
}

fn compare(place: &str, expected: &Value, found: Option<&Value>, lines: &mut Vec<String>) {
    match (expected, found) {
        (Value::Object(expected), Some(Value::Object(found))) => {
            for (key, expected) in expected {
                let place = if place.is_empty() {
                    key.clone()
                } else {
                    format!("{place}.{key}")
                };
                compare(&place, expected, found.get(key), lines);
            }
        }
        (Value::Array(expected), Some(Value::Array(found))) if expected.len() == found.len() => {
            for (at, (expected, found)) in expected.iter().zip(found).enumerate() {
                compare(&format!("{place}[{at}]"), expected, Some(found), lines);
            }
        }
        (expected, Some(found)) if equal(expected, found) => {}
        (expected, found) => {
            let place = if place.is_empty() { "the whole" } else { place };
            let (expected, found) = (shown(Some(expected)), shown(found));
            lines.push(format!("{place}: expected {expected}, rendered {found}"));
        }
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

    #[test]
    fn a_part_is_enough_and_numbers_are_numbers() {
        let found = json!({"a": 1205, "b": {"c": "x", "d": 2}, "e": [1, {"f": 1, "g": 2}]});
        for part in [
            json!({}),
            json!({"a": 1205.0}),
            json!({"b": {"c": "x"}}),
            json!({"e": [1, {"g": 2}]}),
        ] {
            assert_eq!(differences(&part, &found), Vec::<String>::new(), "{part}");
        }
    }

    #[test]
    fn differences_say_where() {
        let found = json!({"a": "1", "b": {"c": "x"}, "e": [1, 2]});
        for (part, line) in [
            (json!({"a": 1}), "a: expected 1, rendered \"1\""),
            (
                json!({"b": {"c": "y"}}),
                "b.c: expected \"y\", rendered \"x\"",
            ),
            (
                json!({"b": {"z": null}}),
                "b.z: expected null, rendered nothing",
            ),
            (json!({"e": [1, 3]}), "e[1]: expected 3, rendered 2"),
            (json!({"e": [1]}), "e: expected [1], rendered [1,2]"),
        ] {
            assert_eq!(differences(&part, &found), [line]);
        }
    }
}
