//! `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` in the strings of hookrule.yaml.
//!
//! They are filled in after the YAML was read, so what they hold can never change its structure; what
//! they fill is a credential. `$${` stands for `${` itself.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, code};
use crate::secret::Secret;
use crate::yaml::{Node, Value};

use super::environment::Environment;

/// The largest file that `${file:PATH}` reads, in bytes.
pub(super) const SECRET_BYTES_MAX: u64 = 64 * 1024;
/// Shorter fillings are not looked for in messages: they would be found in ordinary words.
const SCRUBBED_BYTES_MIN: usize = 4;

/// Fills in, and remembers what it filled.
pub(super) struct Filler<'e> {
    environment: &'e dyn Environment,
    folder: PathBuf,
    filled: Vec<Secret>,
    failed: Vec<Place>,
    files: Vec<PathBuf>,
}

impl<'e> Filler<'e> {
    /// Paths in `${file:PATH}` are relative to `folder`.
    pub(super) fn new(environment: &'e dyn Environment, folder: &Path) -> Self {
        Self {
            environment,
            folder: folder.to_owned(),
            filled: Vec::new(),
            failed: Vec::new(),
            files: Vec::new(),
        }
    }

    /// The files that were read, to be watched.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Fills in every string in a value; keys are left alone.
    pub(super) fn fill(&mut self, node: &mut Node, problems: &mut Diagnostics) {
        let text = match &mut node.value {
            Value::String(text) if text.contains("${") => std::mem::take(text),
            Value::List(items) => {
                return items.iter_mut().for_each(|item| self.fill(item, problems));
            }
            Value::Map(entries) => {
                return entries
                    .iter_mut()
                    .for_each(|(_, value)| self.fill(value, problems));
            }
            _ => return,
        };
        let (text, filled) = self.text(&text, &node.place, problems);
        node.filled |= filled;
        node.value = Value::String(text);
    }

