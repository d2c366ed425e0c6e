//! The entries of one provider and event name, by where their clue is.

use crate::event::{Event, QueryId, Shape, SlotId, Slots};
use crate::expression::Path;

use super::clue::{Clue, Place};
use super::keyed::Keyed;

/// Entries by place and clue.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    places: Vec<(Spot, Keyed)>,
    /// Those of which nothing is known: they are always found.
    always: Vec<u32>,
}

/// A place that outlives the rules it was read from.
#[derive(Debug)]
enum Spot {
    Source,
    Slot(SlotId),
    Several(QueryId, Path),
    Header(Box<str>),
    Query(Box<str>),
}

impl Bucket {
    /// Enters under each of the clues.
    pub(super) fn add(&mut self, entry: u32, clues: Option<&[Clue<'_>]>) {
        let Some(clues) = clues else {
            self.always.push(entry);
            return;
        };
        for clue in clues {
            if let Some(keyed) = self.keyed(clue) {
                keyed.add(entry, &clue.sign);
            }
        }
    }

    fn keyed(&mut self, clue: &Clue<'_>) -> Option<&mut Keyed> {
        let same = |(spot, _): &(Spot, Keyed)| spot.is(clue.place);
        let at = self.places.iter().position(same);
        let at = at.unwrap_or_else(|| {
            self.places.push((Spot::of(clue), Keyed::default()));
            self.places.len() - 1
        });
        self.places.get_mut(at).map(|(_, keyed)| keyed)
    }

    /// To be called when all are entered.
    pub(super) fn finish(&mut self) {
        for (_, keyed) in &mut self.places {
            keyed.finish();
        }
    }

    /// Adds the entries with a clue that is there; some may come twice.
    pub(super) fn find(&self, event: &Event, slots: &Slots<'_>, found: &mut Vec<u32>) {
        found.extend(&self.always);
        for (spot, keyed) in &self.places {
            spot.look(event, slots, keyed, found);
        }
    }
}

impl Spot {
    fn of(clue: &Clue<'_>) -> Self {
        match (clue.place, clue.path) {
            (Place::Slot(slot), _) => Self::Slot(slot),
            (Place::Several(query), Some(path)) => Self::Several(query, path.clone()),
            (Place::Header(name), _) => Self::Header(name.into()),
            (Place::Query(name), _) => Self::Query(name.into()),
            (Place::Source | Place::Several(_), _) => Self::Source,
        }
    }

    fn is(&self, place: Place<'_>) -> bool {
        match (self, place) {
            (Self::Source, Place::Source) => true,
            (Self::Slot(ours), Place::Slot(slot)) => *ours == slot,
            (Self::Several(ours, _), Place::Several(query)) => *ours == query,
            (Self::Header(ours), Place::Header(name)) | (Self::Query(ours), Place::Query(name)) => {
                **ours == *name
            }
            _ => false,
        }
    }

    /// Looks at each value of the place.
    fn look(&self, event: &Event, slots: &Slots<'_>, keyed: &Keyed, found: &mut Vec<u32>) {
        let mut text = |text: &str| keyed.find(&Shape::Text(text.into()), found);
        match self {
            Self::Source => text(&event.source.name),
            Self::Header(name) => event.headers.all(name).for_each(text),
            Self::Query(name) => {
                let given = event.query.iter().filter(|(given, _)| *given == &**name);
                given.for_each(|(_, value)| text(value));
            }
            Self::Slot(slot) => {
                if let Some(value) = slots.find(*slot) {
                    keyed.find(&value.shape(), found);
                }
            }
            Self::Several(query, path) => {
                let evaluate = |root| path.try_select(root).ok();
                match slots.selected(*query, evaluate) {
                    Some(values) => {
                        for value in values {
                            keyed.find(&Shape::from(*value), found);
                        }
                    }
                    // It cannot be told: the rules are tried, and say so.
                    None => keyed.all(found),
                }
            }
        }
    }
}
