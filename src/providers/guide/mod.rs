//! What people are told of one provider: by `providers show`, and on the page docs/providers.md.
//!
//! Comes in: a definition. Goes out: blocks, which [`plain`] writes for terminals and [`page`] for
//! readers of Markdown. Nothing stands here that the definition does not say.

mod facts;
pub mod page;
pub mod plain;
mod start;

use crate::event::Strength;

use super::definition::{Confidence, Provider};

pub use start::source;

/// One piece of what is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Block {
    /// What is known, a line each.
    Facts(Vec<Fact>),
    /// Sentences.
    Text(String),
    /// What to do at the sender, in order.
    Steps(String, Vec<String>),
    /// Something to copy.
    Code {
        /// What it is for.
        title: &'static str,
        /// What it is written in, as Markdown names it.
        language: &'static str,
        /// The text, without a line's end behind it.
        text: String,
    },
}

/// One thing that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// What of.
    pub about: String,
    /// What.
    pub value: Value,
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Words.
    Words(String),
    /// Names and the like, as they are written in files and headers.
    Names(Vec<String>),
}

/// Everything to tell.
pub fn guide(provider: &Provider) -> Vec<Block> {
    let mut blocks = start::start(provider);
    if !provider.notes().is_empty() {
        blocks.push(Block::Text(provider.notes().to_owned()));
    }
    blocks.push(Block::Facts(facts::facts(provider)));
    blocks
}

/// How far its facts are to be believed.
pub fn standing(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::High => "from the sender",
        Confidence::Medium => "from documents",
        Confidence::Low => "experimental",
    }
}

/// What an event of this provider proves, where its source uses the first scheme.
pub fn proof(provider: &Provider) -> &'static str {
    let strongest = provider.strengths_by(None).first().copied();
    strongest.map_or("unsigned", Strength::word)
}
