//! What may read `item`, and what may not: it is there only where `for_each` is at a value.

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};

use super::{Read, Reads, Rule};

/// Notes the vars that are computed for each item, and reports what reads an item where there is none.
/// `meant` where there is a `for_each`, though perhaps one that cannot be read.
pub(super) fn check(rule: &mut Rule, meant: bool, problems: &mut Diagnostics) {
    mark(rule);
    // Another event has no item.
    for place in rule
        .flow
        .others()
        .filter_map(|other| other.key.reads.item.as_ref())
    {
        problems.push(no_item(place));
    }
    let Some(each) = &rule.for_each else {
        let places = everything(rule).filter_map(|reads| reads.item.as_ref());
        for place in places.filter(|_| !meant) {
            problems.push(no_item(place));
        }
        return;
    };
    let early = rule.flow.others().map(|other| &other.when.vars);
    let early = early.chain([&rule.when.vars]).flatten();
    let respond = rule.respond.iter().flat_map(|respond| &respond.reads.vars);
    for read in early.chain(respond).filter(|read| of_item(rule, read)) {
        let message = format!(
            "`vars.{}` reads `item`, and here there is none yet",
            read.name
        );
        let help = "the whole event is looked at here; ask in the `conditions` of an action";
        let problem = Diagnostic::error(code::UNKNOWN_VARIABLE, read.place.clone(), message);
        problems.push(problem.help(help));
    }
    if let Some(place) = rule.respond.iter().find_map(|r| r.reads.item.as_ref()) {
        let message = "there is no `item` here: one answer is given for all items";
        problems.push(Diagnostic::error(
            code::UNKNOWN_VARIABLE,
            place.clone(),
            message,
        ));
    }
    let tested = |action: &super::Action| {
        let mut subjects = action.conditions.subjects().into_iter();
        subjects.any(|subject| subject.starts_with("item "))
    };
    let used =
        everything(rule).any(|reads| reads.item.is_some()) || rule.actions.iter().any(tested);
    if !used && !rule.actions.is_empty() {
        let message = format!("nothing here uses `item`, a value of `{}`", each.text());
        let help = "write {{item.…}} in an action, or leave `for_each` out";
        let problem = Diagnostic::warning(code::UNUSED, each.place.clone(), message);
        problems.push(problem.help(help));
    }
}

/// What every var, key and action reads.
fn everything(rule: &Rule) -> impl Iterator<Item = &Reads> {
    let vars = rule.vars.iter().map(|var| &var.reads);
    let keys = rule.flow.keys().into_iter().map(|(_, key)| &key.reads);
    let actions = rule.actions.iter().map(|action| action.reads.as_ref());
    vars.chain(keys).chain(actions)
}

/// A var reads only those before it.
fn mark(rule: &mut Rule) {
    let mut known: Vec<String> = Vec::new();
    for var in &mut rule.vars {
        let reads = &var.reads;
        let through = reads.vars.iter().any(|read| known.contains(&read.name));
        var.per_item = reads.item.is_some() || through || (reads.all_vars && !known.is_empty());
        if var.per_item {
            known.push(var.name.clone());
        }
    }
}

fn of_item(rule: &Rule, read: &Read) -> bool {
    let mut vars = rule.vars.iter();
    vars.any(|var| var.per_item && var.name == read.name)
}

fn no_item(place: &Place) -> Diagnostic {
    let message = "there is no `item` here";
    let help = "add `for_each: $.items[*]` to the rule; in a list it is `this`: \
                {{#each payload.items}}{{this.name}}{{/each}}";
    Diagnostic::error(code::UNKNOWN_VARIABLE, place.clone(), message).help(help)
}
