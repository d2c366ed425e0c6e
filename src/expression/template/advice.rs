//! What to write instead of a template that cannot be read or leads nowhere.

use handlebars::{TemplateError, TemplateErrorReason};

use crate::diagnostic::did_you_mean;

use super::super::ExpressionError;
use super::super::scope::ROOTS;
use super::tags::Tags;

/// Why a path from the root leads nowhere, and what to write.
pub(super) fn root_problem(raw: &str, names: &[String]) -> Option<(String, String)> {
    let Some((first, rest)) = names.split_first() else {
        let message = format!("`{raw}` means something only inside {{{{#each}}}} or {{{{#with}}}}");
        return Some((message, "name what you mean: `payload`".to_owned()));
    };
    let fields: &[&str] = match first.as_str() {
        "event" => &[
            "id",
            "name",
            "names",
            "provider",
            "received_at",
            "proof",
            "verified",
        ],
        "source" => &["name", "labels"],
        "rule" => &["name"],
        known if ROOTS.contains(&known) => return None,
        _ => return Some(unknown_root(raw, first, rest)),
    };
    let field = rest.first()?;
    if fields.contains(&field.as_str()) {
        return None;
    }
    let message = format!("`{first}` has no `{field}`");
    let help = match did_you_mean(field, fields.iter().copied()) {
        Some(meant) => format!("did you mean `{first}.{meant}`?"),
        None if first == "event" => {
            format!(
                "fields of the body stand in `payload`: write `payload.{}`",
                rest.join(".")
            )
        }
        None => format!("it has {}", fields.join(", ")),
    };
    Some((message, help))
}

fn unknown_root(raw: &str, first: &str, rest: &[String]) -> (String, String) {
    let message = format!("`{raw}` is not something a template can see");
    let rest = rest.join(".");
    let help = match first {
        "$" => format!("a template has no `$`: write `payload.{rest}`"),
        "github" => format!("write `payload.{}`", rest.trim_start_matches("event.")),
        "item" => {
            "there is no `item` here: {{#each payload.items}}{{this.name}}{{/each}}".to_owned()
        }
        "env" | "secrets" => {
            "rules cannot read the environment; credentials stand in hookrule.yaml".to_owned()
        }
        "body" | "data" | "trigger" | "json" | "$json" | "$body" | "$request" => {
            format!("write `payload.{rest}`")
        }
        _ => match did_you_mean(first, ROOTS) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("fields of the body stand in `payload`: write `payload.{raw}`"),
        },
    };
    (message, help)
}

pub(super) fn unreadable(error: &TemplateError, text: &str, tags: &Tags) -> ExpressionError {
    let offset = error.pos().map_or(0, |(line, column)| {
        let start: usize = text
            .split_inclusive('\n')
            .take(line.saturating_sub(1))
            .map(str::len)
            .sum();
        let line = text.get(start..).unwrap_or_default();
        let column = line.char_indices().nth(column.saturating_sub(1));
        column.map_or(text.len(), |(at, _)| start + at)
    });
    if let TemplateErrorReason::MismatchingClosedHelper(opened, closing) = error.reason() {
        let bare = |name: &str| name.trim_matches('"').to_owned();
        let (opened, closing) = (bare(opened), bare(closing));
        let message = format!("`#{opened}` was opened, but `/{closing}` closes it");
        let help = format!("write {{{{/{opened}}}}}");
        return ExpressionError::syntax(offset, message).help(help);
    }
    let tag = tags.at(offset).unwrap_or(offset..text.len());
    let written = text.get(tag.clone()).unwrap_or_default();
    let message = match written {
        "" => "the template cannot be read".to_owned(),
        tag => format!("`{}` cannot be read", shortened(tag)),
    };
    ExpressionError::syntax(tag.start, message)
        .len(written.len())
        .help(advice(written))
}

/// What to write for notations of other template languages.
fn advice(tag: &str) -> String {
    let has = |signs: &[&str]| signs.iter().any(|sign| tag.contains(sign));
    let indexed = tag.match_indices('[').any(|(at, _)| {
        tag.get(..at)
            .is_some_and(|before| before.ends_with(char::is_alphanumeric))
    });
    let inside = tag.trim_start_matches(['{', ' ']);
    if let Some(path) = inside
        .strip_prefix('.')
        .filter(|path| path.starts_with(char::is_alphabetic))
    {
        let end = path.find(|c: char| !c.is_alphanumeric() && !"._".contains(c));
        let path = path.get(..end.unwrap_or(path.len())).unwrap_or_default();
        return format!("a path begins with a name: write {{{{payload.{path}}}}}");
    }
    let advice = if has(&["==", "!=", "<=", ">=", " < ", " > "]) {
        "comparisons are helpers: {{#if (eq payload.action \"opened\")}}; also ne gt gte lt lte"
    } else if has(&["&&", "||", "??"]) {
        "these are helpers: {{#if (and payload.a payload.b)}}, {{default payload.a \"-\"}}"
    } else if has(&["|"]) && !has(&[" as |"]) {
        "a helper comes first: {{upper payload.name}}"
    } else if indexed {
        "an item of a list is written `payload.items.[0]` or `payload.items.0`"
    } else if has(&[" + ", " - ", " * ", " / "]) {
        "arithmetic is a helper: {{math payload.a \"/\" 100}}"
    } else if tag.starts_with("{{#") || tag.starts_with("{{/") {
        "a block is opened and closed: {{#if payload.x}}…{{else}}…{{/if}}"
    } else {
        "templates look like {{payload.user.name}} or {{upper payload.name}}"
    };
    advice.to_owned()
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
