//! Hooks of adnanh/webhook → sources, destinations and rules.
//!
//! Source: the documentation of github.com/adnanh/webhook, "Hook definition", "Hook rules" and
//! "Referencing request values".
//!
//! What a hook demands of a request before anything else (a signature, a token, an address) becomes the
//! source's; the rest of its trigger rule the rule's conditions. Nothing is made to fire more often than
//! it did: where a demand has no counterpart, the rule is written but not enabled.

mod demands;
mod hook;
mod parameter;
#[cfg(test)]
mod tests;
mod trigger;
mod vars;
mod writing;

use std::collections::HashSet;
use std::sync::Arc;

use crate::commands::written::Written;
use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};
use crate::yaml;

use hook::Hook;

/// What was made of a file.
pub(super) struct Imported {
    /// The files to write; none where nothing could be read.
    pub(super) files: Vec<Written>,
    /// What could not be carried over, and what was wrong in the first place.
    pub(super) problems: Diagnostics,
    /// How many hooks were converted.
    pub(super) hooks: usize,
    /// How many of them are not enabled.
    pub(super) disabled: usize,
}

/// What is left behind while a hook is converted.
#[derive(Default)]
struct Report {
    problems: Diagnostics,
    /// Whether the rule would fire where the hook did not.
    loose: bool,
}

impl Report {
    /// Something that makes no difference to when the hook fires.
    fn differs(&mut self, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        let found = Diagnostic::warning(code::NOT_CARRIED, place.clone(), message);
        self.problems.push(found.help(help));
    }

    /// A demand that has no counterpart: without it the rule would fire more often.
    fn lost(&mut self, place: &Place, message: impl Into<String>, help: impl Into<String>) {
        self.loose = true;
        self.differs(place, message, help);
    }
}

/// Converts the hooks of one file.
pub(super) fn import(file: &Arc<SourceFile>) -> Imported {
    let mut imported = Imported {
        files: Vec::new(),
        problems: Diagnostics::new(),
        hooks: 0,
        disabled: 0,
    };
    let problems = &mut imported.problems;
    let node = yaml::read(file, problems);
    let nodes = node.as_ref().and_then(|node| node.list(problems));
    let mut names = HashSet::new();
    let mut converted = Vec::new();
    for node in nodes.unwrap_or_default() {
        let Some(hook) = Hook::parse(node, problems) else {
            continue;
        };
        if !names.insert(hook.name()) {
            let message = format!("there is a hook `{}` already", hook.id);
            problems.push(
                Diagnostic::error(code::BAD_VALUE, hook.id_place, message).help("rename one"),
            );
            continue;
        }
        let mut report = Report::default();
        converted.push(writing::convert(&hook, &mut report));
        imported.hooks += 1;
        imported.disabled += usize::from(report.loose);
        problems.extend(report.problems);
    }
    if imported.hooks > 0 {
        imported.files = writing::files(&file.path, converted);
    }
    imported
}
