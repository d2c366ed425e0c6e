//! A source's secrets: several while one is being rotated, each perhaps with an end.

use std::borrow::Cow;

use crate::diagnostic::{Diagnostics, code};
use crate::providers::Provider;
use crate::runtime::Timestamp;
use crate::secret::Secret;
use crate::yaml::{Fields, Node, Shape, Value, key};

/// One secret.
#[derive(Debug, Clone)]
struct Entry {
    secret: Secret,
    /// It is worth nothing from here on.
    until: Option<Timestamp>,
    /// The reference that it was filled in from.
    from: Option<String>,
}

/// A source's secrets, any of which will do.
#[derive(Debug, Clone, Default)]
pub(super) struct Secrets(Vec<Entry>);

impl Secrets {
    /// Reads `secrets:`: one or a list of texts or `{value: …, until: …}`.
    pub(super) fn parse(
        node: &Node,
        provider: &Provider,
        scheme: Option<&str>,
        problems: &mut Diagnostics,
    ) -> Self {
        let entries = node.one_or_list().iter();
        let entries = entries.filter_map(|node| entry(node, provider, scheme, problems));
        Self(entries.collect())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in their order, and when they end.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Secret, Option<Timestamp>)> {
        self.0.iter().map(|entry| (&entry.secret, entry.until))
    }

    /// The references that they were filled in from, in their order.
    pub(super) fn references(&self) -> impl Iterator<Item = Option<&str>> {
        self.0.iter().map(|entry| entry.from.as_deref())
    }

    /// Those that have ended.
    pub(super) fn ended(&self, now: Timestamp) -> Vec<Secret> {
        let ended = |entry: &&Entry| entry.until.is_some_and(|until| now >= until);
        let ended = self.0.iter().filter(ended);
        ended.map(|entry| entry.secret.clone()).collect()
    }

    /// Those that count now.
    pub(super) fn at(&self, now: Timestamp) -> Cow<'_, [Secret]> {
        let counts = |entry: &&Entry| entry.until.is_none_or(|until| now < until);
        Cow::Owned(
            self.0
                .iter()
                .filter(counts)
                .map(|entry| entry.secret.clone())
                .collect(),
        )
    }
}

/// What `secrets:` looks like.
pub(super) fn shape() -> Shape {
    let one = Shape::map([
        key("value", Shape::text(), "The secret.", SECRET).required(),
        key(
            "until",
            Shape::text(),
            "When it ends: it is not taken after that. As RFC 3339.",
            "2026-12-31T00:00:00Z",
        ),
    ]);
    Shape::one_or_list(Shape::either([
        Shape::text(),
        one.says("A secret that ends."),
    ]))
}

/// How a secret is written in examples.
pub(super) const SECRET: &str = "${env:GITHUB_WEBHOOK_SECRET:-a-secret-for-examples}";

fn entry(
    node: &Node,
    provider: &Provider,
    scheme: Option<&str>,
    problems: &mut Diagnostics,
) -> Option<Entry> {
    let (value, until) = match node.value {
        Value::Map(_) => {
            let mut fields = Fields::of(node, problems)?;
            let value = fields.required("value", problems);
            let until = fields.optional("until");
            fields.finish(problems);
            (value?, until)
        }
        _ => (node, None),
    };
    let until = match until {
        None => None,
        Some(node) => Some(end(node, problems)?),
    };
    let text = value.text(problems)?;
    if text.trim().is_empty() {
        problems.push(
            value
                .error(code::WEAK_SECRET, "this secret is empty")
                .help("anybody could sign with it; set the variable or file it comes from"),
        );
        return None;
    }
    let secret = Secret::new(text);
    if let Err(why) = provider.check_secret(scheme, &secret) {
        let help = "copy it once more, whole, as the sender shows it; `hookrule providers show NAME` says where";
        problems.push(value.error(code::BAD_VALUE, why).help(help));
        return None;
    }
    if let Some(bytes) = provider.short_secret(scheme, &secret) {
        let message = format!("this secret has {bytes} bytes");
        problems.push(
            value
                .warning(code::WEAK_SECRET, message)
                .help("short secrets can be guessed; use 32 random bytes"),
        );
    }
    let from = reference(value);
    Some(Entry {
        secret,
        until,
        from,
    })
}

/// `${env:NAME}` or `${file:PATH}` as it is written, without a default: that may be the secret. None
/// where anything is written beside it.
fn reference(node: &Node) -> Option<String> {
    let written = node.place.file.text.get(node.place.span.clone())?;
    let written = written.trim_matches(['"', '\'', ' ']);
    let inner = written.strip_prefix("${")?.strip_suffix('}')?;
    let whole = node.filled && !inner.contains(['$', '{', '}']);
    let name = match inner.strip_prefix("env:") {
        Some(variable) => variable.split(":-").next()?,
        None => inner.strip_prefix("file:")?,
    };
    let (kind, _) = inner.split_once(':')?;
    whole.then(|| format!("${{{kind}:{name}}}"))
}

fn end(node: &Node, problems: &mut Diagnostics) -> Option<Timestamp> {
    let text = node.text(problems)?;
    let time = Timestamp::parse(text);
    if time.is_none() {
        problems.push(
            node.error(code::BAD_VALUE, format!("`{text}` is not a point in time"))
                .help("write it as 2026-12-31T00:00:00Z"),
        );
    }
    time
}

#[cfg(test)]
mod tests {
    use super::reference;
    use crate::diagnostic::{Diagnostics, SourceFile};
    use crate::yaml;

    #[track_caller]
    fn check(written: &str, filled: bool, expected: Option<&str>) {
        let file = SourceFile::new("hookrule.yaml", format!("a: {written}\n"));
        let node = yaml::read(&file, &mut Diagnostics::new()).unwrap();
        let mut value = node.as_map().unwrap()[0].1.clone();
        value.filled = filled;
        assert_eq!(reference(&value).as_deref(), expected, "{written}");
    }

    #[test]
    fn a_reference_is_shown_and_nothing_of_a_secret() {
        check("${env:KEY}", true, Some("${env:KEY}"));
        check("\"${env:KEY:-hunter2}\"", true, Some("${env:KEY}"));
        check("'${file:keys/new.txt}'", true, Some("${file:keys/new.txt}"));
        for secret in [
            "hunter2",
            "hunter2${env:KEY}",
            "${env:KEY}hunter2}",
            "\"$${env:hunter2}\"",
        ] {
            check(secret, true, None);
        }
        check("${env:hunter2}", false, None);
    }
}
