//! Forgeries and nonsense by the million: a seeded mutator, so that every run is the same.
//!
//! `cargo test` runs thousands of rounds; `cargo bench --bench forgery -- 10000000` as many as wanted.
//! What may still be believed of a changed delivery is said by [`Verdict`], and by nothing else: no
//! provider is excused by name.

mod changes;
mod judge;
mod nonsense;
mod numbers;
mod specimens;

use std::collections::BTreeMap;

pub use judge::Verdict;
pub use nonsense::{read_body, read_definition, read_nonsense};
pub use numbers::Numbers;
pub use specimens::{Specimen, secret_for, set, specimens};

use changes::changed;
use judge::judge;

/// What came of the forgeries of one kind of scheme.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Deliveries that differed from the good one.
    pub tried: u64,
    /// How many of them got which verdict.
    pub verdicts: BTreeMap<Verdict, u64>,
}

/// What came of a run.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// By the scheme's kind: `hmac`, `jwt`, ….
    pub kinds: BTreeMap<&'static str, Tally>,
    /// How often each provider was tried.
    pub providers: BTreeMap<String, u64>,
    /// The forgeries that were believed.
    pub believed: Vec<String>,
}

impl Report {
    /// How many forgeries were tried.
    pub fn tried(&self) -> u64 {
        self.kinds.values().map(|tally| tally.tried).sum()
    }

    /// Adds what another run found.
    pub fn add(&mut self, other: Self) {
        for (kind, tally) in other.kinds {
            let own = self.kinds.entry(kind).or_default();
            own.tried += tally.tried;
            for (verdict, count) in tally.verdicts {
                *own.verdicts.entry(verdict).or_default() += count;
            }
        }
        for (name, count) in other.providers {
            *self.providers.entry(name).or_default() += count;
        }
        self.believed.extend(other.believed);
    }

    fn note(&mut self, specimen: &Specimen, verdict: Verdict) {
        let tally = self.kinds.entry(specimen.kind).or_default();
        tally.tried += 1;
        *tally.verdicts.entry(verdict).or_default() += 1;
        let name = specimen.provider.name();
        match self.providers.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.providers.insert(name.to_owned(), 1)),
        }
    }
}

/// Tries so many forgeries.
pub fn forge(specimens: &[Specimen], seed: u64, forgeries: u64) -> Report {
    let mut numbers = Numbers::new(seed);
    let mut report = Report::default();
    let mut tried = 0;
    while tried < forgeries {
        let mut draw = || specimens.get(numbers.below(specimens.len()));
        let (Some(specimen), Some(other)) = (draw(), draw()) else {
            break;
        };
        // What another delivery proves, it proves: a forger has one of each secret.
        let shared = specimen
            .secrets
            .iter()
            .any(|secret| other.secrets.contains(secret));
        let other = (!shared).then_some(&other.delivery);
        let Some(forged) = changed(specimen, other, &mut numbers) else {
            continue;
        };
        tried += 1;
        let verdict = judge(specimen, &forged);
        report.note(specimen, verdict);
        if verdict == Verdict::Forged {
            let name = specimen.provider.name();
            let scheme = &specimen.scheme;
            report.believed.push(format!("{name} {scheme}: {forged:?}"));
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;
    use super::*;

    #[test]
    fn nothing_forged_is_believed() {
        let report = forge(&specimens(), 0x5eed, 30_000);
        assert_eq!(report.believed, Vec::<String>::new());
        assert_eq!(report.tried(), 30_000);
    }

    #[test]
    fn every_provider_and_scheme_has_a_specimen() {
        let specimens = specimens();
        let providers = Providers::builtin();
        let mut missing = Vec::new();
        for name in providers.names() {
            let provider = providers.find(name).unwrap();
            for scheme in provider.schemes() {
                let there = |one: &Specimen| one.provider.name() == name && one.scheme == scheme;
                if !specimens.iter().any(there) {
                    missing.push(format!("{name} {scheme}"));
                }
            }
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn the_same_seed_tries_the_same() {
        let specimens = specimens();
        let run = |seed| forge(&specimens, seed, 2_000);
        assert_eq!(run(7).kinds, run(7).kinds);
        assert_ne!(run(7).kinds, run(8).kinds);
    }

    #[test]
    fn nonsense_is_read_to_its_end() {
        read_nonsense(0x0dd_b0d1e5, 2_000);
    }
}
