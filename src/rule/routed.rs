//! Destinations that the labels of an event's source name: `"books-{{source.labels.customer}}"`.

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::event::SourceRef;
use crate::expression::{Escape, RenderError, Scope, Template};
use crate::yaml::Node;

use super::action::NamedDestination;
use super::names::Names;
use super::pattern::glob;
use super::{Rule, When};

/// Where an action's jobs go.
#[derive(Debug, Clone)]
pub enum To {
    /// To this destination.
    Name(String),
    /// To the one that the labels of the event's source name.
    Labels(Template),
}

impl To {
    /// Reads a name, or a template over source labels.
    pub(super) fn parse(node: &Node, text: &str, problems: &mut Diagnostics) -> Option<Self> {
        if !text.contains("{{") {
            return Some(Self::Name(text.to_owned()));
        }
        let template = crate::expression::parse_template(node, Escape::None, problems)?;
        let uses = template.uses();
        let others = uses.paths.iter();
        if let Some((path, offset)) = others
            .into_iter()
            .find(|(path, _)| !path.starts_with("source.labels."))
        {
            let message = format!("a destination cannot depend on `{path}`");
            let place = node.place_at(*offset, path.len());
            let help = "labels of the source may name it: `books-{{source.labels.customer}}`; \
                        otherwise write one rule for each destination, or a list of names";
            problems.push(Diagnostic::error(code::BAD_VALUE, place, message).help(help));
            return None;
        }
        Some(Self::Labels(template))
    }

    /// As the author wrote it.
    pub fn written(&self) -> &str {
        match self {
            Self::Name(name) => name,
            Self::Labels(template) => template.text(),
        }
    }

    /// The destination for the events of a source.
    ///
    /// # Errors
    /// The source has not the labels for it.
    pub fn name(&self, source: &SourceRef) -> Result<String, RenderError> {
        match self {
            Self::Name(name) => Ok(name.clone()),
            Self::Labels(template) => template.render(&Scope::of_source(source)),
        }
    }
}

/// Whether the events of a source can be those of a rule.
pub(super) fn may_match(when: &When, source: &str, provider: &str) -> bool {
    let any = |patterns: &[String], name: &str| {
        patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, name))
    };
    any(&when.sources, source)
        && when.hears(source)
        && (provider.is_empty() || any(&when.providers, provider))
}

/// The most sources that are told of one destination.
const TOLD_MAX: usize = 3;

/// Reports every source whose events would go nowhere, or to a destination of another kind.
pub(super) fn check(
    rule: &Rule,
    destination: &NamedDestination,
    template: &Template,
    names: &Names,
    problems: &mut Diagnostics,
) {
    let (Some(sources), Some(wanted)) = (&names.sources, destination.kind.destination_kind())
    else {
        return;
    };
    let fitting = sources
        .iter()
        .filter(|(name, provider)| may_match(&rule.when, name, provider));
    let wrong = fitting.filter_map(|(name, _)| {
        let labels = names.labels.get(name).cloned().unwrap_or_default();
        let source = SourceRef {
            name: name.clone(),
            labels,
        };
        let (code, why) = verdict(rule, template, &source, wanted, names)?;
        Some((code, format!("for the source `{name}` {why}")))
    });
    let wrong: Vec<_> = wrong.collect();
    let more = wrong.len().saturating_sub(TOLD_MAX);
    for (code, message) in wrong.into_iter().take(TOLD_MAX) {
        let place = destination.place.clone();
        let help = if more > 0 {
            format!(
                "so it is for {more} more sources; mend labels or destinations in hookrule.yaml"
            )
        } else {
            "mend the labels of the source, or add the destination, in hookrule.yaml".to_owned()
        };
        problems.push(Diagnostic::error(code, place, message).help(help));
    }
}

/// What is wrong with the destination of one source, if anything.
fn verdict(
    rule: &Rule,
    template: &Template,
    source: &SourceRef,
    wanted: &str,
    names: &Names,
) -> Option<(crate::diagnostic::Code, String)> {
    let name = match template.render(&Scope::of_source(source)) {
        Ok(name) => name,
        Err(error) => {
            let why = format!("this names nothing: {}", error.message);
            return Some((code::UNKNOWN_DESTINATION, why));
        }
    };
    let namespace = rule.namespace.as_deref();
    if namespace.is_some_and(|namespace| !namespace.reaches(&name)) {
        let why = format!("this is `{name}`, which the namespace may not use");
        return Some((code::NOT_GIVEN, why));
    }
    match names.destinations.as_ref()?.get(&name) {
        Some(kind) if kind == wanted => None,
        Some(kind) => {
            let why = format!("this is `{name}`, of kind `{kind}` and not `{wanted}`");
            Some((code::WRONG_DESTINATION, why))
        }
        None => {
            let why = format!("this is `{name}`, and there is no such destination");
            Some((code::UNKNOWN_DESTINATION, why))
        }
    }
}