    fn text(&mut self, text: &str, place: &Place, problems: &mut Diagnostics) -> (String, bool) {
        let mut out = String::with_capacity(text.len());
        let mut filled = false;
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str("${");
                rest = from.get(2..).unwrap_or_default();
                continue;
            }
            out.push_str(before);
            let end = from.find('}').map_or(from.len(), |end| end + 1);
            let (expression, after) = from.split_at(end);
            match self.value(expression, place, problems) {
                Ok(value) => {
                    filled = true;
                    out.push_str(value.expose());
                }
                Err(problem) => {
                    let problem = problem.at(expression, place);
                    self.failed.push(place.clone());
                    problems.push(problem);
                    out.push_str(expression);
                }
            }
            rest = after;
        }
        out.push_str(rest);
        (out, filled)
    }

    fn value(
        &mut self,
        expression: &str,
        place: &Place,
        problems: &mut Diagnostics,
    ) -> Result<Secret, Problem> {
        let inner = expression
            .strip_prefix("${")
            .and_then(|inner| inner.strip_suffix('}'))
            .ok_or_else(|| Problem::form("`${` is never closed"))?;
        let value = match inner.split_once(':') {
            Some(("env", name)) => self.variable(name),
            Some(("file", path)) => self.file(path, expression, place, problems),
            _ => Err(Problem::form(format!(
                "`{expression}` is nothing that can be filled in"
            ))),
        }?;
        self.filled.push(value.clone());
        Ok(value)
    }

    fn variable(&self, inner: &str) -> Result<Secret, Problem> {
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(plain) {
            return Err(Problem::form(format!(
                "`{name}` is not the name of an environment variable"
            )));
        }
        let set = self
            .environment
            .variable(name)
            .filter(|value| default.is_none() || !value.is_empty());
        match (set, default) {
            (Some(value), _) => value.into_string().map(Secret::new).map_err(|_| Problem {
                code: code::UNSET_VARIABLE,
                message: format!("the environment variable `{name}` is not UTF-8 text"),
                help: "set it to plain text".to_owned(),
            }),
            (None, Some(default)) => Ok(Secret::new(default)),
            (None, None) => Err(Problem {
                code: code::UNSET_VARIABLE,
                message: format!("the environment variable `{name}` is not set"),
                help: format!(
                    "set {name} before hookrule starts, or write `${{env:{name}:-default}}`"
                ),
            }),
        }
    }

    fn file(
        &mut self,
        path: &str,
        expression: &str,
        place: &Place,
        problems: &mut Diagnostics,
    ) -> Result<Secret, Problem> {
        if path.is_empty() {
            return Err(Problem::form("`${file:}` names no file"));
        }
        let path = self.folder.join(path);
        self.files.push(path.clone());
        let unusable = |why: String| Problem {
            code: code::UNSET_VARIABLE,
            message: format!("the file `{}` cannot be used: {why}", path.display()),
            help: "put the credential into that file, as plain text".to_owned(),
        };
        let about = std::fs::metadata(&path).map_err(|error| unusable(error.to_string()))?;
        if !about.is_file() {
            return Err(unusable("it is no regular file".to_owned()));
        }
        if about.len() > SECRET_BYTES_MAX {
            return Err(unusable(format!(
                "it has more than {SECRET_BYTES_MAX} bytes"
            )));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| unusable(error.to_string()))?;
        if readable_by_all(&about) {
            let message = format!("everybody on this machine may read `{}`", path.display());
            problems.push(
                Diagnostic::warning(code::OPEN_SECRET, part(expression, place), message)
                    .help(format!("chmod o-r {}", path.display())),
            );
        }
        let text = text.strip_suffix('\n').unwrap_or(&text);
        Ok(Secret::new(text.strip_suffix('\r').unwrap_or(text)))
    }

    /// What the rooms found, without what was filled in, and without what follows from a failed
    /// filling.
    pub(super) fn scrub(&self, found: Diagnostics) -> Diagnostics {
        let mut scrubbed = Diagnostics::new();
        for mut problem in found.sorted() {
            let follows = |failed: &Place| {
                failed.file == problem.place.file && within(&problem.place.span, &failed.span)
            };
            if self.failed.iter().any(follows) {
                continue;
            }
            problem.message = self.hidden(problem.message);
            problem.help = problem.help.map(|help| self.hidden(help));
            scrubbed.push(problem);
        }
        scrubbed
    }

    fn hidden(&self, text: String) -> String {
        self.filled
            .iter()
            .filter(|secret| secret.expose().len() >= SCRUBBED_BYTES_MIN)
            .fold(text, |text, secret| text.replace(secret.expose(), "***"))
    }
}

struct Problem {
    code: Code,
    message: String,
    help: String,
}

impl Problem {
    fn form(message: impl Into<String>) -> Self {
        Self {
            code: code::BAD_VALUE,
            message: message.into(),
            help:
                "write `${env:NAME}`, `${env:NAME:-default}` or `${file:PATH}`; `$${` stands for \
                   `${` itself"
                    .to_owned(),
        }
    }

    fn at(self, expression: &str, place: &Place) -> Diagnostic {
        Diagnostic::error(self.code, part(expression, place), self.message).help(self.help)
    }
}

