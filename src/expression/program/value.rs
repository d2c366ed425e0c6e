//! Values on their way through a program, and where in its input they stand.

use std::rc::Rc;

use serde_json::Value;

use super::budget::{Budget, Stop};

/// The deepest nesting of a value that a program makes.
pub(super) const VALUE_DEPTH_MAX: usize = 200;
/// The deepest nesting that a value from outside has.
const GIVEN_DEPTH_MAX: usize = 128;

/// A value: lent by the event or the program, or made on the way. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Val<'p> {
    Lent(&'p Value),
    /// With an upper bound of its nesting.
    Own(Rc<Value>, usize),
}

impl Val<'_> {
    /// A value without others in it.
    pub(super) fn plain(value: Value) -> Self {
        Self::Own(Rc::new(value), 0)
    }

    /// A value with others in it, nested at most so deep.
    pub(super) fn nested(value: Value, depth: usize) -> Result<Self, Stop> {
        if depth > VALUE_DEPTH_MAX {
            let message = format!("it makes a value nested more than {VALUE_DEPTH_MAX} deep");
            return Err(Stop::Spent(message));
        }
        Ok(Self::Own(Rc::new(value), depth))
    }

    /// A part of something nested so deep.
    pub(super) fn within(value: Value, depth: usize) -> Self {
        match value {
            Value::Array(_) | Value::Object(_) => Self::Own(Rc::new(value), depth),
            plain => Self::plain(plain),
        }
    }

    /// A value of any shape.
    pub(super) fn measured(value: Value) -> Result<Self, Stop> {
        let depth = depth_of(&value);
        Self::nested(value, depth)
    }

    pub(super) fn get(&self) -> &Value {
        match self {
            Self::Lent(value) => value,
            Self::Own(value, _) => value,
        }
    }

    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Lent(Value::Array(_) | Value::Object(_)) => GIVEN_DEPTH_MAX,
            Self::Lent(_) => 0,
            Self::Own(_, depth) => *depth,
        }
    }

    /// A part of the value, lent where the value is.
    pub(super) fn part(
        &self,
        budget: &Budget,
        find: impl for<'v> FnOnce(&'v Value) -> Option<&'v Value>,
    ) -> Result<Self, Stop> {
        match self {
            Self::Lent(value) => Ok(find(value).map_or(Self::plain(Value::Null), Self::Lent)),
            Self::Own(value, depth) => match find(value) {
                None => Ok(Self::plain(Value::Null)),
                Some(part) => {
                    let part = budget.copy(part)?;
                    Ok(Self::within(part, depth.saturating_sub(1)))
                }
            },
        }
    }

    /// The value itself, copied only where others hold it too.
    pub(super) fn take(self, budget: &Budget) -> Result<Value, Stop> {
        match self {
            Self::Lent(value) => budget.copy(value),
            Self::Own(value, _) => {
                Rc::try_unwrap(value).or_else(|shared| budget.copy(shared.as_ref()))
            }
        }
    }

    /// Null and false do not hold; all else does.
    pub(super) fn holds(&self) -> bool {
        !matches!(self.get(), Value::Null | Value::Bool(false))
    }
}

fn depth_of(value: &Value) -> usize {
    let deepest = match value {
        Value::Array(items) => items.iter().map(depth_of).max(),
        Value::Object(members) => members.values().map(depth_of).max(),
        _ => return 0,
    };
    1 + deepest.unwrap_or(0)
}

/// A value, and the way to it where that is wanted.
#[derive(Debug, Clone)]
pub(super) struct Place<'p> {
    pub(super) val: Val<'p>,
    pub(super) trail: Trail,
}

/// The way from the input of `path(…)` or an assignment to a value.
#[derive(Debug, Clone)]
pub(super) enum Trail {
    /// Nobody asks.
    Off,
    /// These steps, the last first.
    At(Option<Rc<Step>>),
    /// The value was made on the way: it has no place in the input.
    Lost,
}

/// A step of a trail.
#[derive(Debug)]
pub(super) struct Step {
    key: Value,
    up: Option<Rc<Step>>,
}

impl<'p> Place<'p> {
    pub(super) fn off(val: Val<'p>) -> Self {
        let trail = Trail::Off;
        Self { val, trail }
    }

    pub(super) fn root(val: Val<'p>) -> Self {
        let trail = Trail::At(None);
        Self { val, trail }
    }

    /// A new value made from this one.
    pub(super) fn gives(&self, val: Val<'p>) -> Self {
        let trail = match self.trail {
            Trail::Off => Trail::Off,
            Trail::At(_) | Trail::Lost => Trail::Lost,
        };
        Self { val, trail }
    }

    /// A part of this value.
    pub(super) fn enter(&self, key: impl FnOnce() -> Value, val: Val<'p>) -> Result<Self, Stop> {
        let trail = match &self.trail {
            Trail::Off => Trail::Off,
            Trail::At(up) => {
                let (key, up) = (key(), up.clone());
                Trail::At(Some(Rc::new(Step { key, up })))
            }
            Trail::Lost => return Err(lost()),
        };
        Ok(Self { val, trail })
    }

    /// The way to this value, first step first.
    pub(super) fn path(&self) -> Result<Vec<Value>, Stop> {
        let Trail::At(last) = &self.trail else {
            return Err(lost());
        };
        let mut path = Vec::new();
        let mut next = last.as_ref();
        while let Some(step) = next {
            path.push(step.key.clone());
            next = step.up.as_ref();
        }
        path.reverse();
        Ok(path)
    }
}

fn lost() -> Stop {
    Stop::error("a path leads through parts of `.`, not through a value made on the way")
}
