//! Turns what the library has read into what we evaluate, refusing what it lets pass: functions
//! where they do not fit, functions of its own, broken regular expressions.

use jsonpath_rust::parser::model as read;
use serde_json::Value;

use super::super::{ExpressionError, pattern, quoted};
use super::query::{Filter, Operand, Pattern, Query, Segment, Selector, Sign, Source, number};
use super::regexp::compile;
use super::singular;

/// The query of a path that the library has read from `text`.
pub(super) fn query(text: &str, path: &read::JpQuery) -> Read<Query> {
    Reading { text }.segments(&path.segments)
}

struct Reading<'t> {
    text: &'t str,
}

type Read<T> = Result<T, ExpressionError>;

impl Reading<'_> {
    fn refuse<T>(&self, at: &str, message: impl Into<String>, help: &str) -> Read<T> {
        let offset = self.text.rfind(at).unwrap_or(0);
        let len = if self.text.contains(at) { at.len() } else { 0 };
        Err(ExpressionError::syntax(offset, message).len(len).help(help))
    }

    fn segments(&self, segments: &[read::Segment]) -> Read<Query> {
        segments
            .iter()
            .map(|segment| self.segment(segment))
            .collect()
    }

    fn segment(&self, segment: &read::Segment) -> Read<Segment> {
        Ok(match segment {
            read::Segment::Descendant(inner) => Segment {
                descends: true,
                ..self.segment(inner)?
            },
            read::Segment::Selector(selector) => Segment {
                descends: false,
                selectors: vec![self.selector(selector)?],
            },
            read::Segment::Selectors(selectors) => Segment {
                descends: false,
                selectors: selectors
                    .iter()
                    .map(|selector| self.selector(selector))
                    .collect::<Read<_>>()?,
            },
        })
    }

    fn selector(&self, selector: &read::Selector) -> Read<Selector> {
        Ok(match selector {
            read::Selector::Name(name) => Selector::Name(name.clone()),
            read::Selector::Wildcard => Selector::Wildcard,
            read::Selector::Index(index) => Selector::Index(*index),
            read::Selector::Slice(start, end, step) => {
                Selector::Slice(*start, *end, step.unwrap_or(1))
            }
            read::Selector::Filter(filter) => Selector::Filter(self.filter(filter)?),
        })
    }

    fn filter(&self, filter: &read::Filter) -> Read<Filter> {
        let not = |not: bool, filter: Filter| {
            if not {
                Filter::Not(Box::new(filter))
            } else {
                filter
            }
        };
        Ok(match filter {
            read::Filter::Or(parts) => Filter::Any(self.filters(parts)?),
            read::Filter::And(parts) => Filter::All(self.filters(parts)?),
            read::Filter::Atom(read::FilterAtom::Filter {
                expr,
                not: inverted,
            }) => not(*inverted, self.filter(expr)?),
            read::Filter::Atom(read::FilterAtom::Test {
                expr,
                not: inverted,
            }) => not(*inverted, self.test(expr)?),
            read::Filter::Atom(read::FilterAtom::Comparison(comparison)) => {
                self.comparison(comparison)?
            }
        })
    }

    fn filters(&self, parts: &[read::Filter]) -> Read<Vec<Filter>> {
        parts.iter().map(|part| self.filter(part)).collect()
    }

    fn test(&self, test: &read::Test) -> Read<Filter> {
        match test {
            read::Test::RelQuery(_) | read::Test::AbsQuery(_) => {
                Ok(Filter::Exists(self.source(test)?))
            }
            read::Test::Function(function) => match function.as_ref() {
                read::TestFunction::Match(value, pattern) => self.matches(value, pattern, true),
                read::TestFunction::Search(value, pattern) => self.matches(value, pattern, false),
                other => self.unfit(other, "compare it with something: `count(@.a) > 1`"),
            },
        }
    }

    fn matches(&self, text: &read::FnArg, pattern: &read::FnArg, whole: bool) -> Read<Filter> {
        let text = self.argument(text)?;
        let pattern = match pattern {
            read::FnArg::Literal(read::Literal::String(pattern)) => match compile(pattern, whole) {
                Ok(regex) => Pattern::Compiled(regex),
                Err(error) => return Err(self.unreadable(pattern, &error)),
            },
            other => Pattern::Found {
                whole,
                operand: self.argument(other)?,
            },
        };
        Ok(Filter::Matches(text, pattern))
    }

    /// A pattern that cannot be compiled, with the place in it.
    fn unreadable(&self, pattern: &str, error: &regex::Error) -> ExpressionError {
        let fault = pattern::fault(pattern, error);
        let message = format!("`{pattern}` is not a regular expression: {}", fault.message);
        let range = fault.offset..fault.offset + fault.len;
        let place = quoted::place(self.text, 0, pattern, &range);
        let place = place.unwrap_or(0..self.text.len());
        ExpressionError {
            message,
            offset: place.start,
            len: place.len(),
            ..fault
        }
    }

    fn comparison(&self, comparison: &read::Comparison) -> Read<Filter> {
        let sign = match comparison {
            read::Comparison::Eq(..) => Sign::Equal,
            read::Comparison::Ne(..) => Sign::NotEqual,
            read::Comparison::Gt(..) => Sign::Greater,
            read::Comparison::Gte(..) => Sign::GreaterOrEqual,
            read::Comparison::Lt(..) => Sign::Less,
            read::Comparison::Lte(..) => Sign::LessOrEqual,
        };
        let (left, right) = comparison.vals();
        Ok(Filter::Compare(
            self.comparable(left)?,
            sign,
            self.comparable(right)?,
        ))
    }

    fn comparable(&self, comparable: &read::Comparable) -> Read<Operand> {
        match comparable {
            read::Comparable::Literal(literal) => self.literal(literal),
            read::Comparable::Function(function) => self.function(function),
            read::Comparable::SingularQuery(query) => {
                let (from_root, steps) = match query {
                    read::SingularQuery::Current(steps) => (false, steps),
                    read::SingularQuery::Root(steps) => (true, steps),
                };
                let segment = |step: &read::SingularQuerySegment| Segment {
                    descends: false,
                    selectors: vec![match step {
                        read::SingularQuerySegment::Index(index) => Selector::Index(*index),
                        read::SingularQuerySegment::Name(name) => Selector::Name(name.clone()),
                    }],
                };
                let query = steps.iter().map(segment).collect();
                Ok(Operand::Single(Source { from_root, query }))
            }
        }
    }

    fn function(&self, function: &read::TestFunction) -> Read<Operand> {
        Ok(match function {
            read::TestFunction::Length(argument) => {
                Operand::Length(Box::new(self.argument(argument)?))
            }
            read::TestFunction::Count(argument) => Operand::Count(self.nodes(argument, "count")?),
            read::TestFunction::Value(argument) => Operand::Value(self.nodes(argument, "value")?),
            other => return self.unfit(other, "it is true or false already: use it by itself"),
        })
    }

    /// An argument that is one value.
    fn argument(&self, argument: &read::FnArg) -> Read<Operand> {
        match argument {
            read::FnArg::Literal(literal) => self.literal(literal),
            read::FnArg::Test(test) => match test.as_ref() {
                read::Test::Function(function) => self.function(function),
                query => {
                    let source = self.source(query)?;
                    if singular(&source.query).is_some() {
                        return Ok(Operand::Single(source));
                    }
                    self.refuse(
                        "(",
                        "this function takes one value, and the path in it can select several",
                        "write `count(…)` for how many, or name one value",
                    )
                }
            },
            read::FnArg::Filter(_) => self.refuse(
                "(",
                "this function takes a value, not a comparison",
                "compare outside of it: `length(@.a) > 1`",
            ),
        }
    }

    /// An argument that is a path.
    fn nodes(&self, argument: &read::FnArg, name: &str) -> Read<Source> {
        if let read::FnArg::Test(test) = argument
            && !matches!(test.as_ref(), read::Test::Function(_))
        {
            return self.source(test);
        }
        let message = format!("`{name}` takes a path");
        self.refuse(name, message, &format!("write `{name}(@.a)`"))
    }

    fn source(&self, test: &read::Test) -> Read<Source> {
        let (from_root, segments) = match test {
            read::Test::RelQuery(segments) => (false, segments.as_slice()),
            read::Test::AbsQuery(query) => (true, query.segments.as_slice()),
            read::Test::Function(function) => return self.unfit(function, "write a path here"),
        };
        let query = self.segments(segments)?;
        Ok(Source { from_root, query })
    }

    fn literal(&self, literal: &read::Literal) -> Read<Operand> {
        let value = match literal {
            read::Literal::Int(int) => Some(Value::from(*int)),
            read::Literal::Float(float) => number(&float.to_string()),
            read::Literal::String(text) => Some(Value::from(text.as_str())),
            read::Literal::Bool(bool) => Some(Value::from(*bool)),
            read::Literal::Null => Some(Value::Null),
        };
        match value {
            Some(value) => Ok(Operand::Literal(value)),
            None => self.refuse("?", "this number is too large", "write a smaller one"),
        }
    }

    fn unfit<T>(&self, function: &read::TestFunction, help: &str) -> Read<T> {
        let (name, message) = match function {
            read::TestFunction::Custom(name, _) => {
                let message = format!("`{name}` is not a function of RFC 9535");
                let help = "there are length, count, value, match and search";
                return self.refuse(name, message, help);
            }
            read::TestFunction::Length(_) => ("length", "`length` gives a number"),
            read::TestFunction::Value(_) => ("value", "`value` gives a value"),
            read::TestFunction::Count(_) => ("count", "`count` gives a number"),
            read::TestFunction::Search(..) => ("search", "`search` gives true or false"),
            read::TestFunction::Match(..) => ("match", "`match` gives true or false"),
        };
        self.refuse(
            name,
            format!("{message}, which is not what stands here"),
            help,
        )
    }
}
