//! A program's syntax tree → what is carried out: every name is looked up here, once.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{self, BinaryOp, Def, Term};
use jaq_core::load::span;
use jaq_core::path;
use serde_json::{Number, Value};

use super::super::ExpressionError;
use super::code::{Code, Definition, Fold, Optional, Param, Part, Pattern, Piece};
use super::natives::{self, TOSTRING};
use super::operate::from_float;
use super::{GLOBALS, PRELUDE, reading};

pub(super) type Lowered<T = Code> = Result<T, ExpressionError>;

/// Reads a program; also gives what it reads beside the payload.
pub(super) fn program(text: &str) -> Lowered<(Code, Vec<(String, usize)>)> {
    let term = reading::term(text)?;
    let mut reader = Reader {
        text,
        names: GLOBALS
            .iter()
            .map(|(name, _)| Name::Variable(name))
            .collect(),
        globals: GLOBALS.len(),
        prelude: PRELUDE.iter().map(signature).collect(),
        reads: Vec::new(),
    };
    let code = reader.code(&term)?;
    Ok((code, reader.reads))
}

/// Reads the definitions that every program may call.
pub(super) fn prelude(text: &'static str) -> Option<Vec<Definition>> {
    let mut reader = Reader {
        text,
        names: Vec::new(),
        globals: 0,
        prelude: Vec::new(),
        reads: Vec::new(),
    };
    let mut definitions = Vec::new();
    for def in &reading::definitions(text)? {
        reader.prelude.push((def.name.to_owned(), def.args.len()));
        definitions.push(reader.body(def).ok()?);
    }
    Some(definitions)
}

fn signature(definition: &Definition) -> (String, usize) {
    (definition.name.clone(), definition.params.len())
}

