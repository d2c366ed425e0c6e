//! The paths that somebody reads, numbered, and the values of one payload at them.

use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Weak};

use serde_json::Value;

use super::found::{Found, Place};
use super::pages::Pages;
use super::tape::{self, NodeId, Tape};
use super::{Payload, Read};

/// One step of a singular path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// A member of an object.
    Name(Box<str>),
    /// An item of a list; negative ones count from the end.
    Index(i64),
}

/// A path that selects at most one value.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Steps(pub Box<[Step]>);

/// A path's number in its [`PathSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SlotId(u32);

/// The number of a path that can select several values, in its [`PathSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(u32);

/// The number of a test whose outcome is worth keeping, in its [`PathSet`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TestId(u32);

/// The whole payload, in every set.
const WHOLE: SlotId = SlotId(0);

/// The distinct paths that somebody reads: singular ones by their steps and the beginnings they share,
/// the others by their text. With them, the tests that are asked at most once for an event, and what was
/// compiled for them.
#[derive(Debug, Clone, Default)]
pub struct PathSet {
    /// Of every path but the whole: the path it goes on from, and its last step.
    paths: Vec<(SlotId, Step)>,
    numbers: HashMap<(SlotId, Step), SlotId>,
    queries: HashMap<Box<str>, QueryId>,
    tests: HashMap<Box<str>, TestId>,
    compiled: HashMap<Box<str>, Weak<dyn Any + Send + Sync>>,
}

impl PathSet {
    /// The number of a path; equal paths share one.
    pub fn intern(&mut self, steps: &Steps) -> SlotId {
        steps.0.iter().fold(WHOLE, |from, step| {
            let path = (from, step.clone());
            if let Some(slot) = self.numbers.get(&path) {
                return *slot;
            }
            self.paths.push(path.clone());
            let slot = SlotId(u32::try_from(self.paths.len()).unwrap_or(u32::MAX));
            self.numbers.insert(path, slot);
            slot
        })
    }

    /// The number of a path that can select several values, by its text; equal texts share one.
    pub fn intern_query(&mut self, text: &str) -> QueryId {
        let next = QueryId(u32::try_from(self.queries.len()).unwrap_or(u32::MAX));
        *self.queries.entry(text.into()).or_insert(next)
    }

    /// The number of a test, by what tells it from every other.
    pub fn intern_test(&mut self, identity: &str) -> TestId {
        let next = TestId(u32::try_from(self.tests.len()).unwrap_or(u32::MAX));
        *self.tests.entry(identity.into()).or_insert(next)
    }

    /// What was compiled from a text before, if somebody still holds it; otherwise it is compiled now.
    pub fn compiled<T: Any + Send + Sync>(
        &mut self,
        text: &str,
        compile: impl FnOnce() -> Option<T>,
    ) -> Option<Arc<T>> {
        let known = self.compiled.get(text).and_then(Weak::upgrade);
        if let Some(known) = known.and_then(|known| known.downcast().ok()) {
            return Some(known);
        }
        let new = Arc::new(compile()?);
        let any: Arc<dyn Any + Send + Sync> = Arc::<T>::clone(&new);
        self.compiled.insert(text.into(), Arc::downgrade(&any));
        Some(new)
    }

    fn path(&self, slot: SlotId) -> Option<&(SlotId, Step)> {
        self.paths.get((slot.0 as usize).checked_sub(1)?)
    }
}

/// What is known of one slot.
#[derive(Debug, Default)]
struct Cell {
    node: OnceCell<Option<NodeId>>,
    value: OnceCell<Option<Box<Value>>>,
}

/// The values of one payload at the paths of a set, each looked up at most once.
#[derive(Debug)]
pub struct Slots<'p> {
    payload: &'p Payload,
    paths: &'p PathSet,
    cells: Pages<Cell>,
    selected: Pages<OnceCell<Option<Vec<&'p Value>>>>,
    told: Pages<OnceCell<Option<bool>>>,
    large: RefCell<BTreeMap<NodeId, Large>>,
}

/// The inside of a list or an object with many values: how often it was walked through, and in the end
/// a faster way.
#[derive(Debug)]
enum Large {
    Walked(u32),
    Members(HashMap<Box<str>, NodeId>),
    Items(Vec<NodeId>),
}

/// Lists and objects with more values than this are large.
const LARGE: usize = 256;
/// Walking through so often costs more than making the faster way.
const WALKS_MAX: u32 = 8;

