//! What may stand in a place of a YAML file, for editors and people.
//!
//! Every parser says beside itself which keys it reads, what they take, what they are for and how they
//! look. [`Shape::json_schema`] makes a JSON Schema of that. Tests hold each shape to its parser: the
//! keys are the same, and every example is taken by both.

mod json_schema;
mod notations;

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// What may stand in one place.
#[derive(Debug, Clone)]
pub struct Shape {
    /// What form it has.
    pub form: Form,
    /// What it is, for people; empty where its key says it.
    pub help: String,
}

/// The form of a value.
#[derive(Debug, Clone)]
pub enum Form {
    /// Whatever YAML can write.
    Any,
    /// Text; a pattern and choices narrow it.
    Text {
        /// A regular expression that it matches.
        pattern: Option<&'static str>,
        /// The only texts that mean something; empty where any does.
        choices: Vec<&'static str>,
    },
    /// A number.
    Number,
    /// A whole number between these.
    Count {
        /// The least.
        least: u64,
        /// The most.
        most: u64,
    },
    /// `true` or `false`.
    Flag,
    /// Exactly this value.
    Only(Value),
    /// A list.
    List {
        /// Each of its items.
        item: Box<Shape>,
        /// The fewest items.
        least: usize,
        /// The most items, where there is a limit.
        most: Option<usize>,
    },
    /// A map.
    Map(Map),
    /// One of several forms.
    Either(Vec<Shape>),
    /// A form that stands in several places, or inside itself, by a name of its own.
    Named(String, Definition),
}

/// What a name stands for, made when it is asked for.
#[derive(Clone)]
pub struct Definition(Arc<dyn Fn() -> Shape + Send + Sync>);

impl Definition {
    /// The shape itself.
    pub fn shape(&self) -> Shape {
        (self.0)()
    }
}

impl fmt::Debug for Definition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Definition")
    }
}

/// A map.
#[derive(Debug, Clone, Default)]
pub struct Map {
    /// The keys that mean something.
    pub keys: Vec<Key>,
    /// What stands under the names that the author chooses, and such a name; none where no other key
    /// may stand.
    pub others: Option<(&'static str, Box<Shape>)>,
    /// Whether keys that begin with `x-` are the author's own.
    pub free: bool,
    /// Whether what must be there may be given elsewhere, as `defaults` gives it: then nobody who looks
    /// at this map alone can miss it.
    pub lenient: bool,
    /// Which keys belong together.
    pub demands: Vec<Demand>,
}

/// One key of a map.
#[derive(Debug, Clone)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What stands under it.
    pub shape: Shape,
    /// What it is for.
    pub help: String,
    /// What may be written; never empty.
    pub examples: Vec<Value>,
    /// What holds where it is left out, if that is one value.
    pub default: Option<Value>,
    /// Whether it must be there.
    pub required: bool,
}

