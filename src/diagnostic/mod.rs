//! What is wrong in a file, and where.
//!
//! Rooms that read files collect [`Diagnostic`]s in [`Diagnostics`] instead of stopping at the first;
//! [`human`] turns them into text for people, [`json`], [`sarif`] and [`github`] into what programs read.
//! Nothing here decides what is wrong.

mod allow;
pub mod code;
mod github;
mod human;
mod json;
mod lines;
mod sarif;
mod summary;

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

pub use allow::{Comments, MARK};
pub use code::Code;
pub use github::github;
pub use human::human;
pub use json::json;
pub use lines::Position;
pub use sarif::sarif;
pub use summary::Summary;

/// A file as it was read: its path as the user would write it, and its whole text.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path shown to the user.
    pub path: PathBuf,
    /// The whole text.
    pub text: String,
}

impl SourceFile {
    /// Names a text.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self {
            path: path.into(),
            text: text.into(),
        })
    }
}

/// Bytes of one file. Spans inside a quoted string point into the file, not into the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Byte offsets into its text; empty ranges point between two characters.
    pub span: Range<usize>,
}

/// How bad a finding is: an error stops the file from going live, a warning does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The file must be mended before it can be used.
    Error,
    /// The file can be used, but probably does not do what was meant.
    Warning,
}

impl Severity {
    /// Its name, as it is written in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its stable number.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One sentence in the author's words, without a full stop.
    pub message: String,
    /// Where.
    pub place: Place,
    /// Other places that belong to it, where two disagree.
    pub also: Vec<Also>,
    /// What to write instead, where we know.
    pub help: Option<String>,
    /// Whether what stands at the place is a credential, which is never shown.
    pub hidden: bool,
}

/// Another place that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Also {
    /// Where.
    pub place: Place,
    /// What stands there, in a few words.
    pub note: String,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            place,
            also: Vec::new(),
            help: None,
            hidden: false,
        }
    }

    /// A warning at a place.
    pub fn warning(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, place, message)
        }
    }

    /// Adds another place that it is about, and what stands there.
    #[must_use]
    pub fn also(mut self, place: Place, note: impl Into<String>) -> Self {
        let note = note.into();
        self.also.push(Also { place, note });
        self
    }

    /// Does not show what stands at the place.
    #[must_use]
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// Findings as they are collected.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds all of `other`.
    pub fn extend(&mut self, other: Diagnostics) {
        self.0.extend(other.0);
    }

    /// Takes one back, for another that says more.
    pub fn retract(&mut self, diagnostic: &Diagnostic) {
        self.0.retain(|known| known != diagnostic);
    }

    /// Takes back those that another says better.
    pub fn retract_if(&mut self, told_better: impl Fn(&Diagnostic) -> bool) {
        self.0.retain(|known| !told_better(known));
    }

    /// Makes warnings of those with one code.
    pub fn soften(&mut self, code: Code) {
        for found in self.0.iter_mut().filter(|found| found.code == code) {
            found.severity = Severity::Warning;
        }
    }

    /// Each once, in the order they were found.
    #[must_use]
    pub fn once_each(mut self) -> Self {
        let mut known = HashSet::new();
        self.0.retain(|found| {
            let (place, said) = (&found.place, &found.message);
            let (path, span) = (place.file.path.clone(), place.span.clone());
            known.insert((found.code, path, span, said.clone()))
        });
        self
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order of file, place and code: the same for the same findings, however they were found.
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        fn key(found: &Diagnostic) -> impl Ord + '_ {
            let Place { file, span } = &found.place;
            let path = file.path.as_os_str().as_encoded_bytes();
            (path, span.start, found.code.id(), span.end, &found.message)
        }
        self.0.sort_by(|a, b| key(a).cmp(&key(b)));
        self.0
    }

    /// In the order they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }
}

impl<'d> IntoIterator for &'d Diagnostics {
    type Item = &'d Diagnostic;
    type IntoIter = std::slice::Iter<'d, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The known name closest to a misspelt one, if any is close enough to be what was meant.
pub fn did_you_mean<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            (
                strsim::damerau_levenshtein(&given, &name.to_lowercase()),
                name,
            )
        })
        .filter(|(distance, name)| {
            *distance <= 1 + name.chars().count() / 4 || begins(&given, name)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// How many letters of two words differ, are missing, or have changed places.
pub fn differences(one: &str, other: &str) -> usize {
    strsim::damerau_levenshtein(one, other)
}

/// Whether one is the other with a short end: `retries` and `retry`, `dest` and `destination`.
fn begins(given: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let same = given.chars().zip(name.chars()).take_while(|(a, b)| a == b);
    let (same, shorter) = (
        same.count(),
        given.chars().count().min(name.chars().count()),
    );
    same >= 4 && same + 1 >= shorter
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[track_caller]
    fn check(given: &str, known: &[&str], meant: Option<&str>) {
        assert_eq!(did_you_mean(given, known.iter().copied()), meant, "{given}");
    }

    #[test]
    fn what_was_probably_meant() {
        check("nmae", &["when", "name"], Some("name"));
        check("Actions", &["action", "actions"], Some("actions"));
        check("retries", &["rate", "retry", "retry_on"], Some("retry"));
        check("dest", &["destination", "data"], Some("destination"));
        check("desc", &["actions", "description"], Some("description"));
    }

    #[test]
    fn what_was_not() {
        check("url", &["path", "body"], None);
        check("to", &["tests", "tags"], None);
        check("on", &["name"], None);
        check("", &["name"], None);
    }
}
