//! Hours of the week in which something holds.

use jiff::ToSpan;
use jiff::civil::{DateTime, Time};

use super::super::Timestamp;
use super::{CalendarError, Zone};

/// Days of the week as they are written, from Monday.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const DAY_SECONDS: u32 = 24 * 60 * 60;
/// A week and the days around it: then every day has come again.
const LOOK_DAYS: i64 = 9;

const DAYS_HELP: &str = "write mon, tue, wed, thu, fri, sat or sun, or a range such as mon-fri";
const TIMES_HELP: &str =
    "write two times of day with a dash: 09:00-17:30, or over midnight 22:00-06:00";

/// A part of a day: from the second it begins with to the one before its end. An end that is not after
/// its beginning is on the day after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Minutes {
    from: u32,
    to: u32,
}

/// Hours of the week in a time zone. A part of a day that goes over midnight belongs to the day it
/// begins on.
#[derive(Debug, Clone, PartialEq)]
pub struct Hours {
    /// From Monday; those on which a part may begin.
    pub weekdays: [bool; 7],
    /// The parts of those days.
    pub times: Vec<Minutes>,
    /// Where.
    pub zone: Zone,
}

impl Hours {
    /// Whether a moment is in them.
    pub fn contain(&self, at: Timestamp) -> bool {
        self.zone.civil(at).is_some_and(|civil| self.hold(civil))
    }

    fn hold(&self, civil: DateTime) -> bool {
        let time = second_of_day(civil.time());
        let today = self.begins_on(civil);
        let yesterday = civil
            .checked_sub(1.day())
            .is_ok_and(|day| self.begins_on(day));
        self.times.iter().any(|part| {
            if part.from < part.to {
                today && (part.from..part.to).contains(&time)
            } else {
                (today && time >= part.from) || (yesterday && time < part.to)
            }
        })
    }

    fn begins_on(&self, day: DateTime) -> bool {
        let day = day.weekday().to_monday_zero_offset();
        let day = usize::from(day.unsigned_abs());
        self.weekdays.get(day).copied().unwrap_or(false)
    }

    /// The first moment from then on that is in them; none if there never is one.
    pub fn next_opening(&self, at: Timestamp) -> Option<Timestamp> {
        if self.contain(at) {
            return Some(at);
        }
        let openings = self.openings(at).into_iter();
        let later = openings.filter(|opening| *opening > at && self.contain(*opening));
        later.min()
    }

    /// Moments at which they may begin: the beginnings of their parts, and those at which clocks are set.
    fn openings(&self, at: Timestamp) -> Vec<Timestamp> {
        let zone = &self.zone.0;
        let (Some(civil), Ok(from)) = (
            self.zone.civil(at),
            jiff::Timestamp::from_millisecond(at.millis()),
        ) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        let mut add = |moment: jiff::Timestamp| {
            found.push(Timestamp::from_millis(moment.as_millisecond()));
        };
        for day in 0..LOOK_DAYS {
            let Ok(day) = civil.date().checked_add(day.days()) else {
                break;
            };
            for part in &self.times {
                let begins = day.to_datetime(time_of(part.from));
                // Where a clock is set back, it comes twice.
                for moment in [
                    zone.to_ambiguous_timestamp(begins).earlier(),
                    zone.to_ambiguous_timestamp(begins).later(),
                ] {
                    moment.into_iter().for_each(&mut add);
                }
            }
        }
        let set = zone.following(from).take(2);
        set.for_each(|change| add(change.timestamp()));
        found
    }
}

fn second_of_day(time: Time) -> u32 {
    let part = |value: i8| u32::from(value.unsigned_abs());
    (part(time.hour()) * 60 + part(time.minute())) * 60 + part(time.second())
}

fn time_of(second: u32) -> Time {
    let part = |value: u32| i8::try_from(value).unwrap_or_default();
    Time::new(part(second / 3600 % 24), part(second / 60 % 60), 0, 0).unwrap_or(Time::MIN)
}

/// Adds the days that a text names: `mon` or `mon-fri`.
///
/// # Errors
/// It names none.
pub fn days(text: &str, into: &mut [bool; 7]) -> Result<(), CalendarError> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |name: &str, offset: usize| {
        let lower = name.to_lowercase();
        let found = DAYS.iter().position(|day| *day == lower);
        found.ok_or_else(|| CalendarError {
            message: format!("`{name}` is not a day of the week"),
            offset,
            len: name.len(),
            help: DAYS_HELP,
        })
    };
    let last_at = text.len() - last.len();
    let (mut day, last) = (number(first, 0)?, number(last, last_at)?);
    loop {
        if let Some(named) = into.get_mut(day) {
            *named = true;
        }
        if day == last {
            return Ok(());
        }
        day = (day + 1) % DAYS.len();
    }
}

