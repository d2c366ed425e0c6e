//! What the program says of itself: every metric's name in one list, and where logs go.
//!
//! Label values are names from hookrule.yaml and words from fixed lists, never what a sender chose;
//! whatever would still make too many series is counted under `other`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tracing_subscriber::EnvFilter;

/// The most series of one metric; label values beyond that are counted as `other`.
pub const SERIES_MAX: usize = 1_000;

/// Whether a metric only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Counter,
    Gauge,
}

/// One metric: a name, what it counts, and the names of its labels.
#[derive(Debug, PartialEq, Eq)]
struct Family {
    name: &'static str,
    help: &'static str,
    shape: Shape,
    labels: &'static [&'static str],
}

macro_rules! metrics {
    ($($variant:ident $shape:ident $name:literal [$($label:literal),*] $help:literal;)*) => {
        /// Every metric there is.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Metric {
            $(#[doc = $help] $variant,)*
        }

        const FAMILIES: &[Family] = &[$(Family {
            name: $name,
            help: $help,
            shape: Shape::$shape,
            labels: &[$($label),*],
        }),*];
    };
}

metrics! {
    Accepted Counter "hookrule_events_accepted_total" ["source"] "Events stored and acknowledged.";
    Duplicates Counter "hookrule_events_duplicate_total" ["source"] "Deliveries that were accepted before.";
    DuplicatesAltered Counter "hookrule_events_duplicate_altered_total" ["source"] "Duplicates whose body differs from the first.";
    RespondFailures Counter "hookrule_respond_failures_total" ["source"] "Answers of rules that could not be rendered: the sender had the usual one.";
    Handshakes Counter "hookrule_handshakes_total" ["source"] "Handshakes answered.";
    Refused Counter "hookrule_deliveries_refused_total" ["source", "reason"] "Deliveries turned away, by reason.";
    BodyBytes Counter "hookrule_body_bytes_total" ["source"] "Bytes of accepted bodies.";
    StoreFailures Counter "hookrule_store_failures_total" ["operation"] "Times the store could not do what it was asked.";
    Planned Counter "hookrule_jobs_planned_total" [] "Jobs stored with their events.";
    Unprepared Counter "hookrule_jobs_unprepared_total" [] "Jobs that could not be rendered: dead letters from birth.";
    Attempts Counter "hookrule_attempts_total" ["destination", "outcome"] "Attempts, by what they came to.";
    DeadLetters Counter "hookrule_dead_letters_total" ["destination"] "Jobs that became dead letters.";
    LeasesLost Counter "hookrule_leases_lost_total" [] "Jobs whose lease ended before their outcome was recorded.";
    Running Gauge "hookrule_jobs_running" [] "Jobs being performed now.";
    Jobs Gauge "hookrule_jobs" ["state"] "Jobs in the store, by state.";
    CircuitOpen Gauge "hookrule_destination_circuit_open" ["destination"] "1 while a destination is given time to recover.";
    Paused Gauge "hookrule_destination_paused" ["destination"] "1 while a destination is paused.";
    Reloads Counter "hookrule_reloads_total" ["result"] "Reloads of rule and configuration files.";
    StaleFiles Gauge "hookrule_stale_files" [] "Files with errors whose last good version is running.";
    Connections Gauge "hookrule_connections" ["listener"] "Open connections.";
    ConnectionsRefused Counter "hookrule_connections_refused_total" ["reason"] "Connections closed because there were too many.";
    BodiesInFlight Gauge "hookrule_body_bytes_in_flight" [] "Bytes of bodies being read or judged now.";
}

/// Series of one metric by their label values, joined with a character no name has.
type Series = RwLock<BTreeMap<String, AtomicU64>>;

const JOINT: char = '\u{1f}';

/// The counts of this process. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Telemetry(Arc<Vec<Series>>);

impl Default for Telemetry {
    fn default() -> Self {
        Self::new()
    }
}

impl Telemetry {
    /// Nothing counted yet.
    pub fn new() -> Self {
        let series: Vec<Series> = FAMILIES.iter().map(|_| Series::default()).collect();
        let telemetry = Self(Arc::new(series));
        for (index, family) in FAMILIES.iter().enumerate() {
            // Metrics without labels are shown as 0 from the start, so that alerts can rely on them.
            if family.labels.is_empty() {
                telemetry.change(index, &[], |cell| cell.store(0, Ordering::Relaxed));
            }
        }
        telemetry
    }

    /// One more. Labels stand in the order of the list.
    pub fn count(&self, metric: Metric, labels: &[&str]) {
        self.add(metric, labels, 1);
    }

    /// So many more.
    pub fn add(&self, metric: Metric, labels: &[&str], by: u64) {
        self.change(metric as usize, labels, |cell| {
            cell.fetch_add(by, Ordering::Relaxed);
        });
    }

    /// So many now.
    pub fn set(&self, metric: Metric, labels: &[&str], value: u64) {
        self.change(metric as usize, labels, |cell| {
            cell.store(value, Ordering::Relaxed);
        });
    }

