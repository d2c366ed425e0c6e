//! The names that rules may use.

use std::collections::BTreeMap;

use crate::destinations;
use crate::providers::Providers;
use crate::rule::Names;
use crate::yaml::Node;

use super::Config;
use super::document::Document;
use super::environment::Environment;

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
            labels: self
                .sources
                .iter()
                .filter(|source| !source.labels().is_empty())
                .map(|source| (source.name().to_owned(), source.labels().clone()))
                .collect(),
            strengths: self
                .sources
                .iter()
                .map(|source| (source.name().to_owned(), source.strengths()))
                .collect(),
            demands: self
                .destinations
                .iter()
                .filter_map(|(name, destination)| {
                    Some((name.clone(), destination.demand()?.clone()))
                })
                .collect(),
            roots: self.roots.clone(),
            providers: provider_names(providers),
        }
    }
}

impl Document {
    /// The same where the configuration has errors, as far as it can be told: rules are not to be
    /// blamed for what is wrong in hookrule.yaml.
    pub fn names_as_written(&self, environment: &dyn Environment, providers: &Providers) -> Names {
        let providers = provider_names(providers);
        let roots = self.roots(environment).unwrap_or_default();
        if self.root.get("include").is_some() || self.root.as_map().is_none() {
            return Names {
                roots,
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
            labels: self.labels_as_written(),
            roots,
            providers,
            ..Names::default()
        }
    }
}

impl Document {
    fn labels_as_written(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let labels = |node: &Node| {
            let entries = node.get("labels").and_then(Node::as_map);
            let entries = entries.unwrap_or_default().iter();
            let text = |(key, node): &(crate::yaml::Key, Node)| {
                Some((key.text.clone(), node.as_str()?.to_owned()))
            };
            entries.filter_map(text).collect()
        };
        let sources = self.names("sources");
        sources
            .map(|(name, node)| (name.to_owned(), labels(node)))
            .collect()
    }
}

/// The names of all providers.
pub(super) fn provider_names(providers: &Providers) -> std::collections::BTreeSet<String> {
    let names = providers.names().into_iter();
    names.map(str::to_owned).collect()
}
