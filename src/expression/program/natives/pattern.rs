//! Regular expressions. They run in linear time; groups that look around are not theirs.

use std::cell::RefCell;
use std::rc::Rc;

use regex::{Captures, Regex, RegexBuilder};
use serde_json::{Map, Value, json};

use super::super::super::ExpressionError;
use super::super::super::pattern as written;
use super::super::budget::Stop;
use super::super::evaluate::Run;
use super::{Native, argument, native, text};

/// The most memory that a pattern may take, in bytes.
const PATTERN_BYTES_MAX: usize = 128 * 1024;
/// How many patterns one run keeps.
const KEPT_MAX: usize = 8;
/// What reading a pattern costs, in steps.
const PATTERN_STEPS: usize = 2_000;

pub(super) const LIST: &[Native] = &[
    native("test", 2, |run, input, arguments| {
        let pattern = pattern(run, arguments)?;
        search(run, 2 * input.as_str().map_or(0, str::len))?;
        Ok(Value::Bool(pattern.regex.is_match(text(input)?)))
    }),
    native("_match", 2, |run, input, arguments| {
        let pattern = pattern(run, arguments)?;
        let text = text(input)?;
        let mut found = Vec::new();
        // Each place is counted from the start of the text, those of the groups too.
        let places = text.len() * pattern.regex.captures_len() / 512;
        each(run, &pattern, text, &mut |captures| {
            run.budget.spend(places)?;
            found.push(pattern.described(text, captures));
            Ok(())
        })?;
        Ok(Value::Array(found))
    }),
    native("split", 2, |run, input, arguments| {
        let mut pattern = pattern(run, arguments)?;
        pattern.all = true;
        let text = text(input)?;
        let (mut parts, mut from) = (Vec::new(), 0);
        each(run, &pattern, text, &mut |captures| {
            if let Some(whole) = captures.get(0) {
                parts.push(text.get(from..whole.start()).unwrap_or_default().into());
                from = whole.end();
            }
            Ok(())
        })?;
        parts.push(text.get(from..).unwrap_or_default().into());
        Ok(Value::Array(parts))
    }),
    native("_pieces", 2, |run, input, arguments| {
        let pattern = pattern(run, arguments)?;
        let text = text(input)?;
        let (mut pieces, mut from) = (Vec::new(), 0);
        each(run, &pattern, text, &mut |captures| {
            if let Some(whole) = captures.get(0) {
                pieces.push(text.get(from..whole.start()).unwrap_or_default().into());
                pieces.push(pattern.named(captures));
                from = whole.end();
            }
            Ok(())
        })?;
        pieces.push(text.get(from..).unwrap_or_default().into());
        Ok(Value::Array(pieces))
    }),
];

/// The patterns that a run has read.
#[derive(Debug, Default)]
pub(in super::super) struct Patterns(RefCell<Vec<(String, Pattern)>>);

#[derive(Debug, Clone)]
struct Pattern {
    regex: Rc<Regex>,
    /// `g`
    all: bool,
    /// `n`
    skips_empty: bool,
}

/// Whether a pattern can be read, for `check`; if not, why, with the place in it.
pub(in super::super) fn readable(text: &str) -> Result<(), ExpressionError> {
    let regex = builder(text).build();
    regex.map(|_| ()).map_err(|error| fault(text, &error))
}

fn builder(text: &str) -> RegexBuilder {
    let mut builder = RegexBuilder::new(text);
    builder.size_limit(PATTERN_BYTES_MAX);
    builder.dfa_size_limit(4 * PATTERN_BYTES_MAX);
    builder
}

fn fault(text: &str, error: &regex::Error) -> ExpressionError {
    let fault = written::fault(text, error);
    let message = format!("cannot read the pattern `{text}`: {}", fault.message);
    ExpressionError { message, ..fault }
}

