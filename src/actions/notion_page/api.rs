//! One call of Notion's API, and what its errors mean.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::actions::exchange::{Draft, Redactor, parsed, reject, settings, unanswered, waits};
use crate::actions::{Context, Outcome, Wait};
use crate::destinations::{Destination, NotionSettings};
use crate::net::Response;

/// Notion, for one job.
pub(super) struct Api<'a> {
    /// The job.
    pub(super) context: &'a Context<'a>,
    destination: &'a Destination,
    notion: &'a NotionSettings,
    /// What hides its token.
    pub(super) redactor: Redactor,
}

/// Whether a call may be repeated without doing something twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Reading, or setting what is set already.
    Harmless,
    /// Making a page; with a key it is looked for before it is made again.
    Keyed,
    /// Making a page that nothing recognises.
    Blind,
}

/// Why a call gave nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// As any job fails.
    Outcome(Outcome),
    /// What was sent does not fit the schema, which may have changed since we asked.
    Invalid(String),
    /// There is no such object, or it is not shared with the integration.
    NotFound(String),
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Outcome(outcome) => outcome,
            Failure::Invalid(note) | Failure::NotFound(note) => reject(note),
        }
    }
}

impl<'a> Api<'a> {
    pub(super) fn of(context: &'a Context<'a>) -> Result<Self, Outcome> {
        let (destination, notion) = settings::<NotionSettings>(context)?;
        let mut secrets = notion.address.credentials();
        secrets.push(notion.token.expose().to_owned());
        Ok(Self {
            context,
            destination,
            notion,
            redactor: Redactor::new(secrets),
        })
    }

    /// Part of every key in memory: one integration's pages are not another's.
    pub(super) fn destination(&self) -> &str {
        &self.destination.name
    }

    /// Sends one request and reads the JSON that answers it.
    pub(super) async fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        repeat: Repeat,
    ) -> Result<(Response, Value), Failure> {
        let draft = self.draft(method, self.url(path)?, body);
        let sent = draft.send(self.context, self.destination).await;
        let response = sent.map_err(|error| {
            Failure::Outcome(match (unanswered(&error), repeat) {
                (Outcome::InDoubt { note }, Repeat::Harmless | Repeat::Keyed) => Outcome::Retry {
                    note,
                    wait: Wait::Schedule,
                },
                (outcome, _) => outcome,
            })
        })?;
        let answer = parsed(&response).map(|answer| self.redactor.value(answer));
        match (response.status, answer) {
            (200..300, Some(answer)) => Ok((response, answer)),
            (200..300, None) => {
                let note = format!("{}: the answer is not Notion's", response.status);
                Err(Failure::Outcome(match repeat {
                    Repeat::Harmless => reject(note),
                    Repeat::Keyed | Repeat::Blind => Outcome::InDoubt { note },
                }))
            }
            (_, answer) => Err(self.failure(&response, answer.as_ref(), repeat)),
        }
    }

    fn url(&self, path: &str) -> Result<Url, Failure> {
        let url = self.notion.address.join(path, &[]);
        url.ok_or_else(|| Failure::Outcome(reject("the destination's URL cannot be used")))
    }

    fn draft(&self, method: &str, url: Url, body: Option<&Value>) -> Draft {
        let null = Value::Null;
        let mut draft = Draft::json(method, url, body.unwrap_or(&null)).bearer(&self.notion.token);
        if body.is_none() {
            draft.body = bytes::Bytes::new();
            draft.headers.remove("content-type");
        }
        draft
            .headers
            .set("notion-version", self.notion.version.clone());
        draft
    }

    fn failure(&self, response: &Response, answer: Option<&Value>, repeat: Repeat) -> Failure {
        let text = |key| {
            answer
                .and_then(|answer| answer.get(key))
                .and_then(Value::as_str)
        };
        let note = match (text("code"), text("message")) {
            (Some(code), Some(message)) => self
                .redactor
                .text(&format!("{}: {code}: {message}", response.status)),
            _ => self.redactor.note(response),
        };
        let retry = |wait| {
            Failure::Outcome(Outcome::Retry {
                note: note.clone(),
                wait,
            })
        };
        let now = self.context.now;
        match response.status {
            429 | 529 => retry(match waits(response, now) {
                Wait::AtLeast(asked) => Wait::Destination(Some(asked)),
                Wait::Destination(asked) => Wait::Destination(asked),
                Wait::Schedule => Wait::Destination(Some(Duration::from_secs(5))),
            }),
            // A collision of transactions: nothing was done.
            409 => retry(waits(response, now)),
            400 if text("code") == Some("validation_error") => Failure::Invalid(note),
            401 => Failure::Outcome(reject(format!(
                "{note}; the destination's `token` is not a valid integration token"
            ))),
            403 => Failure::Outcome(reject(format!(
                "{note}; give the integration the capabilities to read and insert content"
            ))),
            404 => Failure::NotFound(format!(
                "{note}; share the database with the integration (••• → Connections), or mend its id"
            )),
            status if self.destination.policy.retry_on.retries(status) => {
                if status >= 500 && repeat == Repeat::Blind {
                    return Failure::Outcome(Outcome::InDoubt { note });
                }
                retry(waits(response, now))
            }
            410 => Failure::Outcome(Outcome::Reject { note, gone: true }),
            _ => Failure::Outcome(reject(note)),
        }
    }
}
