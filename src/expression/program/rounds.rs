//! Going round: `until`, `while`, `repeat`, `recurse`, `range`, `walk`.

use std::cmp::Ordering;

use jaq_core::ops::Math;
use serde_json::{Map, Value};

use super::budget::Stop;
use super::code::{Code, Optional};
use super::evaluate::{Env, Flow, Run, Sink};
use super::natives::shown;
use super::operate::{math, order};
use super::value::{Place, Val};

impl<'p> Run<'p> {
    pub(super) fn all_of(
        &self,
        of: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
    ) -> Result<Vec<Place<'p>>, Stop> {
        let mut all = Vec::new();
        self.eval(of, env, at, &mut |place| {
            self.budget.make(64)?;
            all.push(place);
            Ok(())
        })?;
        Ok(all)
    }

    pub(super) fn until(
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
    pub(super) fn repeat(
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

    pub(super) fn recurse(
        &self,
        of: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        sink(at.clone())?;
        self.eval(of, env, at, &mut |place| self.recurse(of, env, place, sink))
    }

    pub(super) fn range(
        &self,
        bounds: &'p [Code],
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.each_combination(bounds, &mut Vec::new(), env, at, &mut |bounds| {
            let [from, to, by] = bounds else {
                return Ok(());
            };
            if let Some(odd) = bounds.iter().find(|bound| !bound.get().is_number()) {
                let message = format!("`range` counts with numbers, not {}", shown(odd.get()));
                return Err(Stop::error(message));
            }
            let up = match order(by.get(), &Value::from(0)) {
                Ordering::Equal => return Ok(()),
                by => by.is_gt(),
            };
            let mut next = from.clone();
            loop {
                self.budget.spend(1)?;
                self.budget.read(next.get())?;
                self.budget.read(to.get())?;
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
    pub(super) fn walk(
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
}
