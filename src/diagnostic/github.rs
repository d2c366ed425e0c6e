//! Findings → the commands by which GitHub Actions marks lines of a change.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions".

use std::fmt::Write as _;

use super::lines::AllLines;
use super::{Diagnostic, Severity};

/// Findings as workflow commands, one a line.
pub fn github(diagnostics: &[Diagnostic]) -> String {
    let mut lines = AllLines::default();
    diagnostics
        .iter()
        .map(|found| one(found, &mut lines))
        .collect()
}

fn one(found: &Diagnostic, lines: &mut AllLines) -> String {
    let command = match found.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let path = found.place.file.path.to_string_lossy();
    let mut properties = format!("file={}", property(&path));
    if !found.place.file.text.is_empty() {
        let (start, end) = lines.positions(&found.place);
        let place = format!(
            ",line={},col={},endLine={}",
            start.line, start.column, end.line
        );
        properties.push_str(&place);
        // It takes columns only within one line.
        if start.line == end.line && end.column > start.column {
            let _ = write!(properties, ",endColumn={}", end.column);
        }
    }
    let title = format!("{} {}", found.code.id(), found.code.title());
    let mut message = found.message.clone();
    for also in &found.also {
        let (start, _) = lines.positions(&also.place);
        let path = also.place.file.path.to_string_lossy();
        let _ = write!(message, "\n{path}:{}: {}", start.line, also.note);
    }
    if let Some(help) = &found.help {
        let _ = write!(message, "\nhelp: {help}");
    }
    format!(
        "::{command} {properties},title={}::{}\n",
        property(&title),
        data(&message)
    )
}

/// The text behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The value of a property: what separates properties is escaped too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diagnostic::{Place, SourceFile, code};

    #[test]
    fn each_finding_is_one_command() {
        let file = SourceFile::new("rules/a,b:c.yaml", "a: 100%\na: 2\n");
        let place = |span| Place {
            file: Arc::clone(&file),
            span,
        };
        let first = Diagnostic::error(code::DUPLICATE_KEY, place(8..9), "`a`: 100% twice\r\n::")
            .also(place(0..1), "the first, here")
            .help("keep one");
        let second = Diagnostic::warning(code::UNESCAPED, place(3..12), "two lines");
        let empty = Place {
            file: SourceFile::new("b.yaml", ""),
            span: 0..0,
        };
        let third = Diagnostic::error(code::UNREADABLE, empty, "gone");
        assert_eq!(
            github(&[first, second, third]),
            "::error file=rules/a%2Cb%3Ac.yaml,line=2,col=1,endLine=2,endColumn=2,\
             title=HR0003 a key written twice in one map::`a`: 100%25 twice%0D%0A::\
             %0Arules/a,b:c.yaml:1: the first, here%0Ahelp: keep one\n\
             ::warning file=rules/a%2Cb%3Ac.yaml,line=1,col=4,endLine=2,\
             title=HR0305 a value put into a template without escaping::two lines\n\
             ::error file=b.yaml,title=HR0001 a file that cannot be read::gone\n"
        );
    }
}
