//! Which of a source's secrets prove deliveries, for whoever rotates them.
//!
//! In memory only, and in no larger numbers than hookrule.yaml has secrets: only what was proven is
//! noted. A secret keeps what is known of it when hookrule.yaml is read again and it stands elsewhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::event::Delivery;
use crate::providers::fetched::Keyring;
use crate::providers::verify::verify_with;
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::receive::Intake;
use super::refusals::TurnedAway;
use super::secrets::Secrets;
use super::source::Source;

/// One source, and what came from it since hookrule was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceView {
    /// Its name.
    pub source: String,
    /// Its provider.
    pub provider: String,
    /// How its deliveries are signed; none where it takes unsigned ones.
    pub scheme: Option<String>,
    /// Since when is counted.
    pub since: Timestamp,
    /// What was proven, or taken unsigned.
    pub taken: Use,
    /// Its secrets, in the order of hookrule.yaml.
    pub secrets: Vec<SecretView>,
    /// What was turned away last.
    pub refused: Option<TurnedAway>,
}

/// One secret; nothing of its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretView {
    /// Its place in the list, counted from 1.
    pub number: usize,
    /// The `${env:NAME}` or `${file:PATH}` that it was filled in from, without a default.
    pub from: Option<String>,
    /// When it ends.
    pub until: Option<Timestamp>,
    /// Whether it has ended.
    pub ended: bool,
    /// What it proved.
    pub proved: Use,
}

/// How many deliveries, and when the last of them came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// How many.
    pub count: u64,
    /// When the last of them came.
    pub last_at: Option<Timestamp>,
}

impl Use {
    fn again(&mut self, at: Timestamp) {
        self.count = self.count.saturating_add(1);
        self.last_at = self.last_at.max(Some(at));
    }
}

/// What is known of one source.
#[derive(Debug, Default)]
struct Known {
    taken: Use,
    proved: Vec<(Secret, Use)>,
}

impl Known {
    /// What a secret proved.
    fn by(&self, secret: &Secret) -> Use {
        let found = self.proved.iter().find(|(known, _)| known == secret);
        found.map(|(_, proved)| *proved).unwrap_or_default()
    }
}

/// What is known of each source, by its name.
#[derive(Debug)]
pub(super) struct Proofs {
    since: Timestamp,
    known: Mutex<BTreeMap<String, Known>>,
}

impl Proofs {
    /// Counts from now on.
    pub(super) fn new(since: Timestamp) -> Self {
        let known = Mutex::default();
        Self { since, known }
    }

    /// Notes a delivery and the places of the secrets that prove it, one by one.
    pub(super) fn note(&self, source: &Source, proven_by: &[usize], at: Timestamp) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match all.get_mut(source.name()) {
            Some(known) => known,
            None => all.entry(source.name().to_owned()).or_default(),
        };
        known.taken.again(at);
        for secret in proven_by.iter().filter_map(|place| source.secret(*place)) {
            if let Some((_, proved)) = known.proved.iter_mut().find(|(known, _)| known == secret) {
                proved.again(at);
                continue;
            }
            // A secret that hookrule.yaml no longer has is of no use to anybody.
            known.proved.retain(|(known, _)| source.has(known));
            let mut proved = Use::default();
            proved.again(at);
            known.proved.push((secret.clone(), proved));
        }
    }

    /// What is known of a source.
    pub(super) fn view(
        &self,
        source: &Source,
        now: Timestamp,
        refused: Option<TurnedAway>,
    ) -> SourceView {
        let all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let nothing = Known::default();
        let known = all.get(source.name()).unwrap_or(&nothing);
        let references = source.secrets.iter().flat_map(Secrets::references);
        let secrets = source.secrets().zip(references).enumerate();
        let secrets = secrets.map(|(index, ((secret, until), from))| SecretView {
            number: index + 1,
            from: from.map(str::to_owned),
            until,
            ended: until.is_some_and(|until| now >= until),
            proved: known.by(secret),
        });
        SourceView {
            source: source.name().to_owned(),
            provider: source.provider().to_owned(),
            scheme: source.scheme().map(str::to_owned),
            since: self.since,
            taken: known.taken,
            secrets: secrets.collect(),
            refused,
        }
    }
}

impl Source {
    /// Its secrets in their order, those that have ended too, and when they end.
    fn secrets(&self) -> impl Iterator<Item = (&Secret, Option<Timestamp>)> {
        self.secrets.iter().flat_map(Secrets::iter)
    }

    /// One of them by its place, counted from 0.
    fn secret(&self, place: usize) -> Option<&Secret> {
        self.secrets().nth(place).map(|(secret, _)| secret)
    }

    /// Whether it has a secret.
    fn has(&self, secret: &Secret) -> bool {
        self.secrets().any(|(own, _)| own == secret)
    }

    /// How its deliveries are signed; none where it takes unsigned ones.
    fn scheme(&self) -> Option<&str> {
        let first = || self.provider.schemes().first().copied();
        self.secrets.as_ref()?;
        self.scheme.as_deref().or_else(first)
    }

    /// The places of the secrets that prove a delivery, each by itself, once it is proven. A sender
    /// that signs with the old and the new secret is proven by both.
    pub(super) fn proven_by(&self, delivery: &Delivery, keyring: &dyn Keyring) -> Vec<usize> {
        let now = delivery.received_at;
        let counts = |until: Option<Timestamp>| until.is_none_or(|until| now < until);
        let all = self.secrets().enumerate();
        let counting = all.filter(|(_, (_, until))| counts(*until));
        let counting: Vec<_> = counting
            .map(|(place, (secret, _))| (place, secret))
            .collect();
        // Where there is one, it was it: nothing is worked out twice but while secrets are rotated.
        if let [(only, _)] = counting.as_slice() {
            return vec![*only];
        }
        let scheme = self.scheme.as_deref();
        let proves = |secret: &Secret| {
            let secret = std::slice::from_ref(secret);
            verify_with(&self.provider, scheme, secret, delivery, now, keyring).is_ok()
        };
        let proving = counting.into_iter().filter(|(_, secret)| proves(secret));
        proving.map(|(place, _)| place).collect()
    }
}

impl Intake {
    /// The configured sources by name, and what came from them.
    pub fn sources(&self) -> Vec<SourceView> {
        let now = self.0.parts.clock.now();
        let view = |source: &Arc<Source>| {
            let refused = self.refused(Some(source.name()), 1).pop();
            self.0.proofs.view(source, now, refused)
        };
        let sources = Arc::clone(&self.0.parts.sources.borrow());
        sources.iter().map(view).collect()
    }
}
