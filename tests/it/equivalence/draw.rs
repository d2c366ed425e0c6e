//! Rules and events, drawn: from a small world, so that they often meet.

use serde_json::{Map, Value, json};

use super::plain::Seen;

/// Numbers that look drawn, the same for the same seed (xorshift).
#[derive(Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % end as u64).unwrap_or_default()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'v, T>(&mut self, values: &'v [T]) -> &'v T {
        &values[self.below(values.len())]
    }
}

const TEXTS: [&str; 16] = [
    "",
    "a",
    "ab",
    "abc",
    "Ab",
    "ABC",
    "b",
    "1",
    "refs/heads/main",
    "refs/heads/team-1/x-fix",
    "refs/tags/v1",
    "REFS/heads/main",
    "größe",
    "GRÖSSE",
    "\u{1F600}a",
    "true",
];
const NAMES: [&str; 5] = ["a", "b", "c", "refs", "ä"];
const PROVIDERS: [&str; 3] = ["github", "gitlab", "stripe"];
const PROOFS: [&str; 3] = ["signed", "authenticated", "unsigned"];
const SOURCES: [&str; 3] = ["shop-a", "shop-b", "code"];
const EVENTS: [&[&str]; 5] = [
    &["push"],
    &["pull_request", "pull_request.opened"],
    &["pull_request", "pull_request.closed"],
    &["invoice.paid"],
    &["unknown"],
];
const REGEXES: [&str; 12] = [
    "^a",
    "b$",
    "^refs/heads/",
    "^refs/heads/team-1/.*-fix$",
    "^ab*c?$",
    "(?i)^AB",
    "^a|b$",
    ".",
    "^refs/(heads|tags)/",
    "[0-9]",
    "^ab{2}",
    "ö",
];
const GLOBS: [&str; 8] = [
    "a*",
    "*",
    "**",
    "refs/*",
    "refs/**",
    "refs/heads/?ain",
    "a?",
    "refs/*/main",
];

/// Any value, now and then a nested one.
pub fn value(dice: &mut Dice, depth: usize) -> Value {
    match dice.below(if depth == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => Value::Bool(dice.one_in(2)),
        2 | 3 => number(dice),
        4 | 5 => Value::from(*dice.pick(&TEXTS)),
        6 => (0..dice.below(4)).map(|_| value(dice, depth - 1)).collect(),
        _ => object(dice, depth - 1),
    }
}

fn object(dice: &mut Dice, depth: usize) -> Value {
    let names = (0..dice.below(5))
        .map(|_| (*dice.pick(&NAMES)).to_owned())
        .collect::<Vec<_>>();
    let members = names.into_iter().map(|name| (name, value(dice, depth)));
    Value::Object(members.collect())
}

fn number(dice: &mut Dice) -> Value {
    let text = *dice.pick(&[
        "0", "1", "1.0", "-1", "2", "0.5", "10", "1e1", "100", "-0.5",
    ]);
    serde_json::from_str(text).unwrap()
}

/// An event of the small world.
pub fn event(dice: &mut Dice) -> Seen {
    let pairs = |dice: &mut Dice| {
        let pair = |dice: &mut Dice| {
            let name = *dice.pick(&["x-a", "x-b"]);
            (name.to_owned(), (*dice.pick(&TEXTS[..12])).to_owned())
        };
        (0..dice.below(4)).map(|_| pair(dice)).collect()
    };
    Seen {
        proof: (*dice.pick(&PROOFS)).to_owned(),
        provider: (*dice.pick(&PROVIDERS)).to_owned(),
        source: (*dice.pick(&SOURCES)).to_owned(),
        names: dice
            .pick(&EVENTS)
            .iter()
            .map(|name| (*name).to_owned())
            .collect(),
        headers: pairs(dice),
        query: pairs(dice),
        payload: if dice.one_in(8) {
            value(dice, 3)
        } else {
            object(dice, 4)
        },
    }
}

/// Files of rules about such events. Paths are drawn in the small world, or from `payloads`.
pub fn files(dice: &mut Dice, payloads: &[&Value]) -> Vec<Value> {
    let mut number = 0;
    let mut file = |dice: &mut Dice| {
        let rules: Vec<Value> = (0..=dice.below(10))
            .map(|_| {
                number += 1;
                rule(dice, number, payloads)
            })
            .collect();
        json!({ "rules": rules })
    };
    vec![file(dice), file(dice)]
}

fn rule(dice: &mut Dice, number: usize, payloads: &[&Value]) -> Value {
    let mut when = Map::new();
    let choices: [(&str, &[&str]); 4] = [
        ("provider", &["github", "gitlab", "stripe", "git*", "*"]),
        ("proof", &PROOFS),
        ("source", &["shop-a", "shop-b", "code", "shop-*", "*-a"]),
        (
            "event",
            &[
                "push",
                "pull_request",
                "pull_request.opened",
                "pull_request.*",
                "*.paid",
                "invoice.**",
                "**",
                "**.closed",
                "pull_*.opened",
                "*.*",
            ],
        ),
    ];
    for (key, texts) in choices {
        match dice.below(4) {
            0 => {
                when.insert(key.to_owned(), json!(dice.pick(texts)));
            }
            1 => {
                when.insert(key.to_owned(), json!([dice.pick(texts), dice.pick(texts)]));
            }
            _ => {}
        }
    }
    if dice.one_in(8) {
        when.insert("unmatched".to_owned(), Value::Bool(true));
    }
    let conditions: Vec<Value> = (0..dice.below(4))
        .map(|_| condition(dice, 2, payloads))
        .collect();
    if !conditions.is_empty() {
        when.insert("conditions".to_owned(), conditions.into());
    }
    let mut rule = json!({
        "name": format!("r{number}"),
        "when": when,
        "actions": [{"log": {"message": "m"}}],
    });
    if dice.one_in(12) {
        rule["stop"] = Value::Bool(true);
    }
    if dice.one_in(12) {
        rule["enabled"] = Value::Bool(false);
    }
    rule
}

