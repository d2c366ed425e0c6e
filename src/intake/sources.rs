//! All configured senders, and which of them a nameless delivery comes from.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;

use super::source::Source;

/// The configured sources by name.
#[derive(Debug, Default)]
pub struct Sources(BTreeMap<String, Arc<Source>>);

impl Sources {
    /// Gathers them; of two with one name the later counts.
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Self {
        let named = |source: Source| (source.name().to_owned(), Arc::new(source));
        Self(sources.into_iter().map(named).collect())
    }

    /// One by name.
    pub fn get(&self, name: &str) -> Option<&Arc<Source>> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.0.values()
    }

    /// Warns where the nameless route cannot tell two sources apart.
    pub fn check(&self, _problems: &mut Diagnostics) {
        unimplemented!()
    }
}
