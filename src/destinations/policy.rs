//! What all destinations share: how often, how long, how many at once, and when to try again.

use std::time::Duration;

use serde_json::json;

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, Value, key, parse_duration};

/// The most jobs of one destination that may be performed at once.
pub const CONCURRENCY_MAX: u64 = 1_000;
/// The longest that one attempt may take.
pub const TIMEOUT_MAX: Duration = Duration::from_hours(1);
/// The most waits that a schedule may name.
pub const SCHEDULE_MAX: usize = 100;

/// The shared part of a destination.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Whether addresses that are not public may be dialled. Default: no.
    pub allow_private: bool,
    /// Jobs performed at once. Default: 8.
    pub concurrency: usize,
    /// At most so many requests per time. Default: no limit.
    pub rate: Option<Rate>,
    /// From the first byte sent to the last byte read. Default: 15 s.
    pub timeout: Duration,
    /// The waits between attempts.
    pub retry: Retry,
    /// Which statuses are tried again.
    pub retry_on: RetryOn,
    /// What to do when a request may have been performed and no answer came. Default: retry.
    pub in_doubt: InDoubt,
}

/// So many in so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how long.
    pub per: Duration,
}

/// The waits after the first, second, … failed attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// One wait for each failed attempt.
    pub schedule: Vec<Duration>,
    /// The wait after those are used up; none ends in a dead letter.
    pub repeat: Option<Duration>,
    /// No attempt later than this after the job first became ready.
    pub max_age: Duration,
}

/// Statuses that are tried again: 408, 425, 429 and 500–599 but what the operator adds (`"409"`,
/// `"500-599"`) or takes away (`"!501"`); the last entry that names a status decides.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RetryOn {
    /// First and last status, and whether they are retried.
    pub ranges: Vec<(u16, u16, bool)>,
}

/// What to do with a job that may have been performed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InDoubt {
    /// Perform it again; twice is possible.
    Retry,
    /// Make it a dead letter for a person to decide.
    Dead,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            allow_private: false,
            concurrency: 8,
            rate: None,
            timeout: Duration::from_secs(15),
            retry: Retry::default(),
            retry_on: RetryOn::default(),
            in_doubt: InDoubt::Retry,
        }
    }
}

impl Default for Retry {
    /// 5 s, 30 s, 2 m, 10 m, 30 m, 1 h, 2 h, 4 h, 8 h, then every 12 h, for 7 days.
    fn default() -> Self {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        let waits = [
            5,
            30,
            2 * MINUTE,
            10 * MINUTE,
            30 * MINUTE,
            HOUR,
            2 * HOUR,
            4 * HOUR,
            8 * HOUR,
        ];
        Self {
            schedule: waits.map(Duration::from_secs).to_vec(),
            repeat: Some(Duration::from_secs(12 * HOUR)),
            max_age: Duration::from_secs(7 * 24 * HOUR),
        }
    }
}

impl Policy {
    /// The keys that all kinds share.
    pub(super) fn keys() -> [ShapeKey; 7] {
        let statuses = Shape::either([
            Shape::matching("^!?[3-5][0-9]{2}(-[3-5][0-9]{2})?$"),
            Shape::count(300, 599),
        ]);
        [
            key("allow_private", Shape::flag(), "Whether addresses that are not public may be dialled: private, loopback, link-local.", true).or(false),
            key("rate", Shape::matching("^[1-9][0-9]*/[0-9]+(ms|s|m|h|d)$"), "At most so many requests in so long. No limit where it is left out; notion 3/1s.", "10/1s"),
            key("concurrency", Shape::count(1, CONCURRENCY_MAX), "How many jobs are performed at once. 8 where it is left out; discord, notion, agent and file 1.", 2),
            key("timeout", Shape::duration(), "How long one attempt may take, from the first byte sent to the last byte read; at most 1h. 15s where it is left out; agent 60s.", "30s"),
            key("retry", Retry::shape(), "The waits between attempts. 5s, 30s, 2m, 10m, 30m, 1h, 2h, 4h, 8h, then every 12h for 7d where it is left out; discord and agent 24h.", json!({"schedule": ["5s", "30s", "5m"], "repeat": "1h", "max_age": "1d"})),
            key("retry_on", Shape::one_or_list(statuses), "Statuses besides 408, 425, 429 and 500-599 that are tried again, or (with `!`) are not. The last entry that names a status decides.", json!([409, "!501"])).like("500-503"),
            key("in_doubt", Shape::choice(["retry", "dead"]), "What is done with a request that may have been performed and had no answer: it is sent again, or a person decides. `retry` where it is left out; command `dead`.", "dead"),
        ]
    }

