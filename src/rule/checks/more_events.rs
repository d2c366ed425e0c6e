//! An event that also comes when it is not meant: a push that deletes a branch, a run that only begins.

use crate::condition::{Compared, Conditions, Leaf, Subject};
use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};

use super::super::{Rule, When};
use super::{Around, Check};

/// An event that surprises.
struct Surprise {
    event: &'static str,
    /// Conditions whose paths hold one of these show that its writer knows.
    known_by: &'static [&'static str],
    says: &'static str,
    help: &'static str,
}

/// Of GitHub.
const GITHUB: &[Surprise] = &[
    Surprise {
        event: "push",
        known_by: &["deleted", "head_commit", "commits", "after", "created"],
        says: "`push` also comes when a branch or tag is deleted",
        help: "add `{path: $.deleted, equals: false}` to its conditions",
    },
    Surprise {
        event: "workflow_run",
        known_by: &["action", "status", "conclusion"],
        says: "`workflow_run` comes three times for a run: requested, in_progress and completed",
        help: "write `event: workflow_run.completed`",
    },
    Surprise {
        event: "workflow_job",
        known_by: &["action", "status", "conclusion"],
        says: "`workflow_job` comes several times for a job: queued, in_progress and completed",
        help: "write `event: workflow_job.completed`",
    },
    Surprise {
        event: "check_run",
        known_by: &["action", "status", "conclusion"],
        says: "`check_run` comes several times for a check: created, completed and more",
        help: "write `event: check_run.completed`",
    },
];

pub(super) struct MoreEvents;

impl Check for MoreEvents {
    fn of_one(&self, rule: &Rule, around: &Around<'_>, problems: &mut Diagnostics) {
        let own = [&rule.when].into_iter();
        for when in own.chain(rule.flow.whens()) {
            if around.providers(when) != ["github"] {
                continue;
            }
            for (event, place) in when.events.iter().zip(&when.event_places) {
                let surprise = GITHUB.iter().find(|surprise| surprise.event == event);
                if let Some(surprise) = surprise
                    && !knows(rule, when, surprise)
                {
                    problems.push(tell(surprise, place));
                }
            }
        }
    }
}

fn tell(surprise: &Surprise, place: &Place) -> Diagnostic {
    Diagnostic::warning(code::MORE_EVENTS, place.clone(), surprise.says).help(surprise.help)
}

/// Whether some condition tells the occasions apart; what a var holds is not known.
fn knows(rule: &Rule, when: &When, surprise: &Surprise) -> bool {
    let of_actions = rule.actions.iter().map(|action| &action.conditions);
    let mut leaves = std::iter::once(&when.conditions)
        .chain(of_actions)
        .flat_map(Conditions::leaves);
    leaves.any(|leaf: &Leaf| {
        let names = || {
            leaf.written()
                .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        };
        matches!(leaf.subject(), Subject::Var(_))
            || names_branch(leaf)
            || names().any(|name| surprise.known_by.contains(&name))
    })
}

/// Whether it asks for a branch by its name: those are hardly ever deleted.
fn names_branch(leaf: &Leaf) -> bool {
    let named = |one: Compared<'_>| matches!(one.operator, "equals" | "in");
    leaf.written() == "$.ref" && leaf.compared().any(named)
}
