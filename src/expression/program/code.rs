//! A program as it is carried out: names resolved, constants made.

use jaq_core::ops::{Cmp, Math};
use serde_json::Value;

use super::control::Control;
use super::natives::Native;

/// One step of a program. What `input` is and where outputs go is left to the evaluation.
#[derive(Debug)]
pub(super) enum Code {
    /// `.`
    Input,
    /// A number, or a text without anything filled in.
    Literal(Value),
    /// `"a \(.b)"`, each value written by a format.
    Text(&'static Native, Vec<Piece>),
    /// `[f]`, and `[]`.
    List(Option<Box<Code>>),
    /// `{a: f}`
    Object(Vec<(Code, Code)>),
    /// `-f`
    Negative(Box<Code>),
    /// `f | g`
    Pipe(Box<Code>, Box<Code>),
    /// `f as $x | g`
    Bind(Box<Code>, Pattern, Box<Code>),
    /// `f, g`
    Both(Box<Code>, Box<Code>),
    /// `f // g`
    Otherwise(Box<Code>, Box<Code>),
    /// `f and g` (with false) and `f or g` (with true): the value that decides alone.
    Logic(Box<Code>, bool, Box<Code>),
    /// `f + g`
    Math(Box<Code>, Math, Box<Code>),
    /// `f < g`
    Compare(Box<Code>, Cmp, Box<Code>),
    /// `f = g`
    Assign(Box<Code>, Box<Code>),
    /// `f |= g`
    Update(Box<Code>, Box<Code>),
    /// `f += g`
    UpdateMath(Box<Code>, Math, Box<Code>),
    /// `f //= g`
    UpdateOtherwise(Box<Code>, Box<Code>),
    /// `label $x | f`
    Label(Box<Code>),
    /// `break $x`
    Break(usize),
    /// `reduce f as $x (init; update)`
    Reduce(Box<Fold>),
    /// `foreach f as $x (init; update; extract)`
    Foreach(Box<Fold>, Option<Box<Code>>),
    /// `try f catch g`, and `f?`
    Try(Box<Code>, Option<Box<Code>>),
    /// `if f then g else h end`
    If(Box<Code>, Box<Code>, Box<Code>),
    /// `def f: …; g`
    Define(Vec<Definition>, Box<Code>),
    /// A call of a definition of this program, or of a closure given to one.
    Call(usize, Vec<Code>),
    /// A call of a definition of the prelude.
    Prelude(usize, Vec<Code>),
    /// A call of what works on values alone.
    Native(&'static Native, Vec<Code>),
    /// A call of what carries out its arguments itself.
    Control(Control, Vec<Code>),
    /// `$x`: so many bindings up.
    Variable(usize),
    /// `f.a[0]`
    Path(Box<Code>, Vec<(Part, Optional)>),
    /// `..`
    Everything,
}

/// A piece of a text.
#[derive(Debug)]
pub(super) enum Piece {
    Plain(String),
    Filled(Code),
}

/// One step into a value.
#[derive(Debug)]
pub(super) enum Part {
    /// `.a`, `[f]`
    Index(Code),
    /// `[]`
    Each,
    /// `[f:g]`
    Slice(Option<Code>, Option<Code>),
}

/// Whether `?` stands behind a step: where it cannot be gone, nothing comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Optional {
    No,
    Yes,
}

/// What stands after `as`.
#[derive(Debug)]
pub(super) enum Pattern {
    Variable,
    List(Vec<Pattern>),
    Object(Vec<(Code, Pattern)>),
}

/// A value carried along a stream of others.
#[derive(Debug)]
pub(super) struct Fold {
    pub(super) from: Code,
    pub(super) pattern: Pattern,
    pub(super) init: Code,
    pub(super) update: Code,
}

/// A function that a program defines.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    pub(super) params: Vec<Param>,
    pub(super) body: Code,
}

/// How a function takes an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Param {
    /// `$x`: its values, one after the other.
    Value,
    /// `f`: to be carried out where it is used.
    Closure,
}