    /// Takes the keys that all kinds share; what is not set stays as in `self`.
    #[must_use]
    pub fn parse(mut self, fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Self {
        let mut read = |key, take: &mut dyn FnMut(&Node, &mut Diagnostics)| {
            if let Some(node) = fields.optional(key) {
                take(node, problems);
            }
        };
        read("allow_private", &mut |node, problems| {
            set(&mut self.allow_private, node.bool(problems));
        });
        read("rate", &mut |node, problems| {
            self.rate = Rate::parse(node, problems).or(self.rate);
        });
        read("concurrency", &mut |node, problems| {
            set(&mut self.concurrency, concurrency(node, problems));
        });
        read("timeout", &mut |node, problems| {
            set(&mut self.timeout, timeout(node, problems));
        });
        read("retry", &mut |node, problems| {
            self.retry.parse(node, problems);
        });
        read("retry_on", &mut |node, problems| {
            self.retry_on = RetryOn::parse(node, problems);
        });
        read("in_doubt", &mut |node, problems| {
            set(&mut self.in_doubt, InDoubt::parse(node, problems));
        });
        self
    }
}

fn set<T>(place: &mut T, found: Option<T>) {
    if let Some(found) = found {
        *place = found;
    }
}

fn concurrency(node: &Node, problems: &mut Diagnostics) -> Option<usize> {
    let count = node.count(problems)?;
    if (1..=CONCURRENCY_MAX).contains(&count) {
        return usize::try_from(count).ok();
    }
    let message = format!("`concurrency` is between 1 and {CONCURRENCY_MAX}");
    problems.push(
        node.error(code::BAD_VALUE, message)
            .help("it is how many jobs of this destination may be under way at once"),
    );
    None
}

fn timeout(node: &Node, problems: &mut Diagnostics) -> Option<Duration> {
    let timeout = node.duration(problems)?;
    if !timeout.is_zero() && timeout <= TIMEOUT_MAX {
        return Some(timeout);
    }
    problems.push(
        node.error(code::BAD_VALUE, "`timeout` is between 1ms and 1h")
            .help("write how long an attempt may take, such as 15s"),
    );
    None
}

impl Rate {
    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let text = node.text(problems)?;
        let read = || {
            let (count, per) = text.split_once('/')?;
            let rate = Self {
                count: count.parse().ok()?,
                per: parse_duration(per)?,
            };
            (rate.count > 0 && !rate.per.is_zero()).then_some(rate)
        };
        let rate = read();
        if rate.is_none() {
            let message = format!("`{text}` is not a rate");
            let help = "write how many in how long: 10/1s or 100/1m";
            problems.push(node.error(code::BAD_VALUE, message).help(help));
        }
        rate
    }
}

impl Retry {
    fn shape() -> Shape {
        let waits = Shape::list(Shape::duration()).items(0, Some(SCHEDULE_MAX));
        Shape::map([
            key(
                "schedule",
                waits,
                "The waits after the first, second … failed attempt. Without `repeat` a dead letter follows.",
                json!(["5s", "30s", "5m"]),
            ),
            key(
                "repeat",
                Shape::duration(),
                "The wait after those are used up.",
                "1h",
            ),
            key(
                "max_age",
                Shape::duration(),
                "No attempt is made later than this after the job first became ready.",
                "1d",
            ),
        ])
    }

