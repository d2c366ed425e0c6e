//! `vars:` of a rule: values computed once for an event, in order, each only when it is read.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::expression::shapes::{template, tree};
use crate::expression::{Escape, ExpressionErrorKind, Program, RenderError, Scope, Tree};
use crate::yaml::{self, Demand, Key, Node, Shape, key};

use super::uses::Reads;

/// A value computed for a rule.
#[derive(Debug, Clone)]
pub struct Var {
    /// Its name in `vars`.
    pub name: String,
    /// Where its name stands.
    pub place: Place,
    /// How it is computed.
    pub formula: Formula,
    /// The earlier vars that it reads.
    pub reads: Reads,
    /// Whether it reads the item that `for_each` is at, itself or through others.
    pub per_item: bool,
}

/// How a var is computed.
#[derive(Debug, Clone)]
pub enum Formula {
    /// Templates and literals.
    Tree(Tree),
    /// jq over the payload.
    Program(Program),
}

impl Default for Formula {
    fn default() -> Self {
        Self::Tree(Tree::default())
    }
}

impl Formula {
    /// The value for what templates see of an event.
    ///
    /// # Errors
    /// A template or program that gives none.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        match self {
            Self::Tree(tree) => tree.render(scope),
            Self::Program(program) => program.value(scope),
        }
    }
}

/// What `vars:` looks like.
pub(super) fn shape() -> Shape {
    let program = key(
        "jq",
        Shape::text(),
        "A jq program over the payload; `$vars`, `$event` and the other names of templates are there too. Its first result is the value.",
        "[.commits[].author.name] | unique",
    );
    let map = Shape::map([program])
        .others("name", Shape::any())
        .demand(Demand::Alone(vec!["jq"]))
        .says("A map whose texts are templates, or a jq program by itself.");
    let plain = [template(), Shape::number(), Shape::flag(), Shape::only(())];
    let forms = plain.into_iter().chain([Shape::list(tree()), map]);
    Shape::named_by_author("title", Shape::either(forms))
}

/// Reads `vars:`.
pub(super) fn vars(node: &Node, problems: &mut Diagnostics) -> Vec<Var> {
    let entries = node.map(problems).unwrap_or_default();
    let entries = entries.iter();
    entries
        .filter_map(|(key, value)| var(node, key, value, problems))
        .collect()
}

fn var(node: &Node, key: &Key, value: &Node, problems: &mut Diagnostics) -> Option<Var> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if key.text.is_empty() || !key.text.chars().all(fits) {
        let message = format!("`{}` cannot be the name of a var", key.text);
        problems.push(
            Diagnostic::error(code::BAD_VALUE, node.key_place(key), message)
                .help("use letters, digits, `_` and `-`"),
        );
        return None;
    }
    let (formula, reads) = if let Some(text) = value.get("jq") {
        // One that cannot be read is null, so that nothing is said of those who use it.
        program(value, text, problems).unwrap_or_default()
    } else {
        let tree = Tree::parse(value, Escape::None, problems);
        let reads = Reads::of(value, &tree.templates(), problems);
        (Formula::Tree(tree), reads)
    };
    Some(Var {
        name: key.text.clone(),
        place: node.key_place(key),
        formula,
        reads,
        per_item: false,
    })
}

fn program(around: &Node, node: &Node, problems: &mut Diagnostics) -> Option<(Formula, Reads)> {
    let others = around.as_map().unwrap_or_default();
    if let Some((other, _)) = others.iter().find(|(key, _)| key.text != "jq") {
        let place = around.key_place(other);
        let message = format!("`{}` cannot stand beside `jq`", other.text);
        problems.push(
            Diagnostic::error(code::UNKNOWN_KEY, place, message)
                .help("a var is one program; several values are several vars"),
        );
    }
    if matches!(node.value, yaml::Value::List(_) | yaml::Value::Map(_)) {
        let message = "a program is one text";
        problems.push(
            node.error(code::WRONG_TYPE, message)
                .help("put quotes around it: jq: '{id: .id, names: [.users[].name]}'"),
        );
        return None;
    }
    match Program::parse(node.text(problems)?) {
        Ok(program) => {
            let reads = Reads::of_program(node, &program, problems);
            Some((Formula::Program(program), reads))
        }
        Err(error) => {
            let code = match error.kind {
                ExpressionErrorKind::Variable => code::UNKNOWN_VARIABLE,
                ExpressionErrorKind::Syntax | ExpressionErrorKind::Helper => code::BAD_PROGRAM,
            };
            let place = node.place_at(error.offset, error.len);
            let mut problem = Diagnostic::error(code, place, error.message);
            problem.help = error.help;
            problems.push(problem);
            None
        }
    }
}
