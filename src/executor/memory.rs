//! What actions remember, kept in the store.

use std::sync::Arc;

use crate::actions::Memory;
use crate::runtime::BoxFuture;
use crate::stores::Store;

/// The facts of one action kind.
pub(super) struct StoredMemory {
    /// Where they are kept.
    pub store: Arc<dyn Store>,
    /// The kind; two kinds never see each other's facts.
    pub kind: String,
}

impl StoredMemory {
    fn key(&self, key: &str) -> String {
        format!("{}/{key}", self.kind)
    }
}

impl Memory for StoredMemory {
    fn recall<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(async move {
            // What cannot be recalled is looked up or made again: that is what kinds do with none.
            self.store
                .recall(&self.key(key))
                .await
                .unwrap_or_else(|error| {
                    tracing::warn!(kind = self.kind, %error, "a remembered fact could not be read");
                    None
                })
        })
    }

    fn remember<'a>(&'a self, key: &'a str, value: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = self.store.remember(&self.key(key), value).await {
                tracing::warn!(kind = self.kind, %error, "a fact could not be remembered");
            }
        })
    }
}
