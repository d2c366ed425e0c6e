//! `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` in the strings of hookrule.yaml.
//!
//! They are filled in after the YAML was read, so what they hold can never change its structure; what
//! they fill is a credential. `$${` stands for `${` itself.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::secret::Secret;
use crate::yaml::{Node, Value};

use super::environment::Environment;
use super::filling::{evaluate, part};

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
            match evaluate(expression, self.environment, &self.folder, &mut self.files) {
                Ok(filling) => {
                    filled = true;
                    out.push_str(filling.secret.expose());
                    self.filled.push(filling.secret);
                    if let Some(path) = filling.open {
                        problems.push(open_secret(&path, part(expression, place)));
                    }
                }
                Err(problem) => {
                    self.failed.push(place.clone());
                    problems.push(problem.at(expression, place));
                    out.push_str(expression);
                }
            }
            rest = after;
        }
        out.push_str(rest);
        (out, filled)
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
            for also in &mut problem.also {
                also.note = self.hidden(std::mem::take(&mut also.note));
            }
            // Two rooms may read one key, and find the same.
            if scrubbed.iter().all(|known| *known != problem) {
                scrubbed.push(problem);
            }
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

fn open_secret(path: &Path, place: Place) -> Diagnostic {
    let path = path.display();
    let message = format!("everybody on this machine may read `{path}`");
    Diagnostic::warning(code::OPEN_SECRET, place, message).help(format!("chmod o-r {path}"))
}

fn within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::diagnostic::{Code, SourceFile};

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
