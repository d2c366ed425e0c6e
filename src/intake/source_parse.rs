//! One entry of `sources:`, read.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, code, did_you_mean};
use crate::event::ContentEncoding;
use crate::providers::{Overrides, Provider, Providers};
use crate::yaml::{Fields, Node};

use super::dedupe::Recognition;
use super::network::Network;
use super::secrets::Secrets;
use super::source::Source;
use super::turns::Turns;

/// The longest name of a source.
const NAME_BYTES_MAX: usize = 64;

/// From where the listener can be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Only from this machine.
    Loopback,
    /// From other machines.
    Network,
}

impl Source {
    /// Reads one entry of `sources:`.
    pub fn parse(
        name: &str,
        node: &Node,
        providers: &Providers,
        reach: Reach,
        problems: &mut Diagnostics,
    ) -> Option<Self> {
        let mut found = Diagnostics::new();
        let source = read(name, node, providers, reach, &mut found);
        let usable = !found.has_errors();
        problems.extend(found);
        source.filter(|_| usable)
    }
}

/// Where more is said of what a source may have.
const SHOWN: &str =
    "`hookrule providers show NAME` says what the sender's definition takes, and where it is shown";

fn read(
    name: &str,
    node: &Node,
    providers: &Providers,
    reach: Reach,
    problems: &mut Diagnostics,
) -> Option<Source> {
    let mut fields = Fields::of(node, problems)?;
    check_name(name, node, problems);
    let provider = named_provider(&mut fields, problems);
    let overrides = Overrides::parse(&mut fields, problems);
    let scheme = fields.optional("scheme");
    let secrets = fields.optional("secrets");
    let verification = fields.optional("verify");
    let allow_unsigned = fields.optional("allow_unsigned");
    let body_max = fields.optional("body_max").and_then(|n| n.size(problems));
    let encodings = fields
        .optional("encodings")
        .map(|n| ContentEncoding::list(n, problems));
    let labels = fields.optional("labels").map(|n| read_labels(n, problems));
    let dedupe = fields.optional("dedupe");
    let pairing = fields.optional("pairing");
    let pairing = pairing.and_then(|node| Some(beside(node, node.text(problems)?)));
    let dedupe = dedupe.map(|n| Recognition::parse(n, problems));
    let allow_from = fields.optional("allow_from");
    let allow_from = allow_from.map(|n| read_networks(n, problems));
    // Secrets under another name are reported as the key that they are.
    let maybe_misspelt = secrets.is_none() && fields.has_unknown();
    fields.finish(problems);

    let provider = find_provider(provider?, providers, problems)?;
    let scheme = match scheme {
        Some(node) => Some(read_scheme(node, &provider, problems)?),
        None => None,
    };
    let provider = match provider.with(&overrides, scheme.as_deref()) {
        Ok(provider) => Arc::new(provider),
        Err(why) => {
            problems.push(node.error(code::BAD_VALUE, why).help(SHOWN));
            return None;
        }
    };
    let unsigned = verification.map_or(Some(false), |node| is_none(node, problems))?;
    if !unsigned && maybe_misspelt && provider.signs() {
        return None;
    }
    let may = allow_unsigned.is_some_and(|n| n.bool(problems) == Some(true));
    let secrets = if unsigned {
        check_unsigned(node, secrets, may || reach == Reach::Loopback, problems);
        None
    } else {
        if let (true, Err(why)) = (provider.signs(), provider.lacks(scheme.as_deref())) {
            problems.push(node.error(code::MISSING_KEY, why).help(SHOWN));
        }
        let may_lack = provider.fetches(scheme.as_deref()) || pairing.is_some();
        if secrets.is_none() && may_lack {
            Some(Secrets::default())
        } else {
            let scheme = scheme.as_deref();
            Some(read_secrets(node, secrets, &provider, scheme, problems)?)
        }
    };
    Some(Source {
        name: name.to_owned(),
        labels: labels.unwrap_or_default(),
        provider,
        dedupe: dedupe.flatten().unwrap_or_default(),
        body_bytes_max: body_max,
        encodings,
        place: node.place.clone(),
        scheme,
        secrets,
        allow_from: allow_from.unwrap_or_default(),
        pairing,
        examined: Turns::default(),
    })
}

fn named_provider<'n>(fields: &mut Fields<'n>, problems: &mut Diagnostics) -> Option<&'n Node> {
    let provider = fields.optional("provider");
    if provider.is_none() {
        let message = "`provider` is missing here";
        let problem = fields.node().error(code::MISSING_KEY, message);
        let help = "write a name from `hookrule providers list`; `generic` fits many senders";
        fields.miss("provider", problem.help(help), problems);
    }
    provider
}

/// A path as it stands in a file: beside it, unless it begins at the root.
fn beside(node: &Node, path: &str) -> PathBuf {
    let folder = node.place.file.path.parent();
    folder.map_or_else(|| PathBuf::from(path), |folder| folder.join(path))
}

