//! Times of the day and the week in a time zone: cron expressions, and hours in which something holds.
//!
//! Pure: the moment is always given, and only the time zone database is asked.

mod cron;
mod hours;

use jiff::tz::TimeZone;

use super::Timestamp;

pub use cron::Cron;
pub use hours::{DAYS, Hours, Minutes, days, minutes};

/// What is wrong with a text about times, and where in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CalendarError {
    /// In the author's words.
    pub message: String,
    /// Byte offset into the text.
    pub offset: usize,
    /// How many bytes from there on are at fault.
    pub len: usize,
    /// What to write instead.
    pub help: &'static str,
}

/// A time zone of the IANA database.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone(TimeZone);

impl Zone {
    /// Coordinated universal time.
    pub const UTC: Zone = Zone(TimeZone::UTC);

    /// The zone of that name, such as `Europe/Berlin`.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, CalendarError> {
        let known = match name {
            "UTC" => Some(TimeZone::UTC),
            // These read as zones and mean the machine's own, which another machine would not have.
            "" | "localtime" | "Local" | "local" => None,
            name => TimeZone::get(name).ok(),
        };
        known.map(Self).ok_or_else(|| CalendarError {
            message: format!("there is no time zone `{name}`"),
            offset: 0,
            len: name.len(),
            help: "write a name of the IANA database, such as Europe/Berlin, or UTC",
        })
    }

    fn civil(&self, at: Timestamp) -> Option<jiff::civil::DateTime> {
        let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
        Some(self.0.to_datetime(at))
    }
}
