//! The YAML form of a provider definition.

use crate::diagnostic::Diagnostics;
use crate::yaml::Node;

/// One sender's definition, read and checked.
#[derive(Debug, Clone)]
pub struct Provider {
    name: String,
}

/// What a source may set differently from its provider's definition (`generic` lives by it):
/// `header algorithm encoding prefix content event delivery_id tolerance`.
#[derive(Debug, Clone, Default)]
pub struct Overrides {}

impl Overrides {
    /// Takes its keys from a source's block in hookrule.yaml; the caller finishes the block.
    pub fn parse(_fields: &mut crate::yaml::Fields<'_>, _problems: &mut Diagnostics) -> Self {
        unimplemented!()
    }
}

impl Provider {
    /// Reads a definition.
    pub fn parse(_node: &Node, _problems: &mut Diagnostics) -> Option<Self> {
        unimplemented!()
    }

    /// The definition as one source uses it.
    ///
    /// # Errors
    /// Names the override that does not fit and says why.
    pub fn with(&self, _overrides: &Overrides) -> Result<Self, String> {
        unimplemented!()
    }

    /// `github`, `stripe`, …
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Headers by which the nameless route knows this sender, in lower case.
    pub fn recognise(&self) -> &[String] {
        unimplemented!()
    }

    /// The largest body this sender sends, in bytes, where it differs from the default.
    pub fn body_bytes_max(&self) -> Option<u64> {
        unimplemented!()
    }

    /// Methods besides POST that its handshakes use.
    pub fn methods(&self) -> &[String] {
        unimplemented!()
    }

    /// Whether a source of this provider needs a secret.
    pub fn signs(&self) -> bool {
        unimplemented!()
    }

    /// The names of its alternative schemes, the default first (`signature`, `token` for gitlab).
    pub fn schemes(&self) -> Vec<&str> {
        unimplemented!()
    }

    /// What can be wrong with a secret of this provider: not decodable, empty, short. The first scheme
    /// where `scheme` is none.
    ///
    /// # Errors
    /// Says what is wrong, without the secret.
    pub fn check_secret(
        &self,
        _scheme: Option<&str>,
        _secret: &crate::secret::Secret,
    ) -> Result<(), String> {
        unimplemented!()
    }

    /// Headers that carry a credential of ours (tokens, basic): never stored or forwarded.
    pub fn credential_headers(&self) -> Vec<String> {
        unimplemented!()
    }
}
