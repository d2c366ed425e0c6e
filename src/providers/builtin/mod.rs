//! The definitions that come with the program: one YAML file each, data and not code.

/// Other names of built-in definitions, so that none is read to find out.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("discord-interactions", "discord"),
    ("discord-webhook-events", "discord"),
    ("slack-commands", "slack"),
    ("slack-events", "slack"),
    ("slack-interactivity", "slack"),
    ("standard-webhooks-v1a", "standard-webhooks"),
];

macro_rules! embedded {
    ($($name:literal),* $(,)?) => {
        /// Every built-in definition: its name and its text.
        pub(super) const LIST: &[(&str, &str)] =
            &[$(($name, include_str!(concat!($name, ".yaml")))),*];
    };
}

embedded![
    "bitbucket",
    "discord",
    "generic",
    "github",
    "gitlab",
    "shopify",
    "slack",
    "standard-webhooks",
    "stripe",
    "svix",
];
