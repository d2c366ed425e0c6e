//! The figures of one number of rules.

use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use hookrule::diagnostic::SourceFile;
use hookrule::event::{
    Event, EventId, Headers, MediaKind, Payload, Proof, Query, SourceRef, Strength,
};
use hookrule::plan::matched;
use hookrule::rule::{Names, RuleSet};
use hookrule::runtime::Timestamp;

use super::Failure;
use super::equivalence::plain::{self, Seen};
use super::input::{EventLine, RuleLine, plain_rules, rule_files};

/// What was measured.
#[derive(Serialize, Deserialize)]
pub struct Figures {
    /// Text to rule set, in milliseconds.
    pub compile_ms: f64,
    /// What the rule set takes, in KiB of resident memory.
    pub memory_kib: i64,
    /// Events a second: matched, read only, as a tree only.
    pub index: f64,
    pub read: f64,
    pub tree: f64,
    /// By the plain evaluator, each rule in turn, on the first of the events only.
    pub plain: f64,
    /// Matches of all events.
    pub matches: usize,
    /// Half of the events are matched in less, in microseconds.
    pub p50_us: f64,
    pub p99_us: f64,
}

/// An event before it is read.
struct Raw {
    provider: String,
    name: String,
    body: Bytes,
}

/// Measures, and prints the figures as JSON.
pub fn print(folder: &Path, size: usize, seconds: Duration) -> Result<(), Failure> {
    let events: Vec<Raw> = lines(&folder.join(format!("events-{size}.jsonl")))?
        .into_iter()
        .map(|line: EventLine| Raw {
            provider: line.provider,
            name: line.event,
            body: line.payload.to_string().into(),
        })
        .collect();
    let rule_lines: Vec<RuleLine> = lines(&folder.join(format!("rules-{size}.jsonl")))?;
    let texts = rule_files(&rule_lines)?;
    let files: Vec<_> = texts
        .into_iter()
        .enumerate()
        .map(|(number, text)| SourceFile::new(format!("rules/{number:03}.yaml"), text))
        .collect();
    let before = resident_kib();
    let begun = Instant::now();
    let loaded = RuleSet::load(files, &Names::default(), None);
    let compile_ms = begun.elapsed().as_secs_f64() * 1e3;
    let memory_kib = resident_kib() - before;
    if let Some(problem) = loaded.diagnostics.iter().find(|_| !loaded.stale.is_empty()) {
        return Err(problem.message.clone().into());
    }
    let rules = loaded.set;
    let index = |raw: &Raw| matched(&rules, &event(raw)).len();
    let read = |raw: &Raw| payload(raw).raw().len();
    let tree = |raw: &Raw| serde_json::from_slice::<Value>(&raw.body).map_or(1, |_| 0);
    let mut rounds = [Vec::new(), Vec::new(), Vec::new()];
    let (mut each, mut matches) = (Vec::new(), 0);
    let begun = Instant::now();
    let mut round = 0;
    while round < 3 || begun.elapsed() < seconds * 3 {
        matches = 0;
        rounds[0].push(rate(&events, |raw| {
            let begun = Instant::now();
            matches += index(raw);
            each.push(begun.elapsed().as_secs_f64() * 1e6);
        }));
        rounds[1].push(rate(&events, |raw| assert_ne!(read(raw), 0)));
        rounds[2].push(rate(&events, |raw| assert_eq!(tree(raw), 0)));
        round += 1;
    }
    each.sort_by(f64::total_cmp);
    let [index, read, tree] = rounds.map(median);
    let plain_rules = plain_rules(&rule_lines);
    let few = (500_000 / size).clamp(3, events.len());
    let plain = rate(&events[..few], |raw| {
        let found = matched_plainly(&plain_rules, raw);
        assert_eq!(found, matched(&rules, &event(raw)), "not the same rules");
    });
    let figures = Figures {
        compile_ms,
        memory_kib,
        plain,
        index,
        read,
        tree,
        matches,
        p50_us: each[each.len() / 2],
        p99_us: each[each.len() * 99 / 100],
    };
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

fn lines<T: for<'l> Deserialize<'l>>(path: &Path) -> Result<Vec<T>, Failure> {
    let text = std::fs::read_to_string(path)?;
    let lines = text.lines().map(serde_json::from_str);
    Ok(lines.collect::<Result<_, _>>()?)
}

fn matched_plainly(rules: &Value, raw: &Raw) -> Vec<String> {
    let seen = Seen {
        proof: "signed".to_owned(),
        provider: raw.provider.clone(),
        source: "github".to_owned(),
        names: vec![raw.name.clone()],
        headers: Vec::new(),
        query: Vec::new(),
        payload: serde_json::from_slice(&raw.body).unwrap_or_default(),
    };
    plain::matched(std::slice::from_ref(rules), &seen)
}

fn payload(raw: &Raw) -> Payload {
    Payload::new(raw.body.clone(), MediaKind::Json).unwrap_or_else(|error| unreachable!("{error}"))
}

fn event(raw: &Raw) -> Event {
    Event {
        id: EventId::from_bytes([0; 16]),
        source: SourceRef {
            name: "github".to_owned(),
            labels: std::collections::BTreeMap::new(),
        },
        provider: raw.provider.clone(),
        names: vec![raw.name.clone()],
        delivery_id: None,
        received_at: Timestamp::from_seconds(0),
        nonce: [0; 16],
        headers: Headers::default(),
        query: Query::default(),
        payload: payload(raw),
        proof: Proof::imagined_by_trial(Strength::Signed),
    }
}

/// Events a second.
fn rate(events: &[Raw], mut each: impl FnMut(&Raw)) -> f64 {
    let begun = Instant::now();
    events.iter().for_each(&mut each);
    events.len() as f64 / begun.elapsed().as_secs_f64()
}

fn median(mut rounds: Vec<f64>) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    number.unwrap_or_default()
}
