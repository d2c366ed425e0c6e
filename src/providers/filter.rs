//! What may stand behind `|` in a part.

use super::parts::unknown;

/// What becomes of a part's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// The sender's separators become dots. They are `/` and `:` unless given.
    Dotted(Box<str>),
    /// Lower case.
    Lower,
}

const FILTERS: [&str; 2] = ["dotted", "lower"];

impl Filter {
    /// Reads `dotted`, `dotted:/` or `lower`.
    ///
    /// # Errors
    /// Says what there is.
    pub fn parse(text: &str) -> Result<Self, String> {
        match text.split_once(':').unwrap_or((text, "")) {
            ("dotted", "") => Ok(Self::Dotted("/:".into())),
            ("dotted", separators) => Ok(Self::Dotted(separators.into())),
            ("lower", "") => Ok(Self::Lower),
            (name, _) => Err(unknown("a filter", name, &FILTERS)),
        }
    }

    /// The filtered text.
    pub fn apply(&self, text: &str) -> String {
        match self {
            Self::Dotted(separators) => text.replace(|c| separators.contains(c), "."),
            Self::Lower => text.to_lowercase(),
        }
    }

    /// A text that this filter turns into `text`: what a sender would have written.
    pub fn undo(&self, text: &str) -> String {
        match self {
            Self::Dotted(separators) => separators
                .chars()
                .next()
                .map_or_else(|| text.to_owned(), |c| text.replace('.', &c.to_string())),
            Self::Lower => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_can_be_undone() {
        let filter = Filter::parse("dotted").unwrap();
        assert_eq!(filter.apply("orders/create:x"), "orders.create.x");
        assert_eq!(filter.undo("orders.create"), "orders/create");
    }
}
