//! What was turned away lately, for the operator; the sender never learns it.
//!
//! In memory only: anybody can cause refusals, so they may neither write to the store nor grow
//! without end. Equal ones are folded into one with a count. Nothing of what was sent is kept: no
//! body, no value of a header, no query.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use crate::event::{Delivery, Headers};
use crate::runtime::Timestamp;

use super::source::Source;

/// The most that are kept, after folding.
const KEPT_MAX: usize = 1_000;
/// The most that are kept of one source, or of those that belong to none.
const OF_SOURCE_MAX: usize = 100;
/// The most names of headers that are kept of one.
const HEADERS_MAX: usize = 32;
/// Names of headers are kept to this length, in bytes.
const HEADER_BYTES_MAX: usize = 48;
/// A name in the URL that no source has is kept to this length, in bytes.
const NAMED_BYTES_MAX: usize = 64;
/// Reasons and advice are kept to this length each, in characters.
const TEXT_CHARS_MAX: usize = 400;

/// Deliveries that were turned away alike: same source, address, kind and advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TurnedAway {
    /// The configured source, if it was one.
    pub source: Option<String>,
    /// The name in the URL, where no source has it; other characters than names have are `?`.
    pub named: Option<String>,
    /// The source's provider.
    pub provider: Option<String>,
    /// What sort of refusal it is, as metrics count it.
    pub kind: String,
    /// What was wrong with the last of them.
    pub reason: String,
    /// What would have made them right; empty where nothing was found, none where none of them was
    /// looked into.
    pub advice: Option<Vec<String>>,
    /// The address they came from.
    pub remote: Option<IpAddr>,
    /// The names of the headers that the first of them had.
    pub headers: Vec<String>,
    /// How long the last one's body was, in bytes.
    pub body_bytes: u64,
    /// How many they were.
    pub count: u64,
    /// When the first of them came.
    pub first_at: Timestamp,
    /// When the last of them came.
    pub last_at: Timestamp,
}

/// One delivery that is turned away.
pub(super) struct Turned<'d> {
    /// Whose it would have been.
    pub source: Option<&'d Source>,
    /// The name in its URL.
    pub named: Option<&'d str>,
    /// The delivery.
    pub delivery: &'d Delivery,
    /// What sort of refusal it is.
    pub kind: &'static str,
    /// What is wrong.
    pub reason: &'d str,
    /// What would have made it right, where that was looked into.
    pub advice: Option<&'d [String]>,
}

/// The last refusals, by source; those of no source stand under the empty name.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<BTreeMap<String, Vec<TurnedAway>>>);

impl Refusals {
    /// Remembers one.
    pub(super) fn note(&self, turned: &Turned<'_>) {
        let source = turned.source.map(Source::name);
        // A name that a source has says nothing that its source does not say.
        let named = turned.named.filter(|_| source.is_none()).map(plain_name);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = match all.get_mut(source.unwrap_or_default()) {
            Some(kept) => kept,
            None => all
                .entry(source.unwrap_or_default().to_owned())
                .or_default(),
        };
        if let Some(like) = alike(kept, turned, named.as_deref()) {
            return like.again(turned);
        }
        kept.push(TurnedAway::new(turned, named));
        if kept.len() > OF_SOURCE_MAX {
            forget(kept);
        } else if all.values().map(Vec::len).sum::<usize>() > KEPT_MAX
            && let Some(longest) = all.values_mut().max_by_key(|kept| kept.len())
        {
            forget(longest);
        }
    }

    /// The last ones, newest first; only those for a name, whether a source has it or not, if one is
    /// said.
    pub(super) fn list(&self, name: Option<&str>, limit: usize) -> Vec<TurnedAway> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meant = |one: &&TurnedAway| {
            let own = one.source.as_deref().or(one.named.as_deref());
            name.is_none() || own == name
        };
        let mut found: Vec<_> = all.values().flatten().filter(meant).cloned().collect();
        found.sort_by_key(|turned| std::cmp::Reverse(turned.last_at));
        found.truncate(limit);
        found
    }
}

/// The one that another is folded into. Only one a second is looked into: those between are counted
/// with the last one of their kind.
fn alike<'k>(
    kept: &'k mut [TurnedAway],
    turned: &Turned<'_>,
    named: Option<&str>,
) -> Option<&'k mut TurnedAway> {
    let fits = |one: &&mut TurnedAway| {
        let advice = match (&one.advice, turned.advice) {
            (Some(one), Some(other)) => one.iter().eq(other.iter()),
            (None, _) | (_, None) => true,
        };
        advice
            && one.kind == turned.kind
            && one.remote == turned.delivery.remote
            && one.named.as_deref() == named
    };
    kept.iter_mut().filter(fits).max_by_key(|one| one.last_at)
}

/// Leaves the one out that tells least: without advice, and longest ago. Advice takes somebody who has
/// a secret, so a flood of forgeries does not wash it away.
fn forget(kept: &mut Vec<TurnedAway>) {
    let advised = |one: &TurnedAway| one.advice.as_ref().is_some_and(|found| !found.is_empty());
    let least = kept
        .iter()
        .enumerate()
        .min_by_key(|(_, one)| (advised(one), one.last_at));
    if let Some((index, _)) = least {
        kept.remove(index);
    }
}

