//! All configured senders, and which of them a nameless delivery comes from.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::event::Headers;

use super::source::Source;

/// The configured sources by name.
#[derive(Debug, Default)]
pub struct Sources {
    by_name: BTreeMap<String, Arc<Source>>,
    /// Decides which of them a name stands in for that nobody has.
    chance: RandomState,
}

/// Why a delivery belongs to no source. For the log only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Nobody {
    /// No source of that name.
    #[error("there is no source of that name")]
    Unknown,
    /// No header says whose it is.
    #[error("no configured source is known by any of its headers; name the source in the URL")]
    Unrecognised,
    /// Several could be meant.
    #[error("it could come from any of: {0}; name the source in the URL")]
    Ambiguous(String),
}

impl Sources {
    /// Gathers them; of two with one name the later counts.
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Self {
        let named = |source: Source| (source.name().to_owned(), Arc::new(source));
        Self {
            by_name: sources.into_iter().map(named).collect(),
            chance: RandomState::new(),
        }
    }

    /// One by name.
    pub fn get(&self, name: &str) -> Option<&Arc<Source>> {
        self.by_name.get(name)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Source>> {
        self.by_name.values()
    }

    /// The source of a delivery: the one named, or the only one known by its headers.
    pub(super) fn find(
        &self,
        name: Option<&str>,
        headers: &Headers,
    ) -> Result<&Arc<Source>, Nobody> {
        if let Some(name) = name {
            return self.get(name).ok_or(Nobody::Unknown);
        }
        let candidates: Vec<_> = self.iter().filter(|s| is_known_by(s, headers)).collect();
        match candidates.as_slice() {
            [] => Err(Nobody::Unrecognised),
            [one] => Ok(*one),
            several => {
                let names: Vec<_> = several.iter().map(|source| source.name()).collect();
                Err(Nobody::Ambiguous(names.join(", ")))
            }
        }
    }

    /// The source that one which does not exist behaves like, in what it takes and how long it takes
    /// to refuse. A name always stands in for the same one, so that asking for it twice, or with other
    /// headers, tells nothing.
    pub(super) fn decoy(&self, name: Option<&str>, headers: &Headers) -> Option<&Arc<Source>> {
        let refusing: Vec<_> = self.iter().filter(|source| source.verifies()).collect();
        let Some(name) = name else {
            let mut all = refusing.iter().copied();
            let resembling = all.find(|source| is_known_by(source, headers));
            return resembling.or_else(|| refusing.first().copied());
        };
        let count = u64::try_from(refusing.len()).ok()?;
        let index = self.chance.hash_one(name).checked_rem(count)?;
        refusing.get(usize::try_from(index).ok()?).copied()
    }

    /// Warns where the nameless route cannot tell two sources apart.
    pub fn check(&self, problems: &mut Diagnostics) {
        let mut known_by: BTreeMap<&str, &Source> = BTreeMap::new();
        for source in self.iter() {
            let shared = source
                .provider
                .recognise()
                .iter()
                .find_map(|header| Some((header, *known_by.get(header.as_str())?)));
            if let Some((header, first)) = shared {
                let (one, other) = (first.name(), source.name());
                let message =
                    format!("`{one}` and `{other}` are both known by the header `{header}`");
                problems.push(
                    Diagnostic::warning(code::AMBIGUOUS_SOURCES, source.place.clone(), message)
                        .also(first.place.clone(), "the other stands here")
                        .help(format!("their senders must name them: /webhook/{other}")),
                );
            }
            for header in source.provider.recognise() {
                known_by.entry(header).or_insert(source);
            }
        }
    }
}

fn is_known_by(source: &Source, headers: &Headers) -> bool {
    let mut known_by = source.provider.recognise().iter();
    known_by.any(|header| headers.contains(header))
}
