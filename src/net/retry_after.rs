//! The wait that an answer asks for.

use std::time::{Duration, UNIX_EPOCH};

use crate::runtime::Timestamp;

use super::Response;

/// The longest wait that another side may ask for.
pub const RETRY_AFTER_MAX: Duration = Duration::from_hours(24);

/// The longest header that is read, in bytes; an HTTP date has at most 33.
const HEADER_BYTES_MAX: usize = 64;

/// The wait that a `Retry-After` header asks for: whole or broken seconds, or an HTTP date, at most
/// 24 h. Anything else is none. Of several headers the longest wait counts.
pub fn retry_after(response: &Response, now: Timestamp) -> Option<Duration> {
    response
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("retry-after"))
        .filter_map(|(_, value)| wait(value, now))
        .max()
}

fn wait(header: &str, now: Timestamp) -> Option<Duration> {
    if header.len() > HEADER_BYTES_MAX {
        return None;
    }
    let header = header.trim();
    let wait = seconds(header).or_else(|| until(header, now))?;
    Some(wait.min(RETRY_AFTER_MAX))
}

/// `120` or `1.5`. Signs and exponents are not seconds.
fn seconds(text: &str) -> Option<Duration> {
    let plain = text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    if !plain {
        return None;
    }
    let seconds: f64 = text.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(RETRY_AFTER_MAX))
}

fn until(text: &str, now: Timestamp) -> Option<Duration> {
    let date = httpdate::parse_http_date(text).ok()?;
    let millis = date.duration_since(UNIX_EPOCH).ok()?.as_millis();
    let due = Timestamp::from_millis(i64::try_from(millis).ok()?);
    (due > now).then(|| due.since(now))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    /// Mon, 01 Jan 2024 00:00:00 GMT.
    const NOW: Timestamp = Timestamp::from_seconds(1_704_067_200);

    #[track_caller]
    fn check(headers: &[&str], expected: Option<Duration>) {
        let headers = headers
            .iter()
            .map(|value| ("retry-after".into(), (*value).into()));
        let response = Response {
            status: 429,
            headers: headers.collect(),
            body: Bytes::new(),
        };
        assert_eq!(retry_after(&response, NOW), expected);
    }

    #[test]
    fn twelve_forms() {
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        check(&["0"], seconds(0));
        check(&["5"], seconds(5));
        check(&["1.5"], Some(Duration::from_millis(1500)));
        check(&["120"], seconds(120));
        check(&["Mon, 01 Jan 2024 00:01:00 GMT"], seconds(60));
        check(&["Monday, 01-Jan-24 00:01:00 GMT"], seconds(60));
        check(&["Mon Jan  1 00:01:00 2024"], seconds(60));
        check(&["Sun, 31 Dec 2023 23:59:59 GMT"], None);
        check(&["-1"], None);
        check(&["abc"], None);
        check(&[&"9".repeat(10_000)], None);
        check(&["9e99"], None);
        check(&["31536000"], Some(RETRY_AFTER_MAX));
        check(&["Wed, 01 Jan 2025 00:00:00 GMT"], Some(RETRY_AFTER_MAX));
    }

    #[test]
    fn several_headers_and_odd_ones() {
        check(&[], None);
        check(&[""], None);
        check(&["5", "7"], Some(Duration::from_secs(7)));
        check(&["nonsense", "7"], Some(Duration::from_secs(7)));
        check(&[" 7 "], Some(Duration::from_secs(7)));
        check(&["5, 7"], None);
        check(&["1.2.3"], None);
        check(&["."], None);
        check(&["NaN"], None);
        check(&["inf"], None);
        check(&["+5"], None);
        check(&[&"9".repeat(60)], Some(RETRY_AFTER_MAX));
    }
}
