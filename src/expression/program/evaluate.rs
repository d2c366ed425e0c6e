//! Carrying out a program: every output of a step is handed on at once, so that what nobody needs is
//! never made.

use std::cell::Cell;
use std::rc::Rc;

use jaq_core::ops::{Cmp, Math};
use serde_json::{Map, Value};

use super::super::decimal;
use super::budget::{Budget, Stop};
use super::code::{Code, Definition, Fold, Optional, Param, Part, Pattern, Piece};
use super::natives::{self, Native, Patterns};
use super::operate::{math, order};
use super::value::{Place, Val};

pub(super) type Flow = Result<(), Stop>;
/// What takes the outputs of a step.
pub(super) type Sink<'s, 'p> = &'s mut dyn FnMut(Place<'p>) -> Flow;
/// What names stand for, the last bound first.
pub(super) type Env<'p> = Option<Rc<Frame<'p>>>;

/// One name and those bound before it.
#[derive(Debug)]
pub(super) struct Frame<'p> {
    binding: Binding<'p>,
    up: Env<'p>,
}

/// What a name stands for.
#[derive(Debug)]
pub(super) enum Binding<'p> {
    Value(Val<'p>),
    Closure(&'p Code, Env<'p>),
    Definition(&'p Definition),
    Label(usize),
}

pub(super) fn bound<'p>(env: &Env<'p>, binding: Binding<'p>) -> Env<'p> {
    let up = env.clone();
    Some(Rc::new(Frame { binding, up }))
}

/// One run of a program.
#[derive(Debug)]
pub(super) struct Run<'p> {
    pub(super) budget: Budget,
    pub(super) patterns: Patterns,
    prelude: &'p [Definition],
    labels: Cell<usize>,
}

impl<'p> Run<'p> {
    pub(super) fn new(prelude: &'p [Definition], budget: Budget) -> Self {
        Self {
            budget,
            patterns: Patterns::default(),
            prelude,
            labels: Cell::new(0),
        }
    }

    /// A label that no other has.
    pub(super) fn label(&self) -> usize {
        self.labels.replace(self.labels.get() + 1)
    }

    /// Carries out a step with an input; its outputs go to the sink, one after the other.
    pub(super) fn eval(
        &self,
        code: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let _inside = self.budget.enter()?;
        match code {
            Code::Input => sink(at),
            Code::Literal(value) => self.literal(value, &at, sink),
            Code::Text(format, pieces) => self.text(format, pieces, env, &at, sink),
            Code::List(items) => self.list(items.as_deref(), env, &at, sink),
            Code::Object(members) => self.object(members, &mut Vec::new(), env, &at, sink),
            Code::Negative(of) => self.negative(of, env, &at, sink),
            Code::Pipe(left, right) => self.pipe(left, right, env, at, sink),
            Code::Bind(from, pattern, then) => self.bind(from, pattern, then, env, &at, sink),
            Code::Both(left, right) => self.both(left, right, env, at, sink),
            Code::Otherwise(left, right) => self.otherwise(left, right, env, at, sink),
            Code::Logic(left, decides, right) => self.logic(left, *decides, right, env, &at, sink),
            Code::Math(left, sign, right) => self.math(left, *sign, right, env, at, sink),
            Code::Compare(left, sign, right) => self.compare(left, *sign, right, env, &at, sink),
            Code::Assign(to, from) => self.assign(to, from, env, &at, sink),
            Code::Update(to, with) => self.update(to, with, env, at, sink),
            Code::UpdateMath(to, sign, with) => self.update_math(to, *sign, with, env, &at, sink),
            Code::UpdateOtherwise(to, with) => self.update_otherwise(to, with, env, &at, sink),
            Code::Label(inner) => self.labelled(inner, env, at, sink),
            Code::Break(up) => Err(broken(env, *up)),
            Code::Reduce(fold) => self.reduce(fold, env, at, sink),
            Code::Foreach(fold, extract) => self.foreach(fold, extract.as_deref(), env, at, sink),
            Code::Try(inner, catch) => self.attempt(inner, catch.as_deref(), env, at, sink),
            Code::If(condition, then, other) => self.branch(condition, then, other, env, &at, sink),
            Code::Define(definitions, then) => self.define(definitions, then, env, at, sink),
            Code::Call(up, arguments) => self.call(*up, arguments, env, at, sink),
            Code::Prelude(index, arguments) => self.known(*index, arguments, env, at, sink),
            Code::Native(native, arguments) => self.native(native, arguments, env, &at, sink),
            Code::Control(control, arguments) => self.control(*control, arguments, env, at, sink),
            Code::Variable(up) => variable(env, *up, &at, sink),
            Code::Path(from, parts) => self.path(from, parts, env, at, sink),
            Code::Everything => self.everything(at, sink),
        }
    }

