//! JSONPath (RFC 9535) over a payload. Source: <https://www.rfc-editor.org/rfc/rfc9535>

use serde_json::Value;

use crate::event::{Payload, Steps};

use super::ExpressionError;

/// A JSONPath, read and bounded.
#[derive(Debug, Clone)]
pub struct Path {
    text: String,
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// Says what is wrong, where, and what to write (`$.a[0]` for `a.0`).
    pub fn parse(_text: &str) -> Result<Self, ExpressionError> {
        unimplemented!()
    }

    /// As the author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its steps, if it selects at most one value.
    pub fn singular(&self) -> Option<&Steps> {
        unimplemented!()
    }

    /// Every value it selects, in document order.
    pub fn select<'p>(&self, _payload: &'p Payload) -> Vec<&'p Value> {
        unimplemented!()
    }
}
