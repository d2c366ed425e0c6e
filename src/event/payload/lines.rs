//! JSON lines: one JSON value a line, read as a list.

use serde_json::Value;

use super::{PayloadError, parse_json};

/// The most lines of one body.
const LINES_MAX: usize = 10_000;

/// The values of a body, line by line. Empty lines are none.
pub(super) fn read(raw: &[u8]) -> Result<Value, PayloadError> {
    let lines = raw.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut values = Vec::new();
    for (number, line) in lines.enumerate() {
        if line.is_empty() {
            continue;
        }
        if values.len() == LINES_MAX {
            return Err(PayloadError::TooMany("lines", LINES_MAX));
        }
        values.push(parse_json(line).map_err(|error| placed(error, number))?);
    }
    Ok(Value::Array(values))
}

/// An error at its place in the whole body.
fn placed(error: PayloadError, number: usize) -> PayloadError {
    match error {
        PayloadError::Json {
            message, column, ..
        } => PayloadError::Json {
            message,
            line: number + 1,
            column,
        },
        other => other,
    }
}
