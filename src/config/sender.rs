//! What `hookrule send` needs of one source: its provider and its first secret, no other credentials.

use std::sync::Arc;

use crate::diagnostic::{Diagnostics, code};
use crate::providers::{Overrides, Provider, Providers};
use crate::secret::Secret;
use crate::yaml::{Fields, Node};

use super::document::Document;
use super::environment::Environment;
use super::fill::Filler;

/// One source, seen from its sender's side.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The source's name.
    pub source: String,
    /// The provider's definition as the source uses it.
    pub provider: Arc<Provider>,
    /// The scheme it uses, where it names one.
    pub scheme: Option<String>,
    /// Its first secret; none where it has none, or the sender publishes its keys.
    pub secret: Option<Secret>,
    /// Whether it takes unsigned deliveries.
    pub unsigned: bool,
}

impl Document {
    /// The names of this file's sources whose provider is the named one.
    pub fn sources_of(&self, provider: &str, providers: &Providers) -> Vec<&str> {
        let same = |name: &str| {
            name == provider
                || providers
                    .find(name)
                    .is_some_and(|found| found.name() == provider)
        };
        self.names("sources")
            .filter(|(_, node)| {
                node.get("provider")
                    .and_then(Node::as_str)
                    .is_some_and(same)
            })
            .map(|(name, _)| name)
            .collect()
    }

    /// One source as its sender sees it; only its own credentials need to be there.
    ///
    /// # Errors
    /// What is missing in its entry.
    pub fn sender(
        &self,
        source: &str,
        environment: &dyn Environment,
        providers: &Providers,
    ) -> Result<Sender, Diagnostics> {
        let (mut problems, mut found) = (Diagnostics::new(), Diagnostics::new());
        let Some((_, node)) = self.names("sources").find(|(name, _)| *name == source) else {
            let message = format!("there is no source `{source}` in this file");
            let known: Vec<_> = self.names("sources").map(|(name, _)| name).collect();
            let help = format!("it has {}", known.join(", "));
            problems.push(self.root.error(code::UNKNOWN_SOURCE, message).help(help));
            return Err(problems);
        };
        let mut node = node.clone();
        let mut filler = Filler::new(environment, &self.folder);
        filler.fill(&mut node, &mut problems);
        let sender = read(source, &node, providers, &mut found);
        problems.extend(filler.scrub(found));
        match sender {
            Some(sender) if !problems.has_errors() => Ok(sender),
            _ => Err(problems),
        }
    }
}

fn read(
    source: &str,
    node: &Node,
    providers: &Providers,
    problems: &mut Diagnostics,
) -> Option<Sender> {
    let mut fields = Fields::of(node, problems)?;
    let named = fields.required("provider", problems)?;
    let overrides = Overrides::parse(&mut fields, problems);
    let name = named.text(problems)?;
    let Some(provider) = providers.find(name) else {
        let message = format!("there is no provider `{name}`");
        let help = "`hookrule providers list` shows them all";
        problems.push(named.error(code::UNKNOWN_PROVIDER, message).help(help));
        return None;
    };
    let scheme = fields.optional("scheme").and_then(Node::as_str);
    let provider = match provider.with(&overrides, scheme) {
        Ok(provider) => provider,
        Err(why) => {
            let help = "`hookrule check` says more";
            problems.push(node.error(code::BAD_VALUE, why).help(help));
            return None;
        }
    };
    let unsigned = fields.optional("verify").and_then(Node::as_str) == Some("none");
    let secret = fields
        .optional("secrets")
        .and_then(|secrets| secrets.one_or_list().first())
        .map(|first| first.get("value").unwrap_or(first));
    let secret = match secret {
        Some(secret) => Some(Secret::new(secret.text(problems)?)),
        None => None,
    };
    Some(Sender {
        source: source.to_owned(),
        provider: Arc::new(provider),
        scheme: scheme.map(str::to_owned),
        secret,
        unsigned,
    })
}
