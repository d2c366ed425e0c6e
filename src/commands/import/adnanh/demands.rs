//! A trigger rule → what the source demands, and what the rule's conditions are.

use crate::commands::import::text::scalar;

use super::Report;
use super::parameter::{Origin, Parameter};
use super::trigger::{Match, Test, Trigger};
use super::vars::Vars;

/// What a request must have to make a hook fire.
#[derive(Debug, Default)]
pub(super) struct Demands {
    pub(super) signature: Option<Signature>,
    /// Networks that it must come from.
    pub(super) networks: Vec<String>,
    /// Conditions, each as it stands in a list.
    pub(super) conditions: Vec<String>,
}

/// How a request is shown to be authentic.
#[derive(Debug)]
pub(super) enum Signature {
    Hmac {
        header: String,
        algorithm: &'static str,
        secrets: Vec<String>,
    },
    Scalr {
        secret: String,
    },
    Token {
        header: String,
        secret: String,
    },
}

/// Splits a trigger rule.
pub(super) fn of(trigger: &Trigger, vars: &mut Vars<'_>, report: &mut Report) -> Demands {
    let mut demands = Demands::default();
    let mut rest = Vec::new();
    for demand in trigger.all() {
        let taken = demand
            .any()
            .is_some_and(|tests| demands.signed(&tests) || demands.allowed(&tests));
        if !taken {
            rest.push(demand);
        }
    }
    for demand in rest {
        if !demands.token(demand) {
            let conditions = conditions(demand, true, vars, report);
            demands.conditions.extend(conditions.unwrap_or_default());
        }
    }
    demands
}

impl Demands {
    /// Takes a signature, or several with one header of which one must fit.
    fn signed(&mut self, tests: &[&Match]) -> bool {
        if self.signature.is_some() {
            return false;
        }
        self.signature = match tests {
            [
                Match {
                    test: Test::Scalr { secret },
                    ..
                },
            ] => Some(Signature::Scalr {
                secret: secret.clone(),
            }),
            _ => hmac(tests),
        };
        self.signature.is_some()
    }

    /// Takes the networks that requests must come from.
    fn allowed(&mut self, tests: &[&Match]) -> bool {
        let networks = tests.iter().map(|one| match &one.test {
            Test::Addresses(networks) => Some(networks.clone()),
            _ => None,
        });
        let networks: Option<Vec<_>> = networks.collect();
        match networks {
            Some(networks) if self.networks.is_empty() => {
                self.networks = networks.concat();
                true
            }
            _ => false,
        }
    }

    /// Takes a header that holds a secret: such headers are not kept, so no condition can test them.
    fn token(&mut self, demand: &Trigger) -> bool {
        let Trigger::Match(Match {
            test: Test::Value { of, value },
            ..
        }) = demand
        else {
            return false;
        };
        if self.signature.is_some() || !holds_secret(of) {
            return false;
        }
        self.signature = Some(Signature::Token {
            header: of.name.clone(),
            secret: value.clone(),
        });
        true
    }
}

fn hmac(tests: &[&Match]) -> Option<Signature> {
    let Test::Hmac { of, algorithm, .. } = &tests.first()?.test else {
        return None;
    };
    let secrets = tests.iter().map(|one| match &one.test {
        Test::Hmac {
            of: other,
            algorithm: same,
            secret,
        } if same == algorithm
            && other.origin == Origin::Header
            && other.name.eq_ignore_ascii_case(&of.name) =>
        {
            Some(secret.clone())
        }
        _ => None,
    });
    Some(Signature::Hmac {
        header: of.name.clone(),
        algorithm,
        secrets: secrets.collect::<Option<_>>()?,
    })
}

/// Whether it is a header whose name says that it holds a secret.
fn holds_secret(of: &Parameter) -> bool {
    let name = of.name.to_lowercase().replace('_', "-");
    let ends = ["token", "secret", "key", "authorization", "cookie"];
    of.origin == Origin::Header && ends.iter().any(|end| name.ends_with(end))
}

