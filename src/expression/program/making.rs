//! Steps that make a value: texts, lists, objects, `+`, `<`, `and`.

use jaq_core::ops::{Cmp, Math};
use serde_json::{Map, Value};

use super::super::decimal;
use super::budget::Stop;
use super::code::{Code, Piece};
use super::evaluate::{Env, Flow, Run, Sink};
use super::natives::{self, Native};
use super::operate::{math, order};
use super::value::{Place, Val};

impl<'p> Run<'p> {
    pub(super) fn text(
        &self,
        format: &'static Native,
        pieces: &'p [Piece],
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.filled(format, pieces, "", env, at, sink)
    }

    /// From the last piece to the first: where several give several texts, the first changes the fastest.
    fn filled(
        &self,
        format: &'static Native,
        pieces: &'p [Piece],
        after: &str,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        self.budget.make(after.len())?;
        match pieces.split_last() {
            None => sink(at.gives(Val::plain(after.into()))),
            Some((Piece::Plain(text), rest)) => {
                let text = format!("{text}{after}");
                self.filled(format, rest, &text, env, at, sink)
            }
            Some((Piece::Filled(code), rest)) => self.values(code, env, at, &mut |value| {
                let text = natives::call(self, format, value.get(), &[])?;
                let text = format!("{}{after}", text.as_str().unwrap_or_default());
                self.filled(format, rest, &text, env, at, sink)
            }),
        }
    }

    pub(super) fn list(
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

    pub(super) fn object(
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

    pub(super) fn finished(
        &self,
        members: &[(String, Val<'p>)],
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let (mut object, mut depth) = (Map::new(), 0);
        for (name, value) in members {
            self.budget.make(64 + name.len())?;
            depth = depth.max(value.depth());
            object.insert(name.clone(), value.clone().take(&self.budget)?);
        }
        sink(at.gives(Val::nested(Value::Object(object), depth + 1)?))
    }

    pub(super) fn negative(
        &self,
        of: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
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

    pub(super) fn math(
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

    pub(super) fn compare(
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
                let (left, right) = (left.get(), right.get());
                if std::mem::discriminant(left) == std::mem::discriminant(right) {
                    let bytes = self
                        .budget
                        .read(left)?
                        .saturating_add(self.budget.read(right)?);
                    self.budget.spend(bytes / 512)?;
                }
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

    pub(super) fn logic(
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
}
