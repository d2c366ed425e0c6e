//! Moments: RFC 3339 text and seconds since 1970. Nothing here knows what time it is.

use jiff::Timestamp;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::super::super::helpers::instant;
use super::super::budget::Stop;
use super::super::operate::whole;
use super::{Native, argument, native, shown, text, wants};

pub(super) const LIST: &[Native] = &[
    native("fromdateiso8601", 0, |_, input, _| seconds(input)),
    native("fromdate", 0, |_, input, _| seconds(input)),
    native("todateiso8601", 0, |_, input, _| {
        moment(input).map(|time| time.to_string().into())
    }),
    native("todate", 0, |_, input, _| {
        moment(input).map(|time| time.to_string().into())
    }),
    native("strftime", 1, |_, input, arguments| {
        let local = moment(input)?.to_zoned_datetime(TimeZone::UTC);
        strtime::format(text(argument(arguments, 0))?, &local)
            .map(Value::String)
            .map_err(|error| Stop::error(format!("cannot use the format: {error}")))
    }),
];

fn seconds(value: &Value) -> Result<Value, Stop> {
    text(value)?;
    match instant(value) {
        Some(time) => Ok(time.millis().div_euclid(1000).into()),
        None => Err(Stop::error(format!(
            "cannot read {} as a moment",
            shown(value)
        ))),
    }
}

fn moment(value: &Value) -> Result<Timestamp, Stop> {
    let Value::Number(number) = value else {
        return wants("seconds since 1970", value);
    };
    let time = whole(number).and_then(|seconds| Timestamp::from_second(seconds).ok());
    time.ok_or_else(|| Stop::error("meets a moment that no calendar reaches"))
}
