//! Where the comments of a file stand.

use std::ops::Range;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::diagnostic::{Comments, SourceFile};

use super::offsets::Offsets;

/// The comments of a file, each from its `#` to the end of its line; none where it is not YAML.
pub fn comments(file: &Arc<SourceFile>) -> Comments {
    let spans = texts(&file.text).map_or_else(Vec::new, |texts| outside(&file.text, &texts));
    Comments {
        file: Arc::clone(file),
        spans,
    }
}

/// Where texts stand in which a `#` is only a `#`, in order.
fn texts(text: &str) -> Option<Vec<Range<usize>>> {
    let offsets = Offsets::of(text);
    let mut texts = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let Event::Scalar(_, style, ..) = event else {
            continue;
        };
        let range = offsets.range(span);
        match style {
            // A comment ends a text without quotes.
            ScalarStyle::Plain => {}
            ScalarStyle::Literal | ScalarStyle::Folded => {
                texts.push(offsets.block_content(range));
            }
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                texts.push(offsets.quoted(offsets.without_properties(range)));
            }
        }
    }
    Some(texts)
}

/// In each line the first `#` that begins a comment, up to the end of the line.
fn outside(text: &str, texts: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begins = line.match_indices('#').map(|(at, _)| at).find(|at| {
            let before = line.get(..*at).unwrap_or_default();
            let apart = before.is_empty() || before.ends_with([' ', '\t', '\u{feff}']);
            apart && !inside(start + at, texts)
        });
        if let Some(at) = begins {
            found.push(start + at..start + line.trim_end().len());
        }
        start += line.len();
    }
    found
}

fn inside(byte: usize, texts: &[Range<usize>]) -> bool {
    let next = texts.partition_point(|text| text.end <= byte);
    texts.get(next).is_some_and(|text| text.start <= byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let file = SourceFile::new("a.yaml", text);
        let found: Vec<_> = comments(&file)
            .spans
            .into_iter()
            .map(|span| text[span].to_owned())
            .collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn comments_are_what_yaml_takes_for_comments() {
        check("# a\nb: c # d # e\n#f", &["# a", "# d # e", "#f"]);
        check("a: 'x # y' # z\r\nb: \"x\n  # y\"\nc: d#e\n", &["# z"]);
        check(
            "ä: &x 'it''s # ü' # ö\nb: !!str \"\\\" # c\" # d\n",
            &["# ö", "# d"],
        );
        check("ä: 'ü' # ö\n", &["# ö"]);
        check(
            "a: | # b\n  # c\n  d\n\n  # e\n# f\nb: >-\n  # g\n",
            &["# b", "# f"],
        );
        check("a: [1, # b\n  2] # c\n", &["# b", "# c"]);
        check("a: {{ # b\n", &[]);
        check("", &[]);
    }
}
