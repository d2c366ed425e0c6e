//! Functions that carry out their arguments themselves.

use serde_json::Value;

use super::budget::Stop;
use super::code::Code;
use super::evaluate::{Env, Flow, Run, Sink, until_break};
use super::natives::shown;
use super::operate::count;
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
    ("_range", 3, Control::Range),
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
}

fn counted(number: &Val<'_>) -> Result<usize, Stop> {
    match number.get().as_f64() {
        Some(number) if number < 0.0 => Err(Stop::error("this counts from zero up")),
        Some(number) => Ok(count(number.ceil())),
        None => Err(Stop::error(format!(
            "this counts with a number, not {}",
            shown(number.get())
        ))),
    }
}
