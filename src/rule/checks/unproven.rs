//! Less proof than is asked for, or than a task for an agent needs.

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::event::Strength;
use crate::providers::Provider;

use super::super::routed::may_match;
use super::super::{Action, Rule, To, When};
use super::{Around, Check};

pub(super) struct Unproven;

impl Check for Unproven {
    fn of_one(&self, rule: &Rule, around: &Around<'_>, problems: &mut Diagnostics) {
        for when in [&rule.when].into_iter().chain(rule.flow.whens()) {
            if let Some(found) = never(when, around) {
                problems.push(found);
            }
        }
        let tasks = rule.actions.iter();
        for task in tasks.filter(|action| action.kind.name() == "agent_task") {
            let found = unwanted(&rule.when, task, around);
            let found = found.or_else(|| unproven(&rule.when, task, around));
            if let Some(found) = found {
                problems.push(found);
            }
        }
    }
}

/// Someone whose events a rule is about.
struct Sender<'n> {
    name: &'n str,
    /// What its events can be, the strongest first.
    strengths: Vec<Strength>,
}

impl Sender<'_> {
    /// The most that its events can be, where it is less than signed.
    fn weakness(&self) -> Option<Strength> {
        let strongest = self.strengths.first().copied();
        strongest.filter(|strongest| *strongest > Strength::Signed)
    }
}

/// All senders of a `when`; empty where it cannot be told of each.
fn senders<'n>(when: &When, around: &'n Around<'_>) -> Vec<Sender<'n>> {
    let names = around.names;
    let Some(sources) = &names.sources else {
        let strengths = |name| {
            let definition = around.samples.sender(name).definition.clone();
            let strengths = definition.as_deref().map(Provider::strengths)?;
            Some(Sender { name, strengths })
        };
        let providers = around.providers(when).into_iter();
        return providers
            .map(strengths)
            .collect::<Option<_>>()
            .unwrap_or_default();
    };
    let fitting = sources
        .iter()
        .filter(|(name, provider)| may_match(when, name, provider));
    let known = fitting.map(|(name, _)| {
        let strengths = names.strengths.get(name)?.clone();
        Some(Sender { name, strengths })
    });
    known.collect::<Option<_>>().unwrap_or_default()
}

/// What the events of a `when` can be.
fn possible(when: &When, senders: &[Sender<'_>]) -> Vec<Strength> {
    let all = senders.iter().flat_map(|sender| &sender.strengths);
    all.copied().filter(|one| when.proof.takes(*one)).collect()
}

/// That none of its senders can prove what a `when` asks for.
fn never(when: &When, around: &Around<'_>) -> Option<Diagnostic> {
    let place = when.proof_place.as_ref()?;
    let senders = senders(when, around);
    // Without hookrule.yaml there may be a source that takes unsigned events.
    let unknown = around.names.sources.is_none() && when.proof.takes(Strength::Unsigned);
    if senders.is_empty() || unknown || !possible(when, &senders).is_empty() {
        return None;
    }
    let all = senders.iter().flat_map(|sender| sender.strengths.clone());
    let message = format!(
        "this never matches: what {} sent is {}",
        names(&senders),
        words(all.collect(), " or ")
    );
    let help = "`hookrule providers show NAME` says what a signature proves; where less proof will do, \
                name it here";
    Some(Diagnostic::warning(code::NEVER_MATCHES, place.clone(), message).help(help))
}

/// That the agent will take none of these tasks.
fn unwanted(when: &When, task: &Action, around: &Around<'_>) -> Option<Diagnostic> {
    let possible = possible(when, &senders(when, around));
    let demands = task.destinations.iter().filter_map(|to| match to {
        To::Name(name) => Some((name, around.names.demands.get(name)?)),
        To::Labels(_) => None,
    });
    let takes_none = |demand: &crate::event::ProofDemand| {
        !possible.is_empty() && !possible.iter().any(|one| demand.takes(*one))
    };
    let (name, demand) = demands.into_iter().find(|(_, demand)| takes_none(demand))?;
    let message = format!(
        "`{name}` takes only what is {}, and no event of this rule is",
        demand.words()
    );
    let help = "each of these tasks would be a dead letter; `proof` of the destination in hookrule.yaml \
                asks for it";
    Some(Diagnostic::warning(code::UNPROVEN, task.place.clone(), message).help(help))
}

/// That a task holds what nobody signed, and neither rule nor destination says that this is meant.
fn unproven(when: &When, task: &Action, around: &Around<'_>) -> Option<Diagnostic> {
    let demanded =
        |to: &To| matches!(to, To::Name(name) if around.names.demands.contains_key(name));
    if !when.proof.is_any() || task.destinations.iter().all(demanded) {
        return None;
    }
    let senders = senders(when, around);
    let (weak, others): (Vec<_>, Vec<_>) = senders
        .into_iter()
        .partition(|sender| sender.weakness().is_some());
    let mut known: Vec<_> = weak.iter().filter_map(Sender::weakness).collect();
    let weakest = known.iter().copied().max()?;
    let of_weakest: Vec<_> = weak
        .into_iter()
        .filter(|sender| sender.weakness() == Some(weakest))
        .collect();
    let why = match weakest {
        Strength::Unsigned => "nobody signed that",
        _ => "no signature covers that",
    };
    let message = format!(
        "this task is made of what {} sent, and {why}",
        names(&of_weakest)
    );
    let help = if others.is_empty() && known.iter().all(|one| *one == weakest) {
        format!(
            "if that is meant, write `proof: {}` in `when:`",
            weakest.word()
        )
    } else {
        known.push(Strength::Signed);
        format!(
            "write `proof: signed` in `when:` to leave it out, or `proof: [{}]` if it is meant",
            words(known, ", ")
        )
    };
    Some(Diagnostic::warning(code::UNPROVEN, task.place.clone(), message).help(help))
}

fn words(mut strengths: Vec<Strength>, between: &str) -> String {
    strengths.sort_unstable();
    strengths.dedup();
    let words: Vec<_> = strengths.iter().map(|strength| strength.word()).collect();
    words.join(between)
}

/// The most senders that are named.
const NAMED_MAX: usize = 3;

fn names(senders: &[Sender<'_>]) -> String {
    let first = senders.iter().take(NAMED_MAX);
    let mut names: Vec<_> = first.map(|sender| format!("`{}`", sender.name)).collect();
    if senders.len() > NAMED_MAX {
        names.push(format!("{} more", senders.len() - NAMED_MAX));
    }
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}
