//! Steps that lead to others: `|`, `as`, `//`, `if`, `try`, `reduce`, `foreach`, `label`.

use serde_json::Value;

use super::budget::Stop;
use super::code::{Code, Fold, Pattern};
use super::evaluate::{Binding, Env, Flow, Run, Sink, bound, until_break};
use super::value::{Place, Val};

impl<'p> Run<'p> {
    pub(super) fn pipe(
        &self,
        left: &'p Code,
        right: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.eval(left, env, at, &mut |place| {
            self.eval(right, env, place, sink)
        })
    }

    pub(super) fn both(
        &self,
        left: &'p Code,
        right: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.eval(left, env, at.clone(), sink)?;
        self.eval(right, env, at, sink)
    }

    pub(super) fn bind(
        &self,
        from: &'p Code,
        pattern: &'p Pattern,
        then: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(from, env, at, &mut |value| {
            self.spread(pattern, &value, env, env, &mut |env| {
                self.eval(then, env, at.clone(), sink)
            })
        })
    }

    /// Binds the names of a pattern to the parts of a value.
    pub(super) fn spread(
        &self,
        pattern: &'p Pattern,
        value: &Val<'p>,
        outer: &Env<'p>,
        env: &Env<'p>,
        then: &mut dyn FnMut(&Env<'p>) -> Flow,
    ) -> Flow {
        match pattern {
            Pattern::Variable => then(&bound(env, Binding::Value(value.clone()))),
            Pattern::List(patterns) => self.spread_list(patterns, 0, value, outer, env, then),
            Pattern::Object(members) => self.spread_object(members, value, outer, env, then),
        }
    }

    pub(super) fn spread_list(
        &self,
        patterns: &'p [Pattern],
        at: usize,
        value: &Val<'p>,
        outer: &Env<'p>,
        env: &Env<'p>,
        then: &mut dyn FnMut(&Env<'p>) -> Flow,
    ) -> Flow {
        let Some((first, rest)) = patterns.split_first() else {
            return then(env);
        };
        let part = self.index(value, &Value::from(at))?;
        self.spread(first, &part, outer, env, &mut |env| {
            self.spread_list(rest, at + 1, value, outer, env, then)
        })
    }

    pub(super) fn spread_object(
        &self,
        members: &'p [(Code, Pattern)],
        value: &Val<'p>,
        outer: &Env<'p>,
        env: &Env<'p>,
        then: &mut dyn FnMut(&Env<'p>) -> Flow,
    ) -> Flow {
        let Some(((key, pattern), rest)) = members.split_first() else {
            return then(env);
        };
        let from = Place::off(value.clone());
        self.values(key, outer, &from, &mut |key| {
            let part = self.index(value, key.get())?;
            self.spread(pattern, &part, outer, env, &mut |env| {
                self.spread_object(rest, value, outer, env, then)
            })
        })
    }

    pub(super) fn otherwise(
        &self,
        left: &'p Code,
        right: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let mut found = false;
        self.eval(left, env, at.clone(), &mut |place| {
            if !place.val.holds() {
                return Ok(());
            }
            found = true;
            sink(place)
        })?;
        if found {
            return Ok(());
        }
        self.eval(right, env, at, sink)
    }

    pub(super) fn labelled(
        &self,
        inner: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let label = self.label();
        until_break(
            label,
            self.eval(inner, &bound(env, Binding::Label(label)), at, sink),
        )
    }

    /// Each new state of a fold: the last output of its update, or null.
    pub(super) fn fold(
        &self,
        fold: &'p Fold,
        init: Place<'p>,
        env: &Env<'p>,
        at: &Place<'p>,
        each: &mut dyn FnMut(&Env<'p>, &Place<'p>) -> Flow,
    ) -> Result<Place<'p>, Stop> {
        let null = || Place::off(Val::plain(Value::Null));
        let mut state = init;
        self.values(&fold.from, env, at, &mut |value| {
            self.spread(&fold.pattern, &value, env, env, &mut |env| {
                let before = std::mem::replace(&mut state, null());
                self.eval(&fold.update, env, before, &mut |place| {
                    each(env, &place)?;
                    state = place;
                    Ok(())
                })
            })
        })?;
        Ok(state)
    }

    pub(super) fn reduce(
        &self,
        fold: &'p Fold,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.eval(&fold.init, env, at.clone(), &mut |init| {
            sink(self.fold(fold, init, env, at, &mut |_, _| Ok(()))?)
        })
    }

    pub(super) fn foreach(
        &self,
        fold: &'p Fold,
        extract: Option<&'p Code>,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.eval(&fold.init, env, at.clone(), &mut |init| {
            self.fold(
                fold,
                init,
                env,
                at,
                &mut |env, state: &Place<'p>| match extract {
                    None => sink(state.clone()),
                    Some(extract) => self.eval(extract, env, state.clone(), sink),
                },
            )
            .map(|_| ())
        })
    }

    pub(super) fn attempt(
        &self,
        inner: &'p Code,
        catch: Option<&'p Code>,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let made = at.gives(Val::plain(Value::Null));
        match (self.guarded(inner, env, at, sink)?, catch) {
            (Some(error), Some(catch)) => {
                self.eval(catch, env, made.gives(Val::measured(error)?), sink)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn branch(
        &self,
        condition: &'p Code,
        then: &'p Code,
        other: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(condition, env, at, &mut |value| {
            let way = if value.holds() { then } else { other };
            self.eval(way, env, at.clone(), sink)
        })
    }
}
