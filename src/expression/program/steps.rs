//! Steps into values: `.a`, `[0]`, `[]`, `[1:3]`, `..`.

use serde_json::{Value, json};

use super::budget::Stop;
use super::code::{Code, Optional, Part};
use super::evaluate::{Env, Flow, Run, Sink};
use super::natives::{indices, shown};
use super::operate::whole;
use super::value::{Place, Val};

impl<'p> Run<'p> {
    /// Goes the steps of a path from a place. Indices are computed from `origin`, the input of all.
    pub(super) fn parts(
        &self,
        parts: &'p [(Part, Optional)],
        env: &Env<'p>,
        origin: &Place<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let Some(((part, optional), rest)) = parts.split_first() else {
            return sink(at);
        };
        let _inside = self.budget.enter()?;
        match part {
            Part::Each => self.each(at, *optional, &mut |place| {
                self.parts(rest, env, origin, place, sink)
            }),
            Part::Index(Code::Literal(key)) => self.step(&at, key, *optional, &mut |place| {
                self.parts(rest, env, origin, place, sink)
            }),
            Part::Index(key) => self.values(key, env, origin, &mut |key| {
                self.step(&at, key.get(), *optional, &mut |place| {
                    self.parts(rest, env, origin, place, sink)
                })
            }),
            Part::Slice(from, to) => self.bounds(from.as_ref(), env, origin, &mut |from| {
                self.bounds(to.as_ref(), env, origin, &mut |to| {
                    let key = json!({"start": from.get(), "end": to.get()});
                    self.step(&at, &key, *optional, &mut |place| {
                        self.parts(rest, env, origin, place, sink)
                    })
                })
            }),
        }
    }

