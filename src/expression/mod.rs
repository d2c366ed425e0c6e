//! Text in a rule that reads an event: JSONPath and Handlebars.
//!
//! Comes in: the text of a path or template with its place. Goes out: [`Path`], [`Template`],
//! [`Tree`], compiled once, and the [`Scope`] they are rendered in. What is done with the results is
//! left to `condition` and `actions`.

pub mod helpers;
pub mod path;
pub mod scope;
pub mod template;
pub mod tree;

pub use path::Path;
pub use scope::Scope;
pub use template::{Escape, RenderError, Template, Uses};
pub use tree::Tree;

/// What is wrong with a path or template, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExpressionError {
    /// In the author's words.
    pub message: String,
    /// Byte offset into the text of the expression.
    pub offset: usize,
    /// What to write instead, where we know.
    pub help: Option<String>,
}