fn check_name(name: &str, node: &Node, problems: &mut Diagnostics) {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(fits) {
        let message = format!("`{name}` cannot be the name of a source");
        let help = format!(
            "it stands in the URL: up to {NAME_BYTES_MAX} letters, digits, `.`, `_` and `-`"
        );
        problems.push(node.error(code::BAD_VALUE, message).help(help));
    }
}

fn find_provider(
    node: &Node,
    providers: &Providers,
    problems: &mut Diagnostics,
) -> Option<Arc<Provider>> {
    let name = node.text(problems)?;
    let found = providers.find(name);
    if found.is_none() {
        let message = format!("there is no provider `{name}`");
        let help = match did_you_mean(name, providers.names()) {
            Some(known) => format!("did you mean `{known}`?"),
            None => "`hookrule providers list` shows them all; `generic` fits many others".into(),
        };
        problems.push(node.error(code::UNKNOWN_PROVIDER, message).help(help));
    }
    found
}

fn read_scheme(node: &Node, provider: &Provider, problems: &mut Diagnostics) -> Option<String> {
    let name = node.text(problems)?;
    let known = provider.schemes();
    if known.contains(&name) {
        return Some(name.to_owned());
    }
    let message = format!("`{}` has no scheme `{name}`", provider.name());
    let help = match known.as_slice() {
        [] => "it has none to choose from: leave `scheme` out".to_owned(),
        known => format!("write one of: {}", known.join(", ")),
    };
    problems.push(node.error(code::BAD_VALUE, message).help(help));
    None
}

fn is_none(node: &Node, problems: &mut Diagnostics) -> Option<bool> {
    match node.text(problems)? {
        "none" => Some(true),
        "default" => Some(false),
        other => {
            let message = format!("`{other}` is no way of verifying");
            let help = "leave `verify` out to verify, or write `none` to take unsigned deliveries";
            problems.push(node.error(code::BAD_VALUE, message).help(help));
            None
        }
    }
}

fn check_unsigned(node: &Node, secrets: Option<&Node>, may: bool, problems: &mut Diagnostics) {
    if let Some(secrets) = secrets {
        problems.push(
            secrets
                .error(code::UNSIGNED_SOURCE, "these secrets are never used")
                .help("leave out either `secrets` or `verify: none`"),
        );
    }
    if !may {
        let message = "anybody who can reach the listener could send events here";
        problems.push(
            node.error(code::UNSIGNED_SOURCE, message)
                .help("write `allow_unsigned: true` beside `verify: none` if that is meant"),
        );
    }
}

fn read_secrets(
    node: &Node,
    secrets: Option<&Node>,
    provider: &Provider,
    scheme: Option<&str>,
    problems: &mut Diagnostics,
) -> Option<Secrets> {
    if !provider.signs() {
        let message = format!("`{}` does not sign what it sends", provider.name());
        problems.push(
            node.error(code::UNSIGNED_SOURCE, message)
                .help("write `verify: none` to take its deliveries as they come"),
        );
        return None;
    }
    let Some(secrets) = secrets else {
        problems.push(
            node.error(code::NO_SECRET, "this source has no secret")
                .help("write `secrets: [\"${env:NAME}\"]`, the secret that the sender signs with"),
        );
        return None;
    };
    let read = Secrets::parse(secrets, provider, scheme, problems);
    if read.is_empty() && secrets.one_or_list().is_empty() {
        problems.push(
            secrets
                .error(code::NO_SECRET, "this list of secrets is empty")
                .help("write `secrets: [\"${env:NAME}\"]`, the secret that the sender signs with"),
        );
    }
    Some(read)
}

fn read_labels(node: &Node, problems: &mut Diagnostics) -> BTreeMap<String, String> {
    let entries = node.map(problems).unwrap_or_default();
    let read = |(key, node): &(crate::yaml::Key, Node)| {
        let text = node.text(problems)?;
        Some((key.text.clone(), text.to_owned()))
    };
    entries.iter().filter_map(read).collect()
}

fn read_networks(node: &Node, problems: &mut Diagnostics) -> Vec<Network> {
    let mut networks = Vec::new();
    for item in node.one_or_list() {
        let Some(text) = item.text(problems) else {
            continue;
        };
        match Network::parse(text) {
            Some(network) => networks.push(network),
            None => problems.push(
                item.error(
                    code::BAD_ADDRESS,
                    format!("`{text}` is not a range of addresses"),
                )
                .help("write an address or a range such as 203.0.113.0/24"),
            ),
        }
    }
    if networks.is_empty() && !problems.has_errors() {
        let message = "nobody could send here: the list is empty";
        problems.push(
            node.error(code::BAD_ADDRESS, message)
                .help("write at least one address or range, or leave `networks:` out"),
        );
    }
    networks
}
