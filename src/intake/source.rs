//! One configured sender.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::crypto::Mac;
use crate::diagnostic::Place;
use crate::event::{ContentEncoding, Delivery, Proof, SourceRef, Strength};
use crate::providers::doctor::{Case, Other, examine};
use crate::providers::fetched::Keyring;
use crate::providers::unsigned::unsigned;
use crate::providers::verify::verify_with;
use crate::providers::{Provider, Refusal};
use crate::runtime::Timestamp;

use super::dedupe::Recognition;
use super::network::Network;
use super::secrets::Secrets;
use super::sources::Sources;
use super::turns::Turns;

/// A configured sender: its provider's definition as it uses it, and its secrets.
#[derive(Debug)]
pub struct Source {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) provider: Arc<Provider>,
    pub(super) dedupe: Recognition,
    pub(super) body_bytes_max: Option<u64>,
    pub(super) encodings: Option<Vec<ContentEncoding>>,
    pub(super) place: Place,
    pub(super) scheme: Option<String>,
    /// None: the source takes unsigned deliveries.
    pub(super) secrets: Option<Secrets>,
    pub(super) allow_from: Vec<Network>,
    /// Where a secret goes that the sender gives in its first request.
    pub(super) pairing: Option<PathBuf>,
    /// Whose refusals were examined lately.
    pub(super) examined: Turns,
}

impl Source {
    /// Its name in hookrule.yaml.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its provider.
    pub fn provider(&self) -> &str {
        self.provider.name()
    }

    /// Its labels.
    pub fn labels(&self) -> &BTreeMap<String, String> {
        &self.labels
    }

    /// The source as events carry it.
    pub fn reference(&self) -> SourceRef {
        let (name, labels) = (self.name.clone(), self.labels.clone());
        SourceRef { name, labels }
    }

    /// Whether deliveries may come from an address.
    pub(super) fn allows(&self, remote: Option<IpAddr>) -> bool {
        let inside = |address| self.allow_from.iter().any(|net| net.contains(address));
        self.allow_from.is_empty() || remote.is_some_and(inside)
    }

    /// How far its deliveries can be shown to be authentic, the strongest first.
    pub fn strengths(&self) -> Vec<Strength> {
        if self.verifies() {
            self.provider.strengths_by(self.scheme.as_deref())
        } else {
            vec![Strength::Unsigned]
        }
    }

    /// How its bodies may be packed.
    pub(super) fn encodings(&self) -> &[ContentEncoding] {
        let own = self.encodings.as_deref();
        own.unwrap_or_else(|| self.provider.encodings())
    }

    /// Whether it refuses what is not proven.
    pub(super) fn verifies(&self) -> bool {
        self.secrets.is_some()
    }

    /// What answers of handshakes are signed with, where its provider wants that.
    pub(super) fn answering_key(&self, now: Timestamp) -> Option<Mac> {
        let secrets = self.secrets.as_ref()?.at(now);
        self.provider
            .answering_key(self.scheme.as_deref(), &secrets)
    }

    /// Whether a delivery is from whom it says.
    pub(super) fn verify(
        &self,
        delivery: &Delivery,
        now: Timestamp,
        keyring: &dyn Keyring,
    ) -> Result<Proof, Refusal> {
        let Some(secrets) = &self.secrets else {
            return unsigned(&delivery.headers);
        };
        let secrets = secrets.at(now);
        let scheme = self.scheme.as_deref();
        if secrets.is_empty() && !self.provider.fetches(scheme) {
            return Err(Refusal::NoSecret);
        }
        verify_with(&self.provider, scheme, &secrets, delivery, now, keyring)
    }
}

impl Source {
    /// What would have made a refused delivery right, for the operator; none where it is not looked
    /// into.
    pub(super) fn examine(
        &self,
        delivery: &Delivery,
        refusal: &Refusal,
        sources: &Sources,
    ) -> Option<Vec<String>> {
        let now = delivery.received_at;
        let secrets = self.secrets.as_ref()?;
        if !self.examined.take(delivery.remote, now) {
            return None;
        }
        let others: Vec<_> = sources
            .iter()
            .filter(|other| other.name != self.name && other.provider() == self.provider())
            .filter_map(|other| Some((other.name(), other.secrets.as_ref()?.at(now))))
            .collect();
        let others: Vec<_> = others
            .iter()
            .map(|(name, secrets)| Other { name, secrets })
            .collect();
        let case = Case {
            provider: &self.provider,
            scheme: self.scheme.as_deref(),
            secrets: &secrets.at(now),
            ended: &secrets.ended(now),
            others: &others,
        };
        Some(examine(&case, delivery, refusal, now))
    }
}
