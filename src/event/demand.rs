//! How much proof is asked of an event: `proof: signed`.

use serde_json::json;

use crate::diagnostic::{Diagnostics, code, did_you_mean};
use crate::yaml::{Node, Shape, Value};

use super::Strength;

/// What other words for proof stand for here.
const MEANT: [(&str, &str); 6] = [
    ("verified", "signed"),
    ("trusted", "signed"),
    ("signature", "signed"),
    ("token", "authenticated"),
    ("none", "unsigned"),
    ("unverified", "unsigned"),
];

/// What can be written.
const HELP: &str = "write `signed` (the signature covers the body), `authenticated` (a token, or a \
                    signature that leaves the body out) or `unsigned`";

/// The strengths that will do, in order; where none is named, any will.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ProofDemand(Box<[Strength]>);

impl ProofDemand {
    /// Whether events of that strength will do.
    pub fn takes(&self, strength: Strength) -> bool {
        self.is_any() || self.0.contains(&strength)
    }

    /// Whether nothing is asked.
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all that another one takes will do.
    pub fn covers(&self, other: &Self) -> bool {
        self.is_any() || (!other.is_any() && other.0.iter().all(|one| self.0.contains(one)))
    }

    /// For people: `signed or authenticated`.
    pub fn words(&self) -> String {
        let words: Vec<_> = self.0.iter().map(|strength| strength.word()).collect();
        words.join(" or ")
    }

    /// What it looks like.
    pub fn shape() -> Shape {
        Shape::one_or_list(Self::word_shape())
    }

    /// What one word of it looks like.
    pub fn word_shape() -> Shape {
        Shape::either(Strength::SHOWN.map(|strength| Shape::only(json!(strength.word()))))
    }

    /// Reads a word or a list of words.
    pub fn parse(node: &Node, problems: &mut Diagnostics) -> Self {
        if matches!(&node.value, Value::List(items) if items.is_empty()) {
            problems.push(
                node.error(code::BAD_VALUE, "an empty list asks for nothing")
                    .help("leave `proof` out where any will do"),
            );
        }
        let words = node.one_or_list().iter();
        let mut asked: Vec<_> = words
            .filter_map(|word| Self::word(word, problems))
            .collect();
        asked.sort_unstable();
        asked.dedup();
        Self(asked.into())
    }

    /// Reads one word.
    pub fn word(node: &Node, problems: &mut Diagnostics) -> Option<Strength> {
        let (shown, help) = match &node.value {
            Value::String(text) => match Strength::called(text) {
                Some(strength) => return Some(strength),
                None => (format!("`{text}`"), meant(text)),
            },
            Value::Bool(true) => ("`true`".to_owned(), None),
            _ => ("this".to_owned(), None),
        };
        let help = help.map_or_else(
            || HELP.to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        let message = format!("{shown} is no proof");
        problems.push(node.error(code::BAD_VALUE, message).help(help));
        None
    }
}

/// What an unknown word may stand for.
fn meant(text: &str) -> Option<&'static str> {
    let foreign = MEANT.iter().find(|(word, _)| *word == text);
    foreign
        .map(|(_, meant)| *meant)
        .or_else(|| did_you_mean(text, Strength::SHOWN.map(Strength::word)))
}
