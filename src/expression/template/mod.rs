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
mod plain;
mod reading;
mod tags;

use std::borrow::Cow;
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
    text: Box<str>,
    escape: Escape,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// What the text comes to; none where it is that itself.
    Literal(Option<Box<str>>),
    /// Exactly one plain path. It is not kept beside the text: reading it again costs next to nothing.
    Path,
    /// Exactly one expression, and whether it is to be escaped.
    Single(Box<(Parameter, Escape, Uses)>),
    Mixed(Box<(handlebars::Template, Uses)>),
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
        let body = if !text.contains("{{") {
            Body::Literal(None)
        } else if plain::path(text).is_some_and(|(path, _)| plain::is_sound(path)) {
            Body::Path
        } else {
            let (template, uses) = reading::read(text)?;
            body(template, escape, uses)
        };
        Ok(Self(Arc::new(Compiled {
            text: text.into(),
            escape,
            body,
        })))
    }

    /// As the author wrote it.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it reads.
    pub fn uses(&self) -> Cow<'_, Uses> {
        match &self.0.body {
            Body::Literal(_) => Cow::default(),
            Body::Path => {
                let uses = plain::path(&self.0.text).map(|(path, at)| plain::uses(path, at));
                Cow::Owned(uses.unwrap_or_default())
            }
            Body::Single(single) => Cow::Borrowed(&single.2),
            Body::Mixed(mixed) => Cow::Borrowed(&mixed.1),
        }
    }

    /// Whether it is plain text without any expression.
    pub fn is_literal(&self) -> bool {
        matches!(self.0.body, Body::Literal(_))
    }

    /// The text that stands in it whatever its expressions come to: none inside a block, which may be
    /// left out.
    pub fn fixed_text(&self) -> Cow<'_, str> {
        match &self.0.body {
            Body::Literal(text) => text.as_deref().unwrap_or(&self.0.text).into(),
            Body::Path | Body::Single(_) => "".into(),
            Body::Mixed(mixed) => {
                let parts = mixed.0.elements.iter().filter_map(|element| match element {
                    TemplateElement::RawString(text) => Some(text.as_str()),
                    _ => None,
                });
                parts.collect::<String>().into()
            }
        }
    }

    /// Whether it is written like JSON text, with values in it that could leave their place there.
    pub fn looks_like_json(&self) -> bool {
        let text = self.text().trim_start();
        let opens = text.starts_with(['{', '[']) && !text.starts_with("{{");
        opens && text.contains('"') && !self.is_literal()
    }

    /// The value: a string that is exactly one expression keeps its JSON type; texts in it are
    /// escaped for their place.
    ///
    /// # Errors
    /// A missing value, a helper that cannot use its arguments, or too long a result.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        let Some((value, escape)) = self.single(scope) else {
            return self.render(scope).map(Value::String);
        };
        value
            .and_then(|value| escape.apply_within(value))
            .and_then(|value| match value.as_str() {
                Some(text) => self.0.escape.accepts_whole(text).map(|()| value),
                None => Ok(value),
            })
            .map_err(|message| self.failed(message))
    }

    /// The value of the only expression, and how it is to be escaped.
    fn single(&self, scope: &Scope<'_>) -> Option<(Result<Value, String>, Escape)> {
        match &self.0.body {
            Body::Path => {
                let (path, _) = plain::path(&self.0.text)?;
                let value = engine::evaluate(&plain::parameter(path), scope.context());
                Some((value, self.0.escape))
            }
            Body::Single(single) => {
                let (expression, escape, _) = &**single;
                Some((engine::evaluate(expression, scope.context()), *escape))
            }
            Body::Literal(_) | Body::Mixed(_) => None,
        }
    }

    /// The text, escaped for its place.
    ///
    /// # Errors
    /// As [`Template::value`].
    pub fn render(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        let text = match &self.0.body {
            Body::Literal(text) => return Ok(text.as_ref().unwrap_or(&self.0.text).to_string()),
            Body::Mixed(mixed) => engine::render(&mixed.0, scope.context()),
            Body::Path | Body::Single(_) => match self.single(scope) {
                Some((value, escape)) => {
                    value.and_then(|value| Ok(escape.apply(&engine::text_of(&value))?.into_owned()))
                }
                None => Ok(String::new()),
            },
        };
        text.and_then(|text| self.0.escape.accepts_whole(&text).map(|()| text))
            .map_err(|message| self.failed(message))
    }

    fn failed(&self, message: String) -> RenderError {
        let template = self.0.text.to_string();
        RenderError { template, message }
    }
}

fn body(mut template: handlebars::Template, escape: Escape, uses: Uses) -> Body {
    if let [only] = template.elements.as_mut_slice() {
        match only {
            TemplateElement::Expression(call) => {
                return Body::Single(Box::new((engine::take(call), escape, uses)));
            }
            TemplateElement::HtmlExpression(call) => {
                return Body::Single(Box::new((engine::take(call), Escape::None, uses)));
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
        return Body::Literal(Some(literal.into()));
    }
    engine::direct(&mut template, escape);
    Body::Mixed(Box::new((template, uses)))
}

#[cfg(test)]
mod tests;
