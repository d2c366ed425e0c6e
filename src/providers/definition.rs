//! One sender's definition, as the rest of the program asks it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::crypto::Mac;
use crate::event::ContentEncoding;
use crate::secret::Secret;

use super::batch::Batch;
use super::events::{Events, letters};
use super::handshake::Handshake;
use super::identify::Name;
use super::media::BodyForm;
use super::parts::{Parts, Place};
use super::reading::Settings;
use super::reply::Ack;
use super::sample::Sample;
use super::schemes::Scheme;
use super::vectors::Vector;

pub use super::overrides::Overrides;

/// Shorter secrets than this many bytes can be guessed.
pub const SECRET_BYTES_MIN: usize = 16;

/// One sender's definition, read and checked. Cloning is cheap enough for one clone per source.
#[derive(Debug, Clone)]
pub struct Provider {
    pub(super) name: String,
    pub(super) docs: String,
    pub(super) notes: String,
    pub(super) setup: Vec<String>,
    pub(super) confidence: Confidence,
    pub(super) aliases: Vec<Alias>,
    pub(super) recognise: Vec<String>,
    pub(super) methods: Vec<String>,
    pub(super) body_bytes_max: Option<u64>,
    pub(super) content_types: Vec<BodyForm>,
    pub(super) encodings: Vec<ContentEncoding>,
    pub(super) schemes: Vec<(String, Arc<dyn Scheme>)>,
    pub(super) event_names: Vec<Name>,
    pub(super) events: Option<Events>,
    pub(super) spellings: Vec<(String, String)>,
    pub(super) delivery_id: Vec<Parts>,
    pub(super) sensitive: Vec<String>,
    pub(super) handshakes: Arc<[Handshake]>,
    pub(super) acks: Arc<[Ack]>,
    pub(super) samples: Arc<[Sample]>,
    pub(super) vectors: Arc<[Vector]>,
    pub(super) declared: Arc<[Declared]>,
    pub(super) settings: Settings,
    pub(super) response: Option<Duration>,
    pub(super) batch: Option<Batch>,
}

/// Something that a source may have to say under `settings:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// What it is and where to find it, for people.
    pub about: String,
}

/// How well the facts of a definition are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidence {
    /// From the sender's own test vectors or source.
    High,
    /// From the sender's documents.
    Medium,
    /// From others.
    Low,
}

impl Confidence {
    /// Every one, as definitions write them.
    pub const NAMES: [&'static str; 3] = ["high", "medium", "low"];

    /// The one of that name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "high" => Some(Self::High),
            "medium" => Some(Self::Medium),
            "low" => Some(Self::Low),
            _ => None,
        }
    }
}

/// Another name of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name.
    pub name: String,
    /// The scheme that a source uses under this name, where it is not the first.
    pub scheme: Option<String>,
}

impl Provider {
    /// `github`, `stripe`, …
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where its facts come from.
    pub fn docs(&self) -> &str {
        &self.docs
    }

    /// What to do at the sender, step by step; `URL` stands for the address to paste there.
    pub fn setup(&self) -> &[String] {
        &self.setup
    }

    /// How the sender behaves, for people.
    pub fn notes(&self) -> &str {
        &self.notes
    }

    /// How well its facts are known.
    pub fn confidence(&self) -> Confidence {
        self.confidence
    }

    /// Its other names.
    pub fn aliases(&self) -> &[Alias] {
        &self.aliases
    }

    /// Headers by which the nameless route knows this sender, in lower case.
    pub fn recognise(&self) -> &[String] {
        &self.recognise
    }

    /// The largest body this sender sends, in bytes, where it differs from the default.
    pub fn body_bytes_max(&self) -> Option<u64> {
        self.body_bytes_max
    }

    /// Methods besides POST that its handshakes use.
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// How this sender may pack its bodies; it signs the plain ones.
    pub fn encodings(&self) -> &[ContentEncoding] {
        &self.encodings
    }

    /// How its bodies may be read; the first is what a body without Content-Type is.
    pub fn content_types(&self) -> &[BodyForm] {
        &self.content_types
    }

    /// Whether a source of this provider needs a secret.
    pub fn signs(&self) -> bool {
        !self.schemes.is_empty()
    }

