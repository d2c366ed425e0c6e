//! What an answer, or its absence, means for a job.

use url::Url;

use crate::destinations::Policy;
use crate::net::{NetError, Response, retry_after};
use crate::runtime::Timestamp;

use super::{Redactor, reject};
use crate::actions::{Outcome, Wait};

/// Success, or what a failing answer means where the receiver has no habits of its own.
pub(in crate::actions) fn judge(
    response: &Response,
    policy: &Policy,
    redactor: &Redactor,
    now: Timestamp,
) -> Result<(), Outcome> {
    let status = response.status;
    if (200..300).contains(&status) {
        return Ok(());
    }
    let note = redactor.note(response);
    if policy.retry_on.retries(status) {
        let wait = waits(response, now);
        return Err(Outcome::Retry { note, wait });
    }
    Err(match status {
        300..400 => reject(format!(
            "{status}: redirects are not followed{}",
            location(response)
        )),
        410 => Outcome::Reject { note, gone: true },
        _ => Outcome::Reject { note, gone: false },
    })
}

/// The wait that goes with a status that is tried again.
pub(in crate::actions) fn waits(response: &Response, now: Timestamp) -> Wait {
    match (response.status, retry_after(response, now)) {
        (429, asked) => Wait::Destination(asked),
        (503, Some(asked)) => Wait::Destination(Some(asked)),
        (_, Some(asked)) => Wait::AtLeast(asked),
        (_, None) => Wait::Schedule,
    }
}

/// What it means that no answer came.
pub(in crate::actions) fn unanswered(error: &NetError) -> Outcome {
    let note = error.to_string();
    if error.in_doubt() {
        return Outcome::InDoubt { note };
    }
    match error {
        NetError::Private(_) | NetError::Invalid(_) => reject(note),
        _ => Outcome::Retry {
            note,
            wait: Wait::Schedule,
        },
    }
}

/// The host alone: the rest of a URL may be a credential.
fn location(response: &Response) -> String {
    let location = response.headers.iter().find(|(name, _)| name == "location");
    let host = location
        .and_then(|(_, url)| Url::parse(url).ok())
        .and_then(|url| url.host_str().map(str::to_owned));
    host.map_or_else(String::new, |host| format!(" (to {host})"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::destinations::RetryOn;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
        let headers = headers.iter().map(|(n, v)| ((*n).into(), (*v).into()));
        Response {
            status,
            headers: headers.collect(),
            body: Bytes::from_static(b"because"),
        }
    }

    #[track_caller]
    fn check(status: u16, headers: &[(&str, &str)], expected: &str) {
        let found = judge(
            &answer(status, headers),
            &Policy::default(),
            &Redactor::default(),
            Timestamp::from_seconds(0),
        );
        let found = match found {
            Ok(()) => "done".to_owned(),
            Err(Outcome::Retry { wait, .. }) => format!("retry {wait:?}"),
            Err(Outcome::Reject { gone, .. }) => format!("reject, gone: {gone}"),
            Err(other) => format!("{other:?}"),
        };
        assert_eq!(found, expected, "{status}");
    }

    #[test]
    fn every_status() {
        for status in [200, 201, 202, 204, 206, 299] {
            check(status, &[], "done");
        }
        for status in [408, 425, 500, 501, 502, 503, 504, 507, 520, 529, 599] {
            check(status, &[], "retry Schedule");
        }
        for status in [300, 301, 302, 303, 304, 307, 308, 399] {
            check(status, &[], "reject, gone: false");
        }
        for status in [
            400, 401, 402, 403, 404, 405, 409, 413, 415, 422, 423, 431, 451,
        ] {
            check(status, &[], "reject, gone: false");
        }
        check(410, &[], "reject, gone: true");
        check(600, &[], "reject, gone: false");
        check(429, &[], "retry Destination(None)");
        let after = [("retry-after", "7")];
        check(429, &after, "retry Destination(Some(7s))");
        check(503, &after, "retry Destination(Some(7s))");
        check(500, &after, "retry AtLeast(7s)");
        check(404, &after, "reject, gone: false");
    }

    #[test]
    fn the_operator_decides_over_statuses() {
        let policy = Policy {
            retry_on: RetryOn {
                ranges: vec![(404, 410, true), (501, 501, false), (429, 429, false)],
            },
            ..Policy::default()
        };
        let judged = |status| {
            let redactor = Redactor::default();
            judge(
                &answer(status, &[]),
                &policy,
                &redactor,
                Timestamp::from_seconds(0),
            )
        };
        assert!(matches!(judged(404), Err(Outcome::Retry { .. })));
        assert!(matches!(judged(410), Err(Outcome::Retry { .. })));
        assert!(matches!(judged(501), Err(Outcome::Reject { .. })));
        assert!(matches!(judged(429), Err(Outcome::Reject { .. })));
    }

    #[test]
    fn a_redirect_names_the_host_alone() {
        let location = [("location", "https://evil.example/x?token=abcdef")];
        let judged = judge(
            &answer(302, &location),
            &Policy::default(),
            &Redactor::default(),
            Timestamp::from_seconds(0),
        );
        let Err(Outcome::Reject { note, .. }) = judged else {
            panic!("{judged:?}");
        };
        assert_eq!(note, "302: redirects are not followed (to evil.example)");
    }

    #[test]
    fn no_answer() {
        let text = String::new;
        let check = |error: NetError, expected: fn(&Outcome) -> bool| {
            let outcome = unanswered(&error);
            assert!(expected(&outcome), "{error:?}: {outcome:?}");
        };
        let retried = |outcome: &Outcome| matches!(outcome, Outcome::Retry { .. });
        check(NetError::Dns(text()), retried);
        check(NetError::Connect(text()), retried);
        check(NetError::Tls(text()), retried);
        let doubtful = |outcome: &Outcome| matches!(outcome, Outcome::InDoubt { .. });
        check(NetError::Timeout(Duration::from_secs(1)), doubtful);
        check(NetError::Broken(text()), doubtful);
        let refused = |outcome: &Outcome| matches!(outcome, Outcome::Reject { gone: false, .. });
        check(NetError::Private(text()), refused);
        check(NetError::Invalid(text()), refused);
    }
}
