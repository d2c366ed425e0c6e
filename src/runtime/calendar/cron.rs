//! Cron expressions of five fields.

use std::cmp::Ordering;

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::time::{CivilDate, CivilDateTime, CivilTime, CronDateTime, Resolution, Weekday};
use jiff::civil::DateTime;
use jiff::tz::AmbiguousOffset;
use jiff::{SignedDuration, ZonedDateTime};

use super::super::Timestamp;
use super::{CalendarError, Zone};

const HELP: &str = "write minute, hour, day of month, month and day of week: \
                    `0 8 * * mon-fri` is eight in the morning on working days";

/// When something happens again and again: `0 8 * * mon-fri` in a time zone.
#[derive(Debug, Clone)]
pub struct Cron {
    cron: croner::Cron,
    zone: Zone,
}

impl Cron {
    /// Reads an expression.
    ///
    /// # Errors
    /// Says which field is wrong, or that it never comes true.
    pub fn parse(text: &str, zone: Zone) -> Result<Self, CalendarError> {
        let whole = |message: String| CalendarError {
            message,
            offset: 0,
            len: text.len(),
            help: HELP,
        };
        let cron = read(text).map_err(|error| match fault(text) {
            Some((offset, field)) => CalendarError {
                message: format!("`{field}` cannot stand here in a cron expression"),
                offset,
                len: field.len(),
                help: HELP,
            },
            None => whole(format!("this is not a cron expression: {error}")),
        })?;
        let cron = Self { cron, zone };
        if cron.next_after(Timestamp::from_seconds(0)).is_none() {
            return Err(whole("this time never comes".to_owned()));
        }
        Ok(cron)
    }

    /// The first time after a moment. Where a clock is set forward, a time that is skipped comes when
    /// the clock has passed it.
    pub fn next_after(&self, at: Timestamp) -> Option<Timestamp> {
        let at = jiff::Timestamp::from_millisecond(at.millis()).ok()?;
        let from = Moment(at.to_zoned_datetime(self.zone.0.clone()));
        let next = self.cron.find_next_occurrence(&from, false).ok()?;
        let millis = next.0.timestamp().as_millisecond();
        Some(Timestamp::from_millis(millis))
    }
}

fn read(text: &str) -> Result<croner::Cron, CronError> {
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    parser.parse(text)
}

/// The first field that cannot be read by itself.
fn fault(text: &str) -> Option<(usize, &str)> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != 5 {
        return None;
    }
    let alone = |at: usize, field: &str| {
        let mut others = ["*"; 5];
        if let Some(place) = others.get_mut(at) {
            *place = field;
        }
        others.join(" ")
    };
    let wrong = |(at, field): &(usize, &&str)| read(&alone(*at, field)).is_err();
    let (_, field) = fields.iter().enumerate().find(wrong)?;
    let start = field.as_ptr() as usize - text.as_ptr() as usize;
    Some((start, field))
}

/// A moment in a time zone, as the cron library asks for it.
#[derive(Clone)]
struct Moment(ZonedDateTime);

impl CronDateTime for Moment {
    fn to_civil(&self) -> CivilDateTime {
        let (date, time) = (self.0.date(), self.0.time());
        let part = |value: i8| u32::from(value.unsigned_abs());
        CivilDateTime::new(
            CivilDate::from_parts_unchecked(
                i32::from(date.year()),
                part(date.month()),
                part(date.day()),
            ),
            CivilTime::from_parts_unchecked(
                part(time.hour()),
                part(time.minute()),
                part(time.second()),
            ),
        )
    }

    fn civil_weekday(&self) -> Weekday {
        let day = self.0.weekday().to_sunday_zero_offset();
        Weekday::from_days_from_sunday(u32::from(day.unsigned_abs()))
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let ambiguous = self
            .0
            .time_zone()
            .to_ambiguous_zoned_datetime(civil_of(civil)?);
        let failed = |_| CronError::InvalidTime;
        Ok(match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => {
                Resolution::Single(Self(ambiguous.unambiguous().map_err(failed)?))
            }
            AmbiguousOffset::Fold { .. } => Resolution::Ambiguous(
                Self(ambiguous.clone().earlier().map_err(failed)?),
                Self(ambiguous.later().map_err(failed)?),
            ),
            AmbiguousOffset::Gap { .. } => Resolution::Gap,
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        let later = self.0.checked_add(SignedDuration::from_secs(seconds));
        later.ok().map(Self)
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.0.timestamp().cmp(&other.0.timestamp())
    }
}

fn civil_of(civil: CivilDateTime) -> Result<DateTime, CronError> {
    let part = |value: u32| i8::try_from(value).map_err(|_| CronError::InvalidDate);
    let year = i16::try_from(civil.year()).map_err(|_| CronError::InvalidDate)?;
    let (month, day) = (part(civil.month())?, part(civil.day())?);
    let (hour, minute, second) = (
        part(civil.hour())?,
        part(civil.minute())?,
        part(civil.second())?,
    );
    DateTime::new(year, month, day, hour, minute, second, 0).map_err(|_| CronError::InvalidDate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, zone: &str, from: &str, next: &str) {
        let cron = Cron::parse(text, Zone::named(zone).unwrap()).unwrap();
        let from = Timestamp::parse(from).unwrap();
        assert_eq!(cron.next_after(from), Timestamp::parse(next), "{text}");
    }

    #[test]
    fn the_next_time_is_after_the_moment() {
        let (day, zone) = ("0 8 * * *", "UTC");
        check(
            day,
            zone,
            "2026-11-24T07:59:59.999Z",
            "2026-11-24T08:00:00Z",
        );
        check(day, zone, "2026-11-24T08:00:00Z", "2026-11-25T08:00:00Z");
        check(
            day,
            zone,
            "2026-11-24T08:00:00.001Z",
            "2026-11-25T08:00:00Z",
        );
        let friday = "2026-11-27T12:00:00Z";
        check("30 9 * * MON-FRI", "UTC", friday, "2026-11-30T09:30:00Z");
        check("@daily", "UTC", friday, "2026-11-28T00:00:00Z");
    }

    #[test]
    fn clocks_that_are_set_lose_no_time() {
        let zone = "Europe/Berlin";
        check(
            "0 8 * * *",
            zone,
            "2026-03-28T12:00:00Z",
            "2026-03-29T06:00:00Z",
        );
        check(
            "0 8 * * *",
            zone,
            "2026-10-24T12:00:00Z",
            "2026-10-25T07:00:00Z",
        );
        // 02:30 is skipped on that day.
        check(
            "30 2 * * *",
            zone,
            "2026-03-28T12:00:00Z",
            "2026-03-29T01:00:00Z",
        );
        // It comes twice on that one, and counts once.
        check(
            "30 2 * * *",
            zone,
            "2026-10-24T12:00:00Z",
            "2026-10-25T00:30:00Z",
        );
        check(
            "30 2 * * *",
            zone,
            "2026-10-25T00:30:00Z",
            "2026-10-26T01:30:00Z",
        );
    }

    #[test]
    fn what_is_wrong_is_pointed_at() {
        for (text, at) in [
            ("0 25 * * *", "25"),
            ("0 8 * * funday", "funday"),
            ("0 8 * *", "0 8 * *"),
            ("", ""),
            ("0 0 30 2 *", "0 0 30 2 *"),
            ("* * * * * *", "* * * * * *"),
        ] {
            let error = Cron::parse(text, Zone::UTC).unwrap_err();
            assert_eq!(&text[error.offset..error.offset + error.len], at, "{error}");
        }
    }
}
