//! `=`, `|=`, `+=` and their like: a copy of the input with some places changed.

use jaq_core::ops::Math;
use serde_json::{Map, Value};

use super::budget::Stop;
use super::code::Code;
use super::evaluate::{Env, Flow, Run, Sink};
use super::natives::shown;
use super::operate::{math, order, whole};
use super::steps::{position, range_of};
use super::value::{Place, VALUE_DEPTH_MAX, Val};

impl<'p> Run<'p> {
    fn paths(&self, to: &'p Code, env: &Env<'p>, at: &Place<'p>) -> Result<Vec<Vec<Value>>, Stop> {
        let mut paths = Vec::new();
        self.eval(to, env, Place::root(at.val.clone()), &mut |place| {
            let path = place.path()?;
            self.budget.make(64 * (1 + path.len()))?;
            paths.push(path);
            Ok(())
        })?;
        Ok(paths)
    }

    pub(super) fn assign(
        &self,
        to: &'p Code,
        from: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(from, env, at, &mut |value| {
            self.changed(to, env, at.clone(), sink, &mut |_| Ok(Some(value.clone())))
        })
    }

    pub(super) fn update(
        &self,
        to: &'p Code,
        with: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.changed(to, env, at, sink, &mut |old| {
            let new = self.first_of(with, env, Place::off(old))?;
            Ok(new.map(|place| place.val))
        })
    }

    pub(super) fn update_math(
        &self,
        to: &'p Code,
        sign: Math,
        with: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(with, env, at, &mut |value| {
            self.changed(to, env, at.clone(), sink, &mut |old| {
                math(&self.budget, sign, old, value.clone()).map(Some)
            })
        })
    }

    pub(super) fn update_otherwise(
        &self,
        to: &'p Code,
        with: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(with, env, at, &mut |value| {
            self.changed(to, env, at.clone(), sink, &mut |old| {
                Ok(Some(if old.holds() { old } else { value.clone() }))
            })
        })
    }

