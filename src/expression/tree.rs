//! A YAML value whose strings (and keys) are templates: JSON is built as a tree, so a value can never
//! leave its place in it.

use serde_json::Value;

use crate::diagnostic::Diagnostics;
use crate::yaml::Node;

use super::{Escape, RenderError, Scope, Template};

/// A tree of literals and templates.
#[derive(Debug, Clone)]
pub struct Tree {}

impl Tree {
    /// Compiles every string in a node; problems point into the string.
    pub fn parse(_node: &Node, _escape: Escape, _problems: &mut Diagnostics) -> Self {
        unimplemented!()
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        unimplemented!()
    }

    /// The value; leaves that are one expression keep their JSON type.
    ///
    /// # Errors
    /// The first template that cannot be rendered.
    pub fn render(&self, _scope: &Scope) -> Result<Value, RenderError> {
        unimplemented!()
    }
}

/// Compiles one text node, or pushes a diagnostic that points into it.
pub fn parse_template(
    _node: &Node,
    _escape: Escape,
    _problems: &mut Diagnostics,
) -> Option<Template> {
    unimplemented!()
}
