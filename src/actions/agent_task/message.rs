//! The instruction: the author's own words, and none of a stranger's.

use crate::diagnostic::{Diagnostics, code};
use crate::expression::tree::parse_template;
use crate::expression::{Escape, Template};
use crate::yaml::Node;

/// What an instruction may read: our own words and the operator's, none of a stranger's.
const TRUSTED: [&str; 3] = ["event", "source", "rule"];

/// Compiles an instruction and looks at what it reads.
pub(super) fn parse(node: &Node, inline: bool, problems: &mut Diagnostics) -> Option<Template> {
    let message = parse_template(node, Escape::None, problems)?;
    if message.is_literal() && message.text().trim().is_empty() {
        problems.push(
            node.error(code::BAD_VALUE, "an agent needs an instruction")
                .help("say what is to be done, such as `message: Look at the issue and label it`"),
        );
    }
    let uses = message.uses();
    let paths = uses.paths.iter();
    let foreign = paths
        .map(|(path, _)| path.as_str())
        .find(|path| !is_trusted(path));
    if let Some(path) = foreign {
        let what = format!("`{path}` can hold a stranger's text, which an agent might obey");
        problems.push(if inline {
            node.warning(code::PAYLOAD_IN_MESSAGE, what)
        } else {
            let help = format!(
                "move it to `data`: {{{}: \"{{{{{path}}}}}\"}}; `inline: true` takes the risk",
                last_name(path)
            );
            node.error(code::PAYLOAD_IN_MESSAGE, what).help(help)
        });
    }
    Some(message)
}

fn is_trusted(path: &str) -> bool {
    let first = path.split(['.', '/', '[']).next().unwrap_or_default();
    TRUSTED.contains(&first)
}

/// A name for a value under `data`.
fn last_name(path: &str) -> &str {
    path.rsplit(['.', '/'])
        .find(|name| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .unwrap_or("value")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_words_are_trusted() {
        for trusted in [
            "event.name",
            "event.id",
            "source.name",
            "source.labels.team",
            "rule.name",
        ] {
            assert!(is_trusted(trusted), "{trusted}");
        }
        for foreign in [
            "payload.title",
            "payload",
            "headers.x",
            "query.q",
            "item",
            "item.a",
            "vars.x",
            "actions.a.text",
            "this",
            "@root.payload",
            "events",
            "",
        ] {
            assert!(!is_trusted(foreign), "{foreign}");
        }
        assert_eq!(last_name("payload.issue.title"), "title");
        assert_eq!(last_name("payload.[a b]"), "payload");
    }
}