/// The conditions that stand for a trigger; none where it has no counterpart, which is reported.
fn conditions(
    trigger: &Trigger,
    required: bool,
    vars: &mut Vars<'_>,
    report: &mut Report,
) -> Option<Vec<String>> {
    match trigger {
        Trigger::Match(one) => Some(vec![format!("{{{}}}", test(one, vars, report)?)]),
        Trigger::Not(inner) => not(inner, required, vars, report),
        Trigger::And(members, place) | Trigger::Or(members, place) => {
            let group = match trigger {
                Trigger::And(..) => "all",
                _ => "any",
            };
            if members.is_empty() {
                let message = "an empty group decides nothing here";
                report.lost(
                    place,
                    message,
                    "remove it from the hook, or write the rule by hand",
                );
                return None;
            }
            // Each is looked at, so that all is said; one without a counterpart spoils the group.
            let inner: Vec<_> = members
                .iter()
                .map(|member| conditions(member, group == "all", vars, report))
                .collect();
            let inner: Vec<_> = inner.into_iter().collect::<Option<Vec<_>>>()?.concat();
            Some(vec![format!("{{{group}: [{}]}}", inner.join(", "))])
        }
    }
}

/// In `and` a value that is not there made the whole rule fail, also under `not`.
fn not(
    inner: &Trigger,
    required: bool,
    vars: &mut Vars<'_>,
    report: &mut Report,
) -> Option<Vec<String>> {
    let mut all = Vec::new();
    if required && let Trigger::Match(one) = inner {
        let of = match &one.test {
            Test::Value { of, .. } | Test::Regex { of, .. } => vars.subject(of),
            _ => None,
        };
        all.extend(of.map(|subject| format!("{{{subject}, exists: true}}")));
    }
    let inner = conditions(inner, required, vars, report)?;
    let inner = match inner.as_slice() {
        [one] => one.clone(),
        several => format!("{{all: [{}]}}", several.join(", ")),
    };
    all.push(format!("{{not: {inner}}}"));
    Some(all)
}

/// One test, as what stands between the braces of a condition.
fn test(one: &Match, vars: &mut Vars<'_>, report: &mut Report) -> Option<String> {
    let (of, operator, operand, as_text) = match &one.test {
        Test::Value { of, value } => (of, "equals", value, reads_otherwise(value)),
        Test::Regex { of, pattern } => (of, "matches", pattern, true),
        Test::Hmac { .. } | Test::Scalr { .. } => {
            let message = "a signature is demanded of the whole source, not by a part of a rule";
            let help = "give each signature a source of its own, and each source its rules";
            report.lost(&one.place, message, help);
            return None;
        }
        Test::Addresses(_) => {
            let message = "addresses are demanded of the whole source, not by a part of a rule";
            report.lost(
                &one.place,
                message,
                "write `allow_from:` at a source of its own",
            );
            return None;
        }
    };
    if holds_secret(of) {
        let message = format!(
            "the header `{}` holds a secret, and no condition can test it",
            of.name
        );
        let help = "write a source of its own with `scheme: token` and this header";
        report.lost(&one.place, message, help);
        return None;
    }
    let Some(subject) = vars.subject(of) else {
        let message = "no condition can test this value of the request";
        report.lost(
            &of.place,
            message,
            "test something in the payload, a header or the query",
        );
        return None;
    };
    if of.origin == Origin::Query && operator == "equals" {
        let message =
            "a value in the query is no proof of who sent it, and it now stands in a rule file";
        report.differs(&one.place, message, "let the sender sign, if it can");
    }
    let text = as_text && of.origin == Origin::Payload;
    let text = if text { ", as: text" } else { "" };
    Some(format!("{subject}, {operator}: {}{text}", scalar(operand)))
}

/// Whether a text could be the text of a number or truth value, which were compared as text.
fn reads_otherwise(value: &str) -> bool {
    value.parse::<f64>().is_ok() || matches!(value, "true" | "false")
}