    /// What stands there now; 0 where nothing was counted.
    pub fn value(&self, metric: Metric, labels: &[&str]) -> u64 {
        let Some(series) = self.0.get(metric as usize) else {
            return 0;
        };
        let series = series.read().unwrap_or_else(PoisonError::into_inner);
        series
            .get(&join(labels))
            .map_or(0, |cell| cell.load(Ordering::Relaxed))
    }

    fn change(&self, index: usize, labels: &[&str], change: impl Fn(&AtomicU64)) {
        let Some(lock) = self.0.get(index) else {
            return;
        };
        let key = join(labels);
        {
            let series = lock.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(cell) = series.get(&key) {
                return change(cell);
            }
        }
        let mut series = lock.write().unwrap_or_else(PoisonError::into_inner);
        let full = series.len() >= SERIES_MAX && !series.contains_key(&key);
        let key = if full {
            join(&vec!["other"; labels.len()])
        } else {
            key
        };
        change(series.entry(key).or_default());
    }

    /// All of them in Prometheus's text format.
    /// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (family, series) in FAMILIES.iter().zip(self.0.iter()) {
            let kind = match family.shape {
                Shape::Counter => "counter",
                Shape::Gauge => "gauge",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "# HELP {} {}", family.name, family.help);
            let _ = writeln!(text, "# TYPE {} {kind}", family.name);
            let series = series.read().unwrap_or_else(PoisonError::into_inner);
            for (key, cell) in series.iter() {
                text.push_str(family.name);
                write_labels(&mut text, family.labels, key);
                let _ = writeln!(text, " {}", cell.load(Ordering::Relaxed));
            }
        }
        text
    }
}

fn join(labels: &[&str]) -> String {
    let mut key = String::new();
    for (index, label) in labels.iter().enumerate() {
        if index > 0 {
            key.push(JOINT);
        }
        key.extend(label.chars().filter(|c| !c.is_control()));
    }
    key
}

fn write_labels(text: &mut String, names: &[&str], key: &str) {
    if names.is_empty() {
        return;
    }
    for (index, (name, value)) in names.iter().zip(key.split(JOINT)).enumerate() {
        text.push(if index == 0 { '{' } else { ',' });
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = write!(text, "{name}=\"{value}\"");
    }
    text.push('}');
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    /// For people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// Logs that cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The filter cannot be read.
    #[error(
        "`{filter}` is not a log filter: {why}; write a level such as `info`, or `hookrule=debug`"
    )]
    Filter {
        /// As it was given.
        filter: String,
        /// What is wrong with it.
        why: String,
    },
    /// They are set up already.
    #[error("logs are set up already")]
    Twice,
}

/// Sends logs to standard error from here on. `filter` is a level (`info`) or a list of
/// `target=level`.
///
/// # Errors
/// A filter that cannot be read, or a second call.
pub fn init_logs(format: LogFormat, filter: &str) -> Result<(), LogError> {
    let parsed = EnvFilter::try_new(filter).map_err(|error| LogError::Filter {
        filter: filter.to_owned(),
        why: error.to_string(),
    })?;
    let logs = tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(std::io::stderr);
    let set = match format {
        LogFormat::Human => {
            use std::io::IsTerminal as _;
            let colour = std::io::stderr().is_terminal();
            logs.with_ansi(colour).with_target(false).try_init()
        }
        LogFormat::Json => logs.json().flatten_event(true).try_init(),
    };
    set.map_err(|_| LogError::Twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_what_prometheus_reads() {
        let telemetry = Telemetry::new();
        telemetry.count(Metric::Refused, &["shop", "mismatch"]);
        telemetry.add(Metric::Refused, &["shop", "mismatch"], 2);
        telemetry.set(Metric::Running, &[], 7);
        let text = telemetry.render();
        let line = "hookrule_deliveries_refused_total{source=\"shop\",reason=\"mismatch\"} 3\n";
        assert!(text.contains(line), "{text}");
        assert!(text.contains("# TYPE hookrule_jobs_running gauge\nhookrule_jobs_running 7\n"));
        assert!(text.contains("\nhookrule_jobs_planned_total 0\n"));
    }

    #[test]
    fn label_values_cannot_break_out() {
        let telemetry = Telemetry::new();
        telemetry.count(Metric::Accepted, &["a\"} 1\nevil{x=\"\\\u{1f}b"]);
        let text = telemetry.render();
        assert!(
            text.contains("{source=\"a\\\"} 1evil{x=\\\"\\\\b\"} 1\n"),
            "{text}"
        );
    }

    #[test]
    fn series_are_bounded() {
        let telemetry = Telemetry::new();
        for number in 0..SERIES_MAX + 50 {
            telemetry.count(Metric::Accepted, &[&number.to_string()]);
        }
        assert_eq!(telemetry.value(Metric::Accepted, &["other"]), 50);
        assert_eq!(
            telemetry.render().matches("events_accepted_total{").count(),
            SERIES_MAX + 1
        );
    }

    #[test]
    fn names_are_unique_and_labels_fit() {
        let mut names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FAMILIES.len());
        assert!(names.iter().all(|name| name.starts_with("hookrule_")));
    }

    #[test]
    fn a_bad_filter_is_named() {
        let error = init_logs(LogFormat::Human, "hookrule=loud").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`hookrule=loud` is not a log filter")
        );
    }
}
