//! Lists and objects.

use jaq_core::ops::Math;
use serde_json::{Map, Value, json};

use super::super::super::decimal::equal;
use super::super::budget::Stop;
use super::super::evaluate::Run;
use super::super::operate::{count, math, whole};
use super::super::value::Val;
use super::{Native, argument, list, native, shallow, shown, wants};

pub(super) const LIST: &[Native] = &[
    shallow("not", 0, |_, input, _| {
        Ok(Value::Bool(matches!(
            input,
            Value::Null | Value::Bool(false)
        )))
    }),
    shallow("type", 0, |_, input, _| Ok(type_of(input).into())),
    native("keys", 0, |_, input, _| {
        let mut keys = keys(input)?;
        keys.sort_by(super::super::operate::order);
        Ok(Value::Array(keys))
    }),
    native("keys_unsorted", 0, |_, input, _| {
        keys(input).map(Value::Array)
    }),
    shallow("has", 1, |_, input, arguments| {
        match (input, argument(arguments, 0)) {
            (Value::Object(members), Value::String(name)) => {
                Ok(Value::Bool(members.contains_key(name)))
            }
            (Value::Null, Value::String(_) | Value::Number(_)) => Ok(Value::Bool(false)),
            (Value::Array(items), Value::Number(number)) => {
                let at = whole(number).and_then(|at| usize::try_from(at).ok());
                Ok(Value::Bool(at.is_some_and(|at| at < items.len())))
            }
            (other, key) => Err(Stop::error(format!(
                "cannot look up {} in {}",
                shown(key),
                shown(other)
            ))),
        }
    }),
    native("contains", 1, |run, input, arguments| {
        let other = argument(arguments, 0);
        let (left, right) = (run.budget.read(input)?, run.budget.read(other)?);
        run.budget.spend(left.saturating_mul(right) / (64 * 1024))?;
        contains(input, other).map(Value::Bool)
    }),
    native("indices", 1, |run, input, arguments| {
        match (input, argument(arguments, 0)) {
            (Value::Null, _) => Ok(Value::Null),
            (Value::String(text), Value::String(part)) => places(run, text, part).map(Value::Array),
            (Value::Array(items), Value::Array(wanted)) => {
                indices(run, items, wanted).map(Value::Array)
            }
            (Value::Array(items), one) => {
                let one = std::slice::from_ref(one);
                indices(run, items, one).map(Value::Array)
            }
            (other, _) => wants("a text or a list", other),
        }
    }),
    native("reverse", 0, |_, input, _| match input {
        Value::Null => Ok(Value::Array(Vec::new())),
        Value::String(text) => Ok(text.chars().rev().collect::<String>().into()),
        other => Ok(list(other)?.iter().rev().cloned().collect()),
    }),
    native("add", 0, |run, input, _| {
        let items: Vec<&Value> = match input {
            Value::Null => Vec::new(),
            Value::Array(items) => items.iter().collect(),
            Value::Object(members) => members.values().collect(),
            other => return wants("a list or an object", other),
        };
        let mut sum = Val::plain(Value::Null);
        for item in items {
            sum = math(&run.budget, Math::Add, sum, Val::Lent(item))?;
        }
        sum.take(&run.budget)
    }),
    native("flatten", 0, |_, input, _| flattened(input, usize::MAX)),
    native("flatten", 1, |_, input, arguments| {
        let depth = argument(arguments, 0);
        let levels = match depth.as_f64() {
            Some(levels) if levels >= 0.0 => count(levels),
            _ => return wants("a number of levels from zero up", depth),
        };
        flattened(input, levels)
    }),
    native("to_entries", 0, |_, input, _| {
        let entry = |key: Value, value: &Value| json!({"key": key, "value": value});
        match input {
            Value::Object(members) => {
                let members = members.iter();
                Ok(members
                    .map(|(name, value)| entry(name.as_str().into(), value))
                    .collect())
            }
            Value::Array(items) => {
                let items = items.iter().enumerate();
                Ok(items
                    .map(|(number, value)| entry(number.into(), value))
                    .collect())
            }
            other => wants("an object or a list", other),
        }
    }),
    native("from_entries", 0, |_, input, _| {
        let mut members = Map::new();
        for entry in list(input)? {
            let there = |names: &[&str]| {
                let found = names.iter().filter_map(|name| entry.get(name));
                found
                    .filter(|value| !value.is_null())
                    .find(|value| **value != Value::Bool(false))
                    .or_else(|| names.iter().find_map(|name| entry.get(name)))
            };
            let name = match there(&["key", "k", "name", "Name", "Key", "K"]) {
                Some(Value::String(name)) => name.clone(),
                Some(plain @ (Value::Number(_) | Value::Bool(_) | Value::Null)) => {
                    plain.to_string()
                }
                _ => return wants("entries with a `key` and a `value`", entry),
            };
            let value = there(&["value", "v", "Value", "V"]).cloned();
            members.insert(name, value.unwrap_or_default());
        }
        Ok(Value::Object(members))
    }),
    native("setpath", 2, |run, input, arguments| {
        let mut root = run.budget.copy(input)?;
        let path = list(argument(arguments, 0))?;
        let value = run.budget.copy(argument(arguments, 1))?;
        run.put(&mut root, path, value)?;
        Ok(root)
    }),
    native("delpaths", 1, |run, input, arguments| {
        let mut root = run.budget.copy(input)?;
        let paths = list(argument(arguments, 0))?.iter();
        let paths = paths.map(|path| list(path).map(<[Value]>::to_vec));
        run.delete(&mut root, paths.collect::<Result<_, _>>()?)?;
        Ok(root)
    }),
];

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn keys(value: &Value) -> Result<Vec<Value>, Stop> {
    match value {
        Value::Object(members) => Ok(members.keys().map(|name| name.as_str().into()).collect()),
        Value::Array(items) => Ok((0..items.len()).map(Value::from).collect()),
        other => wants("an object or a list", other),
    }
}

