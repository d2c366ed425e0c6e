//! `for_each:` — a rule's actions are planned once for each value that a path selects.

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::event::Event;
use crate::expression::shapes::path;
use crate::expression::{Path, TooMuch};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Node, key};

/// The most items of one event; a dead letter stands for the rest.
pub const ITEMS_MAX: usize = 100;

/// Which values a rule's actions are about, one after the other.
#[derive(Debug, Clone)]
pub struct ForEach {
    /// Where it stands.
    pub place: Place,
    path: Path,
}

impl ForEach {
    /// The key that it stands under.
    pub(super) fn key() -> ShapeKey {
        let help = format!(
            "A JSONPath: the actions are planned once for each value that it selects, at most {ITEMS_MAX}; templates see it as `item`."
        );
        key("for_each", path(), help, "$.alerts[*]")
    }

    /// Reads a path.
    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let text = node.text(problems)?;
        let path = match Path::parse(text) {
            Ok(path) => path,
            Err(error) => {
                let place = node.place_at(error.offset, error.len);
                let mut problem = Diagnostic::error(code::BAD_PATH, place, error.message);
                problem.help = error.help;
                problems.push(problem);
                return None;
            }
        };
        if path.singular().is_some() {
            let message = format!("`{text}` is one value at most, whatever it holds");
            let help = format!("write `{text}[*]` for each value of the list there");
            problems.push(node.warning(code::BAD_PATH, message).help(help));
        }
        Some(Self {
            place: node.place.clone(),
            path,
        })
    }

    /// As the author wrote it.
    pub fn text(&self) -> &str {
        self.path.text()
    }

    /// Every value, in document order.
    ///
    /// # Errors
    /// The payload has so many values that the work was stopped.
    pub fn items<'e>(&self, event: &'e Event) -> Result<Vec<&'e Value>, TooMuch> {
        self.path.try_select(event.payload.value())
    }
}
