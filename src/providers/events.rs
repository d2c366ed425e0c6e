//! The names of the events that a sender sends, as far as they are known.
//!
//! Only people and `check` ask: a delivery is named by what it says, whatever stands here.

use serde_json::json;

use crate::diagnostic::{Diagnostics, code, differences};
use crate::yaml::{Fields, Node, Shape, Value, key};

use super::identify::name_part;

/// The most differences to a known name that are taken for a typing mistake, where others may be sent.
const DIFFERENCES_MAX: usize = 1;

/// The names of a sender's events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Events {
    /// Dotted names, and patterns where a part of a name is the user's (`slash_command.*`).
    pub names: Vec<String>,
    /// Whether there may be others.
    pub open: bool,
}

impl Events {
    /// What `events:` looks like, for editors.
    pub(super) fn shape() -> Shape {
        let names = || Shape::one_or_list(Shape::text());
        let some = Shape::map([
            key(
                "names",
                names(),
                "The names that are known; a star stands for what users name themselves.",
                json!(["order.paid", "slash_command.*"]),
            )
            .required(),
            key("open", Shape::flag(), "Whether there may be others.", true).or(false),
        ]);
        Shape::either([names(), some])
    }

    /// Reads `events:`, a list of every name, or `{names, open}`.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let Value::Map(_) = &node.value else {
            let names = names(node, problems);
            return Some(Self { names, open: false });
        };
        let mut fields = Fields::of(node, problems)?;
        let listed = fields.required("names", problems);
        let open = fields.optional("open");
        fields.finish(problems);
        Some(Self {
            names: names(listed?, problems),
            open: open.map_or(Some(false), |node| node.bool(problems))?,
        })
    }

    /// The known name that differs in nothing but separators and capitals (`INVOICE_PAID`).
    pub fn meant(&self, written: &str) -> Option<&str> {
        let wanted = letters(written);
        let mut same = self.names.iter().filter(|name| letters(name) == wanted);
        let (first, second) = (same.next()?, same.next());
        (second.is_none() && first != written).then_some(first)
    }

    /// The known name that one with a typing mistake stands for. Versions and other numbers are no
    /// mistakes.
    pub fn near(&self, written: &str) -> Option<&str> {
        let digits = |text: &str| {
            text.chars()
                .filter(char::is_ascii_digit)
                .collect::<String>()
        };
        let near = |name: &&String| {
            digits(name) == digits(written) && differences(name, written) <= DIFFERENCES_MAX
        };
        self.names.iter().find(near).map(String::as_str)
    }
}

fn names(node: &Node, problems: &mut Diagnostics) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for node in node.one_or_list() {
        let Some(name) = node.text(problems) else {
            continue;
        };
        // A star stands for what the sender's users call things.
        if name_part(&name.replace('*', "x")) != Some(name.replace('*', "x")) {
            let message = format!("`{name}` is not a dotted event name");
            problems.push(
                node.error(code::BAD_VALUE, message)
                    .help("write lower-case parts with dots between them: `pull_request.opened`"),
            );
        } else if found.iter().any(|known| known == name) {
            let message = format!("`{name}` stands here twice");
            problems.push(
                node.error(code::BAD_VALUE, message)
                    .help("keep one of them"),
            );
        }
        found.push(name.to_owned());
    }
    found
}

/// What of a name is no separator, in small letters.
pub(super) fn letters(name: &str) -> String {
    let letters = name.chars().filter(|c| c.is_alphanumeric() || *c == '*');
    letters.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::super::filter::Filter;
    use super::super::registry::Providers;
    use super::super::vectors::Vector;
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::yaml;

    fn events(names: &[&str]) -> Events {
        Events {
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            open: true,
        }
    }

    #[test]
    fn separators_and_capitals_do_not_hide_what_is_meant() {
        let known = events(&["invoice.paid", "pull_request.opened", "user.v1", "user.v2"]);
        for (written, meant) in [
            ("INVOICE.PAID", Some("invoice.paid")),
            ("invoice/paid", Some("invoice.paid")),
            ("invoice_paid", Some("invoice.paid")),
            ("PullRequest:opened", Some("pull_request.opened")),
            ("transfers#state", None),
            ("invoice.paid", None),
            ("invoice.void", None),
        ] {
            assert_eq!(known.meant(written), meant, "{written}");
        }
    }

    #[test]
    fn only_the_least_mistakes_are_mistakes() {
        let known = events(&["page.unlocked", "orders.updated", "user.v1"]);
        for (written, near) in [
            ("order.updated", Some("orders.updated")),
            ("orders.update", Some("orders.updated")),
            ("orders.updaetd", Some("orders.updated")),
            ("page.locked", None),
            ("user.v2", None),
            ("user.v10", None),
        ] {
            assert_eq!(known.near(written), near, "{written}");
        }
    }

    fn problems(text: &str) -> Vec<String> {
        let file = SourceFile::new("own.yaml", text);
        let mut found = Diagnostics::new();
        let node = yaml::read(&file, &mut found).unwrap();
        Events::parse(&node, &mut found);
        found.iter().map(|p| p.message.clone()).collect()
    }

    #[test]
    fn a_list_is_whole_unless_it_says_that_it_is_open() {
        assert_eq!(problems("[a.b, 'a.*']"), Vec::<String>::new());
        assert_eq!(problems("{names: [], open: true}"), Vec::<String>::new());
        assert_eq!(problems("[a/b]"), ["`a/b` is not a dotted event name"]);
        assert_eq!(problems("[a..b]"), ["`a..b` is not a dotted event name"]);
        assert_eq!(problems("[a, a]"), ["`a` stands here twice"]);
        assert_eq!(problems("{open: true}").len(), 1);
    }

    /// Whether a name is one of those, or what a star in them stands for.
    fn has(events: &Events, name: &str) -> bool {
        let fits = |known: &String| match known.split_once('*') {
            None => known == name,
            Some((before, _)) => name.starts_with(before),
        };
        events.names.iter().any(fits)
    }

    #[test]
    fn every_definition_knows_the_events_that_it_shows() {
        let providers = Providers::builtin();
        let mut said = Vec::new();
        for name in providers.names() {
            let provider = providers.find(name).unwrap();
            let Some(events) = provider.events() else {
                continue;
            };
            let samples = provider.samples().iter().map(|sample| &sample.event);
            let shown = samples.filter(|_| !events.names.is_empty());
            let vectors = provider.vectors().iter().flat_map(Vector::names);
            let vectors = vectors.filter(|_| !events.open);
            let unknown = shown.chain(vectors).filter(|event| !has(events, event));
            said.extend(unknown.map(|event| format!("{name} does not list {event}")));
        }
        assert_eq!(said, Vec::<String>::new());
    }

    #[test]
    fn the_senders_spelling_of_every_listed_event_is_known() {
        let providers = Providers::builtin();
        let mut said = Vec::new();
        for name in providers.names() {
            let provider = providers.find(name).unwrap();
            let parts = provider
                .event_names()
                .iter()
                .flat_map(|name| name.text.parts());
            let filters: Vec<_> = parts.flat_map(|(_, filters)| filters).collect();
            let listed = provider.events().map_or(&[][..], |events| &events.names);
            for event in listed.iter().filter(|event| !event.contains('*')) {
                let undone = |text: String, filter: &&Filter| filter.undo(&text);
                let theirs = filters.iter().fold(event.clone(), undone);
                if theirs != *event && provider.spelling(&theirs) != Some(event) {
                    said.push(format!("{name}: {theirs} is not known to be {event}"));
                }
            }
        }
        assert_eq!(said, Vec::<String>::new());
    }
}
