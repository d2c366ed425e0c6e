//! `{{> name}}` in a template's text: a part that stands elsewhere.
//!
//! Parts are put in as text before a template is compiled, so what holds of a template holds of every
//! part in it: how values are escaped, and what it reads.

use std::ops::Range;

use super::tags::Tags;

/// One `{{> name}}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartCall {
    /// The name.
    pub name: String,
    /// Its bytes, braces included.
    pub range: Range<usize>,
    /// Whether only the name stands there: `{{> name x=1}}` and `{{~> name}}` hold more.
    pub plain: bool,
}

/// Every `{{> name}}` in a text, in order; none in what is commented out or has a backslash before it.
pub fn part_calls(text: &str) -> Vec<PartCall> {
    if !text.contains('>') {
        return Vec::new();
    }
    let tags = Tags::find(text);
    let calls = tags.all.into_iter().filter_map(|range| {
        let inside = text.get(range.clone())?;
        let inside = inside.strip_prefix("{{")?.strip_suffix("}}")?;
        let bare = inside.trim_matches('~');
        let said = bare.trim_start().strip_prefix('>')?.trim();
        let name = said.split_whitespace().next().unwrap_or_default();
        Some(PartCall {
            name: name.to_owned(),
            range,
            plain: said == name && bare == inside,
        })
    });
    calls.collect()
}

#[cfg(test)]
mod tests {
    use super::part_calls;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str, bool)]) {
        let calls = part_calls(text);
        let found: Vec<_> = calls
            .iter()
            .map(|call| (call.name.as_str(), &text[call.range.clone()], call.plain))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn calls_are_found() {
        check("{{> a}}", &[("a", "{{> a}}", true)]);
        check(
            "x {{>a}}{{#if b}}{{> b-c }}{{/if}}",
            &[("a", "{{>a}}", true), ("b-c", "{{> b-c }}", true)],
        );
        check(
            "{{> a x=1}} {{~> b}}",
            &[("a", "{{> a x=1}}", false), ("b", "{{~> b}}", false)],
        );
        check("{{>}}", &[("", "{{>}}", true)]);
    }

    #[test]
    fn what_is_none_is_passed_over() {
        for text in [
            "a > b",
            "{{gt payload.a 1}}",
            r"\{{> a}}",
            "{{!-- {{> a}} --}}",
            "{{#> layout}}x{{/layout}}",
            "{{> never closed",
        ] {
            check(text, &[]);
        }
    }
}
