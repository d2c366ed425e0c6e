//! What is told of a provider, for terminals.

use super::super::definition::Provider;
use super::{Block, Fact, Value, guide};

/// Everything to tell, as text.
pub fn plain(provider: &Provider) -> String {
    let blocks = guide(provider).iter().map(block).collect::<Vec<_>>();
    format!("{}\n\n{}", provider.name(), blocks.join("\n\n"))
}

fn block(block: &Block) -> String {
    match block {
        Block::Facts(facts) => {
            let widths = facts.iter().map(|fact| fact.about.chars().count());
            let width = widths.max().unwrap_or_default();
            let lines: Vec<_> = facts.iter().map(|known| fact(known, width)).collect();
            lines.join("\n")
        }
        Block::Text(text) => text.clone(),
        Block::Steps(title, steps) => {
            let steps = steps.iter().enumerate();
            let steps = steps.map(|(at, step)| format!("\n  {}. {step}", at + 1));
            format!("{title}:\n{}", steps.collect::<String>())
        }
        Block::Code { title, text, .. } => format!("{title}:\n\n{text}"),
    }
}

fn fact(fact: &Fact, width: usize) -> String {
    let value = match &fact.value {
        Value::Words(words) => words.clone(),
        Value::Names(names) => names.join(", "),
    };
    format!("{:width$}  {value}", fact.about)
}
