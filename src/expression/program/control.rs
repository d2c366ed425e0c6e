//! Functions that carry out their arguments themselves.

use jaq_core::ops::Math;
use serde_json::{Map, Value};

use super::budget::Stop;
use super::code::{Code, Optional};
use super::evaluate::{Env, Flow, Run, Sink, until_break};
use super::natives::shown;
use super::operate::{count, math, order};
use super::value::{Place, Val};

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Control {
    Empty,
    Error,
    Path,
    GetPath,
    First,
    Last,
    Limit,
    Skip,
    Until,
    While,
    Repeat,
    Recurse,
    Range,
    Walk,
    SortBy,
    GroupBy,
    UniqueBy,
    MinBy,
    MaxBy,
}

/// Names, and how many arguments each takes.
pub(super) const CONTROLS: &[(&str, usize, Control)] = &[
    ("empty", 0, Control::Empty),
    ("error", 0, Control::Error),
    ("path", 1, Control::Path),
    ("getpath", 1, Control::GetPath),
    ("first", 1, Control::First),
    ("last", 1, Control::Last),
    ("limit", 2, Control::Limit),
    ("skip", 2, Control::Skip),
    ("until", 2, Control::Until),
    ("while", 2, Control::While),
    ("repeat", 1, Control::Repeat),
    ("recurse", 1, Control::Recurse),
    ("range", 3, Control::Range),
    ("walk", 1, Control::Walk),
    ("sort_by", 1, Control::SortBy),
    ("group_by", 1, Control::GroupBy),
    ("unique_by", 1, Control::UniqueBy),
    ("min_by", 1, Control::MinBy),
    ("max_by", 1, Control::MaxBy),
];

impl<'p> Run<'p> {
    pub(super) fn control(
        &self,
        control: Control,
        arguments: &'p [Code],
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        match (control, arguments) {
            (Control::Error, _) => Err(Stop::Error(at.val.take(&self.budget)?)),
            (Control::Path, [of]) => self.paths_of(of, env, &at, sink),
            (Control::GetPath, [path]) => self.get_path(path, env, &at, sink),
            (Control::First, [of]) => self.first(of, env, at, sink),
            (Control::Last, [of]) => self.last(of, env, at, sink),
            (Control::Limit, [number, of]) => self.limit(number, of, env, &at, sink),
            (Control::Skip, [number, of]) => self.skip(number, of, env, &at, sink),
            (Control::Until, [done, update]) => self.until(done, update, env, at, sink),
            (Control::While, [going, update]) => self.repeat(Some(going), update, env, at, sink),
            (Control::Repeat, [update]) => self.repeat(None, update, env, at, sink),
            (Control::Recurse, [of]) => self.recurse(of, env, at, sink),
            (Control::Range, bounds) => self.range(bounds, env, &at, sink),
            (Control::Walk, [with]) => {
                let made = at.gives(Val::plain(Value::Null));
                self.walk(with, env, at.val, &mut |value| sink(made.gives(value)))
            }
            (Control::SortBy | Control::GroupBy | Control::UniqueBy, [key]) => {
                self.grouped(control, key, env, &at, sink)
            }
            (Control::MinBy | Control::MaxBy, [key]) => self.extreme(control, key, env, &at, sink),
            _ => Ok(()),
        }
    }

    fn paths_of(&self, of: &'p Code, env: &Env<'p>, at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        self.eval(of, env, Place::root(at.val.clone()), &mut |place| {
            let path = Value::Array(place.path()?);
            self.budget.made(&path)?;
            sink(at.gives(Val::measured(path)?))
        })
    }

    fn get_path(&self, path: &'p Code, env: &Env<'p>, at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        self.values(path, env, at, &mut |path| {
            let Value::Array(keys) = path.get() else {
                let message = format!("a path is a list, not {}", shown(path.get()));
                return Err(Stop::error(message));
            };
            let mut place = at.clone();
            for key in keys {
                self.budget.spend(1)?;
                let part = self.index(&place.val, key)?;
                place = place.enter(|| key.clone(), part)?;
            }
            sink(place)
        })
    }

    fn first(&self, of: &'p Code, env: &Env<'p>, at: Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        let label = self.label();
        let flow = self.eval(of, env, at, &mut |place| {
            sink(place)?;
            Err(Stop::Break(label))
        });
        until_break(label, flow)
    }

