//! What stands beside the operators: `ignore_case`, `as`.

use crate::diagnostic::{Diagnostic, code, did_you_mean};
use crate::yaml::{Key, Node};

use super::super::As;
use super::super::operators::{Operator, Options};
use super::Reader;

impl Reader<'_, '_> {
    pub(super) fn options(&mut self, node: &Node) -> Options {
        let ignore_case = node
            .get("ignore_case")
            .and_then(|value| value.bool(self.problems))
            .unwrap_or(false);
        let read_as = node.get("as").and_then(|value| self.read_as(value));
        Options {
            ignore_case,
            read_as,
        }
    }

    fn read_as(&mut self, node: &Node) -> Option<As> {
        let name = node.text(self.problems)?;
        let known = As::named(name);
        if known.is_none() {
            let help = meant(name).map_or_else(
                || format!("values are read as {}", As::ALL.map(As::name).join(", ")),
                |meant| format!("write `as: {meant}`"),
            );
            let message = format!("values cannot be read as `{name}`");
            self.push(node.error(code::BAD_OPERAND, message).help(help));
        }
        known
    }

    /// Whether the options mean something to the operators.
    pub(super) fn judge_options(
        &mut self,
        node: &Node,
        options: Options,
        operators: &[(&Key, &'static dyn Operator)],
    ) {
        if operators.is_empty() {
            return;
        }
        let reads_text = operators.iter().any(|(_, operator)| operator.reads_text());
        let as_text = matches!(options.read_as, None | Some(As::Text));
        if options.ignore_case && !(reads_text && as_text) {
            let message = "`ignore_case` means nothing to these operators";
            self.push(node.error(code::BAD_OPERAND, message).help("leave it out"));
        }
        let Some((read_as, at)) = options.read_as.zip(node.get("as")) else {
            return;
        };
        let deaf = |(_, operator): &&(&Key, &'static dyn Operator)| {
            !operator.reads_as().contains(&read_as)
        };
        if let Some((key, operator)) = operators.iter().find(deaf) {
            let (name, word) = (&key.text, read_as.name());
            let message = format!("`as: {word}` means nothing to `{name}`");
            let able: Vec<_> = operator.reads_as().iter().map(|one| one.name()).collect();
            let help = match (name.as_str(), able.as_slice()) {
                ("newer_than" | "older_than", _) => {
                    "it reads moments by itself: leave `as` out".to_owned()
                }
                (_, []) => "leave it out, or write two conditions".to_owned(),
                (_, able) => format!("it reads values as {}", able.join(", ")),
            };
            self.push(Diagnostic::error(code::BAD_OPERAND, at.place.clone(), message).help(help));
        }
    }
}

/// What another system's word for a type stands for.
fn meant(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "int" | "integer" | "float" | "double" | "decimal" | "numeric" | "num" => "number",
        "date" | "datetime" | "timestamp" | "instant" | "moment" => "time",
        "semver" | "ver" => "version",
        "string" | "str" | "bool" | "boolean" => "text",
        "len" | "size" | "count" => "length",
        other => did_you_mean(other, As::ALL.map(As::name))?,
    })
}
