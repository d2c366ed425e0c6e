//! Text → where its values stand, with every limit kept on the way.
//!
//! Reports keys written twice, unknown tags, a second document, and nesting or aliases that go too far.

mod checks;

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, code};
use crate::yaml::alike;
use crate::yaml::looks;
use crate::yaml::offsets::Offsets;
use crate::yaml::read::{DEPTH_MAX, VALUES_MAX};
use crate::yaml::spot::{Link, Shape, Spot};
use crate::yaml::syntax;

/// A diagnostic was added and nothing after it can be trusted.
#[derive(Debug)]
pub(super) struct Stop;

/// What a walk has found.
#[derive(Debug)]
pub(super) struct Walked<'t> {
    pub(super) root: Link<'t>,
    /// Whether every reader of YAML finds the same.
    pub(super) alike: bool,
}

/// Walks the first document of a file; `None` if it has none.
pub(super) fn walk<'t>(
    file: &'t Arc<SourceFile>,
    problems: &mut Diagnostics,
) -> Result<Option<Walked<'t>>, Stop> {
    let mut walker = Walker {
        file,
        parser: Parser::new_from_str(&file.text),
        offsets: Offsets::of(&file.text),
        anchors: HashMap::new(),
        anchor_names: HashMap::new(),
        values: 0,
        open: Vec::new(),
        braces: None,
        alike: alike::is_plain_text(&file.text),
        problems,
    };
    let root = walker.document()?;
    let alike = walker.alike;
    Ok(root.map(|root| Walked { root, alike }))
}

struct Walker<'t, 'p> {
    file: &'t Arc<SourceFile>,
    parser: Parser<'t, StrInput<'t>>,
    offsets: Offsets<'t>,
    anchors: HashMap<usize, Rc<Spot<'t>>>,
    anchor_names: HashMap<&'t str, Range<usize>>,
    values: usize,
    /// The brackets that are open, the innermost last.
    open: Vec<usize>,
    /// The last unquoted braces that were reported: a syntax error after them is their doing.
    braces: Option<Diagnostic>,
    /// Whether all that was seen so far can be read in one way only.
    alike: bool,
    problems: &'p mut Diagnostics,
}

type Step<'t> = (Event<'t>, Span);
type Written<'t> = (Link<'t>, usize);

