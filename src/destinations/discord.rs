//! A Discord channel's incoming webhook.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::diagnostic::Diagnostics;
use crate::yaml::{Fields, Node, Shape};

use super::address::url_key;
use super::{Address, Kind, Policy, Retry, Settings};

/// The kind.
#[derive(Debug)]
pub struct Discord;

/// A webhook of a channel. The URL carries its token.
#[derive(Debug, Clone)]
pub struct DiscordSettings {
    /// `https://discord.com/api/webhooks/ID/TOKEN`.
    pub address: Address,
}

impl Kind for Discord {
    fn name(&self) -> &'static str {
        "discord"
    }

    fn help(&self) -> &'static str {
        "A Discord channel's webhook URL; for `discord` actions."
    }

    /// One at a time, because Discord counts per webhook; a message a day late is noise.
    fn policy(&self) -> Policy {
        Policy {
            concurrency: 1,
            retry: Retry {
                max_age: Duration::from_hours(24),
                ..Retry::default()
            },
            ..Policy::default()
        }
    }

    fn shape(&self) -> Shape {
        Shape::map([
            url_key("${env:DISCORD_WEBHOOK_URL:-https://discord.com/api/webhooks/1/abc}")
                .required(),
        ])
    }

    fn example(&self) -> Value {
        json!({"url": "${env:DISCORD_WEBHOOK_URL:-https://discord.com/api/webhooks/1/abc}"})
    }

    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings> {
        let mut fields = Fields::of(node, problems)?;
        let address = fields
            .required("url", problems)
            .and_then(|url| Address::parse(url, problems));
        fields.finish(problems);
        Some(Arc::new(DiscordSettings {
            address: address?.secret(),
        }))
    }

    fn address<'s>(&self, settings: &'s Settings) -> Option<&'s Address> {
        Some(&settings.downcast_ref::<DiscordSettings>()?.address)
    }
}