/// Where an expression stands in its string.
fn part(expression: &str, place: &Place) -> Place {
    let text = place.file.text.get(place.span.clone()).unwrap_or_default();
    let span = match text.find(expression) {
        Some(at) => {
            let start = place.span.start + at;
            start..start + expression.len()
        }
        None => place.span.clone(),
    };
    Place {
        file: place.file.clone(),
        span,
    }
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(unix)]
fn readable_by_all(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn readable_by_all(_about: &std::fs::Metadata) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::diagnostic::SourceFile;

    fn string(text: &str) -> Node {
        let file = SourceFile::new("hookrule.yaml", text);
        let mut node = Node::synthetic(Value::String(text.to_owned()));
        node.place = Place {
            file,
            span: 0..text.len(),
        };
        node
    }

    fn environment() -> BTreeMap<String, String> {
        let pairs = [
            ("TOKEN", "tok-123456"),
            ("EMPTY", ""),
            ("TRICK", "a\n${env:TOKEN}: b"),
        ];
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }

    fn fill(text: &str) -> (Node, Vec<Diagnostic>) {
        let environment = environment();
        let mut filler = Filler::new(&environment, Path::new("/nowhere"));
        let (mut node, mut problems) = (string(text), Diagnostics::new());
        filler.fill(&mut node, &mut problems);
        (node, problems.sorted())
    }

    #[track_caller]
    fn check(text: &str, expected: &str, filled: bool) {
        let (node, problems) = fill(text);
        assert!(problems.is_empty(), "{problems:?}");
        assert_eq!((node.as_str(), node.filled), (Some(expected), filled));
    }

    #[test]
    fn fills_whole_strings_and_parts() {
        check("${env:TOKEN}", "tok-123456", true);
        check("Bearer ${env:TOKEN}!", "Bearer tok-123456!", true);
        check("${env:NONE:-a:b}", "a:b", true);
        check("${env:EMPTY:-x}", "x", true);
        check("${env:EMPTY}", "", true);
        check("a $1 {b} $$", "a $1 {b} $$", false);
        check("$${env:TOKEN}", "${env:TOKEN}", false);
    }

    #[test]
    fn what_is_filled_in_is_not_filled_again() {
        check("${env:TRICK}", "a\n${env:TOKEN}: b", true);
    }

    #[track_caller]
    fn refuse(text: &str, code: Code, message: &str, span: Range<usize>) {
        let (_, problems) = fill(text);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(problems[0].code, code);
        assert_eq!(problems[0].message, message);
        assert_eq!(problems[0].place.span, span);
        assert!(problems[0].help.is_some());
    }

    #[test]
    fn what_cannot_be_filled_is_named_with_its_place() {
        let unset = "the environment variable `NONE` is not set";
        refuse("ab ${env:NONE}", code::UNSET_VARIABLE, unset, 3..14);
        refuse("${env:NONE", code::BAD_VALUE, "`${` is never closed", 0..10);
        let unknown = "`${NONE}` is nothing that can be filled in";
        refuse("${NONE}", code::BAD_VALUE, unknown, 0..7);
        let name = "`A B` is not the name of an environment variable";
        refuse("${env:A B}", code::BAD_VALUE, name, 0..10);
        refuse(
            "${file:}",
            code::BAD_VALUE,
            "`${file:}` names no file",
            0..8,
        );
        let (_, problems) = fill("${file:gone}");
        assert!(
            problems[0]
                .message
                .starts_with("the file `/nowhere/gone` cannot be used")
        );
    }

    #[test]
    fn files_lose_one_newline_and_open_ones_are_told() {
        let name = format!("hookrule-fill-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "pass word\n\n").unwrap();
        let (node, _) = fill(&format!("${{file:{}}}", path.display()));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let modes = [(0o644, vec![code::OPEN_SECRET]), (0o600, vec![])];
            for (mode, expected) in modes {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
                let (_, problems) = fill(&format!("${{file:{}}}", path.display()));
                let codes: Vec<_> = problems.iter().map(|problem| problem.code).collect();
                assert_eq!(codes, expected);
            }
        }
        std::fs::remove_file(&path).unwrap();
        assert_eq!(node.as_str(), Some("pass word\n"));
    }

    #[test]
    fn messages_of_other_rooms_never_show_what_was_filled_in() {
        let environment = environment();
        let mut filler = Filler::new(&environment, Path::new("."));
        let mut node = string("${env:TOKEN}");
        filler.fill(&mut node, &mut Diagnostics::new());
        let mut found = Diagnostics::new();
        assert_eq!(node.duration(&mut found), None);
        let found = filler.scrub(found).sorted();
        assert_eq!(found[0].message, "`***` is not a duration");
    }

    #[test]
    fn a_failed_filling_is_reported_once() {
        let environment = environment();
        let mut filler = Filler::new(&environment, Path::new("."));
        let mut node = string("${env:NONE}");
        filler.fill(&mut node, &mut Diagnostics::new());
        let mut found = Diagnostics::new();
        assert_eq!(node.duration(&mut found), None);
        assert!(filler.scrub(found).is_empty());
    }
}