    /// A schedule without `repeat` ends in a dead letter.
    fn parse(&mut self, node: &Node, problems: &mut Diagnostics) {
        if matches!(node.value, Value::List(_)) {
            let message = "expected a map, found a list";
            let help = "write `retry: {schedule: […]}`, with the waits after each failed attempt";
            problems.push(node.error(code::WRONG_TYPE, message).help(help));
            return;
        }
        let Some(mut fields) = Fields::of(node, problems) else {
            return;
        };
        if let Some(schedule) = fields.optional("schedule") {
            self.repeat = None;
            let waits = schedule.list(problems).unwrap_or_default();
            if waits.len() > SCHEDULE_MAX {
                let message = format!("a schedule has at most {SCHEDULE_MAX} waits");
                let help = "`repeat` names the wait after those";
                problems.push(schedule.error(code::TOO_LARGE, message).help(help));
            }
            self.schedule = waits
                .iter()
                .filter_map(|wait| wait.duration(problems))
                .collect();
        }
        if let Some(repeat) = fields.optional("repeat") {
            self.repeat = repeat.duration(problems).filter(|wait| {
                let runs = !wait.is_zero();
                if !runs {
                    problems.push(
                        repeat
                            .error(code::BAD_VALUE, "`repeat` is longer than 0")
                            .help("write how long to wait between the later attempts, such as 6h"),
                    );
                }
                runs
            });
        }
        if let Some(max_age) = fields.optional("max_age") {
            set(&mut self.max_age, max_age.duration(problems));
        }
        fields.finish(problems);
    }
}

impl InDoubt {
    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        match node.text(problems)? {
            "retry" => Some(Self::Retry),
            "dead" => Some(Self::Dead),
            other => {
                let message = format!("`{other}` is not what can be done with a job in doubt");
                let help = "write `retry` (twice is possible) or `dead` (a person decides)";
                problems.push(node.error(code::BAD_VALUE, message).help(help));
                None
            }
        }
    }
}

impl RetryOn {
    /// `[409, "500-599", "!501"]`, or one of them alone.
    fn parse(node: &Node, problems: &mut Diagnostics) -> Self {
        let mut ranges = Vec::new();
        for item in node.one_or_list() {
            let text = match &item.value {
                Value::Number(number) => number.to_string(),
                _ => item.text(problems).unwrap_or_default().to_owned(),
            };
            match statuses(&text) {
                Some(range) => ranges.push(range),
                None if text.is_empty() => {}
                None => {
                    let message = format!("`{text}` is not a status or range of statuses");
                    let help = "write 409, \"500-599\" or \"!501\"; statuses from 300 to 599";
                    problems.push(item.error(code::BAD_VALUE, message).help(help));
                }
            }
        }
        Self { ranges }
    }

    /// Whether a status is tried again.
    pub fn retries(&self, status: u16) -> bool {
        let named = self
            .ranges
            .iter()
            .rev()
            .find(|(first, last, _)| (*first..=*last).contains(&status));
        match named {
            Some((_, _, retried)) => *retried,
            None => matches!(status, 408 | 425 | 429 | 500..=599),
        }
    }
}

fn statuses(text: &str) -> Option<(u16, u16, bool)> {
    let (text, retried) = match text.strip_prefix('!') {
        Some(rest) => (rest, false),
        None => (text, true),
    };
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let status = |text: &str| text.parse().ok().filter(|s| (300..=599).contains(s));
    let (first, last) = (status(first)?, status(last)?);
    (first <= last).then_some((first, last, retried))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_that_names_a_status_decides() {
        let on = |texts: &[&str]| RetryOn {
            ranges: texts.iter().map(|text| statuses(text).unwrap()).collect(),
        };
        let default = on(&[]);
        for (status, retried) in [
            (408, true),
            (425, true),
            (429, true),
            (500, true),
            (501, true),
            (599, true),
            (404, false),
            (409, false),
            (301, false),
        ] {
            assert_eq!(default.retries(status), retried, "{status}");
        }
        let own = on(&["409", "500-599", "!501"]);
        assert!(own.retries(409) && own.retries(503) && !own.retries(501));
        assert!(!on(&["!429"]).retries(429));
    }

    #[test]
    fn statuses_are_strict() {
        for bad in [
            "", "!", "200", "4xx", "500-", "599-500", "500-600", "!!501", " 409",
        ] {
            assert_eq!(statuses(bad), None, "{bad}");
        }
    }
}