    /// The first output of a step, if it has one.
    pub(super) fn first_of(
        &self,
        of: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
    ) -> Result<Option<Place<'p>>, Stop> {
        let mut found = None;
        self.first(of, env, at, &mut |place| {
            found = Some(place);
            Ok(())
        })?;
        Ok(found)
    }

    fn last(&self, of: &'p Code, env: &Env<'p>, at: Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        let mut last = None;
        self.eval(of, env, at, &mut |place| {
            last = Some(place);
            Ok(())
        })?;
        last.map_or(Ok(()), sink)
    }

    fn limit(
        &self,
        number: &'p Code,
        of: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(number, env, at, &mut |number| {
            let mut left = counted(&number)?;
            if left == 0 {
                return Ok(());
            }
            let label = self.label();
            let flow = self.eval(of, env, at.clone(), &mut |place| {
                left -= 1;
                sink(place)?;
                if left == 0 {
                    return Err(Stop::Break(label));
                }
                Ok(())
            });
            until_break(label, flow)
        })
    }

    fn skip(
        &self,
        number: &'p Code,
        of: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(number, env, at, &mut |number| {
            let mut left = counted(&number)?;
            self.eval(of, env, at.clone(), &mut |place| {
                if left > 0 {
                    left -= 1;
                    return Ok(());
                }
                sink(place)
            })
        })
    }

    fn all_of(&self, of: &'p Code, env: &Env<'p>, at: Place<'p>) -> Result<Vec<Place<'p>>, Stop> {
        let mut all = Vec::new();
        self.eval(of, env, at, &mut |place| {
            self.budget.make(64)?;
            all.push(place);
            Ok(())
        })?;
        Ok(all)
    }

    fn until(
        &self,
        done: &'p Code,
        update: &'p Code,
        env: &Env<'p>,
        mut at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        loop {
            match self.first_of(done, env, Place::off(at.val.clone()))? {
                None => return Ok(()),
                Some(answer) if answer.val.holds() => return sink(at),
                Some(_) => {}
            }
            let mut next = self.all_of(update, env, at)?;
            match (next.pop(), next.is_empty()) {
                (None, _) => return Ok(()),
                (Some(only), true) => at = only,
                (Some(last), false) => {
                    let _inside = self.budget.enter()?;
                    next.push(last);
                    let mut each = next.into_iter();
                    return each.try_for_each(|at| self.until(done, update, env, at, sink));
                }
            }
        }
    }

    /// `while`, and `repeat` without a condition.
    fn repeat(
        &self,
        going: Option<&'p Code>,
        update: &'p Code,
        env: &Env<'p>,
        mut at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        loop {
            if let Some(going) = going {
                let answer = self.first_of(going, env, Place::off(at.val.clone()))?;
                if !answer.is_some_and(|answer| answer.val.holds()) {
                    return Ok(());
                }
            }
            sink(at.clone())?;
            let mut next = self.all_of(update, env, at)?;
            match (next.pop(), next.is_empty()) {
                (None, _) => return Ok(()),
                (Some(only), true) => at = only,
                (Some(last), false) => {
                    let _inside = self.budget.enter()?;
                    next.push(last);
                    let mut each = next.into_iter();
                    return each.try_for_each(|at| self.repeat(going, update, env, at, sink));
                }
            }
        }
    }

    fn recurse(&self, of: &'p Code, env: &Env<'p>, at: Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        sink(at.clone())?;
        self.eval(of, env, at, &mut |place| self.recurse(of, env, place, sink))
    }

    fn range(&self, bounds: &'p [Code], env: &Env<'p>, at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        self.each_combination(bounds, &mut Vec::new(), env, at, &mut |bounds| {
            let [from, to, by] = bounds else {
                return Ok(());
            };
            if let Some(odd) = bounds.iter().find(|bound| !bound.get().is_number()) {
                let message = format!("`range` counts with numbers, not {}", shown(odd.get()));
                return Err(Stop::error(message));
            }
            let up = order(by.get(), &Value::from(0)).is_ge();
            let mut next = from.clone();
            loop {
                self.budget.spend(1)?;
                let order = order(next.get(), to.get());
                if (up && order.is_ge()) || (!up && order.is_le()) {
                    return Ok(());
                }
                sink(at.gives(next.clone()))?;
                next = math(&self.budget, Math::Add, next, by.clone())?;
            }
        })
    }

    /// From the innermost values outward, each changed by a step.
    fn walk(
        &self,
        with: &'p Code,
        env: &Env<'p>,
        value: Val<'p>,
        sink: &mut dyn FnMut(Val<'p>) -> Flow,
    ) -> Flow {
        let _inside = self.budget.enter()?;
        let value = match value.get() {
            Value::Array(_) => {
                let (mut items, mut depth) = (Vec::new(), 0);
                self.each(Place::off(value), Optional::Yes, &mut |item| {
                    self.walk(with, env, item.val, &mut |item| {
                        self.budget.make(64)?;
                        depth = depth.max(item.depth());
                        items.push(item.take(&self.budget)?);
                        Ok(())
                    })
                })?;
                Val::nested(Value::Array(items), depth + 1)?
            }
            Value::Object(_) => {
                let (mut members, mut depth) = (Map::new(), 0);
                self.each(Place::root(value), Optional::Yes, &mut |member| {
                    let name = member.path()?.pop();
                    let name = name.and_then(|name| name.as_str().map(str::to_owned));
                    let mut first = None;
                    self.walk(with, env, member.val, &mut |value| {
                        first.get_or_insert(value);
                        Ok(())
                    })?;
                    if let (Some(name), Some(value)) = (name, first) {
                        self.budget.make(64 + name.len())?;
                        depth = depth.max(value.depth());
                        members.insert(name, value.take(&self.budget)?);
                    }
                    Ok(())
                })?;
                Val::nested(Value::Object(members), depth + 1)?
            }
            _ => value,
        };
        self.eval(with, env, Place::off(value), &mut |place| sink(place.val))
    }

    /// The items of a list, each with what a step makes of it.
    fn keyed(
        &self,
        key: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
    ) -> Result<Vec<(Value, Val<'p>)>, Stop> {
        if !at.val.get().is_array() {
            let message = format!("this sorts a list, not {}", shown(at.val.get()));
            return Err(Stop::error(message));
        }
        let mut keyed = Vec::new();
        self.each(Place::off(at.val.clone()), Optional::No, &mut |item| {
            let mut keys = Vec::new();
            self.values(key, env, &item, &mut |key| {
                keys.push(key.take(&self.budget)?);
                Ok(())
            })?;
            self.budget.make(64)?;
            keyed.push((Value::Array(keys), item.val));
            Ok(())
        })?;
        let rounds = 64 - keyed.len().leading_zeros() as usize;
        for (key, _) in &keyed {
            self.budget
                .spend(rounds * (1 + self.budget.read(key)? / 1024))?;
        }
        Ok(keyed)
    }

    fn grouped(
        &self,
        control: Control,
        key: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let mut keyed = self.keyed(key, env, at)?;
        let depth = at.val.depth();
        keyed.sort_by(|(left, _), (right, _)| order(left, right));
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        for (key, item) in keyed {
            let last = groups.last_mut();
            match last.filter(|(held, _)| order(held, &key).is_eq()) {
                Some(_) if control == Control::UniqueBy => {}
                Some((_, group)) => group.push(item.take(&self.budget)?),
                None => groups.push((key, vec![item.take(&self.budget)?])),
            }
        }
        let groups = groups.into_iter().map(|(_, group)| group);
        let value = if control == Control::GroupBy {
            Value::Array(groups.map(Value::Array).collect())
        } else {
            Value::Array(groups.flatten().collect())
        };
        sink(at.gives(Val::nested(value, depth + 1)?))
    }

    fn extreme(
        &self,
        control: Control,
        key: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let mut best: Option<(Value, Val<'p>)> = None;
        for (key, item) in self.keyed(key, env, at)? {
            let better = best.as_ref().is_none_or(|(held, _)| {
                let order = order(&key, held);
                if control == Control::MinBy {
                    order.is_lt()
                } else {
                    order.is_ge()
                }
            });
            if better {
                best = Some((key, item));
            }
        }
        let best = best.map_or(Val::plain(Value::Null), |(_, item)| item);
        sink(at.gives(best))
    }
}

fn counted(number: &Val<'_>) -> Result<usize, Stop> {
    match number.get().as_f64() {
        Some(number) => Ok(count(number.ceil())),
        None => Err(Stop::error(format!(
            "this counts with a number, not {}",
            shown(number.get())
        ))),
    }
}