/// A name in scope.
pub(super) enum Name<'s> {
    Variable(&'s str),
    Closure(&'s str),
    Definition(&'s str, usize),
    Label(&'s str),
}

pub(super) struct Reader<'s> {
    pub(super) text: &'s str,
    /// Those bound last stand last, as they will when the program is carried out.
    pub(super) names: Vec<Name<'s>>,
    /// How many of them, the first ones, stand for the event's own parts.
    pub(super) globals: usize,
    pub(super) prelude: Vec<(String, usize)>,
    pub(super) reads: Vec<(String, usize)>,
}

impl<'s> Reader<'s> {
    pub(super) fn offset(&self, word: &str) -> usize {
        span(self.text, word).start
    }

    fn boxed(&mut self, term: &Term<&'s str>) -> Lowered<Box<Code>> {
        self.code(term).map(Box::new)
    }

    /// Reads a term with some more names in scope.
    fn with<T>(
        &mut self,
        names: impl IntoIterator<Item = Name<'s>>,
        read: impl FnOnce(&mut Self) -> Lowered<T>,
    ) -> Lowered<T> {
        let before = self.names.len();
        self.names.extend(names);
        let result = read(self);
        self.names.truncate(before);
        result
    }

    pub(super) fn code(&mut self, term: &Term<&'s str>) -> Lowered {
        Ok(match term {
            Term::Id => Code::Input,
            Term::Recurse => Code::Everything,
            Term::Num(number) => self.number(number)?,
            Term::Str(format, parts) => self.string(format.as_ref(), parts)?,
            Term::Arr(None) => Code::List(None),
            Term::Arr(Some(items)) => Code::List(Some(self.boxed(items)?)),
            Term::Obj(members) => self.object(members)?,
            Term::Neg(of) => Code::Negative(self.boxed(of)?),
            Term::BinOp(left, sign, right) => self.binary(left, sign, right)?,
            Term::Label(name, inner) => {
                let inner = self.with([Name::Label(name)], |reader| reader.boxed(inner))?;
                Code::Label(inner)
            }
            Term::Break(name) => {
                let labels =
                    |known: &Name<'_>| matches!(known, Name::Label(known) if known == name);
                let Some(up) = self.names.iter().rev().position(labels) else {
                    let message = format!("there is no `label {name}` around this");
                    let offset = self.offset(name);
                    return Err(ExpressionError::syntax(offset, message).len(name.len()));
                };
                Code::Break(up)
            }
            Term::Fold(name, from, pattern, arguments) => {
                self.fold(name, from, pattern, arguments)?
            }
            Term::TryCatch(inner, catch) => {
                let catch = catch.as_ref().map(|catch| self.boxed(catch));
                Code::Try(self.boxed(inner)?, catch.transpose()?)
            }
            Term::IfThenElse(ways, other) => self.branches(ways, other.as_deref())?,
            Term::Def(definitions, then) => self.definitions(definitions, then)?,
            Term::Call(name, arguments) => self.call(name, arguments)?,
            Term::Var(name) => self.variable(name)?,
            Term::Path(from, path) => self.path(from, path)?,
        })
    }

    fn number(&self, text: &'s str) -> Lowered {
        let exact = text.parse::<Number>().ok();
        let near = || from_float(text.parse::<f64>().ok()?).ok();
        if let Some(number) = exact.or_else(near) {
            return Ok(Code::Literal(Value::Number(number)));
        }
        let message = format!("`{text}` is no number");
        Err(ExpressionError::syntax(self.offset(text), message).len(text.len()))
    }

    fn string(
        &mut self,
        format: Option<&&'s str>,
        parts: &[StrPart<&'s str, Term<&'s str>>],
    ) -> Lowered {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        for part in parts {
            match part {
                StrPart::Str(text) => plain.push_str(text),
                StrPart::Char(c) => plain.push(*c),
                StrPart::Term(term) => {
                    pieces.push(Piece::Plain(std::mem::take(&mut plain)));
                    pieces.push(Piece::Filled(self.code(term)?));
                }
            }
        }
        if pieces.is_empty() {
            return Ok(Code::Literal(Value::String(plain)));
        }
        pieces.push(Piece::Plain(plain));
        let format = match format {
            None => TOSTRING,
            Some(name) => match natives::find(name, 0) {
                Some(native) => native,
                None => return Err(self.unknown(name, 0)),
            },
        };
        Ok(Code::Text(format, pieces))
    }

    fn object(&mut self, members: &[(Term<&'s str>, Option<Term<&'s str>>)]) -> Lowered {
        let read = |(key, value): &(Term<&'s str>, Option<Term<&'s str>>)| {
            Ok(match (key, value) {
                (Term::Var(name), None) => {
                    let key = Code::Literal(name.trim_start_matches('$').into());
                    (key, self.code(&Term::Var(*name))?)
                }
                (_, Some(value)) => (self.code(key)?, self.code(value)?),
                (_, None) => {
                    let part = Part::Index(self.code(key)?);
                    let value = Code::Path(Box::new(Code::Input), vec![(part, Optional::No)]);
                    (self.code(key)?, value)
                }
            })
        };
        Ok(Code::Object(
            members.iter().map(read).collect::<Lowered<_>>()?,
        ))
    }

    fn binary(
        &mut self,
        left: &Term<&'s str>,
        sign: &BinaryOp<&'s str>,
        right: &Term<&'s str>,
    ) -> Lowered {
        let left = self.boxed(left)?;
        if let BinaryOp::Pipe(Some(pattern)) = sign {
            let names = variables(pattern);
            let pattern = self.pattern(pattern)?;
            let right = self.with(names, |reader| reader.boxed(right))?;
            return Ok(Code::Bind(left, pattern, right));
        }
        let right = self.boxed(right)?;
        Ok(match sign {
            BinaryOp::Pipe(_) => Code::Pipe(left, right),
            BinaryOp::Comma => Code::Both(left, right),
            BinaryOp::Alt => Code::Otherwise(left, right),
            BinaryOp::Or => Code::Logic(left, true, right),
            BinaryOp::And => Code::Logic(left, false, right),
            BinaryOp::Math(sign) => Code::Math(left, *sign, right),
            BinaryOp::Cmp(sign) => Code::Compare(left, *sign, right),
            BinaryOp::Assign => Code::Assign(left, right),
            BinaryOp::Update => Code::Update(left, right),
            BinaryOp::UpdateMath(sign) => Code::UpdateMath(left, *sign, right),
            BinaryOp::UpdateAlt => Code::UpdateOtherwise(left, right),
        })
    }

    fn pattern(&mut self, pattern: &parse::Pattern<&'s str>) -> Lowered<Pattern> {
        Ok(match pattern {
            parse::Pattern::Var(_) => Pattern::Variable,
            parse::Pattern::Arr(items) => {
                let items = items.iter().map(|item| self.pattern(item));
                Pattern::List(items.collect::<Lowered<_>>()?)
            }
            parse::Pattern::Obj(members) => {
                let members = members
                    .iter()
                    .map(|(key, inner)| Ok((self.code(key)?, self.pattern(inner)?)));
                Pattern::Object(members.collect::<Lowered<_>>()?)
            }
        })
    }

    fn fold(
        &mut self,
        name: &'s str,
        from: &Term<&'s str>,
        pattern: &parse::Pattern<&'s str>,
        arguments: &[Term<&'s str>],
    ) -> Lowered {
        let from = self.code(from)?;
        let names = || variables(pattern);
        let pattern_code = self.pattern(pattern)?;
        let (init, update, extract) = match (name, arguments) {
            (_, [init, update]) => (init, update, None),
            ("foreach", [init, update, extract]) => (init, update, Some(extract)),
            _ => {
                let message = format!("`{name}` is written `{name} … as $x (start; next)`");
                return Err(ExpressionError::syntax(self.offset(name), message).len(name.len()));
            }
        };
        let fold = Box::new(Fold {
            from,
            pattern: pattern_code,
            init: self.code(init)?,
            update: self.with(names(), |reader| reader.code(update))?,
        });
        if name == "reduce" {
            return Ok(Code::Reduce(fold));
        }
        let extract = extract.map(|extract| self.with(names(), |reader| reader.boxed(extract)));
        Ok(Code::Foreach(fold, extract.transpose()?))
    }

    fn branches(
        &mut self,
        ways: &[(Term<&'s str>, Term<&'s str>)],
        other: Option<&Term<&'s str>>,
    ) -> Lowered {
        let mut code = match other {
            Some(other) => self.code(other)?,
            None => Code::Input,
        };
        for (condition, then) in ways.iter().rev() {
            let (condition, then) = (self.boxed(condition)?, self.boxed(then)?);
            code = Code::If(condition, then, Box::new(code));
        }
        Ok(code)
    }

    fn definitions(&mut self, defs: &[Def<&'s str>], then: &Term<&'s str>) -> Lowered {
        self.with([], |reader| {
            let mut definitions = Vec::new();
            for def in defs {
                reader
                    .names
                    .push(Name::Definition(def.name, def.args.len()));
                definitions.push(reader.body(def)?);
            }
            Ok(Code::Define(definitions, reader.boxed(then)?))
        })
    }

    fn body(&mut self, def: &Def<&'s str>) -> Lowered<Definition> {
        let taken = |name: &&'s str| {
            if name.starts_with('$') {
                (Param::Value, Name::Variable(name))
            } else {
                (Param::Closure, Name::Closure(name))
            }
        };
        let (params, names): (Vec<_>, Vec<_>) = def.args.iter().map(taken).unzip();
        Ok(Definition {
            name: def.name.to_owned(),
            params,
            body: self.with(names, |reader| reader.code(&def.body))?,
        })
    }

    fn path(&mut self, from: &Term<&'s str>, path: &path::Path<Term<&'s str>>) -> Lowered {
        let code = match (from, path.0.first()) {
            (Term::Var(name), Some((path::Part::Index(Term::Str(None, parts)), _))) => {
                let up = self.bound(name)?;
                let member = match parts.as_slice() {
                    [StrPart::Str(member)] => Some(*member),
                    _ => None,
                };
                self.note(name, up, member);
                Code::Variable(up)
            }
            _ => self.code(from)?,
        };
        let parts = path.0.iter().map(|(part, optional)| {
            let part = match part {
                path::Part::Index(key) => Part::Index(self.code(key)?),
                path::Part::Range(None, None) => Part::Each,
                path::Part::Range(from, to) => {
                    let mut bound = |bound: &Option<Term<&'s str>>| {
                        bound.as_ref().map(|bound| self.code(bound)).transpose()
                    };
                    Part::Slice(bound(from)?, bound(to)?)
                }
            };
            let optional = match optional {
                path::Opt::Optional => Optional::Yes,
                path::Opt::Essential => Optional::No,
            };
            Ok((part, optional))
        });
        Ok(Code::Path(Box::new(code), parts.collect::<Lowered<_>>()?))
    }
}

/// The variables of a pattern, in the order in which they are bound.
fn variables<'s>(pattern: &parse::Pattern<&'s str>) -> Vec<Name<'s>> {
    match pattern {
        parse::Pattern::Var(name) => vec![Name::Variable(name)],
        parse::Pattern::Arr(items) => items.iter().flat_map(variables).collect(),
        parse::Pattern::Obj(members) => {
            let inner = members.iter().map(|(_, inner)| inner);
            inner.flat_map(variables).collect()
        }
    }
}
