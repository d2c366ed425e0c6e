//! Carrying out a program: every output of a step is handed on at once, so that what nobody needs is
//! never made.

use std::cell::Cell;
use std::rc::Rc;

use serde_json::Value;

use super::budget::{Budget, Stop};
use super::code::{Code, Definition, Optional, Part};
use super::natives::Patterns;
use super::value::{Place, Val};

pub(super) type Flow = Result<(), Stop>;
/// What takes the outputs of a step.
pub(super) type Sink<'s, 'p> = &'s mut dyn FnMut(Place<'p>) -> Flow;
/// What names stand for, the last bound first.
pub(super) type Env<'p> = Option<Rc<Frame<'p>>>;

/// One name and those bound before it.
#[derive(Debug)]
pub(super) struct Frame<'p> {
    pub(super) binding: Binding<'p>,
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

#[expect(
    clippy::unnecessary_wraps,
    reason = "it takes the place of an environment, which may also be empty"
)]
pub(super) fn bound<'p>(env: &Env<'p>, binding: Binding<'p>) -> Env<'p> {
    let up = env.clone();
    Some(Rc::new(Frame { binding, up }))
}

/// One run of a program.
#[derive(Debug)]
pub(super) struct Run<'p> {
    pub(super) budget: Budget,
    pub(super) patterns: Patterns,
    pub(super) prelude: &'p [Definition],
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
            Code::Literal(value) => literal(value, &at, sink),
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
            Code::Reduce(fold) => self.reduce(fold, env, &at, sink),
            Code::Foreach(fold, extract) => self.foreach(fold, extract.as_deref(), env, &at, sink),
            Code::Try(inner, catch) => self.attempt(inner, catch.as_deref(), env, at, sink),
            Code::If(condition, then, other) => self.branch(condition, then, other, env, &at, sink),
            Code::Define(definitions, then) => self.define(definitions, then, env, at, sink),
            Code::Call(up, arguments) => self.call(*up, arguments, env, at, sink),
            Code::Prelude(index, arguments) => self.known(*index, arguments, env, &at, sink),
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

fn literal<'p>(value: &'p Value, at: &Place<'p>, sink: Sink<'_, 'p>) -> Flow {
    sink(at.gives(Val::Lent(value)))
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

pub(super) fn lookup<'e, 'p>(env: &'e Env<'p>, up: usize) -> Option<&'e Rc<Frame<'p>>> {
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

pub(super) fn defect() -> Stop {
    Stop::Spent("hookrule has a defect here: a name of this program leads nowhere".to_owned())
}
