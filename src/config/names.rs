//! The names that rules may use.

use crate::destinations;
use crate::providers::Providers;
use crate::rule::Names;
use crate::yaml::Node;

use super::Config;
use super::document::Document;

impl Config {
    /// The names that rules may use with this configuration.
    pub fn names(&self, providers: &Providers) -> Names {
        let source = |source: &std::sync::Arc<crate::intake::Source>| {
            (source.name().to_owned(), source.provider().to_owned())
        };
        let destinations = self.destinations.iter();
        Names {
            sources: Some(self.sources.iter().map(source).collect()),
            destinations: Some(
                destinations
                    .map(|(name, destination)| (name.clone(), destination.kind.to_owned()))
                    .collect(),
            ),
            providers: provider_names(providers),
        }
    }
}

impl Document {
    /// The same where the configuration has errors, as far as it can be told: rules are not to be
    /// blamed for what is wrong in hookrule.yaml.
    pub fn names_as_written(&self, providers: &Providers) -> Names {
        let providers = provider_names(providers);
        if self.root.get("include").is_some() || self.root.as_map().is_none() {
            return Names {
                providers,
                ..Names::default()
            };
        }
        let text = |node: Option<&Node>| node.and_then(Node::as_str).map(str::to_owned);
        let sources = self.names("sources").map(|(name, node)| {
            let provider = text(node.get("provider")).unwrap_or_default();
            (name.to_owned(), provider)
        });
        let destinations = self.names("destinations").map(|(name, node)| {
            let kind = destinations::LIST
                .iter()
                .find(|kind| node.get(kind.name()).is_some());
            let kind = kind.map_or("", |kind| kind.name());
            (name.to_owned(), kind.to_owned())
        });
        Names {
            sources: Some(sources.collect()),
            destinations: Some(destinations.collect()),
            providers,
        }
    }
}

/// The names of all providers.
pub(super) fn provider_names(providers: &Providers) -> std::collections::BTreeSet<String> {
    let names = providers.names().into_iter();
    names.map(str::to_owned).collect()
}
