//! What to paste where, at the sender and in hookrule.yaml.

use super::super::definition::Provider;
use super::super::handshake::Handshake;
use super::super::parts::Place;
use super::Block;

pub(super) fn start(provider: &Provider) -> Vec<Block> {
    let name = provider.name();
    let mut blocks = vec![
        Block::Steps(format!("At {name}"), steps(provider)),
        code(
            "In hookrule.yaml",
            "yaml",
            format!("sources:\n{}", source(provider)),
        ),
    ];
    let mut samples = provider.samples().iter();
    let sample = samples.find(|sample| sample.event != "ping");
    if let Some(event) = sample.map(|sample| &sample.event) {
        let when = format!("when: {{provider: {name}, event: {event}}}");
        blocks.push(code("In a rule", "yaml", when));
        blocks.push(if provider.can_be_sent(None) {
            let send = format!("hookrule send {name} {event}");
            code("To try it", "sh", send)
        } else {
            let explain = format!("hookrule explain body.json --provider {name} --event {event}");
            code(
                "To try a rule, since only the sender can sign",
                "sh",
                explain,
            )
        });
    }
    blocks
}

fn code(title: &'static str, language: &'static str, text: String) -> Block {
    Block::Code {
        title,
        language,
        text,
    }
}

/// Where the sender is to post to.
fn url(provider: &Provider) -> String {
    format!("https://YOUR-HOST/webhook/{}", provider.name())
}

fn steps(provider: &Provider) -> Vec<String> {
    let url = url(provider);
    let with_url = |step: &String| match step.strip_suffix(": URL") {
        Some(what) => format!("{what}: {url}"),
        None => step.replace(": URL (", &format!(": {url} (")),
    };
    match provider.setup() {
        [] => vec![format!("Let it post to: {url}")],
        steps => steps.iter().map(with_url).collect(),
    }
}

/// The entry of a source in hookrule.yaml, with everything that `check` would ask for.
pub fn source(provider: &Provider) -> String {
    let name = provider.name();
    let mut lines = vec![format!("  {name}:"), format!("    provider: {name}")];
    if let [first, others @ ..] = provider.schemes().as_slice()
        && !others.is_empty()
    {
        let others = others.join(", ");
        lines.push(format!("    scheme: {first}    # or: {others}"));
    }
    if provider.handshakes().iter().any(Handshake::pairs) {
        lines.push(format!("    pairing: {name}-secret.txt"));
        lines.push("    # Once the secret is in that file, instead of `pairing`:".to_owned());
        lines.push(format!("    # secrets: [\"${{file:{name}-secret.txt}}\"]"));
    } else if !provider.signs() {
        lines.push(
            "    verify: none    # let `allow_from` name the sender's networks, if it says them"
                .to_owned(),
        );
    } else if !provider.fetches(None) {
        let secret = variable(provider, "webhook_secret");
        lines.push(format!("    secrets: [\"{secret}\"]"));
    }
    let looks_at = first_places(provider);
    if looks_at.iter().any(|place| place.is_addressed()) {
        lines.push(format!("    url: {}", url(provider)));
    }
    let settings: Vec<_> = settings(provider, &looks_at).collect();
    if !settings.is_empty() {
        lines.push("    settings:".to_owned());
        lines.extend(settings);
    }
    lines.join("\n")
}

fn first_places(provider: &Provider) -> Vec<&Place> {
    let first = provider.each_scheme().next();
    first.map_or_else(Vec::new, |scheme| scheme.places())
}

/// Those that the first scheme looks at, and those that no scheme does, since handshakes do.
fn settings<'p>(provider: &'p Provider, first: &'p [&Place]) -> impl Iterator<Item = String> + 'p {
    let is = |name: &str, place: &Place| matches!(place, Place::Setting(own) if **own == *name);
    let wanted = move |name: &str| {
        let mut all = provider.each_scheme().flat_map(|scheme| scheme.places());
        first.iter().any(|place| is(name, place)) || !all.any(|place| is(name, place))
    };
    let declared = provider.declared().iter();
    declared
        .filter(move |known| wanted(&known.name))
        .map(|known| {
            let value = variable(provider, &known.name);
            format!("      {}: \"{value}\"    # {}", known.name, known.about)
        })
}

/// A variable of the environment that is named for the provider.
fn variable(provider: &Provider, what: &str) -> String {
    let name = format!("{}_{what}", provider.name()).to_uppercase();
    format!("${{env:{}}}", name.replace(['-', '.'], "_"))
}
