//! FAMILY: what actions reach. One member for each kind of destination in hookrule.yaml.
//!
//! Comes in: a block of `destinations:`. Goes out: a [`Destination`] with its kind's own settings and
//! the [`Policy`] that all share. Jobs name destinations; they are looked up when a job is performed,
//! so that credentials are never stored and mending a destination mends its waiting jobs.

pub mod address;
pub mod agent;
pub mod command;
pub mod discord;
pub mod file;
pub mod http;
pub mod notion;
pub mod policy;
pub mod program;

use std::any::Any;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostics, code};
use crate::event::ProofDemand;
use crate::secret::Secret;
use crate::yaml::{Demand, Fields, Node, Shape, key};

pub use address::Address;
pub use agent::{AgentDoor, AgentSettings};
pub use command::CommandSettings;
pub use discord::DiscordSettings;
pub use file::FileSettings;
pub use http::{HttpSettings, Sign, standard_key};
pub use notion::NotionSettings;
pub use policy::{InDoubt, Policy, Rate, Retry, RetryOn};
pub use program::{PATH_DEFAULT, Program};

/// A credential shorter than this, in bytes, can be guessed.
const SECRET_BYTES_MIN: usize = 16;

/// One kind of destination.
pub trait Kind: Send + Sync {
    /// The key that names it in hookrule.yaml.
    fn name(&self) -> &'static str;

    /// One sentence for people.
    fn help(&self) -> &'static str;

    /// The policy where the operator sets none.
    fn policy(&self) -> Policy {
        Policy::default()
    }

    /// The policy where the operator sets none, for a kind that must look at its own value first.
    fn policy_of(&self, _node: &Node) -> Policy {
        self.policy()
    }

    /// What stands under the kind's key, for editors.
    fn shape(&self) -> Shape;

    /// What may stand there.
    fn example(&self) -> Value;

    /// Reads the value under the kind's key.
    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings>;

    /// Where its requests go, if it sends requests.
    fn address<'s>(&self, _settings: &'s Settings) -> Option<&'s Address> {
        None
    }

    /// How much proof it asks of an event, if it asks.
    fn demand<'s>(&self, _settings: &'s Settings) -> Option<&'s ProofDemand> {
        None
    }
}

/// A kind's own settings; the kind's file says what is in them.
pub type Settings = Arc<dyn Any + Send + Sync>;

/// A named place that actions reach.
#[derive(Clone)]
pub struct Destination {
    /// Its name in hookrule.yaml.
    pub name: String,
    /// Its kind's name.
    pub kind: &'static str,
    /// What all kinds share.
    pub policy: Policy,
    settings: Settings,
}

impl Destination {
    /// The kind's own settings, if they are of that type.
    pub fn settings<T: 'static>(&self) -> Option<&T> {
        self.settings.downcast_ref()
    }

    /// How much proof it asks of the events whose jobs come to it; none where any will do.
    pub fn demand(&self) -> Option<&ProofDemand> {
        let kind = LIST.iter().find(|kind| kind.name() == self.kind)?;
        kind.demand(&self.settings)
            .filter(|demand| !demand.is_any())
    }

    /// What one entry of `destinations:` looks like.
    pub fn shape() -> Shape {
        let kinds = LIST
            .iter()
            .map(|kind| key(kind.name(), kind.shape(), kind.help(), kind.example()));
        Shape::map(kinds)
            .and(Policy::keys())
            .demand(Demand::OneOf(LIST.iter().map(|kind| kind.name()).collect()))
            .says("Something that actions reach: exactly one kind, and what all kinds share.")
    }

    /// Reads one entry of `destinations:`: its kind, and what all kinds share.
    pub fn parse(name: &str, node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let mut found: Vec<(&'static dyn Kind, &Node)> = Vec::new();
        for kind in LIST {
            if let Some(value) = fields.optional(kind.name()) {
                found.push((*kind, value));
            }
        }
        let default = match found.as_slice() {
            [(kind, value), ..] => kind.policy_of(value),
            [] => Policy::default(),
        };
        let policy = default.parse(&mut fields, problems);
        // A kind that does not exist is reported as the key that it is.
        let misspelt = found.is_empty() && fields.has_unknown();
        fields.finish(problems);
        if misspelt {
            return None;
        }
        let [(kind, value)] = found.as_slice() else {
            let kinds: Vec<_> = LIST.iter().map(|kind| kind.name()).collect();
            let message = match found.as_slice() {
                [] => format!("destination `{name}` has no kind"),
                _ => format!("destination `{name}` has more than one kind"),
            };
            let help = format!("write one of {}", kinds.join(", "));
            problems.push(node.error(code::MISSING_KEY, message).help(help));
            return None;
        };
        let settings = kind.parse(value, problems)?;
        if !policy.allow_private
            && let Some(address) = kind.address(&settings)
        {
            address.check_public(problems);
        }
        Some(Self {
            name: name.to_owned(),
            kind: kind.name(),
            policy,
            settings,
        })
    }
}

impl fmt::Debug for Destination {
    /// Without settings, which may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Destination({}: {})", self.name, self.kind)
    }
}

/// Every kind.
pub const LIST: &[&dyn Kind] = &[
    &http::Http,
    &discord::Discord,
    &notion::Notion,
    &agent::Agent,
    &file::File,
    &command::Command,
];

/// A credential: text that is not blank and that a header can carry.
fn credential(node: &Node, problems: &mut Diagnostics) -> Option<Secret> {
    let text = node.text(problems)?;
    if text.trim().is_empty() {
        problems.push(
            node.error(code::WEAK_SECRET, "this credential is empty")
                .help("set the variable or the file that it comes from"),
        );
        return None;
    }
    if text.chars().any(char::is_control) {
        let message = "this credential holds a line break or another control character";
        problems.push(node.error(code::BAD_VALUE, message).help("a file often ends in a line break of its own, which is cut off; this one stands inside: look at what the variable or the file holds"));
        return None;
    }
    if text.len() < SECRET_BYTES_MIN {
        let message = format!("this credential has fewer than {SECRET_BYTES_MIN} bytes");
        problems.push(
            node.warning(code::WEAK_SECRET, message)
                .help("the receiver can mostly give a longer one"),
        );
    }
    Some(Secret::new(text))
}

/// A path; a relative one lies beside the file it is written in.
fn beside(node: &Node, problems: &mut Diagnostics) -> Option<PathBuf> {
    let text = node.text(problems)?;
    if text.trim().is_empty() || text.contains('\0') {
        problems.push(
            node.error(code::BAD_VALUE, "this is not a path")
                .help("write a folder, such as `./out`"),
        );
        return None;
    }
    let folder = node.place.file.path.parent();
    let path = folder.map_or_else(|| PathBuf::from(text), |folder| folder.join(text));
    Some(std::path::absolute(&path).unwrap_or(path))
}
