//! The page of all providers, in Markdown.

use std::fmt::Write as _;

use super::super::definition::Provider;
use super::super::registry::Providers;
use super::{Block, Fact, Value, guide, proof, standing};

/// What stands before the table.
const HEAD: &str = "\
# Providers

Written from the definitions in src/providers/builtin/; `hookrule providers show NAME` tells the same of one, and
of your own. How a definition is written, and what its parts mean, stands in [definitions.md](definitions.md).

An event is `signed` where its signature covers the body. It is `authenticated` where a token, or a signature
that leaves the body out, shows who sent it and no more. A rule can ask for either: `when: {proof: signed}`.

| provider | also | schemes | known by | proof | waits | facts |
|---|---|---|---|---|---|---|
";

/// From so many names on, a list is folded.
const FOLDED_FROM: usize = 30;

/// The page.
pub fn page(providers: &Providers) -> String {
    let names = providers.names().into_iter();
    let all: Vec<_> = names.filter_map(|name| providers.find(name)).collect();
    let mut page = HEAD.to_owned();
    for provider in &all {
        page.push_str(&row(provider));
    }
    for provider in &all {
        page.push_str(&section(provider));
    }
    page
}

fn row(provider: &Provider) -> String {
    let name = provider.name();
    let aliases = provider.aliases().iter().map(|alias| alias.name.as_str());
    let known_by = provider.recognise().iter().map(String::as_str);
    let waits = provider.response();
    format!(
        "| [{name}](#{name}) | {} | {} | {} | {} | {} | {} |\n",
        cell(aliases),
        cell(provider.schemes().into_iter()),
        cell(known_by),
        proof(provider),
        waits.map_or_else(String::new, |wait| format!("{} s", wait.as_secs())),
        standing(provider.confidence()),
    )
}

fn cell<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

fn section(provider: &Provider) -> String {
    let mut section = format!("\n## {}\n", provider.name());
    for block in guide(provider) {
        section.push('\n');
        section.push_str(&written(&block));
    }
    section
}

fn written(block: &Block) -> String {
    match block {
        Block::Facts(facts) => facts.iter().map(fact).collect(),
        Block::Text(text) => format!("{}\n", prose(text)),
        Block::Steps(title, steps) => {
            let mut text = format!("{title}:\n\n");
            for (number, step) in (1..).zip(steps) {
                // Writing to a text cannot fail.
                let _ = writeln!(text, "{number}. {}", prose(step));
            }
            text
        }
        Block::Code {
            title,
            language,
            text,
        } => format!("{title}:\n\n```{language}\n{text}\n```\n"),
    }
}

fn fact(fact: &Fact) -> String {
    let about = fact.about.trim_start();
    let indent = if about == fact.about { "" } else { "  " };
    match &fact.value {
        Value::Words(words) => format!("{indent}- {about}: {}\n", prose(words)),
        Value::Names(names) => {
            let spans = names.iter().map(|name| format!("`{name}`"));
            let spans = spans.collect::<Vec<_>>().join(", ");
            if names.len() < FOLDED_FROM {
                return format!("{indent}- {about}: {spans}\n");
            }
            let count = names.len();
            format!("{indent}- {about}: <details><summary>{count}</summary>{spans}</details>\n")
        }
    }
}

/// A text in which nothing is markup but code between backticks.
fn prose(text: &str) -> String {
    let pieces = text.split('`').enumerate().map(|(number, piece)| {
        if number % 2 == 1 {
            format!("`{piece}`")
        } else {
            piece.replace('<', "&lt;").replace('*', "\\*")
        }
    });
    pieces.collect()
}
