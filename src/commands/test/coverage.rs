//! How what tests saw of their rules is shown.

use serde_json::{Value, json};

use crate::trial::{FileCoverage, RuleCoverage, Share};

/// How much was seen in all.
pub(super) fn all(covered: &[FileCoverage]) -> Share {
    covered.iter().map(FileCoverage::share).sum()
}

/// For programs.
pub(super) fn json(covered: &[FileCoverage]) -> Value {
    let files = covered.iter().map(|file| {
        let rules = file.rules.iter().map(|rule| {
            let conditions = rule.conditions.iter().map(|condition| {
                json!({
                    "action": condition.action,
                    "condition": condition.written,
                    "held": condition.sides.held,
                    "failed": condition.sides.failed,
                })
            });
            json!({
                "rule": rule.rule,
                "line": rule.line,
                "percent": rule.share().percent(),
                "matched": rule.matched,
                "conditions": conditions.collect::<Vec<_>>(),
            })
        });
        json!({
            "file": file.file.display().to_string(),
            "percent": file.share().percent(),
            "rules": rules.collect::<Vec<_>>(),
        })
    });
    json!({"percent": all(covered).percent(), "files": files.collect::<Vec<_>>()})
}

/// For people: a number for each file, and what no test saw.
pub(super) fn lines(covered: &[FileCoverage]) -> Vec<String> {
    let mut lines = vec!["coverage".to_owned()];
    for file in covered {
        let path = file.file.display();
        lines.push(format!("  {path}: {} %", file.share().percent()));
        for rule in &file.rules {
            lines.extend(unseen(rule).into_iter().map(|line| format!("    {line}")));
        }
    }
    lines.push(format!("  all: {} %", all(covered).percent()));
    lines
}

fn unseen(rule: &RuleCoverage) -> Vec<String> {
    let name = &rule.rule;
    let mut lines = Vec::new();
    if !rule.matched {
        lines.push(format!("{name} never matched"));
    }
    for condition in &rule.conditions {
        let of = match &condition.action {
            Some(action) => format!("{name}, action {action}"),
            None => name.clone(),
        };
        let written = &condition.written;
        match (condition.sides.held, condition.sides.failed) {
            (true, true) => {}
            (true, false) => lines.push(format!("{of}: never false: {written}")),
            (false, true) => lines.push(format!("{of}: never true: {written}")),
            (false, false) => lines.push(format!("{of}: never looked at: {written}")),
        }
    }
    lines
}
