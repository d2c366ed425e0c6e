//! FAMILY: one way of signing each.

mod asymmetric;
mod basic;
mod ecdsa;
mod ed25519;
mod hash;
mod hmac;
mod jwt;
mod rsa;
mod token;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use crate::crypto::Mac;
use crate::diagnostic::Diagnostics;
use crate::event::{MediaKind, Proof};
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::Fields;
use crate::yaml::shape::Key;

use super::letter::Letter;
use super::overrides::Overrides;
use super::parts::Place;
use super::reading::Reading;
use super::signed::Signed;
use super::verify::Refusal;

/// One way of signing, as one definition sets it.
pub trait Scheme: Debug + Send + Sync {
    /// What `scheme:` says in its definition.
    fn kind(&self) -> &'static str;

    /// Checks a delivery against a source's secrets, any of which will do.
    ///
    /// # Errors
    /// A [`Refusal`] for whatever is not proven.
    fn verify<'a>(
        &'a self,
        secrets: &'a [Secret],
        reading: Reading<'a>,
        now: Timestamp,
    ) -> Result<Proof, Refusal>;

    /// How many bytes a secret has, if it is one.
    ///
    /// # Errors
    /// Says what is wrong with it, without the secret.
    fn secret_bytes(&self, secret: &Secret) -> Result<usize, String>;

    /// Puts on a letter what makes it this sender's.
    ///
    /// # Errors
    /// Where that takes a key which only the sender has.
    fn sign(&self, secret: &Secret, letter: &mut Letter<'_>, now: Timestamp) -> Result<(), String>;

    /// The same scheme as a source wants it; overrides that fit are noted in `used`.
    ///
    /// # Errors
    /// Where an override contradicts the rest.
    fn with(
        &self,
        overrides: &Overrides,
        used: &mut BTreeSet<&'static str>,
    ) -> Result<Arc<dyn Scheme>, String>;

    /// How its senders sign, for whoever gets it wrong: `sign it: …` or `send it: …`.
    fn hint(&self) -> &str;

    /// What the secret of a source is, for people.
    fn secret_is(&self) -> String;

    /// Whether it proves what bodies of that kind say, and not only who sent them.
    fn covers(&self, kind: Option<&MediaKind>) -> bool {
        self.signed().is_some_and(|signed| signed.covers(kind))
    }

    /// The headers it reads, as written.
    fn headers(&self) -> Vec<&str>;

    /// The signature over content, where it is one.
    fn signed(&self) -> Option<&Signed> {
        None
    }

    /// The places that carry the secret itself, or something as good as it.
    fn credentials(&self) -> Vec<&Place> {
        Vec::new()
    }

    /// The places that it looks at: what they need of the source must be set.
    fn places(&self) -> Vec<&Place> {
        self.signed()
            .map_or_else(Vec::new, |signed| signed.places().collect())
    }

    /// Whether both sides have what signs, so that whoever has the secret can sign as the sender does.
    fn is_shared(&self) -> bool {
        true
    }

    /// Whether a source needs no key of its own, since the sender publishes its keys.
    fn fetches(&self) -> bool {
        false
    }

    /// What signs the answers of handshakes, where the secret can sign.
    fn mac(&self, _: &Secret) -> Option<Mac> {
        None
    }
}

/// A member of the family: its name in definitions and how its block is read.
#[derive(Debug)]
pub struct Kind {
    /// What `scheme:` says.
    pub name: &'static str,
    /// Its keys besides `scheme` and `name`, for editors.
    pub keys: fn() -> Vec<Key>,
    /// Reads its keys; the caller finishes the block.
    pub parse: fn(&mut Fields<'_>, &mut Diagnostics) -> Option<Arc<dyn Scheme>>,
}

/// Every way of signing.
pub const LIST: &[Kind] = &[
    hmac::KIND,
    hash::KIND,
    ed25519::KIND,
    ecdsa::KIND,
    rsa::KIND,
    jwt::KIND,
    token::KIND,
    basic::KIND,
];

/// The member of that name.
pub fn find(name: &str) -> Option<&'static Kind> {
    LIST.iter().find(|kind| kind.name == name)
}
