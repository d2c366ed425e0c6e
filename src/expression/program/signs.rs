//! Signs beside each other that can be read in two ways: the author says which one is meant.
//!
//! `.a = .b // 1` is `(.a = .b) // 1` to jq, where nearly everyone means `.a = (.b // 1)`; and the
//! parser that reads programs here takes `*` and `%` in another order than jq does. Neither is guessed.

use jaq_core::load::lex::{StrPart, Tok, Token};
use jaq_core::load::span;

use super::super::ExpressionError;

const CHANGES: [&str; 8] = ["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="];
/// What ends a product.
const LOOSER: [&str; 10] = ["+", "-", "==", "!=", "<", "<=", ">", ">=", "and", "or"];
/// What ends all that is written beside each other.
const ENDS: [&str; 7] = ["|", ",", ";", ":", "then", "elif", "else"];
/// What a value is expected behind, beside the signs above.
const BEFORE_VALUES: [&str; 8] = ["*", "/", "%", "//", "if", "try", "catch", "reduce"];

/// What stands on the left in what is being read.
#[derive(Default)]
struct Left<'s> {
    /// `*` or `/`
    times: Option<&'s str>,
    change: Option<&'s str>,
    /// `//`
    otherwise: Option<&'s str>,
}

/// Refuses signs that need brackets around one of them.
pub(super) fn unambiguous<'s>(
    text: &'s str,
    tokens: &[Token<&'s str>],
) -> Result<(), ExpressionError> {
    let mut left = Left::default();
    let mut around = Vec::new();
    let mut before = "|";
    for Token(sign, kind) in tokens {
        match *sign {
            "if" => around.push(std::mem::take(&mut left)),
            "end" => left = around.pop().unwrap_or_default(),
            ends if ENDS.contains(&ends) => left = Left::default(),
            "-" if wants_value(before) => {}
            looser if LOOSER.contains(&looser) => left.times = None,
            _ => left.meets(text, sign)?,
        }
        before = sign;
        match kind {
            Tok::Block(inner) => unambiguous(text, inner)?,
            Tok::Str(parts) => {
                for part in parts {
                    if let StrPart::Term(inner) = part {
                        unambiguous(text, std::slice::from_ref(inner))?;
                    }
                }
            }
            _ => {}
        }
    }
    Ok(())
}

fn wants_value(before: &str) -> bool {
    let lists: [&[&str]; 4] = [&ENDS, &LOOSER, &CHANGES, &BEFORE_VALUES];
    lists.iter().any(|list| list.contains(&before))
}

impl<'s> Left<'s> {
    fn meets(&mut self, text: &str, sign: &'s str) -> Result<(), ExpressionError> {
        match (sign, self.times, self.change, self.otherwise) {
            ("%", Some(times), _, _) => {
                let help = format!("write `(a {times} b) % c` or `a {times} (b % c)`");
                return Err(beside(text, times, sign, &help));
            }
            ("*" | "/", ..) => self.times = Some(sign),
            ("//", _, Some(change), _) => {
                let help = format!("write `.a {change} (.b // 1)`");
                return Err(beside(text, change, sign, &help));
            }
            ("//", ..) => (self.times, self.otherwise) = (None, Some(sign)),
            (change, _, _, otherwise) if CHANGES.contains(&change) => {
                if let Some(otherwise) = otherwise {
                    let help = format!("write `(.a // .b) {change} 1` or `.a // (.b {change} 1)`");
                    return Err(beside(text, otherwise, sign, &help));
                }
                (self.times, self.change) = (None, Some(change));
            }
            _ => {}
        }
        Ok(())
    }
}

fn beside(text: &str, left: &str, right: &str, help: &str) -> ExpressionError {
    let message = format!("`{left}` and `{right}` beside each other can be read in two ways");
    ExpressionError::syntax(span(text, right).start, message)
        .len(right.len())
        .help(help)
}
