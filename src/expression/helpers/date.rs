//! `date`: a moment in whatever form the sender wrote it, shown as asked.

use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::runtime::Timestamp;

use super::super::decimal::Decimal;
use super::arguments::text;
use super::{Arguments, Helper, PLAIN, Wrong, example, shown};

/// From this size on a number counts milliseconds: as seconds it would lie in the year 5138.
const MILLIS_FROM: i64 = 100_000_000_000;

pub(super) const DATE: Helper = Helper {
    name: "date",
    usage: "date VALUE [FORMAT] [TIME_ZONE]",
    help: "A moment as RFC 3339 in UTC, or in a strftime format and a time zone. It is read from \
           unix seconds or milliseconds, RFC 3339, RFC 2822, or a date with or without a time.",
    examples: &[
        example(
            "{{date payload.t}}",
            r#"{"t":1700000000}"#,
            "2023-11-14T22:13:20Z",
        ),
        example(
            "{{date payload.t}}",
            r#"{"t":1700000000123}"#,
            "2023-11-14T22:13:20.123Z",
        ),
        example(
            r#"{{date payload.t "%Y-%m-%d"}}"#,
            r#"{"t":"2023-11-14T23:13:20+01:00"}"#,
            "2023-11-14",
        ),
        example(
            r#"{{date payload.t format="%H:%M" tz="Europe/Berlin"}}"#,
            r#"{"t":"2024-07-01 10:00:00 UTC"}"#,
            "12:00",
        ),
        example(
            r#"{{date payload.t tz="Asia/Tokyo"}}"#,
            r#"{"t":0}"#,
            "1970-01-01T09:00:00+09:00",
        ),
    ],
    most: 3,
    named: &["format", "tz"],
    check: |literals| {
        if let Some(name) = literals.either(2, "tz").and_then(Value::as_str) {
            zone(name).map_err(|problem| Wrong::text(name, problem))?;
        }
        if let Some(format) = literals.either(1, "format").and_then(Value::as_str) {
            formatted(Timestamp::from_millis(0), Some(format), TimeZone::UTC)
                .map_err(|problem| Wrong::text(format, problem))?;
        }
        Ok(())
    },
    call: date,
    ..PLAIN
};

fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name)
        .map_err(|_| format!("knows no time zone `{name}` (it is written `Europe/Berlin`)"))
}

fn date(arguments: &Arguments<'_>) -> Result<Value, String> {
    let value = arguments.value(0);
    let moment =
        instant(value).ok_or_else(|| format!("cannot read {} as a moment", shown(value)))?;
    let format = arguments.either(1, "format").map(text).transpose()?;
    let zone = match arguments.either(2, "tz").map(text).transpose()? {
        None => TimeZone::UTC,
        Some(name) => zone(&name)?,
    };
    formatted(moment, format.as_deref(), zone).map(Value::String)
}

fn formatted(moment: Timestamp, format: Option<&str>, zone: TimeZone) -> Result<String, String> {
    let time = jiff::Timestamp::from_millisecond(moment.millis())
        .map_err(|_| "meets a moment that no calendar reaches".to_owned())?;
    let in_utc = zone == TimeZone::UTC;
    let local = time.to_zoned_datetime(zone);
    match format {
        None if in_utc => Ok(time.to_string()),
        None => {
            strtime::format("%Y-%m-%dT%H:%M:%S%.f%:z", &local).map_err(|error| error.to_string())
        }
        Some(format) => strtime::format(format, &local)
            .map_err(|error| format!("cannot use the format `{format}`: {error}")),
    }
}

/// The moment that a value names, if it names one.
pub fn instant(value: &Value) -> Option<Timestamp> {
    match value {
        Value::Number(number) => counted(number.as_str()),
        Value::String(text) => {
            let text = text.trim();
            counted(text).or_else(|| written(text))
        }
        _ => None,
    }
}

