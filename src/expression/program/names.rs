//! What the names of a program mean.

use jaq_core::load::parse::Term;
use serde_json::Value;

use super::super::{ExpressionError, quoted};
use super::code::Code;
use super::control::CONTROLS;
use super::lowering::{Lowered, Name, Reader};
use super::{GLOBALS, advice, natives, reading};

impl<'s> Reader<'s> {
    pub(super) fn call(&mut self, name: &'s str, arguments: &[Term<&'s str>]) -> Lowered {
        let takes = arguments.len();
        let arguments = arguments.iter().map(|argument| self.code(argument));
        let arguments = arguments.collect::<Lowered<Vec<_>>>()?;
        let fits = |known: &Name<'_>| match known {
            Name::Definition(known, has) => *known == name && *has == takes,
            Name::Closure(known) => *known == name && takes == 0,
            Name::Variable(known) => known.strip_prefix('$') == Some(name) && takes == 0,
            Name::Label(_) => false,
        };
        let own = self.names.iter().skip(self.globals).rev();
        if let Some(up) = own.clone().position(fits) {
            return Ok(Code::Call(up, arguments));
        }
        if let Some(why) = advice::refused(name) {
            return Err(reading::refusal(self.text, name, why));
        }
        let known = |(known, has): &(String, usize)| known == name && *has == takes;
        if let Some(index) = self.prelude.iter().rposition(known) {
            self.readable(name, &arguments)?;
            return Ok(Code::Prelude(index, arguments));
        }
        let mut controls = CONTROLS.iter();
        if let Some((_, _, control)) =
            controls.find(|(known, has, _)| *known == name && *has == takes)
        {
            return Ok(Code::Control(*control, arguments));
        }
        match natives::find(name, takes) {
            Some(native) => {
                self.readable(name, &arguments)?;
                Ok(Code::Native(native, arguments))
            }
            None => Err(self.unknown(name, takes)),
        }
    }

    /// A pattern that is written in the program is looked at when it is read.
    pub(super) fn readable(&self, name: &str, arguments: &[Code]) -> Lowered<()> {
        let takes_pattern = matches!(
            (name, arguments.len()),
            ("test" | "match" | "capture" | "scan" | "splits", _)
                | ("sub" | "gsub", 2..)
                | ("split", 2)
        );
        let Some(Code::Literal(Value::String(pattern))) = arguments.first() else {
            return Ok(());
        };
        if !takes_pattern {
            return Ok(());
        }
        natives::readable(pattern).map_err(|fault| {
            let called = self.offset(name);
            let range = fault.offset..fault.offset + fault.len;
            let place = quoted::place(self.text, called, pattern, &range);
            let place = place.unwrap_or(called..called + name.len());
            ExpressionError {
                message: format!("`{name}` {}", fault.message),
                offset: place.start,
                len: place.len(),
                ..fault
            }
        })
    }

    pub(super) fn unknown(&self, name: &str, takes: usize) -> ExpressionError {
        let mut defined = self.prelude.clone();
        defined.extend(self.names.iter().filter_map(|known| match known {
            Name::Definition(known, has) => Some(((*known).to_owned(), *has)),
            Name::Closure(known) => Some(((*known).to_owned(), 0)),
            Name::Variable(_) | Name::Label(_) => None,
        }));
        advice::unknown_function(self.offset(name), name, takes, &defined)
    }

    pub(super) fn variable(&mut self, name: &'s str) -> Lowered {
        let up = self.bound(name)?;
        self.note(name, up, None);
        Ok(Code::Variable(up))
    }

    pub(super) fn bound(&self, name: &'s str) -> Lowered<usize> {
        let same = |known: &Name<'_>| matches!(known, Name::Variable(known) if *known == name);
        self.names.iter().rev().position(same).ok_or_else(|| {
            if let Some(why) = advice::refused(name) {
                return reading::refusal(self.text, name, why);
            }
            let known = self.names.iter().filter_map(|known| match known {
                Name::Variable(known) => Some(*known),
                _ => None,
            });
            let known: Vec<&str> = known.collect();
            advice::unknown_variable(self.offset(name), name, &known)
        })
    }

    /// Remembers that one of the event's own variables is read.
    pub(super) fn note(&mut self, name: &'s str, up: usize, member: Option<&str>) {
        let is_global = self.names.len().checked_sub(up + 1);
        let global = is_global.and_then(|at| GLOBALS.get(at));
        if let Some((_, root)) = global.filter(|(global, _)| *global == name) {
            let path = match member {
                Some(member) => format!("{root}.{member}"),
                None => (*root).to_owned(),
            };
            // The offset behind the dollar sign, where the name is written as in a template.
            self.reads.push((path, self.offset(name) + 1));
        }
    }
}
