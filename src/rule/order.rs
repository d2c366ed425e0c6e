//! The order in which a rule's actions can run.

use std::collections::{BTreeSet, HashMap};

use crate::diagnostic::{Diagnostic, Diagnostics, code};

use super::Rule;

/// Orders actions so that each comes after those it uses; otherwise as written.
pub(super) fn order(rule: &mut Rule, problems: &mut Diagnostics) {
    let at: HashMap<&str, usize> = rule
        .actions
        .iter()
        .enumerate()
        .map(|(at, action)| (action.name.as_str(), at))
        .collect();
    let mut missing = Vec::with_capacity(rule.actions.len());
    let mut users: Vec<Vec<usize>> = vec![Vec::new(); rule.actions.len()];
    for (user, action) in rule.actions.iter().enumerate() {
        let used = action
            .reads
            .actions
            .iter()
            .filter_map(|read| at.get(read.name.as_str()));
        let mut count = 0_usize;
        for used in used {
            count += 1;
            if let Some(users) = users.get_mut(*used) {
                users.push(user);
            }
        }
        missing.push(count);
    }
    let is_ready = |(at, count): (usize, &usize)| (*count == 0).then_some(at);
    let mut ready: BTreeSet<usize> = missing.iter().enumerate().filter_map(is_ready).collect();
    let mut rank = vec![usize::MAX; rule.actions.len()];
    let mut next = 0;
    while let Some(at) = ready.pop_first() {
        if let Some(rank) = rank.get_mut(at) {
            *rank = next;
        }
        next += 1;
        for user in users.get(at).into_iter().flatten() {
            if let Some(count) = missing.get_mut(*user) {
                *count -= 1;
                if *count == 0 {
                    ready.insert(*user);
                }
            }
        }
    }
    if next < rule.actions.len() {
        report_circle(rule, &rank, problems);
        return;
    }
    let mut ranked: Vec<_> = rank
        .into_iter()
        .zip(std::mem::take(&mut rule.actions))
        .collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    rule.actions = ranked.into_iter().map(|(_, action)| action).collect();
}

fn report_circle(rule: &Rule, rank: &[usize], problems: &mut Diagnostics) {
    let stuck = || {
        let pairs = rule.actions.iter().zip(rank);
        pairs
            .filter(|(_, rank)| **rank == usize::MAX)
            .map(|(action, _)| action)
    };
    let names: Vec<_> = stuck().map(|action| format!("`{}`", action.name)).collect();
    let place = stuck().find_map(|action| action.reads.actions.first());
    if let Some(read) = place {
        let message = format!("{} wait for each other's outputs", names.join(" and "));
        let problem = Diagnostic::error(code::UNKNOWN_VARIABLE, read.place.clone(), message);
        problems.push(
            problem.help("take one of them out: an action runs after those whose outputs it uses"),
        );
    }
}
