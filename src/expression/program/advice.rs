//! What to write instead of a program that cannot be read, or that reaches for what rules have not.

use crate::diagnostic::did_you_mean;

use super::super::{ExpressionError, ExpressionErrorKind};
use super::control::CONTROLS;
use super::natives;

const NO_FILES: &str = "a program is one text; a longer one is cut into several vars";
const NO_INPUT: &str = "the input is the payload, and there is only one: write `.`";
const NO_ENVIRONMENT: &str =
    "rules cannot read the environment; credentials stand in hookrule.yaml";
const NO_CLOCK: &str =
    "a plan must come out the same whenever it is made: the event's time is `$event.received_at`";
const NO_STREAMS: &str = "a program gives one value; go through the payload with `..` or `paths`";
const NO_OUTPUT: &str =
    "nothing is shown while an event is planned; try the program in a test: `hookrule test`";
const NO_NUMBER: &str = "JSON has no such number";

/// Names of jq that reach outside the event, and why they cannot be used.
const REFUSED: &[(&str, &str)] = &[
    ("import", NO_FILES),
    ("include", NO_FILES),
    ("module", NO_FILES),
    ("modulemeta", NO_FILES),
    ("get_search_list", NO_FILES),
    ("input", NO_INPUT),
    ("inputs", NO_INPUT),
    ("input_filename", NO_INPUT),
    ("input_line_number", NO_INPUT),
    ("env", NO_ENVIRONMENT),
    ("$ENV", NO_ENVIRONMENT),
    ("now", NO_CLOCK),
    ("localtime", NO_CLOCK),
    ("strflocaltime", NO_CLOCK),
    ("debug", NO_OUTPUT),
    ("stderr", NO_OUTPUT),
    ("halt", "`error(\"…\")` ends a program"),
    ("halt_error", "`error(\"…\")` ends a program"),
    ("tostream", NO_STREAMS),
    ("fromstream", NO_STREAMS),
    ("truncate_stream", NO_STREAMS),
    ("nan", NO_NUMBER),
    ("infinite", NO_NUMBER),
    ("$__loc__", NO_FILES),
    ("$__prog_args", NO_INPUT),
    (
        "gmtime",
        "moments are seconds here: `fromdate` reads them, `todate` and `strftime` write them",
    ),
    (
        "mktime",
        "moments are seconds here: `fromdate` reads them, `todate` and `strftime` write them",
    ),
    (
        "strptime",
        "`fromdate` reads RFC 3339; the template helper `date` reads more",
    ),
];

/// Why a name cannot be used in a rule, if it cannot.
pub(super) fn refused(name: &str) -> Option<&'static str> {
    let known = REFUSED.iter().find(|(refused, _)| *refused == name);
    known.map(|(_, why)| *why)
}

/// A function that does not exist, or not with so many values. `defined` are those of the program and
/// the prelude.
pub(super) fn unknown_function(
    offset: usize,
    name: &str,
    given: usize,
    defined: &[(String, usize)],
) -> ExpressionError {
    let error = |message: String| {
        ExpressionError::new(ExpressionErrorKind::Helper, offset, message).len(name.len())
    };
    let others = (0..4).filter(|takes| {
        defined
            .iter()
            .any(|(known, has)| known == name && has == takes)
            || CONTROLS
                .iter()
                .any(|(known, has, _)| known == &name && has == takes)
            || natives::find(name, *takes).is_some()
    });
    let others: Vec<String> = others.map(|takes| takes.to_string()).collect();
    if !others.is_empty() {
        let message = format!("`{name}` cannot be called with {given} values");
        let help = format!(
            "it takes {}; values are parted by `;`: `{name}(a; b)`",
            others.join(" or ")
        );
        return error(message).help(help);
    }
    let known = defined.iter().map(|(name, _)| name.as_str());
    let known = known.chain(CONTROLS.iter().map(|(name, _, _): &(&str, _, _)| *name));
    let known = known.chain(natives::names().map(|name: &str| name));
    let known = known.filter(|name| !name.starts_with('_'));
    let help = match name {
        "payload" => "the payload is `.`: write `.data.object`".to_owned(),
        "event" | "headers" | "query" | "source" | "vars" | "item" => {
            format!("write `${name}`")
        }
        _ => match did_you_mean(name, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("a field of the payload is written `.{name}`"),
        },
    };
    error(format!("there is no function `{name}`")).help(help)
}

/// A variable that was never bound.
pub(super) fn unknown_variable(offset: usize, name: &str, known: &[&str]) -> ExpressionError {
    let message = format!("there is no `{name}`");
    let error =
        ExpressionError::new(ExpressionErrorKind::Variable, offset, message).len(name.len());
    match (name, did_you_mean(name, known.iter().copied())) {
        ("$payload" | "$body" | "$json", _) => error.help("the payload is `.`"),
        (_, Some(meant)) => error.help(format!("did you mean `{meant}`?")),
        (_, None) => error.help(format!("known here: {}", known.join(", "))),
    }
}

/// Adds what to write for notations of other languages.
pub(super) fn advise(error: ExpressionError, text: &str, rest: &str) -> ExpressionError {
    let starts = |signs: &[&str]| signs.iter().any(|sign| rest.starts_with(sign));
    if text.contains("{{") {
        return error
            .help("templates are not filled in here: the payload is `.`, vars are `$vars`");
    }
    if starts(&["$"]) || text.trim_start().starts_with("$.") {
        return error.help("the payload is `.`: write `.data.object`, not `$.data.object`");
    }
    if text.contains("\\ud") || text.contains("\\uD") {
        return error.help("a sign beyond U+FFFF is written as itself, not as two `\\u…`");
    }
    if starts(&["'"]) {
        return error.help("texts stand in double quotes: \"…\"");
    }
    if starts(&["&", "!", "||"]) {
        return error.help("write `and`, `or`, `… | not`, `!=`");
    }
    if starts(&[","]) || starts(&[":"]) || starts(&[")"]) {
        return error.help("values of a function are parted by `;`: `test(\"a\"; \"i\")`");
    }
    error.help("a program is one jq expression, such as `[.commits[].author.name] | unique`")
}

pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
