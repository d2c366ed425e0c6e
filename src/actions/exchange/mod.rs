//! One HTTP request of a job, and what its answer means.
//!
//! Comes in: a [`Draft`] and the destination. Goes out: the answer of a success, or the [`Outcome`]
//! that any other answer stands for. Kinds look at the answer first where their receiver has habits
//! of its own.

mod hops;
mod judge;
mod outputs;
mod redact;
mod sign;

use bytes::Bytes;
use url::Url;

use crate::destinations::{Destination, Sign};
use crate::net::{NetError, Request, Response};

use super::{Context, Outcome};

pub(super) use hops::Hops;
pub(super) use judge::{judge, unanswered, waits};
pub(super) use outputs::{beginning, outputs, parsed};
pub(super) use redact::{Redactor, printable};
pub(super) use sign::signed;

/// What we call ourselves.
pub(super) const USER_AGENT: &str = concat!("hookrule/", env!("CARGO_PKG_VERSION"));

/// Headers as they will be sent: names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HeaderList(Vec<(String, String)>);

impl HeaderList {
    /// Adds one beside those of the same name.
    pub(super) fn add(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_ascii_lowercase(), value.into()));
    }

    /// Sets one in place of those of the same name.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.add(name, value);
    }

    /// Takes all of a name away.
    pub(super) fn remove(&mut self, name: &str) {
        self.0
            .retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// Whether it is there.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

/// A request before it is sent.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// In upper case.
    pub(super) method: String,
    /// Where to.
    pub(super) url: Url,
    /// What the kind says.
    pub(super) headers: HeaderList,
    /// The body.
    pub(super) body: Bytes,
}

impl Draft {
    /// A JSON request as most receivers take it.
    pub(super) fn json(method: &str, url: Url, body: &serde_json::Value) -> Self {
        let mut headers = HeaderList::default();
        headers.set("content-type", "application/json");
        Self {
            method: method.to_owned(),
            url,
            headers,
            body: body.to_string().into(),
        }
    }

    /// The same, presenting a token.
    pub(super) fn bearer(mut self, token: &crate::secret::Secret) -> Self {
        let value = format!("Bearer {}", token.expose());
        self.headers.set("authorization", value);
        self
    }

    /// Names the job: whose it is, and by what it is recognised when it comes twice.
    pub(super) fn named(mut self, context: &Context<'_>) -> Self {
        let headers = &mut self.headers;
        headers.set("idempotency-key", context.job.to_string());
        headers.set("x-hookrule-event", context.event.to_string());
        headers.set("x-hookrule-rule", visible(context.rule));
        headers.set("x-hookrule-attempt", context.attempt.to_string());
        self
    }

    /// Signs the request as it stands, with the time of this attempt.
    pub(super) fn sign(mut self, sign: Option<&Sign>, context: &Context<'_>) -> Self {
        for (name, value) in sign.map_or_else(Vec::new, |sign| signed(sign, context, &self.body)) {
            self.headers.set(&name, value);
        }
        self
    }

    /// Sends it as the destination's policy says.
    pub(super) async fn send(
        mut self,
        context: &Context<'_>,
        destination: &Destination,
    ) -> Result<Response, NetError> {
        if !self.headers.contains("user-agent") {
            self.headers.set("user-agent", USER_AGENT);
        }
        let request = Request {
            method: self.method,
            url: self.url,
            headers: self.headers.0,
            body: self.body,
            timeout: destination.policy.timeout,
            allow_private: destination.policy.allow_private,
        };
        context.client.send(request).await
    }
}

/// The destination of a job and its settings, or why it cannot be performed there.
pub(super) fn settings<'a, T: 'static>(
    context: &Context<'a>,
) -> Result<(&'a Destination, &'a T), Outcome> {
    let destination = context
        .destination
        .ok_or_else(|| reject("the job names no destination"))?;
    let settings = destination.settings().ok_or_else(|| {
        let (name, kind) = (&destination.name, destination.kind);
        reject(format!("destination `{name}` is of kind {kind} now"))
    })?;
    Ok((destination, settings))
}

/// A refusal of the job alone.
pub(super) fn reject(note: impl Into<String>) -> Outcome {
    Outcome::Reject {
        note: note.into(),
        gone: false,
    }
}

/// A name of the author's as a header can carry it.
fn visible(text: &str) -> String {
    let fit = |c: char| {
        if c.is_ascii_graphic() || c == ' ' {
            c
        } else {
            '?'
        }
    };
    text.chars().map(fit).collect()
}
