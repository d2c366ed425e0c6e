//! Checks spread over the cores. What is found comes in the order of the rules, whichever thread finds it.

use std::num::NonZero;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, Builder};

use crate::diagnostic::Diagnostics;
use crate::runtime::{Step, Told, nobody};

use super::super::Rule;
use super::{Around, Check, LIST};

/// Rules that a thread takes at a time. Fewer are looked at before a thread has been started for them.
const PART: usize = 250;

/// Some of the work, which asks nothing of the rest.
enum Part {
    /// These rules, one by one.
    Rules(Range<usize>),
    /// All rules together.
    All(&'static dyn Check),
}

/// What was found in one part.
type Done = Vec<(usize, Diagnostics)>;

/// Carries out every check on so many threads at most.
pub(super) fn examine_all(
    rules: &[Arc<Rule>],
    around: &Around<'_>,
    threads_max: NonZero<usize>,
    told: Told<'_>,
) -> Diagnostics {
    let starts = (0..rules.len()).step_by(PART);
    let parts = starts.map(|start| Part::Rules(start..rules.len().min(start + PART)));
    let all = LIST.iter().map(|check| Part::All(*check));
    let parts: Vec<_> = parts.chain(all).collect();
    let work = Work {
        rules,
        around,
        parts: &parts,
        taken: AtomicUsize::new(0),
        looked_at: AtomicUsize::new(0),
    };
    let others = threads_max.get().min(rules.len().div_ceil(PART));
    let mut found = thread::scope(|scope| {
        let helper = || Builder::new().spawn_scoped(scope, || work.carry_out(&nobody));
        // A thread that cannot be started leaves its work to the others.
        let started: Vec<_> = (1..others).filter_map(|_| helper().ok()).collect();
        let mut found = work.carry_out(told);
        for thread in started {
            match thread.join() {
                Ok(done) => found.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        found
    });
    found.sort_by_key(|(number, _)| *number);
    let mut problems = Diagnostics::new();
    for (_, part) in found {
        problems.extend(part);
    }
    problems
}

struct Work<'w> {
    rules: &'w [Arc<Rule>],
    around: &'w Around<'w>,
    parts: &'w [Part],
    /// So many parts have been taken by some thread.
    taken: AtomicUsize,
    /// So many rules are done.
    looked_at: AtomicUsize,
}

impl Work<'_> {
    /// Takes parts while there are some.
    fn carry_out(&self, told: Told<'_>) -> Done {
        let mut done = Vec::new();
        loop {
            // From the end: what asks all rules takes longest, and nobody is to wait for it at last.
            let taken = 1 + self.taken.fetch_add(1, Ordering::Relaxed);
            let number = self.parts.len().checked_sub(taken);
            let Some((number, part)) = number.and_then(|n| Some((n, self.parts.get(n)?))) else {
                return done;
            };
            let mut problems = Diagnostics::new();
            match part {
                Part::Rules(range) => {
                    for rule in self.rules.get(range.clone()).into_iter().flatten() {
                        self.one(rule, &mut problems, told);
                    }
                }
                Part::All(check) => check.of_all(self.rules, self.around, &mut problems),
            }
            done.push((number, problems));
        }
    }

    fn one(&self, rule: &Rule, problems: &mut Diagnostics, told: Told<'_>) {
        if self.around.only.contains(&rule.place.file.path) {
            for check in LIST {
                check.of_one(rule, self.around, problems);
            }
        }
        told(Step {
            what: "rules checked",
            done: 1 + self.looked_at.fetch_add(1, Ordering::Relaxed),
            all: Some(self.rules.len()),
        });
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeSet;
    use std::fmt::Write as _;
    use std::path::PathBuf;

    use super::super::examine;
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::providers::Providers;
    use crate::rule::{Names, RuleSet};

    const RULES: usize = PART * 3 + 7;

    /// Rules of which each is told something by itself, and every second something beside another.
    fn text(file: usize) -> String {
        let mut text = "rules:\n".to_owned();
        for rule in 0..RULES {
            let twin = rule / 2;
            writeln!(
                text,
                "  - {{name: r-{file}-{rule}, when: {{provider: github, event: push, conditions: \
                 [{{path: $.x{file}.y{twin}, equals: 1}}]}}, actions: [{{log: {{message: m}}}}]}}"
            )
            .unwrap();
        }
        text
    }

    #[test]
    fn the_number_of_threads_changes_nothing() {
        let files = (0..2).map(|file| SourceFile::new(format!("{file}.yaml"), text(file)));
        let providers = Providers::builtin();
        let names = Names {
            providers: providers.names().into_iter().map(str::to_owned).collect(),
            ..Names::default()
        };
        let set = RuleSet::load(files.collect(), &names, None).set;
        let only: BTreeSet<PathBuf> = set.files.keys().cloned().collect();
        let found = |threads| {
            let (threads, last) = (NonZero::new(threads).unwrap(), RefCell::new(None));
            let told = |step: Step| *last.borrow_mut() = Some(step);
            let found = examine(&set, &names, &providers, &only, threads, &told);
            (found, last.into_inner())
        };
        let (alone, last) = found(1);
        let all = Some((2 * RULES, Some(2 * RULES)));
        assert_eq!(last.map(|step| (step.done, step.all)), all);
        assert!(alone.iter().count() >= 2 * RULES, "each is told something");
        for threads in [2, 5, 64] {
            assert_eq!(found(threads).0, alone, "{threads} threads");
        }
    }
}
