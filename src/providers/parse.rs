//! The YAML form of a provider definition.

use std::sync::Arc;

use crate::diagnostic::{Diagnostics, code, did_you_mean};
use crate::event::{ContentEncoding, MediaKind};
use crate::yaml::{Fields, Node, Value};

use super::batch::Batch;
use super::definition::{Alias, Confidence, Declared, Provider};
use super::events::Events;
use super::finder::{delivery_id, header};
use super::handshake::Handshake;
use super::identify::{Name, name_part};
use super::media::content_type;
use super::parts::{Parts, Place};
use super::reading::Settings;
use super::reply::Ack;
use super::sample::Sample;
use super::schemes::{self, Scheme};
use super::signature::named;
use super::signed::parts;
use super::vectors::Vector;

type Schemes = Vec<(String, Arc<dyn Scheme>)>;

impl Provider {
    /// Reads a definition. Every problem is reported; with an error there is none.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut found = Diagnostics::new();
        let provider = definition(node, &mut found);
        let broken = found.has_errors();
        problems.extend(found);
        provider.filter(|_| !broken)
    }
}

fn definition(node: &Node, problems: &mut Diagnostics) -> Option<Provider> {
    let mut fields = Fields::of(node, problems)?;
    let name = fields.required("name", problems);
    let docs = fields.optional("docs");
    let docs = docs.and_then(|node| node.text(problems));
    let confidence = fields.optional("confidence");
    let confidence =
        confidence.and_then(|node| named(node, &Confidence::NAMES, Confidence::named, problems));
    let aliases = fields.optional("aliases");
    let verify = fields.required("verify", problems);
    let schemes = verify.map(|node| verification(node, problems));
    let names = list(&mut fields, "names", problems, Name::parse);
    let ids = fields
        .required("delivery_id", problems)
        .and_then(|node| delivery_id(node, problems, parts));
    let kinds = list(&mut fields, "content_types", problems, content_type);
    let body_max = fields.optional("body_max");
    let encodings = fields.optional("encodings");
    let response = fields.optional("response");
    let notes = fields.optional("notes");
    let events = fields.optional("events");
    let notes = notes.and_then(|node| node.text(problems));
    let provider = Provider {
        // A name that cannot be used was reported: the rest is looked at all the same.
        name: name
            .and_then(|node| identifier(node, problems))
            .unwrap_or_default(),
        docs: docs.unwrap_or_default().to_owned(),
        notes: notes.unwrap_or_default().trim().to_owned(),
        setup: list(&mut fields, "setup", problems, owned),
        confidence: confidence.unwrap_or(Confidence::Low),
        recognise: list(&mut fields, "recognise", problems, header)
            .iter()
            .map(|name| name.to_ascii_lowercase())
            .collect(),
        methods: list(&mut fields, "methods", problems, method),
        body_bytes_max: body_max.and_then(|node| node.size(problems)),
        encodings: encodings.map_or_else(Vec::new, |node| ContentEncoding::list(node, problems)),
        content_types: if kinds.is_empty() {
            vec![MediaKind::Json.into()]
        } else {
            kinds
        },
        event_names: names,
        events: events.and_then(|node| Events::parse(node, problems)),
        spellings: spellings(&mut fields, problems),
        delivery_id: ids.unwrap_or_default(),
        sensitive: list(&mut fields, "sensitive", problems, owned),
        handshakes: list(&mut fields, "handshakes", problems, Handshake::parse).into(),
        acks: list(&mut fields, "ack", problems, Ack::parse).into(),
        samples: list(&mut fields, "samples", problems, Sample::parse).into(),
        vectors: list(&mut fields, "vectors", problems, Vector::parse).into(),
        aliases: aliases.map_or_else(Vec::new, |node| alias_list(node, problems)),
        schemes: schemes.unwrap_or_default(),
        declared: declared(&mut fields, problems).into(),
        settings: Settings::default(),
        response: response.and_then(|node| node.duration(problems)),
        batch: batch(&mut fields, problems),
    };
    fields.finish(problems);
    contradictions(&provider, node, problems);
    Some(provider)
}