impl<'t> Walker<'t, '_> {
    fn document(&mut self) -> Result<Option<Link<'t>>, Stop> {
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(None),
                (Event::DocumentStart(_), _) => break,
                _ => {}
            }
        }
        let step = self.next()?;
        let (spot, _) = self.spot(step, 0)?;
        loop {
            match self.next()? {
                (Event::StreamEnd, _) => return Ok(Some(spot)),
                (Event::DocumentStart(_), span) => {
                    let span = self.offsets.range(span);
                    let help = "a file holds one: move it into a file of its own";
                    self.report(span, code::YAML, "a second document starts here", help);
                    self.alike = false;
                    return Ok(Some(spot));
                }
                _ => {}
            }
        }
    }

    fn next(&mut self) -> Result<Step<'t>, Stop> {
        match self.parser.next_event() {
            Some(Ok(step)) => Ok(step),
            Some(Err(error)) if error.info().contains("recursion limit") => {
                let at = self.offsets.byte(*error.marker());
                self.too_deep(at..at)
            }
            Some(Err(error)) => {
                if self.braces.is_none() {
                    let (file, offsets) = (self.file, &self.offsets);
                    let found = syntax::diagnostic(file, offsets, &self.open, &error);
                    // What only looked odd there is now known to be wrong.
                    self.problems.retract_if(|known| {
                        known.code == code::MISLEADING
                            && known.place.span.start == found.place.span.start
                    });
                    self.problems.push(found);
                }
                Err(Stop)
            }
            None => Err(Stop),
        }
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place {
            file: Arc::clone(self.file),
            span,
        }
    }

    fn error(
        &self,
        span: Range<usize>,
        code: Code,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, self.place(span), message).help(help)
    }

    fn report(&mut self, span: Range<usize>, code: Code, message: &str, help: &str) {
        let found = self.error(span, code, message, help);
        self.problems.push(found);
    }

    fn stop<T>(&mut self, span: Range<usize>, message: &str, help: &str) -> Result<T, Stop> {
        self.report(span, code::TOO_LARGE, message, help);
        Err(Stop)
    }

    /// Reads one value, and says where it ends in the text: for an alias not where its value does.
    fn spot(&mut self, (event, span): Step<'t>, depth: usize) -> Result<Written<'t>, Stop> {
        let whole = self.offsets.range(span);
        let (anchor, tag) = match event {
            Event::Scalar(_, _, anchor, ref tag)
            | Event::SequenceStart(anchor, ref tag)
            | Event::MappingStart(anchor, ref tag) => (anchor, tag.as_deref()),
            Event::Alias(anchor) => {
                let end = whole.end;
                return Ok((self.alias(anchor, whole, depth)?, end));
            }
            _ => return self.stop(whole, "no value can stand here", "remove it"),
        };
        let range = if anchor != 0 || tag.is_some() {
            self.alike = false;
            self.offsets.without_properties(whole.clone())
        } else {
            whole.clone()
        };
        if let Some(tag) = tag {
            self.check_tag(tag, whole.start..range.start);
        }
        if anchor != 0 {
            self.check_anchor(whole.start..range.start);
        }
        let spot = match event {
            Event::Scalar(text, style, ..) => self.scalar(text, style, range),
            Event::SequenceStart(..) => self.list(range, depth + 1)?,
            _ => self.map(range, depth + 1)?,
        };
        self.count(1, &spot.span)?;
        let end = spot.span.end;
        if anchor == 0 {
            return Ok((Link::Own(spot), end));
        }
        let spot = Rc::new(spot);
        self.anchors.insert(anchor, Rc::clone(&spot));
        Ok((Link::Shared(spot), end))
    }

    /// Counts values, so that aliases of aliases end before the memory does.
    fn count(&mut self, values: usize, span: &Range<usize>) -> Result<(), Stop> {
        self.values = self.values.saturating_add(values);
        if self.values > VALUES_MAX {
            let message = format!("this file holds more than {VALUES_MAX} values");
            let help =
                "each alias counts with all that it stands for: use fewer, or split the file";
            return self.stop(span.clone(), &message, help);
        }
        Ok(())
    }

    fn check_depth(&mut self, depth: usize, span: &Range<usize>) -> Result<(), Stop> {
        if depth > DEPTH_MAX {
            return self.too_deep(span.clone());
        }
        Ok(())
    }

    fn too_deep<T>(&mut self, span: Range<usize>) -> Result<T, Stop> {
        let message = format!("this is nested more than {DEPTH_MAX} levels deep");
        self.stop(span, &message, "nest it less")
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>, depth: usize) -> Result<Link<'t>, Stop> {
        let Some(spot) = self.anchors.get(&anchor).map(Rc::clone) else {
            let message = format!(
                "`{}` stands inside the value that it names",
                self.offsets.slice(&span)
            );
            let help = "a value cannot hold itself: write out what it should hold";
            self.report(span, code::YAML, &message, help);
            return Err(Stop);
        };
        self.check_depth(depth + spot.depth, &span)?;
        self.count(spot.values, &span)?;
        Ok(Link::Shared(spot))
    }

    fn scalar(&mut self, text: Cow<'t, str>, style: ScalarStyle, range: Range<usize>) -> Spot<'t> {
        let plain = style == ScalarStyle::Plain;
        let span = match style {
            // The parser lets nothing at all end where the next sign does.
            ScalarStyle::Plain if text.is_empty() => range.start..range.start,
            ScalarStyle::Literal | ScalarStyle::Folded => self.offsets.block_content(range),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => self.offsets.quoted(range),
            ScalarStyle::Plain => self.offsets.trimmed(range),
        };
        self.alike = self.alike
            && alike::is_plain_scalar(
                &text,
                style,
                self.offsets.slice(&span),
                !self.open.is_empty(),
            );
        if plain && !text.is_empty() {
            let after = self.offsets.slice(&(span.end..self.offsets.text().len()));
            let cut = looks::cut(&text, after);
            self.tell(span.end, cut);
            self.tell(span.start, looks::curly(&text));
        }
        Spot::of(span, Shape::Scalar { text, plain })
    }

    fn list(&mut self, start: Range<usize>, depth: usize) -> Result<Spot<'t>, Stop> {
        self.check_depth(depth, &start)?;
        let brackets = self.opens(&start);
        let mut items = Vec::new();
        let mut last = start.end;
        loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                self.open.truncate(brackets);
                let span = self.collection(&start, last, span);
                return Ok(Spot::of(span, Shape::List(items)));
            }
            let (item, end) = self.spot((event, span), depth)?;
            last = last.max(end);
            items.push(item);
        }
    }

    fn map(&mut self, start: Range<usize>, depth: usize) -> Result<Spot<'t>, Stop> {
        self.check_depth(depth, &start)?;
        let brackets = self.opens(&start);
        let mut entries = Vec::new();
        let mut last = start.end;
        let span = loop {
            let (event, span) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                self.open.truncate(brackets);
                break self.collection(&start, last, span);
            }
            let (key, key_end) = self.spot((event, span), depth)?;
            let step = self.next()?;
            let (value, value_end) = self.spot(step, depth)?;
            self.check_empty(&key, &value);
            last = last.max(key_end).max(value_end);
            entries.push((key, value));
        };
        if let Some(text) = self.braces(&span, &entries) {
            self.alike = false;
            return Ok(Spot::of(span, Shape::Braces(text)));
        }
        self.check_keys(&entries);
        Ok(Spot::of(span, Shape::Map(entries)))
    }

    /// Keeps the bracket that a list or map begins with, if it has one; says how many were open before.
    fn opens(&mut self, start: &Range<usize>) -> usize {
        let before = self.open.len();
        if self.offsets.slice(start).starts_with(['[', '{']) {
            self.open.push(start.start);
        }
        before
    }

    /// From the first sign of a list or map to its last, whether it has brackets or not.
    fn collection(&self, start: &Range<usize>, last: usize, end: Span) -> Range<usize> {
        let brackets = self.offsets.slice(start).starts_with(['[', '{']);
        let end = if brackets {
            self.offsets.byte(end.start) + 1
        } else {
            last
        };
        self.offsets
            .trimmed(self.offsets.first_sign(start.start)..end)
    }
}
