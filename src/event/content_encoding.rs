//! How a body is packed for the way: `Content-Encoding`.

use serde_json::json;

use crate::diagnostic::{Diagnostics, code, did_you_mean};
use crate::yaml::{Node, Shape, Value};

/// A content coding of HTTP that can be undone here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContentEncoding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950: deflate in a zlib wrapping, which is what HTTP means by it.
    Deflate,
}

impl ContentEncoding {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Gzip, Self::Deflate];

    /// As it is written in `Content-Encoding` and in configurations.
    pub fn word(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The one that a token of `Content-Encoding` stands for; `x-gzip` is an old name of `gzip`.
    pub fn of_token(token: &str) -> Option<Self> {
        let token = token.to_ascii_lowercase();
        let token = if token == "x-gzip" { "gzip" } else { &token };
        Self::ALL.into_iter().find(|one| one.word() == token)
    }

    /// What a list of them looks like.
    pub fn list_shape() -> Shape {
        Shape::one_or_list(Shape::either(
            Self::ALL.map(|one| Shape::only(json!(one.word()))),
        ))
    }

    /// Reads a list of them; an empty one means none.
    pub fn list(node: &Node, problems: &mut Diagnostics) -> Vec<Self> {
        let items = node.one_or_list().iter();
        let mut list: Vec<_> = items
            .filter_map(|item| Self::read(item, problems))
            .collect();
        list.sort_unstable();
        list.dedup();
        list
    }

    fn read(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let Value::String(text) = &node.value else {
            return node.text(problems).and(None);
        };
        let found = Self::ALL.into_iter().find(|one| one.word() == text);
        if found.is_none() {
            let message = format!("a body packed by `{text}` cannot be unpacked here");
            let help = match did_you_mean(text, Self::ALL.map(Self::word)) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => {
                    "write `gzip`, `deflate` or both; let the sender send others plain".to_owned()
                }
            };
            problems.push(node.error(code::BAD_VALUE, message).help(help));
        }
        found
    }
}
