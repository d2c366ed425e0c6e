//! All provider definitions: the built-in ones, and the user's over them.

use std::sync::Arc;

use crate::diagnostic::{Diagnostics, SourceFile};

use super::definition::Provider;

/// The definitions that sources may name.
#[derive(Debug, Clone, Default)]
pub struct Providers {}

impl Providers {
    /// The built-in ones.
    pub fn builtin() -> Self {
        unimplemented!()
    }

    /// Adds or replaces one from a user's file, running its own vectors.
    pub fn add(&mut self, _file: &Arc<SourceFile>, _problems: &mut Diagnostics) {
        unimplemented!()
    }

    /// One by name or alias.
    pub fn find(&self, _name: &str) -> Option<Arc<Provider>> {
        unimplemented!()
    }

    /// Every name, sorted.
    pub fn names(&self) -> Vec<&str> {
        unimplemented!()
    }
}