/// Reads a part of a day: `09:00-17:30`.
///
/// # Errors
/// It is none.
pub fn minutes(text: &str) -> Result<Minutes, CalendarError> {
    let wrong = |message: String| CalendarError {
        message,
        offset: 0,
        len: text.len(),
        help: TIMES_HELP,
    };
    let parts = text.split_once('-');
    let (from, to) = parts.ok_or_else(|| wrong(format!("`{text}` is not a part of a day")))?;
    let read = |time: &str, offset: usize| {
        time_of_day(time).ok_or_else(|| CalendarError {
            message: format!("`{time}` is not a time of day"),
            offset,
            len: time.len(),
            help: TIMES_HELP,
        })
    };
    let to_at = text.len() - to.len();
    let (from, to) = (read(from, 0)?, read(to, to_at)?);
    if from == to || from == DAY_SECONDS {
        return Err(wrong(format!("`{text}` is no time at all")));
    }
    Ok(Minutes { from, to })
}

/// `09:00` as seconds; `24:00` is the end of the day.
fn time_of_day(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hour) || !digits(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    let second = (hour * 60 + minute) * 60;
    (minute < 60 && second <= DAY_SECONDS).then_some(second)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(weekdays: &str, times: &[&str], zone: &str) -> Hours {
        let mut named = [false; 7];
        days(weekdays, &mut named).unwrap();
        Hours {
            weekdays: named,
            times: times.iter().map(|text| minutes(text).unwrap()).collect(),
            zone: Zone::named(zone).unwrap(),
        }
    }

    #[track_caller]
    fn opens(hours: &Hours, at: &str, opening: &str) {
        let at = Timestamp::parse(at).unwrap();
        assert_eq!(hours.next_opening(at), Timestamp::parse(opening));
    }

    #[test]
    fn the_end_is_outside() {
        let hours = hours("mon-fri", &["09:00-17:30"], "Europe/Berlin");
        // A Tuesday in winter.
        opens(&hours, "2026-11-24T07:59:59.999Z", "2026-11-24T08:00:00Z");
        opens(&hours, "2026-11-24T08:00:00Z", "2026-11-24T08:00:00Z");
        opens(
            &hours,
            "2026-11-24T16:29:59.999Z",
            "2026-11-24T16:29:59.999Z",
        );
        opens(&hours, "2026-11-24T16:30:00Z", "2026-11-25T08:00:00Z");
        // Friday evening.
        opens(&hours, "2026-11-27T20:00:00Z", "2026-11-30T08:00:00Z");
    }

    #[test]
    fn a_night_belongs_to_the_day_it_begins_on() {
        let hours = hours("fri", &["22:00-06:00"], "UTC");
        opens(&hours, "2026-11-27T05:00:00Z", "2026-11-27T22:00:00Z");
        opens(&hours, "2026-11-28T05:59:59Z", "2026-11-28T05:59:59Z");
        opens(&hours, "2026-11-28T06:00:00Z", "2026-12-04T22:00:00Z");
        opens(&hours, "2026-11-28T23:00:00Z", "2026-12-04T22:00:00Z");
    }

    #[test]
    fn a_clock_that_is_set_forward_opens_when_it_has_passed_the_hour() {
        // On 2026-03-29 there is no time between 02:00 and 03:00.
        let hours = hours("mon-sun", &["02:30-05:00"], "Europe/Berlin");
        opens(&hours, "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z");
        let inside = super::tests::hours("mon-sun", &["02:10-02:50"], "Europe/Berlin");
        opens(&inside, "2026-03-29T00:30:00Z", "2026-03-30T00:10:00Z");
    }

    #[test]
    fn a_clock_that_is_set_back_opens_twice() {
        let hours = hours("mon-sun", &["02:30-02:45"], "Europe/Berlin");
        opens(&hours, "2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z");
        opens(&hours, "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z");
        opens(&hours, "2026-10-25T01:45:00Z", "2026-10-26T01:30:00Z");
    }

    #[test]
    fn a_day_has_an_end() {
        let hours = hours("sat-sun", &["00:00-24:00"], "UTC");
        opens(&hours, "2026-11-24T12:00:00Z", "2026-11-28T00:00:00Z");
        opens(&hours, "2026-11-29T23:59:59Z", "2026-11-29T23:59:59Z");
        opens(&hours, "2026-11-30T00:00:00Z", "2026-12-05T00:00:00Z");
    }

    #[test]
    fn what_cannot_be_read_is_pointed_at() {
        let mut none = [false; 7];
        for (text, at) in [("mo", "mo"), ("mon-fry", "fry"), ("", "")] {
            let error = days(text, &mut none).unwrap_err();
            assert_eq!(&text[error.offset..error.offset + error.len], at);
        }
        for (text, at) in [
            ("09:00", "09:00"),
            ("9:00-17:00", "9:00"),
            ("09:00-24:30", "24:30"),
            ("09:00-09:00", "09:00-09:00"),
            ("24:00-06:00", "24:00-06:00"),
            ("09:60-10:00", "09:60"),
        ] {
            let error = minutes(text).unwrap_err();
            assert_eq!(&text[error.offset..error.offset + error.len], at, "{text}");
        }
        for name in ["", "local", "Europe/Berln"] {
            assert!(Zone::named(name).is_err(), "{name}");
        }
    }
}