    /// Changes every place that a step leads to; what becomes nothing is taken out.
    fn changed(
        &self,
        to: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
        change: &mut dyn FnMut(Val<'p>) -> Result<Option<Val<'p>>, Stop>,
    ) -> Flow {
        let paths = self.paths(to, env, &at)?;
        let made = at.gives(Val::plain(Value::Null));
        let mut depth = at.val.depth();
        let mut root = at.val.take(&self.budget)?;
        let mut gone = Vec::new();
        for path in paths {
            let old = self.taken(&mut root, &path)?;
            let old = Val::within(old, depth.saturating_sub(path.len()));
            match change(old)? {
                None => gone.push(path),
                Some(new) => {
                    depth = depth.max(path.len() + new.depth());
                    self.put(&mut root, &path, new.take(&self.budget)?)?;
                }
            }
        }
        self.delete(&mut root, gone)?;
        sink(made.gives(Val::nested(root, depth)?))
    }

    /// What stands at a path, taken out: null is left there.
    fn taken(&self, root: &mut Value, path: &[Value]) -> Result<Value, Stop> {
        let Some((key, rest)) = path.split_first() else {
            return Ok(std::mem::take(root));
        };
        let inner = match (root, key) {
            (Value::Object(members), Value::String(name)) => members.get_mut(name),
            (Value::Array(items), Value::Number(number)) => {
                let at = whole(number).and_then(|at| position(at, items.len()));
                at.and_then(|at| items.get_mut(at))
            }
            (Value::Array(items), Value::Object(range)) => {
                let bounds = range_of(range, items.len());
                let part = bounds.and_then(|(start, end)| items.get(start..end));
                let mut part = self.budget.copy(&Value::from(part.unwrap_or_default()))?;
                return self.taken(&mut part, rest);
            }
            _ => None,
        };
        inner.map_or(Ok(Value::Null), |inner| self.taken(inner, rest))
    }

    /// Puts a value at a path; lists and objects on the way are made where nothing is.
    pub(super) fn put(&self, root: &mut Value, path: &[Value], value: Value) -> Flow {
        if path.len() > VALUE_DEPTH_MAX {
            let message = format!("a path has at most {VALUE_DEPTH_MAX} steps");
            return Err(Stop::Spent(message));
        }
        let Some((key, rest)) = path.split_first() else {
            *root = value;
            return Ok(());
        };
        self.budget.make(64)?;
        if root.is_null() {
            *root = match key {
                Value::String(_) => Value::Object(Map::new()),
                _ => Value::Array(Vec::new()),
            };
        }
        match (root, key) {
            (Value::Object(members), Value::String(name)) => {
                let inner = members.entry(name.clone()).or_insert(Value::Null);
                self.put(inner, rest, value)
            }
            (Value::Array(items), Value::Number(number)) => {
                let at = whole(number).and_then(|at| position(at, items.len()));
                let Some(at) = at else {
                    let message = format!("a list has no place {number} to put something");
                    return Err(Stop::error(message));
                };
                if at >= items.len() {
                    self.budget.make((at - items.len()).saturating_mul(64))?;
                    items.resize(at.saturating_add(1), Value::Null);
                }
                match items.get_mut(at) {
                    Some(inner) => self.put(inner, rest, value),
                    None => Ok(()),
                }
            }
            (Value::Array(items), Value::Object(range)) => {
                let Some((start, end)) = range_of(range, items.len()) else {
                    return Err(Stop::error("a slice is bounded by numbers"));
                };
                let part = items.get(start..end).unwrap_or_default();
                let mut part = self.budget.copy(&Value::from(part))?;
                self.put(&mut part, rest, value)?;
                let Value::Array(part) = part else {
                    let message = format!("a slice becomes a list, not {}", shown(&part));
                    return Err(Stop::error(message));
                };
                items.splice(start..end, part);
                Ok(())
            }
            (other, key) => Err(Stop::error(format!(
                "{} has no place {} to put something",
                shown(other),
                shown(key)
            ))),
        }
    }

    /// Takes out what stands at some paths, the last first, so that none moves another.
    pub(super) fn delete(&self, root: &mut Value, paths: Vec<Vec<Value>>) -> Flow {
        if let [path] = paths.as_slice() {
            return self.remove(root, path);
        }
        let mut settled = Vec::new();
        for path in paths {
            self.settle(root, path, &mut settled)?;
        }
        let mut paths = settled;
        let by_place = |left: &Vec<Value>, right: &Vec<Value>| {
            order(
                &Value::from(right.as_slice()),
                &Value::from(left.as_slice()),
            )
        };
        paths.sort_by(by_place);
        paths.dedup();
        paths.iter().try_for_each(|path| self.remove(root, path))
    }

    /// Writes a path with positions from the start, and a slice at its end as the positions in it, so
    /// that paths which mean the same place are the same, and have an order.
    fn settle(&self, root: &Value, mut path: Vec<Value>, settled: &mut Vec<Vec<Value>>) -> Flow {
        self.budget.spend(1 + path.len())?;
        let (mut part, last) = (root, path.len().saturating_sub(1));
        for at in 0..path.len() {
            let Some(key) = path.get_mut(at) else { break };
            let next = match (part, &*key) {
                (Value::Array(items), Value::Number(number)) => {
                    let Some(number) = whole(number).and_then(|at| position(at, items.len()))
                    else {
                        break;
                    };
                    *key = number.into();
                    items.get(number)
                }
                (Value::Array(items), Value::Object(range)) if at == last => {
                    let Some((start, end)) = range_of(range, items.len()) else {
                        break;
                    };
                    path.pop();
                    for number in start..end {
                        self.budget.make(64 * (1 + path.len()))?;
                        let mut one = path.clone();
                        one.push(number.into());
                        settled.push(one);
                    }
                    return Ok(());
                }
                (Value::Object(members), Value::String(name)) => members.get(name),
                _ => None,
            };
            let Some(next) = next else { break };
            part = next;
        }
        settled.push(path);
        Ok(())
    }

    fn remove(&self, root: &mut Value, path: &[Value]) -> Flow {
        let Some((key, rest)) = path.split_first() else {
            *root = Value::Null;
            return Ok(());
        };
        match (root, key) {
            (Value::Null, _) => Ok(()),
            (Value::Object(members), Value::String(name)) if rest.is_empty() => {
                self.budget.spend(members.len() / 64)?;
                members.shift_remove(name);
                Ok(())
            }
            (Value::Object(members), Value::String(name)) => match members.get_mut(name) {
                Some(inner) => self.remove(inner, rest),
                None => Ok(()),
            },
            (Value::Array(items), Value::Number(number)) => {
                let at = whole(number).and_then(|at| position(at, items.len()));
                match at.filter(|at| *at < items.len()) {
                    None => Ok(()),
                    Some(at) if rest.is_empty() => {
                        self.budget.spend((items.len() - at) / 64)?;
                        items.remove(at);
                        Ok(())
                    }
                    Some(at) => match items.get_mut(at) {
                        Some(inner) => self.remove(inner, rest),
                        None => Ok(()),
                    },
                }
            }
            (Value::Array(items), Value::Object(range)) => {
                let Some((start, end)) = range_of(range, items.len()) else {
                    return Err(Stop::error("a slice is bounded by numbers"));
                };
                if rest.is_empty() {
                    items.drain(start..end);
                    return Ok(());
                }
                let part = items.get(start..end).unwrap_or_default();
                let mut part = self.budget.copy(&Value::from(part))?;
                self.remove(&mut part, rest)?;
                if let Value::Array(part) = part {
                    items.splice(start..end, part);
                }
                Ok(())
            }
            (other, key) => Err(Stop::error(format!(
                "{} cannot be taken out of {}",
                shown(key),
                shown(other)
            ))),
        }
    }
}