/// The items of a list that can be read; the others are reported.
fn list<T>(
    fields: &mut Fields<'_>,
    key: &'static str,
    problems: &mut Diagnostics,
    read: impl Fn(&Node, &mut Diagnostics) -> Option<T>,
) -> Vec<T> {
    let Some(node) = fields.optional(key) else {
        return Vec::new();
    };
    let items = node.one_or_list().iter();
    items.filter_map(|item| read(item, problems)).collect()
}

fn owned(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    node.text(problems).map(str::to_owned)
}

/// A name that can stand in a URL and in a file's name.
fn identifier(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    let text = node.text(problems)?;
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(valid) {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` cannot be a name here");
    problems.push(
        node.error(code::BAD_VALUE, message)
            .help("write lower-case letters, digits and `-`, a letter first"),
    );
    None
}

fn method(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    let text = node.text(problems)?;
    if ["GET", "HEAD", "OPTIONS", "PUT"].contains(&text) {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is none of GET, HEAD, OPTIONS, PUT");
    problems.push(
        node.error(code::BAD_VALUE, message)
            .help("POST is always taken and need not be said"),
    );
    None
}

/// A list of names, or a map from names to the scheme that is first under that name.
fn alias_list(node: &Node, problems: &mut Diagnostics) -> Vec<Alias> {
    let Value::Map(entries) = &node.value else {
        let names = node.one_or_list().iter();
        let names = names.filter_map(|node| identifier(node, problems));
        return names.map(|name| Alias { name, scheme: None }).collect();
    };
    let alias = |(key, node): &(crate::yaml::Key, Node)| {
        let scheme = node.text(problems)?.to_owned();
        Some(Alias {
            name: key.text.clone(),
            scheme: Some(scheme),
        })
    };
    entries.iter().filter_map(alias).collect()
}

/// `none`, one scheme, or several with names.
fn verification(node: &Node, problems: &mut Diagnostics) -> Schemes {
    if node.as_str() == Some("none") {
        return Vec::new();
    }
    let alternatives = node.one_or_list();
    let mut found: Schemes = Vec::new();
    for node in alternatives {
        let Some((name, scheme)) = one_scheme(node, problems) else {
            continue;
        };
        if found.iter().any(|(known, _)| *known == name) {
            let message = format!("two schemes are named `{name}`; give each its own `name`");
            problems.push(
                node.error(code::BAD_DEFINITION, message)
                    .help("sources choose between them by it: `scheme: NAME`"),
            );
        }
        found.push((name, scheme));
    }
    if alternatives.is_empty() {
        let message = "a list without schemes verifies nothing";
        problems.push(
            node.error(code::BAD_DEFINITION, message)
                .help("write `verify: none` for a sender that does not sign"),
        );
    }
    found
}

fn one_scheme(node: &Node, problems: &mut Diagnostics) -> Option<(String, Arc<dyn Scheme>)> {
    let mut fields = Fields::of(node, problems)?;
    let kind_node = fields.required("scheme", problems);
    let name = fields.optional("name");
    let kind_node = kind_node?;
    let kind_name = kind_node.text(problems)?;
    let Some(kind) = schemes::find(kind_name) else {
        let known = || schemes::LIST.iter().map(|kind| kind.name);
        let help = match did_you_mean(kind_name, known()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("there are {}", known().collect::<Vec<_>>().join(", ")),
        };
        let message = format!("`{kind_name}` is no way of signing");
        problems.push(kind_node.error(code::BAD_VALUE, message).help(help));
        return None;
    };
    let name = match name {
        Some(node) => identifier(node, problems)?,
        None => kind.name.to_owned(),
    };
    let scheme = (kind.parse)(&mut fields, problems);
    fields.finish(problems);
    Some((name, scheme?))
}

/// Lists of events in a body, and whether they are split.
fn batch(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Batch> {
    let node = fields.optional("batch");
    let split = fields.optional("split");
    let split = split.map_or(Some(true), |node| node.bool(problems));
    let batch = Batch::parse(node?, problems)?;
    Some(Batch {
        split: split?,
        ..batch
    })
}

/// What a source may have to say, with what it is.
fn declared(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Vec<Declared> {
    let node = fields.optional("settings");
    let entries = node.and_then(|node| node.map(problems)).unwrap_or_default();
    let declared = |(key, node): &(crate::yaml::Key, Node)| {
        let (name, about) = (key.text.clone(), node.text(problems)?.to_owned());
        Some(Declared { name, about })
    };
    entries.iter().filter_map(declared).collect()
}

/// The sender's own spellings of event names, and ours.
fn spellings(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Vec<(String, String)> {
    let Some(node) = fields.optional("spellings") else {
        return Vec::new();
    };
    let Some(entries) = node.map(problems) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for (theirs, node) in entries {
        let Some(ours) = node.text(problems) else {
            continue;
        };
        if name_part(ours).as_deref() != Some(ours) {
            let message = format!("`{ours}` is not a dotted event name");
            problems.push(
                node.error(code::BAD_VALUE, message)
                    .help("write lower-case parts with dots between them: `pull_request.opened`"),
            );
        }
        found.push((theirs.text.clone(), ours.to_owned()));
    }
    found
}

/// What no single key shows.
fn contradictions(provider: &Provider, node: &Node, problems: &mut Diagnostics) {
    let known = provider.schemes();
    for alias in provider.aliases() {
        if let Some(scheme) = alias.scheme.as_deref()
            && !known.contains(&scheme)
        {
            let message = format!(
                "alias `{}` names a scheme `{scheme}` that is not",
                alias.name
            );
            problems.push(
                node.error(code::BAD_DEFINITION, message)
                    .help(format!("it has {}", known.join(", "))),
            );
        }
    }
    let names = provider.event_names().iter().map(|name| &name.text);
    let of_signature = |parts: &&Parts| {
        parts
            .places()
            .any(|place| matches!(place, Place::Timestamp | Place::Signature(_)))
    };
    for parts in names.chain(provider.delivery_id()).filter(of_signature) {
        let message = format!(
            "`{}` looks at the signature, which names and ids cannot",
            parts.as_str()
        );
        problems.push(
            node.error(code::BAD_DEFINITION, message)
                .help("write `header:`, `query:`, `form:` or `json:` parts there"),
        );
    }
    for message in undeclared(provider) {
        problems.push(node.error(code::BAD_DEFINITION, message).help("add it to the definition: sources are asked for their settings, and what is sensitive is masked"));
    }
    if provider.signs() && provider.vectors().is_empty() {
        let message = "no `vectors` show that this definition verifies what it should";
        problems.push(
            node.warning(code::BAD_DEFINITION, message)
                .help("add one delivery that must be accepted and one that must be refused"),
        );
    }
    if provider.event_names().is_empty() {
        let message = "without `names`, every event is `unknown`";
        problems.push(
            node.warning(code::BAD_DEFINITION, message)
                .help("write what they are called: `names: [\"{json:type}\"]`"),
        );
    }
}

/// Settings that are used and not declared, and credentials in a body that are not masked.
fn undeclared(provider: &Provider) -> Vec<String> {
    let used = provider.each_scheme().flat_map(Scheme::places);
    let settings = used.filter_map(|place| match place {
        Place::Setting(name) => Some(name),
        _ => None,
    });
    let missing = settings
        .filter(|name| {
            provider
                .declared()
                .iter()
                .all(|known| known.name != ***name)
        })
        .map(|name| format!("`settings` does not say what `{name}` is"));
    let carried = provider.each_scheme().flat_map(Scheme::credentials);
    let fields = carried.filter_map(|place| match place {
        Place::Form(name) => Some(name.as_ref()),
        Place::Json(path, _) => path.rsplit('.').next(),
        _ => None,
    });
    let shown = fields
        .filter(|field| !provider.sensitive().iter().any(|known| known == field))
        .map(|field| {
            format!("`{field}` carries the secret and would be shown: put it into `sensitive`")
        });
    missing.chain(shown).collect()
}