    fn bounds(
        &self,
        bound: Option<&'p Code>,
        env: &Env<'p>,
        origin: &Place<'p>,
        then: &mut dyn FnMut(Val<'p>) -> Flow,
    ) -> Flow {
        match bound {
            None => then(Val::plain(Value::Null)),
            Some(code) => self.values(code, env, origin, then),
        }
    }

    fn step(&self, at: &Place<'p>, key: &Value, optional: Optional, then: Sink<'_, 'p>) -> Flow {
        match self.index(&at.val, key) {
            Ok(part) => then(at.enter(|| key.clone(), part)?),
            Err(Stop::Error(_)) if optional == Optional::Yes => Ok(()),
            Err(stop) => Err(stop),
        }
    }

    /// The part of a value under a key.
    pub(super) fn index(&self, value: &Val<'p>, key: &Value) -> Result<Val<'p>, Stop> {
        self.budget.read(key)?;
        let wrong = || {
            let (key, value) = (shown(key), shown(value.get()));
            Err(Stop::error(format!("{key} cannot be looked up in {value}")))
        };
        match (value.get(), key) {
            (Value::Null, Value::String(_) | Value::Number(_) | Value::Object(_)) => {
                Ok(Val::plain(Value::Null))
            }
            (Value::Object(_), Value::String(name)) => {
                value.part(&self.budget, |value| value.get(name))
            }
            (Value::Array(items), Value::Number(number)) => {
                let position = whole(number).and_then(|at| position(at, items.len()));
                value.part(&self.budget, |value| value.get(position?))
            }
            (Value::Array(items), Value::Object(range)) => {
                let Some((start, end)) = range_of(range, items.len()) else {
                    return wrong();
                };
                let part = items.get(start..end).unwrap_or_default();
                let copies = part.iter().map(|item| self.budget.copy(item));
                let copy = copies.collect::<Result<Vec<_>, _>>()?;
                Val::nested(Value::Array(copy), value.depth())
            }
            (Value::String(text), Value::Object(range)) => {
                self.budget.read(value.get())?;
                let Some((start, end)) = range_of(range, text.chars().count()) else {
                    return wrong();
                };
                let part: String = text.chars().skip(start).take(end - start).collect();
                self.budget.make(part.len())?;
                Ok(Val::plain(Value::String(part)))
            }
            (Value::Array(items), Value::Array(wanted)) => {
                let found = indices(self, items, wanted)?;
                Val::nested(Value::Array(found), 1)
            }
            _ => wrong(),
        }
    }

    /// Every part of a value.
    pub(super) fn each(&self, at: Place<'p>, optional: Optional, sink: Sink<'_, 'p>) -> Flow {
        match &at.val {
            Val::Lent(Value::Array(items)) => {
                for (number, item) in items.iter().enumerate() {
                    self.budget.spend(1)?;
                    sink(at.enter(|| number.into(), Val::Lent(item))?)?;
                }
                Ok(())
            }
            Val::Lent(Value::Object(members)) => {
                for (name, value) in members {
                    self.budget.spend(1)?;
                    sink(at.enter(|| name.clone().into(), Val::Lent(value))?)?;
                }
                Ok(())
            }
            Val::Own(value, _) => match value.as_ref() {
                Value::Array(_) | Value::Object(_) => self.each_own(at, sink),
                other if optional == Optional::No => Err(nothing_in(other)),
                _ => Ok(()),
            },
            Val::Lent(other) if optional == Optional::No => Err(nothing_in(other)),
            Val::Lent(_) => Ok(()),
        }
    }

    /// The parts of a value that was made on the way: moved out of it where nobody else holds it.
    fn each_own(&self, at: Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        let depth = at.val.depth().saturating_sub(1);
        let way = Place {
            val: Val::plain(Value::Null),
            trail: at.trail,
        };
        let part = |key: Value, part: Value| {
            self.budget.spend(1)?;
            way.enter(|| key, Val::within(part, depth))
        };
        match at.val.take(&self.budget)? {
            Value::Array(items) => items
                .into_iter()
                .enumerate()
                .try_for_each(|(number, item)| sink(part(number.into(), item)?)),
            Value::Object(members) => members
                .into_iter()
                .try_for_each(|(name, value)| sink(part(name.into(), value)?)),
            _ => Ok(()),
        }
    }

    /// `..`: a value and all that is in it.
    pub(super) fn everything(&self, at: Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        let _inside = self.budget.enter()?;
        sink(at.clone())?;
        self.each(at, Optional::Yes, &mut |part| self.everything(part, sink))
    }
}

fn nothing_in(value: &Value) -> Stop {
    let found = shown(value);
    Stop::error(format!(
        "`[]` goes through a list or an object, not through {found}"
    ))
}

/// The position that a number means in a list of a length; negative ones count from its end.
pub(super) fn position(number: i64, len: usize) -> Option<usize> {
    if number >= 0 {
        return usize::try_from(number).ok();
    }
    len.checked_sub(usize::try_from(number.unsigned_abs()).ok()?)
}

/// The bounds that `{start, end}` mean in a list or text of a length.
pub(super) fn range_of(
    range: &serde_json::Map<String, Value>,
    len: usize,
) -> Option<(usize, usize)> {
    let bound = |name: &str, default: usize| match range.get(name) {
        None | Some(Value::Null) => Some(default),
        Some(Value::Number(number)) => {
            let number = if name == "end" {
                upwards(number)
            } else {
                whole(number)
            };
            Some(number.map_or(default, |at| position(at, len).unwrap_or(0).min(len)))
        }
        Some(_) => None,
    };
    let (start, end) = (bound("start", 0)?, bound("end", len)?);
    Some((start.min(end), end))
}

/// `[:1.2]` takes in what it cuts.
fn upwards(number: &serde_json::Number) -> Option<i64> {
    let low = whole(number)?;
    let cut = number.as_i64().is_none() && number.as_f64().is_some_and(|n| n.fract() != 0.0);
    Some(if cut { low.saturating_add(1) } else { low })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_either_end() {
        assert_eq!(position(-1, 3), Some(2));
        assert_eq!(position(-4, 3), None);
        assert_eq!(position(7, 3), Some(7));
    }
}
