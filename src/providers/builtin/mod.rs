//! The definitions that come with the program: one YAML file each, data and not code.

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
