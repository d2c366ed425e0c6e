//! What became of tests, as `JUnit` XML: a suite for each file.
//!
//! Source: <https://github.com/testmoapp/junitxml>. Times are left out: nothing here takes any.

use std::fmt::Write as _;

use crate::trial::{Difference, Failure, Outcome, TestResult};

use super::list::Ran;

/// All results, and every error that kept something from being read as a test that failed.
pub(super) fn junit(ran: &Ran) -> String {
    let counts = ran.counts();
    let problems = ran.problems();
    let mut xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
    let (tests, failures) = (ran.results.len(), counts.failed);
    let errors = counts.unreadable + problems.len();
    let _ = writeln!(
        xml,
        "<testsuites name=\"hookrule\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{}\">",
        tests + problems.len(),
        counts.skipped
    );
    for results in ran.results.chunk_by(|a, b| a.file == b.file) {
        suite(results, &mut xml);
    }
    if !problems.is_empty() {
        let count = problems.len();
        let _ = writeln!(
            xml,
            "  <testsuite name=\"what could not be read\" tests=\"{count}\" failures=\"0\" errors=\"{count}\" skipped=\"0\">"
        );
        for problem in &problems {
            let file = escaped(&problem.place.file.path.display().to_string());
            let (code, message) = (problem.code.id(), escaped(&problem.message));
            let help = escaped(problem.help.as_deref().unwrap_or_default());
            let _ = writeln!(
                xml,
                "    <testcase classname=\"{file}\" name=\"{code}\"><error message=\"{message}\">{help}</error></testcase>"
            );
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn suite(results: &[TestResult], xml: &mut String) {
    let Some(first) = results.first() else {
        return;
    };
    let count = |fits: fn(&Outcome) -> bool| results.iter().filter(|r| fits(&r.outcome)).count();
    let _ = writeln!(
        xml,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\">",
        escaped(&first.file.display().to_string()),
        results.len(),
        count(|outcome| matches!(outcome, Outcome::Failed(_))),
        count(|outcome| matches!(outcome, Outcome::Unreadable)),
        count(|outcome| matches!(outcome, Outcome::Skipped(_))),
    );
    for result in results {
        case(result, xml);
    }
    xml.push_str("  </testsuite>\n");
}

fn case(result: &TestResult, xml: &mut String) {
    let (rule, name) = (escaped(&result.rule), escaped(&result.name));
    let (file, line) = (escaped(&result.file.display().to_string()), result.line);
    let _ = write!(
        xml,
        "    <testcase classname=\"{rule}\" name=\"{name}\" file=\"{file}\" line=\"{line}\">"
    );
    match &result.outcome {
        Outcome::Passed => {}
        Outcome::Failed(failures) => {
            for failure in failures {
                let (message, text) = (escaped(&failure.message), escaped(&text(failure)));
                let _ = write!(xml, "<failure message=\"{message}\">{text}</failure>");
            }
        }
        Outcome::Unreadable => xml.push_str("<error message=\"this test cannot be read\"/>"),
        Outcome::Skipped(why) => {
            let _ = write!(xml, "<skipped message=\"{}\"/>", escaped(why));
        }
    }
    xml.push_str("</testcase>\n");
}

fn text(failure: &Failure) -> String {
    let mut text = failure.help.clone().unwrap_or_default();
    for Difference {
        path,
        expected,
        found,
        ..
    } in &failure.differences
    {
        let shown = |value: &Option<serde_json::Value>| {
            value
                .as_ref()
                .map_or("(nothing)".to_owned(), ToString::to_string)
        };
        let _ = writeln!(text, "{path}\n- {}\n+ {}", shown(expected), shown(found));
    }
    text
}

/// Text between tags or quotes. What XML 1.0 cannot hold at all becomes `?`.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => {
                let _ = write!(escaped, "&#{};", u32::from(sign));
            }
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('?'),
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_in_a_name_ends_its_place() {
        assert_eq!(
            escaped("<a b=\"c\">&\u{0}\n]]>"),
            "&lt;a b=&quot;c&quot;&gt;&amp;?&#10;]]&gt;"
        );
    }
}
