//! Calls of functions, and their arguments.

use std::rc::Rc;

use serde_json::Value;

use super::code::{Code, Definition, Param};
use super::evaluate::{Binding, Env, Flow, Run, Sink, bound, defect, lookup};
use super::natives::{self, Native};
use super::value::{Place, Val};

impl<'p> Run<'p> {
    pub(super) fn define(
        &self,
        definitions: &'p [Definition],
        then: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let env = definitions.iter().fold(env.clone(), |env, definition| {
            bound(&env, Binding::Definition(definition))
        });
        self.eval(then, &env, at, sink)
    }

    pub(super) fn call(
        &self,
        up: usize,
        arguments: &'p [Code],
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let Some(frame) = lookup(env, up) else {
            return Err(defect());
        };
        match &frame.binding {
            Binding::Closure(code, inner) => self.eval(code, inner, at, sink),
            Binding::Definition(definition) => {
                let own = Some(Rc::clone(frame));
                self.enter(definition, &own, arguments, env, &at, sink)
            }
            // A parameter `$x` may also be called as `x`.
            Binding::Value(value) => sink(at.gives(value.clone())),
            Binding::Label(_) => Err(defect()),
        }
    }

    pub(super) fn known(
        &self,
        index: usize,
        arguments: &'p [Code],
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        match self.prelude.get(index) {
            Some(definition) => self.enter(definition, &None, arguments, env, at, sink),
            None => Err(defect()),
        }
    }

    /// Calls a definition: `own` is where its body sees names from, `env` where its arguments do.
    pub(super) fn enter(
        &self,
        definition: &'p Definition,
        own: &Env<'p>,
        arguments: &'p [Code],
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.with_arguments(&definition.params, arguments, own, env, at, &mut |own| {
            self.eval(&definition.body, own, at.clone(), sink)
        })
    }

    pub(super) fn with_arguments(
        &self,
        params: &'p [Param],
        arguments: &'p [Code],
        own: &Env<'p>,
        env: &Env<'p>,
        at: &Place<'p>,
        then: &mut dyn FnMut(&Env<'p>) -> Flow,
    ) -> Flow {
        let (Some((param, params)), Some((argument, arguments))) =
            (params.split_first(), arguments.split_first())
        else {
            return then(own);
        };
        match param {
            Param::Closure => {
                let own = bound(own, Binding::Closure(argument, env.clone()));
                self.with_arguments(params, arguments, &own, env, at, then)
            }
            Param::Value => self.values(argument, env, at, &mut |value| {
                let own = bound(own, Binding::Value(value));
                self.with_arguments(params, arguments, &own, env, at, then)
            }),
        }
    }

    pub(super) fn native(
        &self,
        native: &'static Native,
        arguments: &'p [Code],
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.each_combination(arguments, &mut Vec::new(), env, at, &mut |values| {
            let values: Vec<&Value> = values.iter().map(Val::get).collect();
            let value = natives::call(self, native, at.val.get(), &values)?;
            sink(at.gives(Val::measured(value)?))
        })
    }

    /// Every combination of the outputs of some arguments: those of the first change the fastest.
    pub(super) fn each_combination(
        &self,
        arguments: &'p [Code],
        values: &mut Vec<Val<'p>>,
        env: &Env<'p>,
        at: &Place<'p>,
        then: &mut dyn FnMut(&[Val<'p>]) -> Flow,
    ) -> Flow {
        let Some((last, rest)) = arguments.split_last() else {
            values.reverse();
            let flow = then(values);
            values.reverse();
            return flow;
        };
        self.values(last, env, at, &mut |value| {
            values.push(value);
            let flow = self.each_combination(rest, values, env, at, then);
            values.pop();
            flow
        })
    }
}