/// Which keys of a map belong together.
#[derive(Debug, Clone)]
pub enum Demand {
    /// One of these is there, and no other of them.
    OneOf(Vec<&'static str>),
    /// One of these is there, or several.
    Some(Vec<&'static str>),
    /// At most one of these is there.
    AtMostOne(Vec<&'static str>),
    /// Where one of these is there, nothing else is.
    Alone(Vec<&'static str>),
    /// Where the one is there, so are the others.
    With(&'static str, Vec<&'static str>),
}

impl From<Form> for Shape {
    fn from(form: Form) -> Self {
        let help = String::new();
        Self { form, help }
    }
}

impl Shape {
    /// Whatever YAML can write.
    pub fn any() -> Self {
        Form::Any.into()
    }

    /// Any text.
    pub fn text() -> Self {
        Self::choice([])
    }

    /// One of a few words.
    pub fn choice(choices: impl IntoIterator<Item = &'static str>) -> Self {
        let choices = choices.into_iter().collect();
        Form::Text {
            pattern: None,
            choices,
        }
        .into()
    }

    /// Text that matches a regular expression, written as JavaScript and Rust both read it.
    pub fn matching(pattern: &'static str) -> Self {
        Form::Text {
            pattern: Some(pattern),
            choices: Vec::new(),
        }
        .into()
    }

    /// A number.
    pub fn number() -> Self {
        Form::Number.into()
    }

    /// A whole number between two others.
    pub fn count(least: u64, most: u64) -> Self {
        Form::Count { least, most }.into()
    }

    /// `true` or `false`.
    pub fn flag() -> Self {
        Form::Flag.into()
    }

    /// Exactly this value.
    pub fn only(value: impl Into<Value>) -> Self {
        Form::Only(value.into()).into()
    }

    /// A list.
    pub fn list(item: Self) -> Self {
        let item = Box::new(item);
        Form::List {
            item,
            least: 0,
            most: None,
        }
        .into()
    }

    /// One value, or a list of such.
    pub fn one_or_list(item: Self) -> Self {
        Self::either([item.clone(), Self::list(item)])
    }

    /// One of several forms.
    pub fn either(forms: impl IntoIterator<Item = Self>) -> Self {
        Form::Either(forms.into_iter().collect()).into()
    }

    /// A form that stands in several places, or inside itself.
    pub fn named(
        name: impl Into<String>,
        shape: impl Fn() -> Self + Send + Sync + 'static,
    ) -> Self {
        Form::Named(name.into(), Definition(Arc::new(shape))).into()
    }

    /// A map with these keys and no others.
    pub fn map(keys: impl IntoIterator<Item = Key>) -> Self {
        let keys = keys.into_iter().collect();
        Form::Map(Map {
            keys,
            ..Map::default()
        })
        .into()
    }

    /// A map from names of the author's own, such as this one, to one form.
    pub fn named_by_author(name: &'static str, shape: Self) -> Self {
        Self::map([]).others(name, shape)
    }

    /// The same, and every other key is a name of the author's.
    #[must_use]
    pub fn others(self, name: &'static str, shape: Self) -> Self {
        self.with_map(|map| map.others = Some((name, Box::new(shape))))
    }

    /// The same, and keys that begin with `x-` are the author's.
    #[must_use]
    pub fn free(self) -> Self {
        self.with_map(|map| map.free = true)
    }

    /// The same, with keys that belong together.
    #[must_use]
    pub fn demand(self, demand: Demand) -> Self {
        self.with_map(|map| map.demands.push(demand))
    }

    /// The same, and what must be there may also be given elsewhere: `how` says so to people.
    #[must_use]
    pub fn lenient(self, how: &str) -> Self {
        self.with_map(|map| {
            map.lenient = true;
            for key in map.keys.iter_mut().filter(|key| key.required) {
                key.help = format!("{} {how}", key.help);
            }
        })
    }

    /// The same with another key, which stands first.
    #[must_use]
    pub fn first(self, key: Key) -> Self {
        self.with_map(|map| map.keys.insert(0, key))
    }

    /// The same with more keys.
    #[must_use]
    pub fn and(self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.with_map(|map| map.keys.extend(keys))
    }

    /// The same with fewer or more items.
    #[must_use]
    pub fn items(mut self, fewest: usize, greatest: Option<usize>) -> Self {
        if let Form::List { least, most, .. } = &mut self.form {
            (*least, *most) = (fewest, greatest);
        }
        self
    }

    /// The same, with what it is.
    #[must_use]
    pub fn says(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    fn with_map(mut self, change: impl FnOnce(&mut Map)) -> Self {
        if let Form::Map(map) = &mut self.form {
            change(map);
        }
        self
    }
}

/// A key, what it takes, what it is for, and how it may look.
pub fn key(
    name: &'static str,
    shape: Shape,
    help: impl Into<String>,
    example: impl Into<Value>,
) -> Key {
    Key {
        name,
        shape,
        help: help.into(),
        examples: vec![example.into()],
        default: None,
        required: false,
    }
}

impl Key {
    /// The same, and it must be there.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, with what holds where it is left out.
    #[must_use]
    pub fn or(mut self, default: impl Into<Value>) -> Self {
        self.default = Some(default.into());
        self
    }

    /// The same, with another example.
    #[must_use]
    pub fn like(mut self, example: impl Into<Value>) -> Self {
        self.examples.push(example.into());
        self
    }
}

/// A map in which every key has its default, for tests that those are the defaults that hold.
///
/// # Panics
/// A key has no default.
#[cfg(test)]
pub fn defaults(keys: &[Key]) -> super::Node {
    use crate::diagnostic::{Diagnostics, SourceFile};
    let defaults: serde_json::Map<_, _> = keys
        .iter()
        .map(|key| (key.name.to_owned(), key.default.clone().expect(key.name)))
        .collect();
    let file = SourceFile::new("-", Value::Object(defaults).to_string());
    super::read(&file, &mut Diagnostics::new()).unwrap()
}