fn contains(left: &Value, right: &Value) -> Result<bool, Stop> {
    Ok(match (left, right) {
        (Value::String(left), Value::String(right)) => left.contains(right.as_str()),
        (Value::Array(left), Value::Array(right)) => {
            right.iter().all(|r| left.iter().any(|l| contained(l, r)))
        }
        (Value::Object(left), Value::Object(right)) => right
            .iter()
            .all(|(name, r)| left.get(name).is_some_and(|l| contained(l, r))),
        _ if type_of(left) == type_of(right) => equal(left, right),
        _ => {
            let (left, right) = (shown(left), shown(right));
            return Err(Stop::error(format!("cannot look for {right} in {left}")));
        }
    })
}

fn contained(left: &Value, right: &Value) -> bool {
    contains(left, right).unwrap_or(false)
}

/// Where in a text another stands, counted in characters; places may overlap.
fn places(run: &Run<'_>, text: &str, part: &str) -> Result<Vec<Value>, Stop> {
    let (mut found, mut from, mut passed) = (Vec::new(), 0, 0_usize);
    if part.is_empty() {
        return Ok(found);
    }
    run.budget.spend(text.len() / 128)?;
    while let Some(rest) = text.get(from..) {
        run.budget.spend(1 + part.len() / 256)?;
        let Some(at) = rest.find(part) else { break };
        passed += rest.get(..at).map_or(0, |before| before.chars().count());
        found.push(passed.into());
        passed += 1;
        from += at + part.chars().next().map_or(1, char::len_utf8);
    }
    Ok(found)
}

/// Where in a list some items stand one after the other.
pub(in super::super) fn indices(
    run: &Run<'_>,
    items: &[Value],
    wanted: &[Value],
) -> Result<Vec<Value>, Stop> {
    if wanted.is_empty() {
        return Ok(Vec::new());
    }
    run.budget
        .spend(items.len().saturating_mul(wanted.len()) / 16)?;
    let windows = items.windows(wanted.len()).enumerate();
    let same = |window: &[Value]| window.iter().zip(wanted).all(|(l, r)| equal(l, r));
    let found = windows.filter(|(_, window)| same(window));
    Ok(found.map(|(at, _)| at.into()).collect())
}

fn flattened(input: &Value, levels: usize) -> Result<Value, Stop> {
    let items = match input {
        Value::Object(members) => &members.values().cloned().collect::<Vec<_>>(),
        other => list(other)?,
    };
    let mut flat = Vec::new();
    flatten(items, levels, &mut flat);
    Ok(Value::Array(flat))
}

fn flatten(items: &[Value], levels: usize, flat: &mut Vec<Value>) {
    for item in items {
        match item {
            Value::Array(inner) if levels > 0 => flatten(inner, levels - 1, flat),
            other => flat.push(other.clone()),
        }
    }
}
