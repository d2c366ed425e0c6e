//! Handlebars in one string of a rule.
//!
//! In scope stand `payload`, `event`, `headers`, `query`, `source`, `rule`, `vars`, `item` and
//! `actions`. A header is `{{headers.x-github-event}}`, in lower case; a name with other characters
//! stands in brackets: `{{payload.[odd name]}}`; an item of a list is `{{payload.items.0}}` or
//! `{{payload.items.[0]}}`. Inside `{{#each}}` and `{{#with}}` names belong to the item, and
//! `@root.payload.x` leads back out.

mod advice;
pub(super) mod engine;
mod parts;
mod reading;
mod tags;

use std::sync::Arc;

use handlebars::template::{Parameter, TemplateElement};
use serde_json::Value;

use super::{Escape, ExpressionError, Scope};
pub use parts::{PartCall, part_calls};
pub use reading::TEMPLATE_BYTES_MAX;

/// What a template reads, for `check`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Uses {
    /// Dotted paths with their byte offsets: `payload.repository.name`. Brackets, `@root.` and `../`
    /// are taken off; names that belong to the item of an `{{#each}}` or `{{#with}}` are left out.
    pub paths: Vec<(String, usize)>,
    /// Helpers called, with their byte offsets.
    pub helpers: Vec<(String, usize)>,
    /// Offsets of `{{{…}}}`.
    pub unescaped: Vec<usize>,
}

/// A compiled template.
#[derive(Debug, Clone)]
pub struct Template(Arc<Compiled>);

#[derive(Debug)]
struct Compiled {
    text: String,
    escape: Escape,
    uses: Uses,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Literal(String),
    /// Exactly one expression, and whether it is to be escaped.
    Single(Parameter, Escape),
    Mixed(handlebars::Template),
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
    pub fn parse(text: &str, escape: Escape) -> Result<Self, ExpressionError> {
        if text.len() > TEMPLATE_BYTES_MAX {
            let message = format!("a template is at most {TEMPLATE_BYTES_MAX} bytes long");
            return Err(ExpressionError::syntax(0, message));
        }
        let (body, uses) = if text.contains("{{") {
            let (template, uses) = reading::read(text)?;
            (body(template, escape), uses)
        } else {
            (Body::Literal(text.to_owned()), Uses::default())
        };
        Ok(Self(Arc::new(Compiled {
            text: text.to_owned(),
            escape,
            uses,
            body,
        })))
    }

    /// As the author wrote it.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it reads.
    pub fn uses(&self) -> &Uses {
        &self.0.uses
    }

    /// Whether it is plain text without any expression.
    pub fn is_literal(&self) -> bool {
        matches!(self.0.body, Body::Literal(_))
    }

    /// The value: a string that is exactly one expression keeps its JSON type; texts in it are
    /// escaped for their place.
    ///
    /// # Errors
    /// A missing value, a helper that cannot use its arguments, or too long a result.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        match &self.0.body {
            Body::Single(expression, escape) => engine::evaluate(expression, scope.context())
                .and_then(|value| escape.apply_within(value))
                .and_then(|value| match value.as_str() {
                    Some(text) => self.0.escape.accepts_whole(text).map(|()| value),
                    None => Ok(value),
                })
                .map_err(|message| self.failed(message)),
            _ => self.render(scope).map(Value::String),
        }
    }

    /// The text, escaped for its place.
    ///
    /// # Errors
    /// As [`Template::value`].
    pub fn render(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        let text = match &self.0.body {
            Body::Literal(text) => return Ok(text.clone()),
            Body::Single(expression, escape) => engine::evaluate(expression, scope.context())
                .and_then(|value| Ok(escape.apply(&engine::text_of(&value))?.into_owned())),
            Body::Mixed(template) => engine::render(template, scope.context()),
        };
        text.and_then(|text| self.0.escape.accepts_whole(&text).map(|()| text))
            .map_err(|message| self.failed(message))
    }

    fn failed(&self, message: String) -> RenderError {
        let template = self.0.text.clone();
        RenderError { template, message }
    }
}

fn body(mut template: handlebars::Template, escape: Escape) -> Body {
    if let [only] = template.elements.as_mut_slice() {
        match only {
            TemplateElement::Expression(call) => return Body::Single(engine::take(call), escape),
            TemplateElement::HtmlExpression(call) => {
                return Body::Single(engine::take(call), Escape::None);
            }
            _ => {}
        }
    }
    let mut literal = String::new();
    let plain = template.elements.iter().all(|element| match element {
        TemplateElement::RawString(text) => {
            literal.push_str(text);
            true
        }
        TemplateElement::Comment(_) => true,
        _ => false,
    });
    if plain {
        return Body::Literal(literal);
    }
    engine::direct(&mut template, escape);
    Body::Mixed(template)
}

#[cfg(test)]
mod tests;
