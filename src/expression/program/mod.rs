//! jq in a rule: `vars: {amount: {jq: .data.object.amount_paid / 100}}`.
//!
//! jaq reads the text; it is carried out here, because a rule must not be able to hold up the intake:
//! steps, bytes and nesting are counted, numbers keep their digits, and nothing outside the event can
//! be reached. The input is the payload; `$event`, `$headers`, `$query`, `$source`, `$vars` and, under
//! `for_each`, `$item` are what templates see under these names.

mod advice;
mod assign;
mod budget;
mod calls;
mod code;
mod control;
mod evaluate;
mod lowering;
mod making;
mod names;
mod natives;
mod operate;
mod reading;
mod rounds;
mod sorting;
mod steps;
mod value;
mod ways;

use std::sync::{Arc, LazyLock};

use serde_json::Value;

use super::template::engine::{OUTPUT_BYTES_MAX, weight};
use super::{ExpressionError, RenderError, Scope};
use budget::{Budget, Stop};
use code::{Code, Definition};
use evaluate::{Binding, Env, Run, bound};
use value::{Place, Val};

/// What a program sees beside its input: a variable, and the root of the scope that it stands for.
const GLOBALS: [(&str, &str); 6] = [
    ("$event", "event"),
    ("$headers", "headers"),
    ("$query", "query"),
    ("$source", "source"),
    ("$vars", "vars"),
    ("$item", "item"),
];

static PRELUDE: LazyLock<Vec<Definition>> =
    LazyLock::new(|| lowering::prelude(include_str!("prelude.jq")).unwrap_or_default());

/// A jq program, read.
#[derive(Debug, Clone)]
pub struct Program(Arc<Read>);

#[derive(Debug)]
struct Read {
    text: String,
    code: Code,
    reads: Vec<(String, usize)>,
}

impl Program {
    /// Reads a program.
    ///
    /// # Errors
    /// Says what is wrong, where, and what to write.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let (code, reads) = lowering::program(text)?;
        let text = text.to_owned();
        Ok(Self(Arc::new(Read { text, code, reads })))
    }

    /// As the author wrote it.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// What it reads beside the payload, dotted as templates write it (`vars.amount`), with byte
    /// offsets.
    pub fn reads(&self) -> &[(String, usize)] {
        &self.0.reads
    }

    /// The one value that it makes of an event.
    ///
    /// # Errors
    /// An error of the program, no value or several, or a bound that was reached.
    pub fn value(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        let run = Run::new(&PRELUDE, Budget::default());
        outcome(&run, &self.0.code, scope.context().data()).map_err(|message| RenderError {
            template: self.0.text.clone(),
            message,
        })
    }
}

fn outcome<'p>(run: &Run<'p>, code: &'p Code, scope: &'p Value) -> Result<Value, String> {
    let there = |root: &str| scope.get(root).map_or(Val::plain(Value::Null), Val::Lent);
    let globals = GLOBALS.iter().map(|(_, root)| there(root));
    let env: Env<'p> = globals.fold(None, |env, value| bound(&env, Binding::Value(value)));
    let mut found = None;
    let flow = run.eval(code, &env, Place::off(there("payload")), &mut |place| {
        if found.is_some() {
            let message = "it gives more than one value: `first(…)` takes the first, `[…]` makes a \
                           list of all";
            return Err(Stop::Spent(message.to_owned()));
        }
        found = Some(place.val);
        Ok(())
    });
    match flow {
        Ok(()) => {}
        Err(Stop::Error(Value::String(message)) | Stop::Spent(message)) => return Err(message),
        Err(Stop::Error(value)) => return Err(format!("it ends with the error {value}")),
        Err(Stop::Break(_) | Stop::NotTaken) => return Err("it breaks off".to_owned()),
    }
    let Some(found) = found else {
        let message = "it gives no value: `[…]` makes a list of what it gives, also of nothing";
        return Err(message.to_owned());
    };
    if weight(found.get(), OUTPUT_BYTES_MAX).is_none() {
        return Err(format!(
            "the result is longer than {OUTPUT_BYTES_MAX} bytes"
        ));
    }
    // It was weighed, so that the copy is no larger than any template's result.
    Ok(found.get().clone())
}

#[cfg(test)]
mod tests;
