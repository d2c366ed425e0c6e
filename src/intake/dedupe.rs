//! By what a source recognises a redelivery.

use std::time::Duration;

use crate::crypto::sha256;
use crate::diagnostic::{Diagnostics, code};
use crate::stores::Dedupe;
use crate::yaml::{Fields, Node, Shape, Value, key};

/// What must be the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// Nothing: every delivery is a new event.
    Nothing,
    /// What the provider's definition finds: the sender's delivery id.
    Id,
    /// The body.
    Body,
    /// Both. An id that the signature does not cover cannot be altered to pass again.
    IdAndBody,
}

/// A source's `dedupe:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recognition {
    by: By,
    keep: Option<Duration>,
}

impl Default for Recognition {
    fn default() -> Self {
        let (by, keep) = (By::Id, None);
        Self { by, keep }
    }
}

impl Recognition {
    /// What it looks like.
    pub(super) fn shape() -> Shape {
        let by = || {
            Shape::either([
                Shape::choice(["id", "body"]),
                Shape::list(Shape::choice(["id", "body"])).items(1, Some(2)),
            ])
        };
        let kept = Shape::map([
            key(
                "by",
                by(),
                "What makes a delivery recognisable: the sender's id, the body, or both.",
                "body",
            )
            .required(),
            key("for", Shape::duration(), "How long it is remembered.", "5m").or("7d"),
        ]);
        Shape::either([Shape::choice(["off"]), Shape::only(false), by(), kept])
    }

    /// Reads `off`, `id`, `body`, `[id, body]`, or `{by: …, for: 5m}`.
    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        if !matches!(node.value, Value::Map(_)) {
            let by = by(node, problems)?;
            return Some(Self { by, keep: None });
        }
        let mut fields = Fields::of(node, problems)?;
        let by = fields.required("by", problems);
        let by = by.and_then(|node| by_of(node, problems));
        let keep = fields.optional("for").and_then(|n| n.duration(problems));
        fields.finish(problems);
        Some(Self { by: by?, keep })
    }

    /// What makes this delivery recognisable; `id` is what the definition found.
    pub(super) fn of(self, id: Option<&str>, body: &[u8], keep: Duration) -> Option<Dedupe> {
        let digest = || format!("body:{}", hex::encode(sha256(body)));
        let key = match self.by {
            By::Nothing => return None,
            By::Id => id?.to_owned(),
            By::Body => digest(),
            By::IdAndBody => format!("{}\n{}", id?, digest()),
        };
        let keep = self.keep.unwrap_or(keep);
        Some(Dedupe { key, keep })
    }
}

fn by(node: &Node, problems: &mut Diagnostics) -> Option<By> {
    // YAML 1.1 writers mean `off` by `false` too.
    if matches!(node.value, Value::Bool(false)) || node.as_str() == Some("off") {
        return Some(By::Nothing);
    }
    by_of(node, problems)
}

fn by_of(node: &Node, problems: &mut Diagnostics) -> Option<By> {
    let words: Vec<_> = node.one_or_list().iter().map(Node::as_str).collect();
    let found = match words.as_slice() {
        [Some("id")] => Some(By::Id),
        [Some("body")] => Some(By::Body),
        [Some("id"), Some("body")] | [Some("body"), Some("id")] => Some(By::IdAndBody),
        _ => None,
    };
    if found.is_none() {
        problems.push(
            node.error(code::BAD_VALUE, "redeliveries are not recognised by this")
                .help("write `off`, `id`, `body`, `[id, body]`, or `{by: body, for: 5m}`"),
        );
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: Duration = Duration::from_hours(7 * 24);

    fn text(text: &str) -> Node {
        Node::synthetic(Value::String(text.to_owned()))
    }

    fn parse(node: &Node) -> Option<Recognition> {
        let mut problems = Diagnostics::new();
        let read = Recognition::parse(node, &mut problems);
        assert_eq!(read.is_none(), problems.has_errors());
        read
    }

    #[test]
    fn by_id_body_or_both() {
        let by_id = parse(&text("id")).unwrap();
        assert_eq!(by_id, Recognition::default());
        let dedupe = by_id.of(Some("d1"), b"x", WEEK).unwrap();
        assert_eq!((dedupe.key.as_str(), dedupe.keep), ("d1", WEEK));
        assert_eq!(by_id.of(None, b"x", WEEK), None);

        let by_body = parse(&text("body")).unwrap();
        assert_eq!(
            by_body.of(Some("d1"), b"x", WEEK),
            by_body.of(None, b"x", WEEK)
        );
        assert_ne!(by_body.of(None, b"x", WEEK), by_body.of(None, b"y", WEEK));

        let both = Node::synthetic(Value::List(vec![text("id"), text("body")]));
        let both = parse(&both).unwrap();
        assert_ne!(
            both.of(Some("d1"), b"x", WEEK),
            both.of(Some("d1"), b"y", WEEK)
        );
        assert_ne!(
            both.of(Some("d1"), b"x", WEEK),
            both.of(Some("d2"), b"x", WEEK)
        );

        let off = parse(&text("off")).unwrap();
        assert_eq!(off.of(Some("d1"), b"x", WEEK), None);
    }

    #[test]
    fn other_words_are_errors() {
        assert_eq!(parse(&text("ids")), None);
        assert_eq!(parse(&Node::synthetic(Value::Bool(true))), None);
        assert_eq!(parse(&Node::synthetic(Value::List(Vec::new()))), None);
    }
}