fn counted(text: &str) -> Option<Timestamp> {
    let number = Decimal::parse(text)?;
    let whole = number.in_units(0)?;
    let millis = if whole.unsigned_abs() >= MILLIS_FROM.unsigned_abs() {
        whole
    } else {
        number.in_units(3)?
    };
    let moment = jiff::Timestamp::from_millisecond(millis).ok()?;
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

fn written(text: &str) -> Option<Timestamp> {
    let local = |text: &str| {
        let time = text.parse::<DateTime>().ok();
        let time = time.or_else(|| {
            Some(
                text.parse::<Date>()
                    .ok()?
                    .to_datetime(jiff::civil::time(0, 0, 0, 0)),
            )
        });
        time?
            .to_zoned_datetime(TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    };
    let in_utc = text
        .strip_suffix(" UTC")
        .or_else(|| text.strip_suffix(" GMT"));
    let moment = text
        .parse::<jiff::Timestamp>()
        .ok()
        .or_else(|| in_utc.and_then(local))
        .or_else(|| local(text))
        .or_else(|| rfc2822::DateTimeParser::new().parse_timestamp(text).ok())
        .or_else(|| jiff::Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", text).ok())?;
    Some(Timestamp::from_millis(moment.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<i64>) {
        let value: Value = serde_json::from_str(value).unwrap();
        assert_eq!(instant(&value).map(Timestamp::millis), expected, "{value}");
    }

    #[test]
    fn moments_in_many_forms() {
        check("1700000000", Some(1_700_000_000_000));
        check("1700000000.5", Some(1_700_000_000_500));
        check("1700000000123", Some(1_700_000_000_123));
        check("\"1700000000.123456\"", Some(1_700_000_000_123));
        check("\"2023-11-14T22:13:20Z\"", Some(1_700_000_000_000));
        check("\"2023-11-14T23:13:20+01:00\"", Some(1_700_000_000_000));
        check("\"2023-11-14 22:13:20 UTC\"", Some(1_700_000_000_000));
        check("\"2023-11-14 23:13:20 +0100\"", Some(1_700_000_000_000));
        check("\"2023-11-14T22:13:20\"", Some(1_700_000_000_000));
        check(
            "\"Tue, 14 Nov 2023 22:13:20 +0000\"",
            Some(1_700_000_000_000),
        );
        check("\"2023-11-14\"", Some(1_699_920_000_000));
        for none in [
            "null",
            "true",
            "\"\"",
            "\"soon\"",
            "\"2023-02-30\"",
            "1e30",
            "[]",
        ] {
            check(none, None);
        }
    }

    #[test]
    fn a_zone_that_the_rule_names_is_known_before_any_event() {
        let at = |values: Vec<Option<&Value>>, named: Option<(&'static str, &Value)>| {
            let named = named
                .into_iter()
                .map(|(name, value)| (name, value.clone()))
                .collect::<Vec<_>>();
            let named = named.iter().map(|(name, value)| (*name, value)).collect();
            (super::DATE.check)(&Arguments { values, named })
        };
        let (known, unknown) = (Value::from("Europe/Berlin"), Value::from("Mars/Base"));
        assert_eq!(at(vec![None, None, Some(&known)], None), Ok(()));
        assert_eq!(at(vec![None], Some(("tz", &known))), Ok(()));
        for wrong in [
            at(vec![None, None, Some(&unknown)], None),
            at(vec![None], Some(("tz", &unknown))),
        ] {
            let wrong = wrong.unwrap_err();
            assert!(wrong.message.contains("Mars/Base"));
            assert_eq!(wrong.inside, Some(("Mars/Base".to_owned(), 0..9)));
        }
    }

    #[test]
    fn what_cannot_be_shown_says_so() {
        use super::super::tests::render;
        for (template, message) in [
            (
                r#"{{date payload.t "%Q%"}}"#,
                "`date` cannot use the format",
            ),
            (
                r#"{{date payload.t tz="Mars/Base"}}"#,
                "knows no time zone `Mars/Base`",
            ),
            ("{{date payload.bad}}", "cannot read \"soon\" as a moment"),
        ] {
            let error = render(template, r#"{"t":0,"bad":"soon"}"#).unwrap_err();
            assert!(error.contains(message), "{error}");
        }
    }
}
