//! Running a file of vectors.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::runtime::{Step, Told};

use super::registry::Providers;
use super::vectors::Vector;
use super::written::text;

/// What came of a file of vectors.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replay {
    /// The providers that were run, as the file names them.
    pub providers: BTreeSet<String>,
    /// How many gave what they should.
    pub passed: usize,
    /// The providers of those that were left out, because nobody knows them; one entry a vector.
    pub skipped: Vec<String>,
    /// The others: the vector's id and what is wrong.
    pub failures: Vec<(String, String)>,
}

/// Runs a file of vectors, one JSON object a line: `{id, provider, variant, secrets, now, method, url,
/// headers, body, expect}`, or `{id, provider, secrets, now, request, response}` for a handshake.
pub fn replay(providers: &Providers, lines: &str, told: Told<'_>) -> Replay {
    let mut replay = Replay::default();
    for (number, line) in lines.lines().enumerate() {
        told(Step {
            what: "vectors run",
            done: number,
            all: None,
        });
        if line.trim().is_empty() {
            continue;
        }
        let vector: Json = match serde_json::from_str(line) {
            Ok(vector) => vector,
            Err(error) => {
                let place = format!("line {}", number + 1);
                replay.failures.push((place, format!("not JSON: {error}")));
                continue;
            }
        };
        let name = text(&vector, "provider").unwrap_or_default();
        let Some(provider) = providers.find(name) else {
            replay.skipped.push(name.to_owned());
            continue;
        };
        replay.providers.insert(name.to_owned());
        match Vector::from_json(&vector).and_then(|vector| vector.run(&provider)) {
            Ok(()) => replay.passed += 1,
            Err(why) => {
                let id = text(&vector, "id").unwrap_or("a vector without id");
                replay.failures.push((id.to_owned(), why));
            }
        }
    }
    replay
}