    /// The outputs of a step over a value, without asking for their places.
    pub(super) fn values(
        &self,
        code: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: &mut dyn FnMut(Val<'p>) -> Flow,
    ) -> Flow {
        let at = Place::off(at.val.clone());
        self.eval(code, env, at, &mut |place| sink(place.val))
    }

    fn text(
        &self,
        format: &'static Native,
        pieces: &'p [Piece],
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.filled(format, pieces, String::new(), env, at, sink)
    }

    fn filled(
        &self,
        format: &'static Native,
        pieces: &'p [Piece],
        mut before: String,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        match pieces.split_first() {
            None => {
                self.budget.make(before.len())?;
                sink(at.gives(Val::plain(Value::String(before))))
            }
            Some((Piece::Plain(text), rest)) => {
                before.push_str(text);
                self.filled(format, rest, before, env, at, sink)
            }
            Some((Piece::Filled(code), rest)) => self.values(code, env, at, &mut |value| {
                let text = natives::call(self, format, value.get(), &[])?;
                let text = format!("{before}{}", text.as_str().unwrap_or_default());
                self.filled(format, rest, text, env, at, sink)
            }),
        }
    }

    fn literal(&self, value: &'p Value, at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        sink(at.gives(Val::Lent(value)))
    }

    fn list(
        &self,
        items: Option<&'p Code>,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let (mut list, mut depth) = (Vec::new(), 0);
        if let Some(items) = items {
            self.values(items, env, at, &mut |item| {
                depth = depth.max(item.depth());
                self.budget.make(64)?;
                list.push(item.take(&self.budget)?);
                Ok(())
            })?;
        }
        sink(at.gives(Val::nested(Value::Array(list), depth + 1)?))
    }

    fn both(
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

    fn known(
        &self,
        index: usize,
        arguments: &'p [Code],
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        match self.prelude.get(index) {
            Some(definition) => self.enter(definition, &None, arguments, env, at, sink),
            None => Err(defect()),
        }
    }

    fn object(
        &self,
        members: &'p [(Code, Code)],
        made: &mut Vec<(String, Val<'p>)>,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let Some(((key, value), rest)) = members.split_first() else {
            return self.finished(made, at, sink);
        };
        self.values(key, env, at, &mut |key| {
            let Value::String(name) = key.get() else {
                let found = natives::shown(key.get());
                let message = format!("the name of a member is text, not {found}");
                return Err(Stop::error(message));
            };
            self.values(value, env, at, &mut |value| {
                made.push((name.clone(), value));
                let flow = self.object(rest, made, env, at, sink);
                made.pop();
                flow
            })
        })
    }

    fn finished(&self, members: &[(String, Val<'p>)], at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        let (mut object, mut depth) = (Map::new(), 0);
        for (name, value) in members {
            self.budget.make(64 + name.len())?;
            depth = depth.max(value.depth());
            object.insert(name.clone(), value.clone().take(&self.budget)?);
        }
        sink(at.gives(Val::nested(Value::Object(object), depth + 1)?))
    }

    fn negative(&self, of: &'p Code, env: &Env<'p>, at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        self.values(of, env, at, &mut |value| {
            let zero = Val::plain(Value::from(0));
            match value.get() {
                Value::Number(_) => {
                    sink(at.gives(math(&self.budget, Math::Sub, zero, value.clone())?))
                }
                other => Err(Stop::error(format!(
                    "{} cannot be negated",
                    natives::shown(other)
                ))),
            }
        })
    }

    fn pipe(
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

    fn bind(
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
    fn spread(
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

    fn spread_list(
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

    fn spread_object(
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

    fn otherwise(
        &self,
        left: &'p Code,
        right: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let mut found = false;
        let tried = self.guarded(left, env, at.clone(), &mut |place| {
            if !place.val.holds() {
                return Ok(());
            }
            found = true;
            sink(place)
        })?;
        drop(tried);
        if found {
            return Ok(());
        }
        self.eval(right, env, at, sink)
    }

    /// Carries out a step whose own errors end it quietly: they are returned. Errors of whoever takes
    /// its outputs pass.
    pub(super) fn guarded(
        &self,
        code: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Result<Option<Value>, Stop> {
        let mut refused = None;
        let flow = self.eval(code, env, at, &mut |place| {
            sink(place).map_err(|stop| {
                refused = Some(stop);
                Stop::NotTaken
            })
        });
        match (refused, flow) {
            (Some(stop), _) | (None, Err(stop @ (Stop::Spent(_) | Stop::Break(_)))) => Err(stop),
            (None, Err(Stop::NotTaken)) => Err(Stop::NotTaken),
            (None, Err(Stop::Error(error))) => Ok(Some(error)),
            (None, Ok(())) => Ok(None),
        }
    }

    fn logic(
        &self,
        left: &'p Code,
        decides: bool,
        right: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let answer = |holds: bool| at.gives(Val::plain(Value::Bool(holds)));
        self.values(left, env, at, &mut |value| {
            if value.holds() == decides {
                return sink(answer(decides));
            }
            self.values(right, env, at, &mut |value| sink(answer(value.holds())))
        })
    }

    fn math(
        &self,
        left: &'p Code,
        sign: Math,
        right: &'p Code,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let mut rights = Vec::new();
        self.values(right, env, &at, &mut |value| {
            rights.push(value);
            Ok(())
        })?;
        // The input is given away at last: a list that only grows is then not copied each time.
        let made = at.gives(Val::plain(Value::Null));
        let mut input = Some(Place::off(at.val));
        let mut rights = rights.into_iter().peekable();
        while let Some(right) = rights.next() {
            let input = match rights.peek() {
                Some(_) => input.clone(),
                None => input.take(),
            };
            let Some(input) = input else { break };
            self.eval(left, env, input, &mut |left| {
                sink(made.gives(math(&self.budget, sign, left.val, right.clone())?))
            })?;
        }
        Ok(())
    }

    fn compare(
        &self,
        left: &'p Code,
        sign: Cmp,
        right: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.values(right, env, at, &mut |right| {
            self.values(left, env, at, &mut |left| {
                self.budget.read(left.get())?;
                let (left, right) = (left.get(), right.get());
                let holds = match sign {
                    Cmp::Eq => decimal::equal(left, right),
                    Cmp::Ne => !decimal::equal(left, right),
                    Cmp::Lt => order(left, right).is_lt(),
                    Cmp::Le => order(left, right).is_le(),
                    Cmp::Gt => order(left, right).is_gt(),
                    Cmp::Ge => order(left, right).is_ge(),
                };
                sink(at.gives(Val::plain(Value::Bool(holds))))
            })
        })
    }

    fn labelled(&self, inner: &'p Code, env: &Env<'p>, at: Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        let label = self.label();
        until_break(
            label,
            self.eval(inner, &bound(env, Binding::Label(label)), at, sink),
        )
    }

    /// Each new state of a fold: the last output of its update, or null.
    fn fold(
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

    fn reduce(&self, fold: &'p Fold, env: &Env<'p>, at: Place<'p>, sink: Sink<'_, 'p>) -> Flow {
        self.eval(&fold.init, env, at.clone(), &mut |init| {
            sink(self.fold(fold, init, env, &at, &mut |_, _| Ok(()))?)
        })
    }

    fn foreach(
        &self,
        fold: &'p Fold,
        extract: Option<&'p Code>,
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.eval(&fold.init, env, at.clone(), &mut |init| {
            self.fold(
                fold,
                init,
                env,
                &at,
                &mut |env, state: &Place<'p>| match extract {
                    None => sink(state.clone()),
                    Some(extract) => self.eval(extract, env, state.clone(), sink),
                },
            )
            .map(|_| ())
        })
    }

    fn attempt(
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

    fn branch(
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

    fn define(
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

    fn call(
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
                self.enter(definition, &own, arguments, env, at, sink)
            }
            // A parameter `$x` may also be called as `x`.
            Binding::Value(value) => sink(at.gives(value.clone())),
            Binding::Label(_) => Err(defect()),
        }
    }

    /// Calls a definition: `own` is where its body sees names from, `env` where its arguments do.
    fn enter(
        &self,
        definition: &'p Definition,
        own: &Env<'p>,
        arguments: &'p [Code],
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.with_arguments(
            &definition.params,
            arguments,
            own.clone(),
            env,
            &at,
            &mut |own| self.eval(&definition.body, own, at.clone(), sink),
        )
    }

    fn with_arguments(
        &self,
        params: &'p [Param],
        arguments: &'p [Code],
        own: Env<'p>,
        env: &Env<'p>,
        at: &Place<'p>,
        then: &mut dyn FnMut(&Env<'p>) -> Flow,
    ) -> Flow {
        let (Some((param, params)), Some((argument, arguments))) =
            (params.split_first(), arguments.split_first())
        else {
            return then(&own);
        };
        match param {
            Param::Closure => {
                let own = bound(&own, Binding::Closure(argument, env.clone()));
                self.with_arguments(params, arguments, own, env, at, then)
            }
            Param::Value => self.values(argument, env, at, &mut |value| {
                let own = bound(&own, Binding::Value(value));
                self.with_arguments(params, arguments, own, env, at, then)
            }),
        }
    }

    fn native(
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

    /// Every combination of the outputs of some arguments.
    pub(super) fn each_combination(
        &self,
        arguments: &'p [Code],
        values: &mut Vec<Val<'p>>,
        env: &Env<'p>,
        at: &Place<'p>,
        then: &mut dyn FnMut(&[Val<'p>]) -> Flow,
    ) -> Flow {
        let Some((first, rest)) = arguments.split_first() else {
            return then(values);
        };
        self.values(first, env, at, &mut |value| {
            values.push(value);
            let flow = self.each_combination(rest, values, env, at, then);
            values.pop();
            flow
        })
    }

    fn path(
        &self,
        from: &'p Code,
        parts: &'p [(Part, Optional)],
        env: &Env<'p>,
        at: Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        if matches!(from, Code::Input) {
            return self.parts(parts, env, &at.clone(), at, sink);
        }
        self.eval(from, env, at.clone(), &mut |place| {
            self.parts(parts, env, &at, place, sink)
        })
    }
}

fn variable<'p>(env: &Env<'p>, up: usize, at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
    match lookup(env, up).map(|frame| &frame.binding) {
        Some(Binding::Value(value)) => sink(at.gives(value.clone())),
        _ => Err(defect()),
    }
}

fn broken(env: &Env<'_>, up: usize) -> Stop {
    match lookup(env, up).map(|frame| &frame.binding) {
        Some(Binding::Label(label)) => Stop::Break(*label),
        _ => defect(),
    }
}

fn lookup<'e, 'p>(env: &'e Env<'p>, up: usize) -> Option<&'e Rc<Frame<'p>>> {
    let mut frame = env.as_ref()?;
    for _ in 0..up {
        frame = frame.up.as_ref()?;
    }
    Some(frame)
}

pub(super) fn until_break(label: usize, flow: Flow) -> Flow {
    match flow {
        Err(Stop::Break(broken)) if broken == label => Ok(()),
        other => other,
    }
}

fn defect() -> Stop {
    Stop::Spent("hookrule has a defect here: a name of this program leads nowhere".to_owned())
}
