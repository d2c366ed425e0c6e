//! Batches in which every item proves itself.

use crate::diagnostic::Diagnostics;
use crate::event::{Found, Step, Steps};
use crate::yaml::{Fields, Node, Shape, key};

use super::parts::{Place, steps};
use super::reading::Reading;
use super::verify::Refusal;

/// The most items of one delivery that are looked at; more are refused.
pub const ITEMS_MAX: usize = 1000;

/// A list in the JSON body, each of whose items carries its own proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Each {
    place: Place,
    list: Steps,
    inside: Option<Steps>,
}

/// Where in the JSON body `json:` parts begin: an item of a list.
#[derive(Debug, Clone, Copy)]
pub struct Item<'d> {
    /// The list.
    pub list: &'d Steps,
    /// Which item.
    pub number: usize,
    /// What the parts are in, inside the item.
    pub inside: Option<&'d Steps>,
}

impl Item<'_> {
    /// A path inside the item, from the beginning.
    pub fn path(&self, steps: &Steps) -> Option<Steps> {
        let number = Step::Index(i64::try_from(self.number).ok()?);
        let inside = self.inside.map_or(&[][..], |inside| &inside.0);
        let all = [&*self.list.0, &[number], inside, &*steps.0];
        Some(Steps(all.concat().into()))
    }
}

impl Item<'_> {
    /// A place inside the item, from the beginning; what is not in the JSON body is nowhere else for it.
    pub fn place(&self, place: &Place) -> Option<Place> {
        Some(match place {
            Place::Json(text, steps) => Place::Json(text.clone(), self.path(steps)?),
            other => other.clone(),
        })
    }
}

impl Each {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        Shape::map([
            key(
                "list",
                Shape::text(),
                "The list in the JSON body, as `a.b`.",
                "items",
            )
            .required(),
            key(
                "item",
                Shape::text(),
                "Where in each item `json:` parts begin.",
                "event",
            ),
        ])
    }

    /// Reads `each: {list: PATH, item: PATH}`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let list = fields
            .required("list", problems)
            .and_then(|node| Some((node.text(problems)?, path(node, problems)?)));
        let inside = match fields.optional("item") {
            Some(node) => Some(path(node, problems)?),
            None => None,
        };
        fields.finish(problems);
        let (text, list) = list?;
        Some(Self {
            place: Place::Json(text.into(), list.clone()),
            list,
            inside,
        })
    }

    /// The items of a delivery.
    ///
    /// # Errors
    /// Where there are none, so that nothing would be proven, or too many.
    pub fn items<'a>(&'a self, reading: &Reading<'a>) -> Result<Vec<Item<'a>>, Refusal> {
        let found = reading.json(&self.list).map(Found::value);
        let items = found.as_deref().and_then(|list| list.as_array());
        let malformed = |why: String| Refusal::Malformed {
            what: self.place.to_string(),
            why,
        };
        let count = items.map_or(0, Vec::len);
        if count == 0 {
            return Err(malformed(
                "there are no items that could be proven".to_owned(),
            ));
        }
        if count > ITEMS_MAX {
            return Err(malformed(format!("it has more than {ITEMS_MAX} items")));
        }
        Ok((0..count).map(|number| self.item(number)).collect())
    }

    /// One of its items, counted from 0.
    pub fn item(&self, number: usize) -> Item<'_> {
        Item {
            list: &self.list,
            number,
            inside: self.inside.as_ref(),
        }
    }
}

fn path(node: &Node, problems: &mut Diagnostics) -> Option<Steps> {
    match steps(node.text(problems)?) {
        Ok(steps) => Some(steps),
        Err(message) => {
            problems.push(
                node.error(crate::diagnostic::code::BAD_VALUE, message)
                    .help("write a path such as `$.events`"),
            );
            None
        }
    }
}
