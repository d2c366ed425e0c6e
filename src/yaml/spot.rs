//! The places of a text's values, as a tree.

use std::borrow::Cow;
use std::ops::{Deref, Range};
use std::rc::Rc;

/// The place of one value, and of those inside it.
#[derive(Debug)]
pub(super) struct Spot<'t> {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape<'t>,
    /// How many values it is with all that stand in it.
    pub(super) values: usize,
    /// How many lists and maps deep it is, itself included.
    pub(super) depth: usize,
}

/// What stands in a place.
#[derive(Debug)]
pub(super) enum Shape<'t> {
    Scalar {
        text: Cow<'t, str>,
        plain: bool,
    },
    /// `{{…}}` without quotes: reported, and read as the text that was meant.
    Braces(&'t str),
    List(Vec<Link<'t>>),
    Map(Vec<Entry<'t>>),
}

/// A key and its value.
pub(super) type Entry<'t> = (Link<'t>, Link<'t>);

/// A place in a list or map: only those with an anchor can be in several.
#[derive(Debug)]
pub(super) enum Link<'t> {
    Own(Spot<'t>),
    Shared(Rc<Spot<'t>>),
}

impl<'t> Deref for Link<'t> {
    type Target = Spot<'t>;

    fn deref(&self) -> &Spot<'t> {
        match self {
            Self::Own(spot) => spot,
            Self::Shared(spot) => spot,
        }
    }
}

impl<'t> Spot<'t> {
    /// A value with all that stands in it.
    pub(super) fn of(span: Range<usize>, shape: Shape<'t>) -> Self {
        let (values, depth) = match &shape {
            Shape::Scalar { .. } | Shape::Braces(_) => (1, 0),
            Shape::List(items) => Self::sum(items.iter()),
            Shape::Map(entries) => Self::sum(entries.iter().flat_map(|(key, value)| [key, value])),
        };
        Self {
            span,
            shape,
            values,
            depth,
        }
    }

    fn sum<'s>(inner: impl Iterator<Item = &'s Link<'t>>) -> (usize, usize)
    where
        't: 's,
    {
        inner.fold((1, 1), |(values, depth), spot| {
            (
                values.saturating_add(spot.values),
                depth.max(spot.depth + 1),
            )
        })
    }
}