impl TurnedAway {
    fn new(turned: &Turned<'_>, named: Option<String>) -> Self {
        let at = turned.delivery.received_at;
        Self {
            source: turned.source.map(|source| source.name().to_owned()),
            named,
            provider: turned.source.map(|source| source.provider().to_owned()),
            kind: turned.kind.to_owned(),
            reason: plain(turned.reason),
            advice: turned.advice.map(plain_all),
            remote: turned.delivery.remote,
            headers: names(&turned.delivery.headers),
            body_bytes: turned.delivery.body.len() as u64,
            count: 1,
            first_at: at,
            last_at: at,
        }
    }

    fn again(&mut self, turned: &Turned<'_>) {
        self.count = self.count.saturating_add(1);
        self.last_at = turned.delivery.received_at;
        self.reason = plain(turned.reason);
        self.body_bytes = turned.delivery.body.len() as u64;
        if self.advice.is_none() {
            self.advice = turned.advice.map(plain_all);
        }
    }
}

/// A reason on one line: parts of it may be the sender's own words.
fn plain(text: &str) -> String {
    let one_line = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().take(TEXT_CHARS_MAX).map(one_line).collect()
}

fn plain_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| plain(text)).collect()
}

/// What somebody wrote where the name of a source belongs.
fn plain_name(text: &str) -> String {
    let may = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    let bytes = text.bytes().take(NAMED_BYTES_MAX);
    bytes
        .map(|b| if may(b) { char::from(b) } else { '?' })
        .collect()
}

/// The names of headers, each once.
fn names(headers: &Headers) -> Vec<String> {
    let mut names = Vec::new();
    for (name, _) in headers.iter() {
        let visible = name.bytes().filter(u8::is_ascii_graphic);
        let name: String = visible.take(HEADER_BYTES_MAX).map(char::from).collect();
        if names.len() < HEADERS_MAX && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Query;

    fn delivery(address: u32, second: i64) -> Delivery {
        Delivery {
            method: "POST".to_owned(),
            query: Query::default(),
            query_text: "token=hunter2".to_owned(),
            headers: Headers::new([("X-Token", "hunter2"), ("x-token", "b"), ("Host", "h")]),
            body: "hunter2".into(),
            received_at: Timestamp::from_seconds(second),
            remote: Some(IpAddr::from(address.to_be_bytes())),
        }
    }

    fn note(refusals: &Refusals, delivery: &Delivery, reason: &str, advice: Option<&[String]>) {
        refusals.note(&Turned {
            source: None,
            named: Some("git\u{1b}hub/"),
            delivery,
            kind: "mismatch",
            reason,
            advice,
        });
    }

    #[test]
    fn equal_ones_are_one_with_a_count_and_nothing_of_what_was_sent() {
        let refusals = Refusals::default();
        let advice = ["an old secret".to_owned()];
        note(&refusals, &delivery(1, 10), "first\nof them", None);
        note(
            &refusals,
            &delivery(1, 11),
            "it is\u{7} wrong",
            Some(&advice),
        );
        note(&refusals, &delivery(1, 12), "it is wrong", None);
        let other = ["another secret".to_owned()];
        note(&refusals, &delivery(1, 13), "it is wrong", Some(&other));
        note(&refusals, &delivery(2, 14), "it is wrong", None);

        let found = refusals.list(None, 10);
        let counted: Vec<_> = found
            .iter()
            .map(|one| (one.count, one.first_at.millis(), one.last_at.millis()))
            .collect();
        let expected = [
            (1, 14_000, 14_000),
            (1, 13_000, 13_000),
            (3, 10_000, 12_000),
        ];
        assert_eq!(counted, expected);
        assert_eq!(found[2].advice.as_deref(), Some(&advice[..]));
        assert_eq!(found[2].headers, ["x-token", "host"]);
        assert_eq!(found[2].named.as_deref(), Some("git?hub?"));
        assert_eq!(found[2].body_bytes, 7);
        assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        assert_eq!(refusals.list(None, 1).len(), 1);
        assert_eq!(refusals.list(Some("shop"), 10), []);
        assert_eq!(refusals.list(Some("git?hub?"), 10).len(), 3);
    }

    #[test]
    fn a_flood_fills_nothing_and_washes_no_advice_away() {
        let refusals = Refusals::default();
        let advice = ["an old secret".to_owned()];
        note(&refusals, &delivery(0, 1), "it is wrong", Some(&advice));
        for address in 1..=5_000 {
            let second = i64::from(address) + 1;
            note(
                &refusals,
                &delivery(address, second),
                "it is wrong",
                Some(&[]),
            );
        }
        let found = refusals.list(None, usize::MAX);
        assert_eq!(found.len(), OF_SOURCE_MAX);
        assert_eq!(found.first().unwrap().last_at.millis(), 5_001_000);
        let last = found.last().unwrap();
        assert_eq!(last.advice.as_deref(), Some(&advice[..]));
    }

    #[test]
    fn what_is_long_is_cut() {
        let refusals = Refusals::default();
        let mut long = delivery(1, 1);
        let headers = (0..100).map(|n| (format!("{n}{}", "x".repeat(1_000)), ""));
        long.headers = Headers::new(headers);
        let text = "é".repeat(10_000);
        refusals.note(&Turned {
            source: None,
            named: Some(&text),
            delivery: &long,
            kind: "mismatch",
            reason: &text,
            advice: Some(std::slice::from_ref(&text)),
        });
        let kept = serde_json::to_string(&refusals.list(None, 1)).unwrap();
        let most = HEADERS_MAX * (HEADER_BYTES_MAX + 3) + 2 * 2 * TEXT_CHARS_MAX + 600;
        assert!(kept.len() < most, "{} of {most} bytes", kept.len());
    }
}
