//! A Notion workspace, as far as one integration may see it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostics, code};
use crate::secret::Secret;
use crate::yaml::{Fields, Node, Shape, key};

use super::address::url_key;
use super::{Address, Kind, Policy, Rate, Settings, credential};

/// The version of Notion's API that is spoken: the first in which a database has data sources.
pub const NOTION_VERSION: &str = "2025-09-03";

const NOTION_URL: &str = "https://api.notion.com";

/// The kind.
#[derive(Debug)]
pub struct Notion;

/// An integration.
#[derive(Debug, Clone)]
pub struct NotionSettings {
    /// `https://api.notion.com`.
    pub address: Address,
    /// The integration's token.
    pub token: Secret,
    /// Sent as `Notion-Version`.
    pub version: String,
}

impl Kind for Notion {
    fn name(&self) -> &'static str {
        "notion"
    }

    fn help(&self) -> &'static str {
        "A Notion integration's token; for `notion_page` actions."
    }

    /// Notion allows three requests a second; one at a time keeps pages of one key in order.
    fn policy(&self) -> Policy {
        Policy {
            concurrency: 1,
            rate: Some(Rate {
                count: 3,
                per: Duration::from_secs(1),
            }),
            ..Policy::default()
        }
    }

    fn shape(&self) -> Shape {
        Shape::map([
            key(
                "token",
                Shape::text(),
                "The integration's token.",
                "${env:NOTION_TOKEN:-a-token-for-examples}",
            )
            .required(),
            url_key("https://notion.example.com").or(NOTION_URL),
            key(
                "version",
                Shape::matching("^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
                format!("The version of Notion's API, {NOTION_VERSION} or later."),
                NOTION_VERSION,
            )
            .or(NOTION_VERSION),
        ])
    }

    fn example(&self) -> Value {
        json!({"token": "${env:NOTION_TOKEN:-a-token-for-examples}"})
    }

    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings> {
        let mut fields = Fields::of(node, problems)?;
        let token = fields
            .required("token", problems)
            .and_then(|token| credential(token, problems));
        let address = match fields.optional("url") {
            Some(url) => Address::parse(url, problems),
            None => Address::known(NOTION_URL),
        };
        let version = match fields.optional("version") {
            Some(version) => self::version(version, problems),
            None => Some(NOTION_VERSION.to_owned()),
        };
        fields.finish(problems);
        Some(Arc::new(NotionSettings {
            address: address?,
            token: token?,
            version: version?,
        }))
    }

    fn address<'s>(&self, settings: &'s Settings) -> Option<&'s Address> {
        Some(&settings.downcast_ref::<NotionSettings>()?.address)
    }
}

fn version(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    let text = node.text(problems)?;
    let shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if shaped && text >= NOTION_VERSION {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is not a version of Notion's API that can be spoken");
    let help = format!("leave it out, or write {NOTION_VERSION} or a later one in quotes");
    problems.push(node.error(code::BAD_VALUE, message).help(help));
    None
}
