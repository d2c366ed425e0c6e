//! What rules mean, written a second time, straight from docs/rules.md: every rule is asked in turn,
//! and nothing is shared with the engine. Slow and plain on purpose.

use std::borrow::Cow;

use regex::RegexBuilder;
use serde_json::Value;

/// An event as the docs speak of it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub provider: String,
    pub source: String,
    pub names: Vec<String>,
    pub proof: String,
    pub headers: Vec<(String, String)>,
    pub query: Vec<(String, String)>,
    pub payload: Value,
}

/// The names of the rules that match, in order. Rules stand in files, as YAML read to JSON.
pub fn matched(files: &[Value], event: &Seen) -> Vec<String> {
    let mut found = Vec::new();
    for unmatched in [false, true] {
        if unmatched && !found.is_empty() {
            break;
        }
        for file in files {
            for rule in list(&file["rules"]) {
                let when = &rule["when"];
                let asked = rule["enabled"] != Value::Bool(false)
                    && (when["unmatched"] == Value::Bool(true)) == unmatched;
                if asked && is_about(when, event) && all(list(&when["conditions"]), event) {
                    found.push(rule["name"].as_str().unwrap_or_default().to_owned());
                    if rule["stop"] == Value::Bool(true) {
                        break;
                    }
                }
            }
        }
    }
    found
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// One text or a list of them.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        other => list(other).iter().filter_map(Value::as_str).collect(),
    }
}

fn is_about(when: &Value, event: &Seen) -> bool {
    let fits = |key: &str, fits: &dyn Fn(&str) -> bool| {
        let patterns = texts(&when[key]);
        patterns.is_empty() || patterns.into_iter().any(fits)
    };
    fits("provider", &|glob| stars(glob, &event.provider))
        && fits("source", &|glob| stars(glob, &event.source))
        && fits("event", &|pattern| {
            event.names.iter().any(|name| dotted(pattern, name))
        })
        && fits("proof", &|word| word == event.proof)
}

/// A glob over a plain name: `*` is any run of letters.
fn stars(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((before, after)) => {
            let Some(rest) = text.strip_prefix(before) else {
                return false;
            };
            let mut tails = (0..=rest.len()).filter_map(|at| rest.get(at..));
            tails.any(|tail| stars(after, tail))
        }
    }
}

/// A pattern over a dotted name: `*` is one part, a final `.*` one or more, `**` any number.
fn dotted(pattern: &str, name: &str) -> bool {
    let patterns: Vec<&str> = pattern.split('.').collect();
    let name: Vec<&str> = name.split('.').collect();
    if let [before @ .., "*"] = patterns.as_slice()
        && !before.is_empty()
    {
        return (0..name.len()).any(|end| parts(before, &name[..end]));
    }
    parts(&patterns, &name)
}

fn parts(patterns: &[&str], name: &[&str]) -> bool {
    match patterns {
        [] => name.is_empty(),
        ["**", rest @ ..] => (0..=name.len()).any(|skipped| parts(rest, &name[skipped..])),
        [first, rest @ ..] => !name.is_empty() && stars(first, name[0]) && parts(rest, &name[1..]),
    }
}

fn all(conditions: &[Value], event: &Seen) -> bool {
    conditions.iter().all(|condition| holds(condition, event))
}

fn holds(condition: &Value, event: &Seen) -> bool {
    let inner = |key: &str| condition.get(key).map(list);
    if let Some(inner) = inner("all") {
        all(inner, event)
    } else if let Some(inner) = inner("any") {
        inner.iter().any(|condition| holds(condition, event))
    } else if let Some(inner) = inner("none") {
        !inner.iter().any(|condition| holds(condition, event))
    } else if let Some(inner) = condition.get("not") {
        !holds(inner, event)
    } else {
        test(condition, event)
    }
}

/// One condition: the values of its subject, and its operators.
fn test(condition: &Value, event: &Seen) -> bool {
    let values = values(condition, event);
    let negative = |key: &str, operand: &Value| {
        key == "not_equals"
            || key == "not_in"
            || (key == "exists" && *operand == Value::Bool(false))
    };
    let operators: Vec<(&String, &Value)> = condition
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, _)| !OTHERS.contains(&key.as_str()))
        .collect();
    let ignore_case = condition["ignore_case"] == Value::Bool(true);
    let (negative, positive): (Vec<_>, Vec<_>) = operators
        .into_iter()
        .partition(|(key, operand)| negative(key, operand));
    for (key, operand) in negative {
        let barred = |value: &Cow<'_, Value>| match key.as_str() {
            "not_equals" => same(value, operand, ignore_case),
            "not_in" => list(operand)
                .iter()
                .any(|one| same(value, one, ignore_case)),
            _ => true,
        };
        if values.iter().any(barred) {
            return false;
        }
    }
    let fits = |value: &Cow<'_, Value>| {
        let passes = |(key, operand): &(&String, &Value)| passes(key, value, operand, ignore_case);
        positive.iter().all(passes)
    };
    if positive.is_empty() {
        true
    } else if condition["quantifier"] == "all" {
        !values.is_empty() && values.iter().all(fits)
    } else {
        values.iter().any(fits)
    }
}

/// The keys of a condition that are no operators.
const OTHERS: [&str; 5] = ["path", "header", "query", "quantifier", "ignore_case"];

