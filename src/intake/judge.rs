//! What a delivery comes to before the store is asked: verify → handshake → parse → identify → plan.
//!
//! Reads no clock and touches nothing, so it can run on any thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use crate::crypto::random;
use crate::event::{Delivery, Event, EventId, JobId, Payload, Proof};
use crate::plan::{JobBody, JobState, NewJob, Plan, plan};
use crate::providers::batch::events;
use crate::providers::fetched::Keyring;
use crate::providers::handshake::{Shaken, Standing, acknowledgement_of, handshake};
use crate::providers::identify::media_kind;
use crate::providers::{Identity, Refusal};
use crate::rule::RuleSet;
use crate::secret::Secret;
use crate::stores::Acceptance;

use super::keep::{kept, kept_query};
use super::source::Source;
use super::sources::Sources;
use super::{Answer, answers};

/// What a delivery comes to.
#[derive(Debug)]
pub(super) enum Judged {
    /// A handshake, to be answered so once `follow` was asked and `secret` is kept.
    Handshake {
        /// The answer.
        answer: Answer,
        /// An address that must answer with success first.
        follow: Option<String>,
        /// The secret that the sender gives the source.
        secret: Option<Secret>,
    },
    /// The key at an address must be fetched first.
    KeyMissing(String),
    /// Turned away.
    Refused(Refused),
    /// An event, planned and not yet stored.
    Planned {
        /// What is to be stored, in one transaction; at least one.
        acceptances: Vec<Acceptance>,
        /// What the provider wants as the answer, where ours will not do.
        acknowledgement: Option<Answer>,
        /// The rules that judged it.
        rules: Arc<RuleSet>,
        /// The places of the secrets that prove it.
        proven_by: Vec<usize>,
    },
}

impl From<Shaken> for Judged {
    fn from(shaken: Shaken) -> Self {
        Self::Handshake {
            answer: answers::reply(shaken.reply),
            follow: shaken.follow,
            secret: shaken.secret,
        }
    }
}

/// Why a delivery was turned away, and what the sender is told.
#[derive(Debug)]
pub(super) struct Refused {
    /// The word it is counted under.
    pub word: &'static str,
    /// For the operator.
    pub reason: String,
    /// What would have made it right, for the operator; none where that was not looked into.
    pub advice: Option<Box<[String]>>,
    /// For the sender.
    pub answer: Answer,
}

impl Refused {
    /// Not proven: the sender learns nothing.
    pub(super) fn unproven(word: &'static str, reason: &impl ToString) -> Self {
        Self {
            word,
            reason: reason.to_string(),
            advice: None,
            answer: answers::unproven(),
        }
    }

    fn told(status: u16, word: &'static str, reason: &impl ToString) -> Self {
        let reason = reason.to_string();
        let answer = answers::error(status, &reason);
        Self {
            word,
            reason,
            advice: None,
            answer,
        }
    }
}

/// Judges one delivery of a known source.
pub(super) fn judge(
    source: &Source,
    sources: &Sources,
    rules: Arc<RuleSet>,
    dedupe: Duration,
    delivery: &Delivery,
    keyring: &dyn Keyring,
) -> Judged {
    if !source.allows(delivery.remote) {
        let reason = "its address is not in `allow_from`";
        return Judged::Refused(Refused::unproven("address", &reason));
    }
    let standing = |proven| Standing {
        proven,
        pairing: source.pairing.is_some(),
        key: source.answering_key(delivery.received_at),
    };
    if let Some(shaken) = handshake(&source.provider, delivery, standing(false)) {
        return shaken.into();
    }
    let proof = match source.verify(delivery, delivery.received_at, keyring) {
        Ok(proof) => proof,
        Err(Refusal::KeyMissing(url)) => return Judged::KeyMissing(url),
        Err(refusal) => {
            let mut refused = Refused::unproven(refusal.kind(), &refusal);
            refused.advice = source
                .examine(delivery, &refusal, sources)
                .map(Vec::into_boxed_slice);
            return Judged::Refused(refused);
        }
    };
    if let Some(shaken) = handshake(&source.provider, delivery, standing(true)) {
        return shaken.into();
    }
    match read(source, &rules, dedupe, delivery, proof) {
        Ok(acceptances) => {
            let first = acceptances.first();
            let reply = first.and_then(|acceptance| {
                let payload = &acceptance.event.payload;
                acknowledgement_of(&source.provider, delivery, payload)
            });
            Judged::Planned {
                acknowledgement: reply.map(|reply| answers::reply(reply.clone())),
                acceptances,
                rules,
                proven_by: source.proven_by(delivery, keyring),
            }
        }
        Err(refused) => Judged::Refused(refused),
    }
}

fn read(
    source: &Source,
    rules: &RuleSet,
    dedupe: Duration,
    delivery: &Delivery,
    proof: Proof,
) -> Result<Vec<Acceptance>, Refused> {
    if delivery.method != "POST" {
        let reason = "this method is answered for handshakes only";
        return Err(Refused::told(405, "method", &reason));
    }
    let kind = media_kind(&source.provider, delivery)
        .map_err(|unknown| Refused::told(415, "media_type", &unknown))?;
    let payload = Payload::new(delivery.body.clone(), kind)
        .map_err(|error| Refused::told(400, "payload", &error))?;
    events(&source.provider, delivery, payload)
        .into_iter()
        .map(|(payload, identity)| {
            let event = (payload, identity, proof);
            acceptance(source, rules, dedupe, delivery, event)
        })
        .collect()
}

/// One event of a delivery, planned.
fn acceptance(
    source: &Source,
    rules: &RuleSet,
    dedupe: Duration,
    delivery: &Delivery,
    (payload, identity, proof): (Payload, Identity, Proof),
) -> Result<Acceptance, Refused> {
    let nonce = random().map_err(|error| Refused {
        word: "randomness",
        reason: error.to_string(),
        advice: None,
        answer: answers::unavailable(),
    })?;
    let recognised = identity.dedupe_key.as_deref();
    let dedupe = source.dedupe.of(recognised, payload.raw(), dedupe);
    let event = Event {
        id: EventId::generate(),
        source: source.reference(),
        provider: source.provider.name().to_owned(),
        names: identity.names,
        delivery_id: identity.delivery_id,
        received_at: delivery.received_at,
        nonce,
        headers: kept(&delivery.headers, &source.provider),
        query: kept_query(&delivery.query, &source.provider),
        payload,
        proof,
    };
    let plan = plan_guarded(rules, &event);
    Ok(Acceptance {
        event,
        dedupe,
        plan,
        lease: Vec::new(),
    })
}

/// A plan that panics becomes one dead letter, so that the event is kept and can be replayed when the
/// fault is mended.
pub(super) fn plan_guarded(rules: &RuleSet, event: &Event) -> Plan {
    let planned = catch_unwind(AssertUnwindSafe(|| plan(rules, event, 0)));
    planned.unwrap_or_else(|panic| Plan {
        respond: None,
        rule_set: rules.hash.clone(),
        matched: Vec::new(),
        jobs: vec![NewJob {
            id: JobId::derive(event.id, 0, "", "", "plan"),
            run: 0,
            rule: String::new(),
            action: String::new(),
            kind: String::new(),
            destination: String::new(),
            state: JobState::Dead,
            delay: Duration::ZERO,
            after: Vec::new(),
            item: None,
            firing: None,
            lane: None,
            reason: Some(format!("planning failed: {}", said(panic.as_ref()))),
            body: JobBody::Unprepared,
        }],
        firings: Vec::new(),
        signals: Vec::new(),
    })
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a fault in hookrule")
}
