//! FAMILY: what actions reach. One member for each kind of destination in hookrule.yaml.
//!
//! Comes in: a block of `destinations:`. Goes out: a [`Destination`] with its kind's own settings and
//! the [`Policy`] that all share. Jobs name destinations; they are looked up when a job is performed,
//! so that credentials are never stored and mending a destination mends its waiting jobs.

pub mod policy;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::diagnostic::Diagnostics;
use crate::yaml::Node;

pub use policy::{InDoubt, Policy, Rate, Retry, RetryOn};

/// One kind of destination.
pub trait Kind: Send + Sync {
    /// The key that names it in hookrule.yaml.
    fn name(&self) -> &'static str;

    /// One sentence for people.
    fn help(&self) -> &'static str;

    /// The policy where the operator sets none.
    fn policy(&self) -> Policy {
        Policy::default()
    }

    /// Reads the value under the kind's key.
    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings>;
}

/// A kind's own settings; the kind's file says what is in them.
pub type Settings = Arc<dyn Any + Send + Sync>;

/// A named place that actions reach.
#[derive(Clone)]
pub struct Destination {
    /// Its name in hookrule.yaml.
    pub name: String,
    /// Its kind's name.
    pub kind: &'static str,
    /// What all kinds share.
    pub policy: Policy,
    settings: Settings,
}

impl Destination {
    /// The kind's own settings, if they are of that type.
    pub fn settings<T: 'static>(&self) -> Option<&T> {
        self.settings.downcast_ref()
    }

    /// Reads one entry of `destinations:`.
    pub fn parse(_name: &str, _node: &Node, _problems: &mut Diagnostics) -> Option<Self> {
        unimplemented!()
    }
}

impl fmt::Debug for Destination {
    /// Without settings, which may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({}: {})", self.name, self.kind)
    }
}

/// Every kind.
pub const LIST: &[&dyn Kind] = &[];