fn condition(dice: &mut Dice, depth: usize, payloads: &[&Value]) -> Value {
    let inner = |dice: &mut Dice| -> Vec<Value> {
        let count = 1 + dice.below(3);
        (0..count)
            .map(|_| condition(dice, depth - 1, payloads))
            .collect()
    };
    match if depth == 0 { 9 } else { dice.below(10) } {
        0 => json!({ "all": inner(dice) }),
        1 | 2 => json!({ "any": inner(dice) }),
        3 => json!({ "none": inner(dice) }),
        4 => json!({ "not": condition(dice, depth - 1, payloads) }),
        _ => test(dice, payloads),
    }
}

fn test(dice: &mut Dice, payloads: &[&Value]) -> Value {
    let mut condition = Map::new();
    let mut several = false;
    let mut near = value(dice, 1);
    match dice.below(8) {
        0 => {
            condition.insert(
                "header".to_owned(),
                json!(dice.pick(&["X-A", "x-b", "x-c"])),
            );
        }
        1 => {
            condition.insert("query".to_owned(), json!(dice.pick(&["x-a", "x-b"])));
        }
        _ => {
            let (path, found) = path(dice, payloads);
            several = path.contains('*');
            near = found.unwrap_or(near);
            condition.insert("path".to_owned(), path.into());
        }
    }
    operators(dice, &mut condition, several, &near);
    Value::Object(condition)
}

/// A path, and what stands there where that is known.
fn path(dice: &mut Dice, payloads: &[&Value]) -> (String, Option<Value>) {
    let Some(mut at) = (!payloads.is_empty()).then(|| *dice.pick(payloads)) else {
        let steps = [
            "['a']", "['b']", "['c']", "['refs']", "['ä']", "[0]", "[-1]", "[*]",
        ];
        let steps: String = (0..=dice.below(3)).map(|_| *dice.pick(&steps)).collect();
        return (format!("${steps}"), None);
    };
    let mut text = "$".to_owned();
    loop {
        let star = dice.one_in(12);
        match at {
            Value::Array(items) if !items.is_empty() => {
                let number = dice.below(items.len());
                at = &items[number];
                let number = number.to_string();
                text.extend(["[", if star { "*" } else { &number }, "]"]);
            }
            Value::Object(members) if !members.is_empty() => {
                let number = dice.below(members.len());
                let Some((name, member)) = members.iter().nth(number) else {
                    break;
                };
                at = member;
                // Other signs would need escapes, which the plain reader does not know.
                let plain = name
                    .chars()
                    .all(|c| c.is_alphanumeric() || "_-/.:".contains(c));
                if star || !plain {
                    text += "[*]";
                } else {
                    text.extend(["['", name, "']"]);
                }
            }
            _ => break,
        }
    }
    (text, Some(at.clone()))
}

fn operators(dice: &mut Dice, condition: &mut Map<String, Value>, several: bool, near: &Value) {
    let near_text = near
        .as_str()
        .unwrap_or(TEXTS[dice.below(TEXTS.len())])
        .to_owned();
    let cut = (0..=near_text.len()).filter(|at| near_text.is_char_boundary(*at));
    let cut = cut.collect::<Vec<_>>();
    let cut = *dice.pick(&cut);
    let bound = if near.is_number() && dice.one_in(2) {
        near.clone()
    } else {
        number(dice)
    };
    let other = value(dice, 1);
    let (name, operand) = match dice.below(16) {
        0..3 => ("equals", if dice.one_in(3) { other } else { near.clone() }),
        3 => (
            "not_equals",
            if dice.one_in(2) { other } else { near.clone() },
        ),
        4 => ("in", json!([other, near, value(dice, 0)])),
        5 => ("not_in", json!([other, near])),
        6 => (
            "contains",
            match near {
                Value::Array(items) if !items.is_empty() => dice.pick(items).clone(),
                _ => json!(near_text[cut..]),
            },
        ),
        7 | 8 => ("starts_with", json!(near_text[..cut])),
        9 => ("ends_with", json!(near_text[cut..])),
        10 => ("matches", json!(dice.pick(&REGEXES))),
        11 => ("glob", json!(dice.pick(&GLOBS))),
        12 | 13 => (*dice.pick(&["gt", "gte", "lt", "lte"]), bound),
        14 => ("exists", Value::Bool(dice.one_in(2))),
        _ => (
            "type",
            json!(dice.pick(&[
                "string", "number", "integer", "null", "array", "object", "boolean"
            ])),
        ),
    };
    let negative = ["not_equals", "not_in"].contains(&name)
        || operand == Value::Bool(false) && name == "exists";
    let folds = [
        "equals",
        "in",
        "not_equals",
        "not_in",
        "contains",
        "starts_with",
        "ends_with",
        "matches",
        "glob",
    ];
    if folds.contains(&name) && dice.one_in(5) {
        condition.insert("ignore_case".to_owned(), Value::Bool(true));
    }
    if !negative && several && dice.one_in(3) {
        condition.insert("quantifier".to_owned(), "all".into());
    }
    if !negative && dice.one_in(6) {
        condition.insert("type".to_owned(), json!(["string", "number"]));
    }
    condition.insert(name.to_owned(), operand);
}
