//! Paths that no known payload of the event has: often a typing mistake, and under a negative operator one
//! that lets everything pass.

use crate::condition::{Leaf, Sense, Subject};
use crate::diagnostic::{Diagnostic, Diagnostics, Severity, code, did_you_mean};

use super::super::{Rule, When};
use super::samples::{Found, Seen};
use super::{Around, Check};

pub(super) struct UnknownPath;

impl Check for UnknownPath {
    fn of_one(&self, rule: &Rule, around: &Around<'_>, problems: &mut Diagnostics) {
        let own = rule.actions.iter().map(|action| &action.conditions);
        let own = own.chain([&rule.when.conditions]);
        let others = rule.flow.whens().map(|when| (when, &when.conditions));
        let all = own.map(|conditions| (&rule.when, conditions)).chain(others);
        for (when, conditions) in all {
            let tested = conditions.with_negation();
            let tested: Vec<_> = tested
                .into_iter()
                .filter(|(leaf, _)| in_payload(leaf))
                .collect();
            if !tested.is_empty()
                && let Some(seen) = around.samples.seen(rule, when, around)
            {
                for (leaf, negated) in tested {
                    problems_of(leaf, negated, when, &seen, problems);
                }
            }
        }
    }
}

fn in_payload(leaf: &Leaf) -> bool {
    matches!(leaf.subject(), Subject::Slot(_) | Subject::Several(..))
}

fn problems_of(leaf: &Leaf, negated: bool, when: &When, seen: &Seen, problems: &mut Diagnostics) {
    let Found::Nothing(missing) = seen.at(leaf.written()) else {
        return;
    };
    let meant = missing
        .as_ref()
        .and_then(|(name, known)| did_you_mean(name, known.iter().map(String::as_str)));
    // A sample may leave out much; then only what looks misspelt is worth a word.
    if !seen.whole() && meant.is_none() {
        return;
    }
    let opens = leaf.compared().any(|one| one.sense == Sense::Negative) != negated;
    let path = leaf.written();
    let events = when.events.join(", ");
    let message = format!("no known `{events}` of {} has `{path}`", seen.provider);
    let mut problem = Diagnostic::warning(code::UNKNOWN_PATH, leaf.place().clone(), message);
    if opens {
        problem.severity = Severity::Error;
        problem.message += ", so this always holds";
    }
    let test = "where it is there all the same, give the rule a test whose payload has it";
    let help = match (meant, &missing) {
        (Some(meant), _) => format!("did you mean `{meant}`? {test}"),
        (None, Some((name, known))) if known.len() <= 12 => {
            format!("there is no `{name}` beside {}; {test}", known.join(", "))
        }
        (None, Some((name, _))) => format!("there is no `{name}`; {test}"),
        (None, None) => test.to_owned(),
    };
    problems.push(problem.help(help));
}
