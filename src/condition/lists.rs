//! Lists that conditions name: `{in: {list: vips}}`.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::crypto::{Encoding, sha256};
use crate::expression::decimal;

/// Up to so many values are tried one after another.
const TRIED_MAX: usize = 8;

/// The lists that the conditions of a file may name.
#[derive(Debug, Clone, Default)]
pub struct Lists(BTreeMap<String, Arc<List>>);

impl Lists {
    /// Adds one, or puts another in its place.
    pub fn insert(&mut self, name: impl Into<String>, list: Arc<List>) {
        self.0.insert(name.into(), list);
    }

    /// The list of a name.
    pub fn get(&self, name: &str) -> Option<&Arc<List>> {
        self.0.get(name)
    }

    /// Every name, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

/// The values of one list, found without looking at each.
#[derive(Debug)]
pub struct List {
    values: Box<[Value]>,
    exact: OnceLock<HashSet<Box<str>>>,
    folded: OnceLock<HashSet<Box<str>>>,
    fingerprint: OnceLock<String>,
}

impl List {
    /// Of these values; the order and repetitions mean nothing.
    pub fn new(values: Vec<Value>) -> Self {
        Self {
            values: values.into(),
            exact: OnceLock::new(),
            folded: OnceLock::new(),
            fingerprint: OnceLock::new(),
        }
    }

    /// The values, as they were given.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Whether one of the values equals this one, texts perhaps regardless of case.
    pub fn has(&self, value: &Value, ignore_case: bool) -> bool {
        if self.values.len() <= TRIED_MAX {
            return self.values.iter().any(|one| same(value, one, ignore_case));
        }
        let known = if ignore_case {
            self.folded.get_or_init(|| self.spelled(true))
        } else {
            self.exact.get_or_init(|| self.spelled(false))
        };
        match spelling(value, ignore_case) {
            Some(spelling) => known.contains(spelling.as_ref()),
            None => self.values.iter().any(|one| same(value, one, ignore_case)),
        }
    }

    /// Tells lists of other values apart.
    pub fn fingerprint(&self) -> &str {
        self.fingerprint.get_or_init(|| {
            let texts: Vec<_> = self.values.iter().map(Value::to_string).collect();
            Encoding::Hex.encode(&sha256(texts.join("\n").as_bytes()))
        })
    }

    fn spelled(&self, ignore_case: bool) -> HashSet<Box<str>> {
        let spellings = self
            .values
            .iter()
            .filter_map(|value| spelling(value, ignore_case));
        spellings.map(|text| text.as_ref().into()).collect()
    }
}

/// Whether two values are equal, texts perhaps regardless of case.
pub(super) fn same(value: &Value, other: &Value, ignore_case: bool) -> bool {
    match (value, other) {
        (Value::String(text), Value::String(other)) if ignore_case => {
            text.to_lowercase() == other.to_lowercase()
        }
        _ => decimal::equal(value, other),
    }
}

/// One text for all values that are equal; none for those that are compared in full.
fn spelling(value: &Value, ignore_case: bool) -> Option<Cow<'_, str>> {
    match value {
        Value::Null => Some(Cow::Borrowed("null")),
        Value::Bool(true) => Some(Cow::Borrowed("true")),
        Value::Bool(false) => Some(Cow::Borrowed("false")),
        Value::Number(number) => decimal::canonical(number).map(Cow::Owned),
        Value::String(text) if ignore_case => {
            Some(Cow::Owned(format!("\"{}", text.to_lowercase())))
        }
        Value::String(text) => Some(Cow::Owned(format!("\"{text}"))),
        Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_found_as_equals_compares_them() {
        let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let few = [
            json!("a"),
            number("1.0"),
            json!(null),
            json!([1]),
            number("1e400"),
        ];
        let many = (0..TRIED_MAX).map(|n| json!(format!("other {n}")));
        for list in [
            List::new(few.to_vec()),
            List::new(few.iter().cloned().chain(many).collect()),
        ] {
            for found in [
                json!("a"),
                json!(1),
                number("1e0"),
                json!(null),
                json!([1]),
                number("1e400"),
            ] {
                assert!(list.has(&found, false), "{found}");
            }
            for other in [
                json!("A"),
                json!("1"),
                json!("null"),
                json!(true),
                json!([2]),
                json!(""),
            ] {
                assert!(!list.has(&other, false), "{other}");
            }
            assert!(list.has(&json!("A"), true) && !list.has(&json!("B"), true));
        }
        assert!(!List::new(Vec::new()).has(&json!(null), false));
    }

    #[test]
    fn other_values_have_another_fingerprint() {
        let of = |values: &[Value]| List::new(values.to_vec()).fingerprint().to_owned();
        assert_eq!(of(&[json!("a")]), of(&[json!("a")]));
        assert_ne!(of(&[json!("a"), json!("b")]), of(&[json!("a\nb")]));
        assert_ne!(of(&[json!("1")]), of(&[json!(1)]));
    }
}
