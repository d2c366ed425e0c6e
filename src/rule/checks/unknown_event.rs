//! Event names that the provider never sends.

use crate::diagnostic::{Diagnostic, Diagnostics, code, did_you_mean};

use super::super::{Rule, pattern};
use super::{Around, Check};

pub(super) struct UnknownEvent;

impl Check for UnknownEvent {
    fn of_one(&self, rule: &Rule, around: &Around<'_>, problems: &mut Diagnostics) {
        for when in [&rule.when].into_iter().chain(rule.flow.whens()) {
            let [provider] = around.providers(when)[..] else {
                continue;
            };
            let sender = around.samples.sender(provider);
            let Some(sent) = sender.sent() else {
                continue;
            };
            for (event, place) in when.events.iter().zip(&when.event_places) {
                if event == "unknown" || sender.sends(event, meets) {
                    continue;
                }
                let message = format!("`{provider}` sends no event `{event}`");
                let problem = Diagnostic::warning(code::UNKNOWN_EVENT, place.clone(), message);
                problems.push(problem.help(help(event, sent)));
            }
        }
    }
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
