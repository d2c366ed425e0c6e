//! What became of tests, for people.

use std::io;

use serde_json::Value;

use crate::diagnostic::human;
use crate::trial::{Difference, Failure, FileCoverage, Outcome, TestResult};

use super::coverage;
use super::list::Ran;
use crate::commands::output::{Output, printable};

/// The longest value that is shown, in characters.
const SHOWN_CHARS_MAX: usize = 2_000;
/// The most lines of a long text that are shown of each side.
const SHOWN_LINES_MAX: usize = 40;

const RED: &str = "31";
const GREEN: &str = "32";
const BOLD: &str = "1";

/// Shows what failed and was skipped, what the tests saw, and how many passed.
pub(super) fn show(
    ran: &Ran,
    covered: Option<&[FileCoverage]>,
    output: &mut Output<'_>,
) -> io::Result<()> {
    let problems = human(&ran.problems(), output.colour());
    output.text(&problems)?;
    for result in &ran.results {
        match &result.outcome {
            Outcome::Passed => {}
            Outcome::Failed(failures) => {
                title("FAIL", result, output)?;
                for failure in failures {
                    show_failure(failure, output)?;
                }
                output.line("")?;
            }
            Outcome::Unreadable => title("UNREADABLE", result, output)?,
            Outcome::Skipped(why) => {
                title("SKIP", result, output)?;
                output.line(&printable(&format!("  {why}")))?;
            }
        }
    }
    for line in covered.map(coverage::lines).unwrap_or_default() {
        output.line(&printable(&line))?;
    }
    output.line(&last_line(ran))
}

fn title(word: &str, result: &TestResult, output: &mut Output<'_>) -> io::Result<()> {
    let word = painted(BOLD, word, output);
    let (rule, name) = (&result.rule, &result.name);
    let (file, line) = (result.file.display(), result.line);
    let rest = printable(&format!("{rule} › {name} ({file}:{line})"));
    output.line(&format!("{word}  {rest}"))
}

fn show_failure(failure: &Failure, output: &mut Output<'_>) -> io::Result<()> {
    output.line(&printable(&format!("  {}", failure.message)))?;
    for line in failure.help.iter().flat_map(|help| help.lines()) {
        output.line(&printable(&format!("    {line}")))?;
    }
    for difference in &failure.differences {
        show_difference(difference, output)?;
    }
    Ok(())
}

fn show_difference(difference: &Difference, output: &mut Output<'_>) -> io::Result<()> {
    let path = match difference.path.as_str() {
        "" => "the whole",
        path => path,
    };
    output.line(&printable(&format!("    {path}")))?;
    let (expected, found) = (&difference.expected, &difference.found);
    let (minus, plus) = match (expected, found) {
        (Some(Value::String(expected)), Some(Value::String(found)))
            if expected.contains('\n') || found.contains('\n') =>
        {
            lines_apart(expected, found)
        }
        _ => (vec![shown(expected.as_ref())], vec![shown(found.as_ref())]),
    };
    for (sign, colour, lines) in [("-", RED, minus), ("+", GREEN, plus)] {
        for line in lines {
            let line = printable(&format!("{sign} {line}"));
            let line = painted(colour, &line, output);
            output.line(&format!("      {line}"))?;
        }
    }
    Ok(())
}

/// Of two texts the lines that differ, without those that both begin and end with.
fn lines_apart(expected: &str, found: &str) -> (Vec<String>, Vec<String>) {
    let (expected, found): (Vec<_>, Vec<_>) = (expected.lines().collect(), found.lines().collect());
    let same = expected.iter().zip(&found).take_while(|(a, b)| a == b);
    let begin = same.count();
    let rest = |lines: &[&'_ str]| lines.len() - begin;
    let most = rest(&expected).min(rest(&found));
    let same = expected.iter().rev().zip(found.iter().rev());
    let end = same.take(most).take_while(|(a, b)| a == b).count();
    let apart = |lines: &[&str]| {
        let apart = lines.get(begin..lines.len() - end).unwrap_or_default();
        let apart = apart.iter().take(SHOWN_LINES_MAX);
        apart.map(|line| (*line).to_owned()).collect()
    };
    (apart(&expected), apart(&found))
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "(nothing)".to_owned();
    };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn painted(colour: &str, text: &str, output: &Output<'_>) -> String {
    if output.colour() {
        format!("\u{1b}[{colour}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}

fn last_line(ran: &Ran) -> String {
    let counts = ran.counts();
    let mut parts = vec![format!("{} passed", counts.passed)];
    for (count, word) in [
        (counts.failed, "failed"),
        (counts.unreadable, "could not be read"),
        (counts.skipped, "skipped"),
    ] {
        if count > 0 {
            parts.push(format!("{count} {word}"));
        }
    }
    let all = match ran.results.len() {
        1 => "1 test".to_owned(),
        count => format!("{count} tests"),
    };
    format!("{all}: {}", parts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::lines_apart;

    #[test]
    fn of_long_texts_only_what_differs_is_shown() {
        for (expected, found, minus, plus) in [
            ("a\nb\nc", "a\nx\nc", &["b"][..], &["x"][..]),
            ("a\nb", "a\nb\nc", &[], &["c"]),
            ("a\na", "a", &["a"], &[]),
            ("", "a\nb", &[], &["a", "b"]),
        ] {
            let (told_minus, told_plus) = lines_apart(expected, found);
            assert_eq!(
                (told_minus.as_slice(), told_plus.as_slice()),
                (
                    minus
                        .iter()
                        .map(|l| (*l).to_owned())
                        .collect::<Vec<_>>()
                        .as_slice(),
                    plus.iter()
                        .map(|l| (*l).to_owned())
                        .collect::<Vec<_>>()
                        .as_slice(),
                )
            );
        }
    }
}
