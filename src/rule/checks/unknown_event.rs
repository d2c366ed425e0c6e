//! Event names that the provider never sends, as far as its definition knows them.

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code, did_you_mean};
use crate::providers::Provider;

use super::super::{Rule, pattern};
use super::{Around, Check};

pub(super) struct UnknownEvent;

impl Check for UnknownEvent {
    fn of_one(&self, rule: &Rule, around: &Around<'_>, problems: &mut Diagnostics) {
        for when in [&rule.when].into_iter().chain(rule.flow.whens()) {
            let sender = match around.providers(when)[..] {
                [provider] => Some(around.samples.sender(provider)),
                _ => None,
            };
            let sender = sender.as_deref();
            let definition = sender.and_then(|sender| sender.definition.as_deref());
            for (event, place) in when.events.iter().zip(&when.event_places) {
                let sends = sender.is_some_and(|sender| sender.sends(event, meets));
                // Quotes that are no quotes have been found in the file already.
                if sends || event.contains(['“', '”', '‘', '’']) {
                    continue;
                }
                let found = match definition {
                    Some(sender) if sender.events().is_some() => unknown(sender, event, place),
                    _ => capitals(event, place),
                };
                if let Some(found) = found {
                    problems.push(found);
                }
            }
        }
    }
}

/// What is said of a name that a provider with a list of names does not send.
fn unknown(sender: &Provider, event: &str, place: &Place) -> Option<Diagnostic> {
    let (name, events) = (sender.name(), sender.events()?);
    if event == "unknown" || events.names.iter().any(|known| meets(event, known)) {
        return None;
    }
    let meant = sender.spelling(event);
    if !events.open {
        let message = format!("`{name}` sends no event `{event}`");
        let help = match meant {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => help(event, &events.names),
        };
        let problem = Diagnostic::warning(code::UNKNOWN_EVENT, place.clone(), message);
        return Some(problem.help(help));
    }
    let near = || events.near(event).filter(|_| pattern::is_literal(event));
    let meant = meant.or_else(near)?;
    let message = format!("`{name}` is not known to send `{event}`");
    let problem = Diagnostic::warning(code::UNKNOWN_EVENT, place.clone(), message);
    Some(problem.help(format!("did you mean `{meant}`?")))
}

/// What is said of a name with capitals, where it is not known what is sent.
fn capitals(event: &str, place: &Place) -> Option<Diagnostic> {
    let lower = pattern::lower_case(event)?;
    let message = "few senders write the names of their events with capitals";
    let help = format!("`{lower}` may be meant: names are compared letter by letter");
    let problem = Diagnostic::warning(code::FOREIGN_EVENT_NAME, place.clone(), message);
    Some(problem.help(help))
}

/// Whether some name may be meant by both patterns.
fn meets(event: &str, known: &str) -> bool {
    pattern::event(event, known) || pattern::event(known, event) || begins(event, known)
}

/// Whether a pattern with stars may name something below a known one with stars.
fn begins(event: &str, known: &str) -> bool {
    let known = known.trim_end_matches('*').trim_end_matches('.');
    let plain = event.split('*').next().unwrap_or_default();
    !pattern::is_literal(event)
        && known.len() < plain.len()
        && plain.starts_with(known)
        && known.contains('.')
}

fn help(event: &str, sent: &[String]) -> String {
    let names = || {
        sent.iter()
            .map(String::as_str)
            .filter(|name| pattern::is_literal(name))
    };
    let Some((first, last)) = event
        .rsplit_once('.')
        .filter(|(first, _)| names().any(|n| n == *first))
    else {
        return match did_you_mean(event, names()) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "its documents name its events; `provider` may be another one".to_owned(),
        };
    };
    let actions: Vec<_> = names()
        .filter_map(|name| name.strip_prefix(first)?.strip_prefix('.'))
        .collect();
    match did_you_mean(last, actions.iter().copied()) {
        Some(meant) => format!("did you mean `{first}.{meant}`?"),
        None if actions.is_empty() => format!("it sends `{first}` only"),
        None => format!("of `{first}` there are {}", actions.join(", ")),
    }
}