    /// The names of its alternative schemes, the default first (`signature`, `token` for gitlab).
    pub fn schemes(&self) -> Vec<&str> {
        self.schemes.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// The scheme of that name, or the first.
    pub(super) fn scheme(&self, name: Option<&str>) -> Result<&dyn Scheme, String> {
        let wanted = |known: &str| name.is_none_or(|name| name == known);
        let found = self.schemes.iter().find(|(known, _)| wanted(known));
        if let Some((_, scheme)) = found {
            return Ok(&**scheme);
        }
        Err(match name {
            None => format!(
                "`{}` does not sign: the source must say `verify: none`",
                self.name
            ),
            Some(name) => {
                let known = self.schemes().join(", ");
                format!("`{}` has no scheme `{name}`; it has {known}", self.name)
            }
        })
    }

    pub(super) fn each_scheme(&self) -> impl Iterator<Item = &dyn Scheme> {
        self.schemes.iter().map(|(_, scheme)| &**scheme)
    }

    pub(super) fn event_names(&self) -> &[Name] {
        &self.event_names
    }

    pub(super) fn delivery_id(&self) -> &[Parts] {
        &self.delivery_id
    }

    pub(super) fn handshakes(&self) -> &[Handshake] {
        &self.handshakes
    }

    pub(super) fn acks(&self) -> &[Ack] {
        &self.acks
    }

    /// What can be wrong with a secret of this provider: not decodable, empty, blank. The first scheme
    /// where `scheme` is none.
    ///
    /// # Errors
    /// Says what is wrong, without the secret.
    pub fn check_secret(&self, scheme: Option<&str>, secret: &Secret) -> Result<(), String> {
        self.scheme(scheme)?.secret_bytes(secret).map(|_| ())
    }

    /// How many bytes a usable secret has, where they are fewer than [`SECRET_BYTES_MIN`]: a warning.
    pub fn short_secret(&self, scheme: Option<&str>, secret: &Secret) -> Option<usize> {
        let bytes = self.scheme(scheme).ok()?.secret_bytes(secret).ok()?;
        (bytes < SECRET_BYTES_MIN).then_some(bytes)
    }

    /// Names of body fields that are masked in every display, wherever they stand in the body.
    pub fn sensitive(&self) -> &[String] {
        &self.sensitive
    }

    /// The names of its events; none where the definition says nothing of them.
    pub fn events(&self) -> Option<&Events> {
        self.events.as_ref()
    }

    /// Our name for an event that somebody wrote in the sender's spelling (`orders/create`, `Push
    /// Hook`); none where it is ours already, or nobody's.
    pub fn spelling(&self, written: &str) -> Option<&str> {
        let wanted = letters(written.trim_end_matches(" Hook"));
        let same = |(theirs, ours): &&(String, String)| {
            letters(theirs.trim_end_matches(" Hook")) == wanted && ours != written
        };
        let known = self.spellings.iter().find(same).map(|(_, ours)| &**ours);
        known.or_else(|| self.events.as_ref()?.meant(written))
    }

    /// Deliveries that `send` can make without being given a body.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// What the definition says must be accepted and refused.
    pub fn vectors(&self) -> &[Vector] {
        &self.vectors
    }

    /// What a source may or must say under `settings:`.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// How long the sender waits for an answer, where it says so.
    pub fn response(&self) -> Option<Duration> {
        self.response
    }

    /// Where a delivery holds several events, if it can.
    pub fn batch(&self) -> Option<&Batch> {
        self.batch.as_ref()
    }

    /// Whether whoever has a source's secret can make its deliveries: the sender alone has what signs
    /// where it is a private key. True where nothing is signed.
    pub fn can_be_sent(&self, scheme: Option<&str>) -> bool {
        self.scheme(scheme).map_or(true, Scheme::is_shared)
    }

    /// Whether a source needs no secret, since the sender publishes its keys.
    pub fn fetches(&self, scheme: Option<&str>) -> bool {
        self.scheme(scheme).is_ok_and(Scheme::fetches)
    }

    /// What the source that it is used by says of itself.
    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Signs the answers of handshakes with the first usable secret; none where no handshake of this
    /// definition wants that.
    pub fn answering_key(&self, scheme: Option<&str>, secrets: &[Secret]) -> Option<Mac> {
        let wanted = self.handshakes.iter().any(Handshake::signs);
        let scheme = wanted.then(|| self.scheme(scheme).ok()).flatten()?;
        secrets.iter().find_map(|secret| scheme.mac(secret))
    }

    /// What a source that verifies with this scheme must say and does not.
    ///
    /// # Errors
    /// Names it, and says where to find it.
    pub fn lacks(&self, scheme: Option<&str>) -> Result<(), String> {
        for place in self.scheme(scheme)?.places() {
            match place {
                place if place.is_addressed() && self.settings.url.is_none() => {
                    return Err(format!(
                        "`{}` signs the address that it sends to: write it as `url:`, exactly as it \
                         stands there",
                        self.name
                    ));
                }
                Place::Setting(name) if !self.settings.values.contains_key(name.as_ref()) => {
                    let about = self.declared.iter().find(|known| known.name == **name);
                    let about = about.map_or("", |known| known.about.as_str());
                    return Err(format!("`settings:` must have `{name}`: {about}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The definition as one source uses it, with the scheme of that name or the first.
    ///
    /// # Errors
    /// Names the override that does not fit that scheme and says why.
    pub fn with(&self, overrides: &Overrides, scheme: Option<&str>) -> Result<Self, String> {
        let mut provider = self.clone();
        let mut used = BTreeSet::new();
        let first = self.schemes.first().map(|(name, _)| name.as_str());
        for (name, own) in &mut provider.schemes {
            // What another scheme would make of it is nothing that this source does.
            let mut unused = BTreeSet::new();
            let chosen = scheme.or(first) == Some(name);
            let used = if chosen { &mut used } else { &mut unused };
            *own = own.with(overrides, used)?;
        }
        if let Some(header) = overrides.header.as_ref() {
            provider.recognise = vec![header.to_ascii_lowercase()];
        }
        if let Some(names) = &overrides.event {
            provider.event_names.clone_from(names);
            used.insert("event");
        }
        if let (Some(split), Some(batch)) = (overrides.split, &mut provider.batch) {
            batch.split = split;
            used.insert("split");
        }
        if let Some(url) = &overrides.url {
            provider.settings.url = Some(url.clone());
            used.insert("url");
        }
        if let Some(values) = &overrides.settings {
            for name in values.keys() {
                self.check_setting(name)?;
            }
            provider.settings.values.extend(values.clone());
            used.insert("settings");
        }
        if let Some(id) = &overrides.delivery_id {
            provider.delivery_id.clone_from(id);
            used.insert("delivery_id");
        }
        match overrides.keys().into_iter().find(|key| !used.contains(key)) {
            None => Ok(provider),
            Some("tolerance") => Err(format!(
                "`tolerance` does not fit: `{}` signs no timestamp; say where one is with \
                 `timestamp: header:NAME`",
                self.name
            )),
            Some(key) => Err(format!(
                "`{key}` does not fit: scheme `{}` of `{}` does not have it",
                scheme.or(first).unwrap_or("none"),
                self.name
            )),
        }
    }

    fn check_setting(&self, name: &str) -> Result<(), String> {
        let known: Vec<_> = self.declared.iter().map(|known| &*known.name).collect();
        match known.as_slice() {
            known if known.contains(&name) => Ok(()),
            [] => Err(format!("`{}` has no settings", self.name)),
            known => Err(format!(
                "`{}` has no setting `{name}`; it has {}",
                self.name,
                known.join(", ")
            )),
        }
    }

    /// The same with another of its schemes as the first.
    pub(super) fn preferring(mut self, scheme: &str) -> Self {
        let place = self.schemes.iter().position(|(name, _)| name == scheme);
        if let Some(chosen) = place.map(|place| self.schemes.remove(place)) {
            self.schemes.insert(0, chosen);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;
    use super::*;

    fn find(name: &str) -> Arc<Provider> {
        Providers::builtin().find(name).unwrap()
    }

    #[test]
    fn secrets_are_checked_before_they_are_used() {
        let check = |provider, scheme, secret: &str| {
            find(provider).check_secret(scheme, &Secret::new(secret))
        };
        assert!(check("github", None, "x").is_ok());
        assert!(check("stripe", None, "whsec_not base64!").is_ok());
        for (provider, scheme, secret) in [
            ("github", None, ""),
            ("github", None, " \n "),
            ("gitlab", None, "whsec_"),
            ("gitlab", None, "whsec_not base64!"),
            ("gitlab", Some("token"), "\t\t"),
            ("gitlab", Some("tokne"), "qqq"),
            ("discord", None, "00"),
            ("discord", None, "not hex at all"),
            ("standard-webhooks", Some("v1a"), "whpk_aGk="),
        ] {
            let error = check(provider, scheme, secret).unwrap_err();
            // Too short to tell, or nothing but the prefix, which is no secret.
            let told = secret.len() > "whsec_".len() && error.contains(secret);
            assert!(!told, "{error}");
        }
        let short = |secret: &str| find("github").short_secret(None, &Secret::new(secret));
        assert_eq!(
            (short("fifteen bytes.."), short("sixteen bytes...")),
            (Some(15), None)
        );
    }

    #[test]
    fn a_senders_spelling_is_known() {
        for (provider, written, ours) in [
            ("shopify", "orders/create", Some("orders.create")),
            (
                "wise",
                "transfers#state-change",
                Some("transfers.state-change"),
            ),
            (
                "paypal",
                "payment_capture_completed",
                Some("PAYMENT.CAPTURE.COMPLETED"),
            ),
            ("gitlab", "Merge Request Hook", Some("merge_request")),
            ("github", "pull_request.opened", None),
            ("github", "**", None),
            ("slack", "/deploy", None),
        ] {
            assert_eq!(find(provider).spelling(written), ours, "{written}");
        }
    }
}
