//! Handlebars in one string of a rule.

use serde_json::Value;

use super::{ExpressionError, Scope};

/// Where the text will stand: decides how `{{x}}` is escaped. `{{{x}}}` never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Escape {
    /// Not at all: a JSON string, a log line, a body whose type we do not know.
    None,
    /// One segment of a URL path, or one name or value of a query.
    Url,
    /// An HTTP header: control characters are an error.
    Header,
    /// Discord markdown, mentions included.
    Discord,
    /// Notion's markdown.
    Notion,
    /// Slack mrkdwn.
    Slack,
}

/// What a template reads, for `check`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Dotted paths as written, with their byte offsets: `payload.repository.name`.
    pub paths: Vec<(String, usize)>,
    /// Helpers called, with their byte offsets.
    pub helpers: Vec<(String, usize)>,
    /// Offsets of `{{{…}}}`.
    pub unescaped: Vec<usize>,
}

/// A compiled template.
#[derive(Debug, Clone)]
pub struct Template {
    text: String,
}

/// Why a template gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{template}`: {message}")]
pub struct RenderError {
    /// The template's text.
    pub template: String,
    /// What went wrong: a missing value is named.
    pub message: String,
}

impl Template {
    /// Compiles a template.
    ///
    /// # Errors
    /// Says what is wrong, where, and what to write.
    pub fn parse(_text: &str, _escape: Escape) -> Result<Self, ExpressionError> {
        unimplemented!()
    }

    /// As the author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it reads.
    pub fn uses(&self) -> &Uses {
        unimplemented!()
    }

    /// Whether it is plain text without any expression.
    pub fn is_literal(&self) -> bool {
        unimplemented!()
    }

    /// The value: a string that is exactly one expression keeps its JSON type.
    ///
    /// # Errors
    /// A missing value, a helper that cannot use its arguments, or too long a result.
    pub fn value(&self, _scope: &Scope) -> Result<Value, RenderError> {
        unimplemented!()
    }

    /// The text, escaped for its place.
    ///
    /// # Errors
    /// As [`Template::value`].
    pub fn render(&self, _scope: &Scope) -> Result<String, RenderError> {
        unimplemented!()
    }
}
