//! A key or value of a gate: a template.

use crate::crypto::sha256;
use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::template;
use crate::expression::{Escape, RenderError, Scope, Template, parse_template};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Node, Value, key};

use super::super::uses::Reads;

/// The longest key, in bytes; a longer one is kept as its hash.
const KEY_BYTES_MAX: usize = 200;

/// A template of a gate, and what it reads.
#[derive(Debug, Clone)]
pub struct Key {
    template: Option<Template>,
    /// The vars it reads.
    pub reads: Reads,
}

impl Key {
    /// What a key of a gate is, for editors.
    pub(super) fn shape_key(help: &str) -> ShapeKey {
        key("key", template(), help, "{{payload.id}}")
    }

    /// The key of gates that count all events of their rule together.
    pub(super) fn none() -> Self {
        Self {
            template: None,
            reads: Reads::default(),
        }
    }

    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        if let Value::Number(number) = &node.value {
            let help = format!("put quotes around it: \"{number}\"");
            let message = "a key is a template, so it is text";
            problems.push(node.error(code::WRONG_TYPE, message).help(help));
            return None;
        }
        let template = parse_template(node, Escape::None, problems)?;
        let reads = Reads::of(node, &[&template], problems);
        if let Some(read) = reads.actions.first() {
            let message = "gates are passed before any action runs";
            let place = read.place.clone();
            problems.push(
                crate::diagnostic::Diagnostic::error(code::UNKNOWN_VARIABLE, place, message)
                    .help("use what is known of the event: `payload`, `vars`, `headers`, …"),
            );
            return None;
        }
        let template = Some(template);
        Some(Self { template, reads })
    }

    /// Whether every event has the same key.
    pub(super) fn is_literal(&self) -> bool {
        self.template.as_ref().is_none_or(Template::is_literal)
    }

    /// The key of one event.
    ///
    /// # Errors
    /// What is missing.
    pub fn render(&self, scope: &Scope<'_>) -> Result<String, RenderError> {
        let text = self
            .template
            .as_ref()
            .map(|template| template.render(scope));
        let text = text.transpose()?.unwrap_or_default();
        if text.len() <= KEY_BYTES_MAX {
            return Ok(text);
        }
        Ok(format!("sha256:{}", hex::encode(sha256(text.as_bytes()))))
    }

    /// The value of one event: a template of one expression keeps its JSON type.
    ///
    /// # Errors
    /// What is missing.
    pub fn value(&self, scope: &Scope<'_>) -> Result<serde_json::Value, RenderError> {
        let value = self.template.as_ref().map(|template| template.value(scope));
        Ok(value.transpose()?.unwrap_or_default())
    }
}
