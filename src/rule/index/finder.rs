//! Entries by provider and event name.

use std::collections::{BTreeMap, HashMap};

use crate::event::{Event, Slots};

use super::super::{When, pattern};
use super::bucket::Bucket;
use super::clue::Usage;

/// Entries by what their `when` is about. An entry is a number of whoever made the finder.
#[derive(Debug, Default)]
pub(super) struct Finder {
    providers: HashMap<Box<str>, Named>,
    globs: BTreeMap<Box<str>, Named>,
    any: Named,
}

/// The entries of one provider, by event name.
#[derive(Debug, Default)]
struct Named {
    names: HashMap<Box<str>, Bucket>,
    /// Those for `name.*`, by what stands before the dot.
    under: HashMap<Box<str>, Bucket>,
    /// Those for other patterns.
    patterns: BTreeMap<Box<str>, Bucket>,
    any: Bucket,
}

impl Finder {
    /// Of entries and what each is about.
    pub(super) fn of<'w>(entries: impl Iterator<Item = (u32, &'w When)> + Clone) -> Self {
        let mut usage = Usage::default();
        for (_, when) in entries.clone() {
            usage.count(when);
        }
        let mut finder = Self::default();
        for (entry, when) in entries {
            let clues = usage.best(when);
            finder.each_bucket(when, |bucket| bucket.add(entry, clues.as_deref()));
        }
        finder.finish();
        finder
    }

    fn finish(&mut self) {
        let by_provider = self.providers.values_mut().chain(self.globs.values_mut());
        for named in by_provider.chain([&mut self.any]) {
            let buckets = named.names.values_mut().chain(named.under.values_mut());
            let buckets = buckets.chain(named.patterns.values_mut());
            buckets.chain([&mut named.any]).for_each(Bucket::finish);
        }
    }

    /// The entries that may be about an event, each once, in ascending order.
    pub(super) fn find(&self, event: &Event, slots: &Slots<'_>) -> Vec<u32> {
        let mut found = Vec::new();
        self.any.find(event, slots, &mut found);
        if let Some(named) = self.providers.get(event.provider.as_str()) {
            named.find(event, slots, &mut found);
        }
        for (glob, named) in &self.globs {
            if pattern::glob(glob, &event.provider) {
                named.find(event, slots, &mut found);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Every bucket that a `when` belongs into.
    fn each_bucket(&mut self, when: &When, mut add: impl FnMut(&mut Bucket)) {
        if when.providers.is_empty() {
            self.any.each_bucket(&when.events, &mut add);
        }
        for provider in &when.providers {
            let named = if pattern::is_literal(provider) {
                self.providers.entry(provider.as_str().into()).or_default()
            } else {
                self.globs.entry(provider.as_str().into()).or_default()
            };
            named.each_bucket(&when.events, &mut add);
        }
    }
}

impl Named {
    fn each_bucket(&mut self, events: &[String], add: &mut impl FnMut(&mut Bucket)) {
        if events.is_empty() {
            add(&mut self.any);
        }
        for event in events {
            add(self.bucket(event));
        }
    }

    fn bucket(&mut self, event: &str) -> &mut Bucket {
        if pattern::is_literal(event) {
            return self.names.entry(event.into()).or_default();
        }
        match event.strip_suffix(".*") {
            Some(before) if pattern::is_literal(before) => {
                self.under.entry(before.into()).or_default()
            }
            _ => self.patterns.entry(event.into()).or_default(),
        }
    }

    fn find(&self, event: &Event, slots: &Slots<'_>, found: &mut Vec<u32>) {
        self.any.find(event, slots, found);
        for name in &event.names {
            if let Some(bucket) = self.names.get(name.as_str()) {
                bucket.find(event, slots, found);
            }
            if !self.under.is_empty() {
                let before = name
                    .match_indices('.')
                    .filter_map(|(dot, _)| name.get(..dot));
                for bucket in before.filter_map(|before| self.under.get(before)) {
                    bucket.find(event, slots, found);
                }
            }
            for (pattern, bucket) in &self.patterns {
                if pattern::event(pattern, name) {
                    bucket.find(event, slots, found);
                }
            }
        }
    }
}
