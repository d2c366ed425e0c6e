//! A hook's trigger rule.

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::yaml::{Fields, Node};

use super::parameter::Parameter;

/// When a hook fires.
#[derive(Debug, Clone)]
pub(super) enum Trigger {
    And(Vec<Trigger>, Place),
    Or(Vec<Trigger>, Place),
    Not(Box<Trigger>),
    Match(Match),
}

/// One test of a request.
#[derive(Debug, Clone)]
pub(super) struct Match {
    pub(super) test: Test,
    pub(super) place: Place,
}

/// The tests that there are.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Value {
        of: Parameter,
        value: String,
    },
    Regex {
        of: Parameter,
        pattern: String,
    },
    Hmac {
        of: Parameter,
        algorithm: &'static str,
        secret: String,
    },
    Addresses(Vec<String>),
    Scalr {
        secret: String,
    },
}

impl Trigger {
    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let (and, or) = (fields.optional("and"), fields.optional("or"));
        let (not, one) = (fields.optional("not"), fields.optional("match"));
        fields.finish(problems);
        let all = |node: &Node, problems: &mut Diagnostics| -> Option<Vec<Self>> {
            let items = node.list(problems)?.iter();
            // Each is read, so that all is said; one that cannot be read spoils the rule.
            let read: Vec<_> = items.map(|item| Self::parse(item, problems)).collect();
            read.into_iter().collect()
        };
        // Of several the first counts, in this order.
        match (and, or, not, one) {
            (Some(node), ..) => Some(Self::And(all(node, problems)?, node.place.clone())),
            (_, Some(node), ..) => Some(Self::Or(all(node, problems)?, node.place.clone())),
            (_, _, Some(node), _) => Some(Self::Not(Box::new(Self::parse(node, problems)?))),
            (_, _, _, Some(node)) => Match::parse(node, problems).map(Self::Match),
            _ => {
                let message = "a trigger rule is one of `and`, `or`, `not` and `match`";
                problems.push(
                    node.error(code::MISSING_KEY, message)
                        .help("write one of them"),
                );
                None
            }
        }
    }

    /// What must hold at once: the members of `and`, through all its levels.
    pub(super) fn all(&self) -> Vec<&Trigger> {
        match self {
            Self::And(members, _) => members.iter().flat_map(Self::all).collect(),
            other => vec![other],
        }
    }

    /// The tests of which one must pass, if it is nothing but that.
    pub(super) fn any(&self) -> Option<Vec<&Match>> {
        match self {
            Self::Match(one) => Some(vec![one]),
            Self::Or(members, _) if !members.is_empty() => {
                let tests = members.iter().map(|member| match member {
                    Self::Match(one) => Some(one),
                    _ => None,
                });
                tests.collect()
            }
            _ => None,
        }
    }
}

impl Match {
    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let kind = fields.required("type", problems);
        let [value, regex, secret, range] =
            ["value", "regex", "secret", "ip-range"].map(|key| fields.optional(key));
        let parameter = fields.optional("parameter");
        fields.finish(problems);
        let needed = |found: Option<&Node>, key: &str, problems: &mut Diagnostics| {
            if found.is_none() {
                let message = format!("`{key}` is missing here");
                let place = node.place.clone();
                problems.push(Diagnostic::error(code::MISSING_KEY, place, message));
            }
            let text = found.map(Node::to_json)?;
            // Numbers and truth values were compared as text.
            Some(
                text.as_str()
                    .map_or_else(|| text.to_string(), str::to_owned),
            )
        };
        let kind = kind?;
        let name = kind.text(problems)?;
        let algorithm = ["sha1", "sha256", "sha512"].into_iter().find(|algorithm| {
            ["payload-hmac-", "payload-hash-"]
                .iter()
                .any(|begin| name.strip_prefix(begin) == Some(algorithm))
        });
        let test = match (name, algorithm) {
            ("ip-whitelist", _) => {
                let range = needed(range, "ip-range", problems)?;
                Test::Addresses(range.split_whitespace().map(network).collect())
            }
            ("scalr-signature", _) => Test::Scalr {
                secret: needed(secret, "secret", problems)?,
            },
            (_, Some(algorithm)) => Test::Hmac {
                algorithm,
                secret: needed(secret, "secret", problems)?,
                of: Parameter::parse(parameter?, problems)?,
            },
            ("value", _) => Test::Value {
                value: needed(value, "value", problems)?,
                of: Parameter::parse(parameter?, problems)?,
            },
            ("regex", _) => Test::Regex {
                pattern: needed(regex, "regex", problems)?,
                of: Parameter::parse(parameter?, problems)?,
            },
            _ => {
                let message = format!("`{name}` is no type of match");
                problems.push(kind.error(code::BAD_VALUE, message).help(
                    "types are value, regex, payload-hmac-sha1, -sha256, -sha512, ip-whitelist and \
                     scalr-signature",
                ));
                return None;
            }
        };
        Some(Self {
            test,
            place: node.place.clone(),
        })
    }
}

/// A single address is a network of one.
fn network(text: &str) -> String {
    match (text.contains('/'), text.contains(':')) {
        (true, _) => text.to_owned(),
        (false, true) => format!("{text}/128"),
        (false, false) => format!("{text}/32"),
    }
}