impl<'p> Slots<'p> {
    pub(super) fn new(payload: &'p Payload, paths: &'p PathSet) -> Self {
        Self {
            payload,
            paths,
            cells: Pages::with_places(paths.paths.len() + 1),
            selected: Pages::with_places(paths.queries.len()),
            told: Pages::with_places(paths.tests.len()),
            large: RefCell::default(),
        }
    }

    /// The value at a path of the set, made at the first call.
    pub fn get(&self, slot: SlotId) -> Option<&Value> {
        match &self.payload.read {
            Read::Tree(tree) => self.in_tree(tree, slot),
            Read::Tape(tape) => {
                let made = || {
                    let found = Found(Place::Tape(tape, self.node(tape, slot)?));
                    Some(Box::new(found.value().into_owned()))
                };
                self.cell(slot)?.value.get_or_init(made).as_deref()
            }
        }
    }

    /// The value at a path of the set, not made.
    pub fn find(&self, slot: SlotId) -> Option<Found<'p>> {
        Some(Found(match &self.payload.read {
            Read::Tree(tree) => Place::Tree(self.in_tree(tree, slot)?),
            Read::Tape(tape) => Place::Tape(tape, self.node(tape, slot)?),
        }))
    }

    /// What a path of the set selects, evaluated at the first call; none where that had to be given up.
    pub fn selected(
        &self,
        query: QueryId,
        evaluate: impl FnOnce(&'p Value) -> Option<Vec<&'p Value>>,
    ) -> Option<&[&'p Value]> {
        let cell = self.selected.get(query.0 as usize)?;
        let found = cell.get_or_init(|| evaluate(self.payload.value()));
        found.as_deref()
    }

    /// How a test of the set comes out, carried out at the first call; none where that had to be given
    /// up.
    pub fn told(&self, test: TestId, carry_out: impl FnOnce() -> Option<bool>) -> Option<bool> {
        *self.told.get(test.0 as usize)?.get_or_init(carry_out)
    }

    /// The payload they are read from.
    pub fn payload(&self) -> &'p Payload {
        self.payload
    }

    fn in_tree(&self, tree: &'p Value, slot: SlotId) -> Option<&'p Value> {
        let mut steps = Vec::new();
        let mut at = slot;
        while at != WHOLE {
            let (from, step) = self.paths.path(at)?;
            steps.push(step);
            at = *from;
        }
        let mut steps = steps.into_iter().rev();
        steps.try_fold(tree, super::child)
    }

    fn node(&self, tape: &Tape, slot: SlotId) -> Option<NodeId> {
        // From the nearest beginning that is known, or the whole, down to the slot.
        let mut ahead = Vec::new();
        let mut at = slot;
        let mut node = loop {
            if at == WHOLE {
                break Some(tape::ROOT);
            }
            let cell = self.cell(at)?;
            if let Some(known) = cell.node.get() {
                break *known;
            }
            let (from, step) = self.paths.path(at)?;
            ahead.push((cell, step));
            at = *from;
        };
        while let Some((cell, step)) = ahead.pop() {
            node = node.and_then(|from| self.step(tape, from, step));
            // It was empty a moment ago.
            let _ = cell.node.set(node);
        }
        node
    }

    /// One step down. What is large is walked through a few times, then by hash or number.
    fn step(&self, tape: &Tape, from: NodeId, step: &Step) -> Option<NodeId> {
        let mut large = self.large.borrow_mut();
        let Some(known) = large.get_mut(&from) else {
            let (found, count) = tape.step_counted(from, step);
            if count > LARGE {
                large.insert(from, Large::Walked(1));
            }
            return found;
        };
        if let Large::Walked(walks) = known {
            *walks += 1;
            if *walks <= WALKS_MAX {
                return tape.step_counted(from, step).0;
            }
            *known = Large::of(tape, from);
        }
        match (known, step) {
            (Large::Members(members), Step::Name(name)) => members.get(name).copied(),
            (Large::Items(items), Step::Index(index)) => {
                let at = tape::position(*index, || items.len())?;
                items.get(at).copied()
            }
            _ => None,
        }
    }

    fn cell(&self, slot: SlotId) -> Option<&Cell> {
        self.cells.get(slot.0 as usize)
    }
}

impl Large {
    fn of(tape: &Tape, node: NodeId) -> Self {
        let children = tape.children(node);
        if tape.text(node).first() == Some(&b'[') {
            return Self::Items(children.collect());
        }
        // Collecting keeps the last of a name that stands there twice.
        Self::Members(
            children
                .map(|child| (tape.key(child).into(), child))
                .collect(),
        )
    }
}
