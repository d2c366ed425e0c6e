//! Text in a rule that reads an event: JSONPath, Handlebars and jq.
//!
//! Comes in: the text of a path, template or program with its place. Goes out: [`Path`], [`Template`],
//! [`Tree`], [`Program`], compiled once, and the [`Scope`] they are rendered in. What is done with the results is
//! left to `condition` and `actions`.

pub mod decimal;
mod escape;
pub mod helpers;
pub mod path;
pub mod pattern;
pub mod program;
mod quoted;
pub mod scope;
pub mod shapes;
pub mod template;
pub mod tree;

pub use escape::Escape;
pub use path::{Path, TooMuch};
pub use program::Program;
pub use scope::Scope;
pub use template::{RenderError, TEMPLATE_BYTES_MAX, Template, Uses, part_calls};
pub use tree::{Tree, parse_template};

/// What is wrong with a path or template, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// In the author's words.
    pub message: String,
    /// Byte offset into the text of the expression.
    pub offset: usize,
    /// How many bytes from there on are at fault; 0 where only the point is known.
    pub len: usize,
    /// What to write instead, where we know.
    pub help: Option<String>,
    /// What sort of mistake it is.
    pub kind: ExpressionErrorKind,
}

/// What sort of mistake an expression holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpressionErrorKind {
    /// It cannot be read.
    Syntax,
    /// It names a variable that never exists.
    Variable,
    /// It calls a helper that does not exist.
    Helper,
}

impl ExpressionError {
    fn new(kind: ExpressionErrorKind, offset: usize, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            offset,
            len: 0,
            help: None,
            kind,
        }
    }

    fn syntax(offset: usize, message: impl Into<String>) -> Self {
        Self::new(ExpressionErrorKind::Syntax, offset, message)
    }

    fn len(mut self, len: usize) -> Self {
        self.len = len;
        self
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