fn build(text: &str, flags: &str) -> Result<Pattern, String> {
    let mut builder = builder(text);
    let (mut all, mut skips_empty) = (false, false);
    for flag in flags.chars() {
        match flag {
            'g' => all = true,
            'n' => skips_empty = true,
            'i' => drop(builder.case_insensitive(true)),
            'x' => drop(builder.ignore_whitespace(true)),
            's' | 'p' => drop(builder.dot_matches_new_line(true)),
            other => return Err(format!("knows no flag `{other}`")),
        }
    }
    let regex = builder
        .build()
        .map_err(|error| fault(text, &error).message)?;
    let regex = Rc::new(regex);
    Ok(Pattern {
        regex,
        all,
        skips_empty,
    })
}

fn pattern(run: &Run<'_>, arguments: &[&Value]) -> Result<Pattern, Stop> {
    let wanted = text(argument(arguments, 0))?;
    let flags = match argument(arguments, 1) {
        Value::Null => "",
        flags => text(flags)?,
    };
    let name = format!("{flags}/{wanted}");
    let mut kept = run.patterns.0.borrow_mut();
    if let Some((_, pattern)) = kept.iter().find(|(held, _)| *held == name) {
        return Ok(pattern.clone());
    }
    run.budget.spend(PATTERN_STEPS + wanted.len())?;
    let pattern = build(wanted, flags).map_err(Stop::error)?;
    if kept.len() >= KEPT_MAX {
        kept.remove(0);
    }
    kept.push((name, pattern.clone()));
    Ok(pattern)
}

/// Pays for one search: it may go to the end of the text.
fn search(run: &Run<'_>, len: usize) -> Result<(), Stop> {
    run.budget.spend(1 + len / 128)
}

fn each(
    run: &Run<'_>,
    pattern: &Pattern,
    text: &str,
    found: &mut dyn FnMut(&Captures<'_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let mut from = 0;
    while from <= text.len() {
        search(run, text.len() - from)?;
        run.budget.make(256)?;
        let Some(captures) = pattern.regex.captures_at(text, from) else {
            break;
        };
        let Some(whole) = captures.get(0) else { break };
        let empty = whole.is_empty();
        if !(empty && pattern.skips_empty) {
            found(&captures)?;
            if !pattern.all {
                break;
            }
        }
        from = whole.end();
        if empty {
            let next = text.get(from..).and_then(|rest| rest.chars().next());
            from += next.map_or(1, char::len_utf8);
        }
    }
    Ok(())
}

impl Pattern {
    /// A match as `match` gives it; offsets and lengths count characters.
    fn described(&self, text: &str, captures: &Captures<'_>) -> Value {
        let count = |text: Option<&str>| text.map_or(0, |text| text.chars().count());
        let part = |found: Option<regex::Match<'_>>| match found {
            None => json!({"offset": -1, "length": 0, "string": null}),
            Some(part) => json!({
                "offset": count(text.get(..part.start())),
                "length": count(Some(part.as_str())),
                "string": part.as_str(),
            }),
        };
        let groups = captures.iter().zip(self.regex.capture_names()).skip(1);
        let groups = groups.map(|(found, name)| {
            let mut group = part(found);
            if let Value::Object(members) = &mut group {
                members.insert("name".to_owned(), name.map_or(Value::Null, Value::from));
            }
            group
        });
        let groups: Vec<Value> = groups.collect();
        let mut whole = part(captures.get(0));
        if let Value::Object(members) = &mut whole {
            members.insert("captures".to_owned(), Value::Array(groups));
        }
        whole
    }

    /// What the named groups found.
    fn named(&self, captures: &Captures<'_>) -> Value {
        let names = self.regex.capture_names().flatten();
        let found = names.map(|name| {
            let found = captures.name(name).map(|part| part.as_str().into());
            (name.to_owned(), found.unwrap_or(Value::Null))
        });
        Value::Object(found.collect::<Map<_, _>>())
    }
}
