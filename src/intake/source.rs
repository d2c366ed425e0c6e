//! One configured sender.

use crate::diagnostic::Diagnostics;
use crate::providers::Providers;
use crate::yaml::Node;

/// From where the listener can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only from this machine.
    Loopback,
    /// From other machines.
    Network,
}

/// A configured sender: its provider's definition as it uses it, and its secrets.
#[derive(Debug)]
pub struct Source {
    name: String,
}

impl Source {
    /// Reads one entry of `sources:`.
    pub fn parse(
        _name: &str,
        _node: &Node,
        _providers: &Providers,
        _reach: Reach,
        _problems: &mut Diagnostics,
    ) -> Option<Self> {
        unimplemented!()
    }

    /// Its name in hookrule.yaml.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of its provider.
    pub fn provider(&self) -> &str {
        unimplemented!()
    }
}
