//! Whom a message may ping: nobody, unless the rule's author names them.

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{self, Fields, Node, Shape, key};

/// The most ids that may be named.
const IDS_MAX: usize = 100;

/// Discord's `allowed_mentions`. Literal, so that no event can add to it.
#[derive(Debug, Clone, Default)]
pub(super) struct Mentions {
    parse: Vec<&'static str>,
    users: Vec<String>,
    roles: Vec<String>,
}

impl Mentions {
    /// What `mentions:` looks like.
    pub(super) fn shape() -> Shape {
        let ids = || {
            Shape::one_or_list(Shape::either([
                Shape::matching("^[0-9]{1,20}$"),
                Shape::count(0, u64::MAX),
            ]))
        };
        let named = Shape::map([
            key(
                "users",
                ids(),
                format!("The ids of users, in quotes; at most {IDS_MAX}."),
                json!(["1042000000000000000"]),
            ),
            key(
                "roles",
                ids(),
                format!("The ids of roles, in quotes; at most {IDS_MAX}."),
                json!(["1043000000000000000"]),
            ),
            key(
                "everyone",
                Shape::flag(),
                "Whether `@everyone` and `@here` ping.",
                true,
            )
            .or(false),
        ]);
        let groups = Shape::choice(["none", "users", "roles", "everyone"]);
        Shape::either([Shape::one_or_list(groups), named])
    }

    /// `none`, a list of `users`, `roles`, `everyone`, or `{users: [ids], roles: [ids]}`.
    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Self {
        let mut mentions = Self::default();
        if let yaml::Value::Map(_) = node.value {
            let Some(mut fields) = Fields::of(node, problems) else {
                return mentions;
            };
            let mut ids = |key| {
                let node = fields.optional(key);
                node.map_or_else(Vec::new, |node| self::ids(node, problems))
            };
            mentions.users = ids("users");
            mentions.roles = ids("roles");
            if let Some(everyone) = fields.optional("everyone")
                && everyone.bool(problems) == Some(true)
            {
                mentions.parse.push("everyone");
            }
            fields.finish(problems);
            return mentions;
        }
        for item in node.one_or_list() {
            match item.text(problems) {
                Some("users") => mentions.parse.push("users"),
                Some("roles") => mentions.parse.push("roles"),
                Some("everyone") => mentions.parse.push("everyone"),
                Some("none") | None => {}
                Some(other) => {
                    let message = format!("`{other}` is nobody who can be mentioned");
                    let help =
                        "write none, users, roles, everyone, or {users: [ids], roles: [ids]}";
                    problems.push(item.error(code::BAD_VALUE, message).help(help));
                }
            }
        }
        mentions
    }

    /// For the message.
    pub(super) fn value(&self) -> Value {
        let mut value = serde_json::Map::new();
        value.insert("parse".to_owned(), json!(self.parse));
        for (key, ids) in [("users", &self.users), ("roles", &self.roles)] {
            if !ids.is_empty() {
                value.insert(key.to_owned(), json!(ids));
            }
        }
        Value::Object(value)
    }
}

fn ids(node: &Node, problems: &mut Diagnostics) -> Vec<String> {
    let mut ids = Vec::new();
    for item in node.one_or_list() {
        let text = match &item.value {
            yaml::Value::Number(number) => number.to_string(),
            _ => item.text(problems).unwrap_or_default().to_owned(),
        };
        if text.is_empty() || text.len() > 20 || !text.bytes().all(|b| b.is_ascii_digit()) {
            let message = format!("`{text}` is not an id of Discord's");
            problems.push(
                item.error(code::BAD_VALUE, message)
                    .help("an id is a number of about 18 digits, in quotes"),
            );
        } else {
            ids.push(text);
        }
    }
    if ids.len() > IDS_MAX {
        let message = format!("at most {IDS_MAX} ids can be mentioned");
        problems.push(
            node.error(code::OVER_LIMIT, message)
                .help("mention a role that they share"),
        );
    }
    ids
}
