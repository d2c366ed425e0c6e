//! FAMILY: functions that make one value of their input and the values of their arguments.

mod format;
mod list;
mod number;
mod pattern;
mod text;
mod time;

use serde_json::Value;

use super::budget::Stop;
use super::evaluate::Run;

pub(super) use list::indices;
pub(super) use pattern::{Patterns, readable};
pub(super) use text::TOSTRING;

/// Every group of functions.
const LIST: &[&[Native]] = &[
    format::LIST,
    list::LIST,
    number::LIST,
    pattern::LIST,
    text::LIST,
    time::LIST,
];

/// One function.
#[derive(Debug)]
pub(super) struct Native {
    pub(super) name: &'static str,
    /// How many arguments it takes.
    pub(super) takes: usize,
    /// Whether it only looks at the outside of its input, however large that is.
    pub(super) shallow: bool,
    pub(super) call: Call,
}

/// Input and arguments to a value.
type Call = fn(&Run<'_>, &Value, &[&Value]) -> Result<Value, Stop>;

const fn native(name: &'static str, takes: usize, call: Call) -> Native {
    Native {
        name,
        takes,
        shallow: false,
        call,
    }
}

const fn shallow(name: &'static str, takes: usize, call: Call) -> Native {
    Native {
        name,
        takes,
        shallow: true,
        call,
    }
}

/// The function of a name that takes so many arguments.
pub(super) fn find(name: &str, takes: usize) -> Option<&'static Native> {
    let mut all = LIST.iter().copied().flatten();
    all.find(|native| native.name == name && native.takes == takes)
}

/// The names of all.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    LIST.iter().copied().flatten().map(|native| native.name)
}

/// Calls a function; what it reads and makes is paid for.
pub(super) fn call(
    run: &Run<'_>,
    native: &Native,
    input: &Value,
    arguments: &[&Value],
) -> Result<Value, Stop> {
    if !native.shallow {
        run.budget.read(input)?;
        for argument in arguments {
            run.budget.read(argument)?;
        }
    }
    let value = (native.call)(run, input, arguments).map_err(|stop| match stop {
        Stop::Error(Value::String(message)) => {
            let name = native.name.trim_start_matches('_');
            Stop::error(format!("`{name}` {message}"))
        }
        other => other,
    })?;
    run.budget.made(&value)?;
    Ok(value)
}

/// A value as an error shows it.
pub(super) fn shown(value: &Value) -> String {
    super::super::helpers::shown(value)
}

fn wants<T>(what: &str, found: &Value) -> Result<T, Stop> {
    Err(Stop::error(format!("wants {what}, not {}", shown(found))))
}

fn text(value: &Value) -> Result<&str, Stop> {
    value.as_str().map_or_else(|| wants("text", value), Ok)
}

fn list(value: &Value) -> Result<&[Value], Stop> {
    match value {
        Value::Array(items) => Ok(items),
        other => wants("a list", other),
    }
}

fn argument<'v>(arguments: &[&'v Value], position: usize) -> &'v Value {
    arguments.get(position).copied().unwrap_or(&Value::Null)
}