fn values<'v>(condition: &Value, event: &'v Seen) -> Vec<Cow<'v, Value>> {
    let of = |pairs: &[(String, String)], name: &str| {
        let same = pairs.iter().filter(|(given, _)| given == name);
        same.map(|(_, value)| Cow::Owned(Value::from(value.as_str())))
            .collect()
    };
    if let Some(path) = condition["path"].as_str() {
        let selected = select(path, &event.payload).into_iter();
        selected.map(Cow::Borrowed).collect()
    } else if let Some(name) = condition["header"].as_str() {
        of(&event.headers, &name.to_lowercase())
    } else {
        let name = condition["query"].as_str();
        of(&event.query, name.unwrap_or_default())
    }
}

/// `$`, then `['name']`, `[1]`, `[-1]` and `[*]`: the only forms that are drawn.
fn select<'v>(path: &str, payload: &'v Value) -> Vec<&'v Value> {
    let steps = path.trim_start_matches("$[").trim_end_matches(']');
    let mut selected = vec![payload];
    for step in steps.split("][").filter(|step| *step != "$") {
        selected = selected
            .into_iter()
            .flat_map(|value| below(value, step))
            .collect();
    }
    selected
}

fn below<'v>(value: &'v Value, step: &str) -> Vec<&'v Value> {
    if step == "*" {
        return match value {
            Value::Array(items) => items.iter().collect(),
            Value::Object(members) => members.values().collect(),
            _ => Vec::new(),
        };
    }
    let found = if let Ok(at) = step.parse::<i64>() {
        let items = list(value);
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = usize::try_from(if at < 0 { len + at } else { at });
        at.ok().and_then(|at| items.get(at))
    } else {
        let name = step.trim_matches('\'');
        value.as_object().and_then(|members| members.get(name))
    };
    found.into_iter().collect()
}

/// Numbers are drawn small enough to be exact.
fn same(left: &Value, right: &Value, ignore_case: bool) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64() == right.as_f64(),
        (Value::String(left), Value::String(right)) if ignore_case => {
            left.to_lowercase() == right.to_lowercase()
        }
        (Value::Array(left), Value::Array(right)) => {
            let pairs = || left.iter().zip(right);
            left.len() == right.len() && pairs().all(|(left, right)| same(left, right, false))
        }
        (Value::Object(left), Value::Object(right)) => {
            let found = |(name, value): (&String, &Value)| {
                right
                    .get(name)
                    .is_some_and(|other| same(value, other, false))
            };
            left.len() == right.len() && left.iter().all(found)
        }
        _ => left == right,
    }
}

fn passes(operator: &str, value: &Value, operand: &Value, ignore_case: bool) -> bool {
    let fold = |text: &str| {
        if ignore_case {
            text.to_lowercase()
        } else {
            text.to_owned()
        }
    };
    let both = || Some((fold(value.as_str()?), fold(operand.as_str()?)));
    let numbers = || Some((value.as_f64()?, operand.as_f64()?));
    match operator {
        "exists" => true,
        "equals" => same(value, operand, ignore_case),
        "in" => list(operand)
            .iter()
            .any(|one| same(value, one, ignore_case)),
        "contains" => match value {
            Value::Array(items) => items.iter().any(|item| same(item, operand, ignore_case)),
            _ => both().is_some_and(|(text, part)| text.contains(&part)),
        },
        "starts_with" => both().is_some_and(|(text, part)| text.starts_with(&part)),
        "ends_with" => both().is_some_and(|(text, part)| text.ends_with(&part)),
        "glob" => both().is_some_and(|(text, glob)| path_glob(&glob, &text)),
        "matches" => value.as_str().is_some_and(|text| {
            let pattern = operand.as_str().unwrap_or_default();
            let regex = RegexBuilder::new(pattern)
                .case_insensitive(ignore_case)
                .build();
            regex.is_ok_and(|regex| regex.is_match(text))
        }),
        "gt" => numbers().is_some_and(|(value, bound)| value > bound),
        "gte" => numbers().is_some_and(|(value, bound)| value >= bound),
        "lt" => numbers().is_some_and(|(value, bound)| value < bound),
        "lte" => numbers().is_some_and(|(value, bound)| value <= bound),
        "type" => texts(operand)
            .into_iter()
            .any(|name| is_of_type(value, name)),
        other => panic!("the plain evaluator does not know `{other}`"),
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "string" => value.is_string(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

/// A glob over texts with slashes: `*` stops at one, `**` does not, `?` is one letter but a slash.
fn path_glob(glob: &str, text: &str) -> bool {
    let tails = |may_pass: bool| {
        let stop = if may_pass { None } else { text.find('/') };
        let ends = 0..=stop.unwrap_or(text.len());
        ends.filter_map(|at| text.get(at..)).collect::<Vec<_>>()
    };
    if let Some(rest) = glob.strip_prefix("**") {
        tails(true).into_iter().any(|tail| path_glob(rest, tail))
    } else if let Some(rest) = glob.strip_prefix('*') {
        tails(false).into_iter().any(|tail| path_glob(rest, tail))
    } else {
        let mut letters = glob.chars();
        let mut given = text.chars();
        match (letters.next(), given.next()) {
            (None, None) => true,
            (Some('?'), Some(c)) if c != '/' => path_glob(letters.as_str(), given.as_str()),
            (Some(wanted), Some(c)) if wanted == c => path_glob(letters.as_str(), given.as_str()),
            _ => false,
        }
    }
}
