//! The way of one delivery.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::event::{ContentEncoding, Delivery, EventId, Headers, JobId};
use crate::plan::{JobState, NewJob};
use crate::providers::fetched::NoKeys;
use crate::rule::{Response, RuleSet};
use crate::runtime::telemetry::{Metric, Telemetry};
use crate::runtime::{Clock, Timestamp};
use crate::stores::{Acceptance, Accepted, LeasedJob, Store, StoreError};

use super::judge::{Judged, Refused, judge, plan_guarded};
use super::keys::{Fetch, Keys};
use super::proofs::Proofs;
use super::quiet::Quiet;
use super::refusals::Refusals;
use super::source::Source;
use super::told::Told;
use super::{Answer, Handover, Permit, Settings, Sources, answers};

/// Bodies longer than this are judged on a thread of their own, so that they hold up nobody, in bytes.
const BLOCKING_BYTES_MIN: usize = 64 * 1024;
/// How long after a failure of the store intake calls itself refusing, if nothing was stored since.
/// Then it must be tried again, or nobody would ever send here.
const REFUSING_FOR: Duration = Duration::from_secs(10);

/// What intake is built from.
pub struct Parts {
    /// Where events go.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Clock,
    /// Where things are counted.
    pub telemetry: Telemetry,
    /// The configured sources; replaced at a reload.
    pub sources: watch::Receiver<Arc<Sources>>,
    /// The running rules; replaced at a reload.
    pub rules: watch::Receiver<Arc<RuleSet>>,
    /// Intake's part of the policy; replaced at a reload.
    pub settings: watch::Receiver<Arc<Settings>>,
    /// Where stored jobs go.
    pub handover: Arc<dyn Handover>,
    /// Who asks for the keys that senders publish.
    pub fetch: Arc<dyn Fetch>,
}

/// What a listener must know before it reads a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The largest body, in bytes.
    pub body_bytes_max: u64,
    /// The methods that are answered; `POST` is always among them.
    pub methods: Vec<String>,
    /// How bodies may be packed; the limit is that of the plain body too.
    pub encodings: Vec<ContentEncoding>,
}

/// Takes deliveries in. Cloning shares it.
#[derive(Clone)]
pub struct Intake(pub(super) Arc<Inner>);

pub(super) struct Inner {
    pub(super) parts: Parts,
    pub(super) quiet: Quiet,
    pub(super) refusals: Refusals,
    pub(super) proofs: Proofs,
    pub(super) keys: Arc<Keys>,
    failed: Mutex<Option<(Timestamp, String)>>,
}

impl Intake {
    /// An intake that is ready.
    pub fn new(parts: Parts) -> Self {
        let proofs = Proofs::new(parts.clock.now());
        let keys = Keys::new(Arc::clone(&parts.fetch), parts.clock.clone());
        Self(Arc::new(Inner {
            parts,
            keys: Arc::new(keys),
            quiet: Quiet::default(),
            refusals: Refusals::default(),
            proofs,
            failed: Mutex::new(None),
        }))
    }

    /// What holds for a delivery before its body is read; `None` is the nameless route.
    pub fn admission(&self, source: Option<&str>, headers: &Headers) -> Admission {
        let parts = &self.0.parts;
        let sources = parts.sources.borrow();
        let found = sources.find(source, headers).ok();
        // Limits and methods are answered before proof: they may not tell which names there are.
        let decoy = || source.and_then(|name| sources.decoy(Some(name), headers));
        let source = found.or_else(decoy);
        let own = source.and_then(|s| s.body_bytes_max.or_else(|| s.provider.body_bytes_max()));
        let mut methods = vec!["POST".to_owned()];
        let more = source.map_or(&[][..], |source| source.provider.methods());
        methods.extend(more.iter().filter(|method| *method != "POST").cloned());
        Admission {
            encodings: source.map_or_else(Vec::new, |source| source.encodings().to_vec()),
            body_bytes_max: own.unwrap_or_else(|| parts.settings.borrow().body_bytes_max),
            methods,
        }
    }

    /// Takes in one delivery, read whole.
    ///
    /// # Cancellation
    /// Dropping it leaves open whether the event was stored; the sender has no answer and sends again.
    pub async fn receive(&self, source: Option<&str>, delivery: Delivery) -> Answer {
        let sources = Arc::clone(&self.0.parts.sources.borrow());
        let named = source;
        let delivery = Arc::new(delivery);
        let source = match sources.find(source, &delivery.headers) {
            Ok(source) => Arc::clone(source),
            Err(nobody) => {
                // It takes as long as a wrong signature does, so that names cannot be found out.
                if let Some(decoy) = sources.decoy(named, &delivery.headers).map(Arc::clone) {
                    let bytes = delivery.body.len();
                    let delivery = Arc::clone(&delivery);
                    let work = move || {
                        decoy.allows(delivery.remote)
                            && decoy
                                .verify(&delivery, delivery.received_at, &NoKeys)
                                .is_ok()
                    };
                    let _ = aside(bytes > BLOCKING_BYTES_MIN, work).await;
                }
                let refused = Refused::unproven("source", &nobody);
                return self.0.refuse_nobodys(named, &delivery, refused);
            }
        };
        self.receive_from(source, sources, delivery).await
    }

    async fn receive_from(
        &self,
        source: Arc<Source>,
        sources: Arc<Sources>,
        delivery: Arc<Delivery>,
    ) -> Answer {
        let inner = &self.0;
        let rules = Arc::clone(&inner.parts.rules.borrow());
        let dedupe = inner.parts.settings.borrow().dedupe;
        let slow = rules.programs || delivery.body.len() > BLOCKING_BYTES_MIN;
        let judged = || {
            let (source, rules) = (Arc::clone(&source), Arc::clone(&rules));
            let sources = Arc::clone(&sources);
            let (delivery, keys) = (Arc::clone(&delivery), Arc::clone(&inner.keys));
            aside(slow, move || {
                judge(&source, &sources, rules, dedupe, &delivery, &*keys)
            })
        };
        let mut found = judged().await;
        if let Some(Judged::KeyMissing(url)) = &found {
            match inner.keys.bring(url).await {
                Ok(()) => found = judged().await,
                // Not proven, and not disproven: the sender is asked to come back.
                Err(why) => return inner.unknown_key(&source, &delivery, &why),
            }
        }
        match found {
            Some(Judged::Handshake {
                answer,
                follow,
                secret,
            }) => {
                let failed = inner.shake(&source, &delivery, follow, secret).await;
                failed.unwrap_or(answer)
            }
            Some(Judged::KeyMissing(url)) => inner.unknown_key(&source, &delivery, &url),
            Some(Judged::Refused(refused)) => inner.refuse(&source, &delivery, refused),
            Some(Judged::Planned {
                acceptances,
                acknowledgement,
                rules,
                proven_by,
            }) => {
                inner.proofs.note(&source, &proven_by, delivery.received_at);
                // The sender may hang up at any moment; what is begun here is finished all the same,
                // or jobs would stay leased to nobody.
                let inner = Arc::clone(inner);
                let store = async move {
                    // Of several events, the first that a rule answers is answered.
                    let responds = acceptances.iter().map(|one| one.plan.respond.clone());
                    let responds: Vec<_> = responds.collect();
                    let stored = inner.store(&source, acceptances).await?;
                    let mut answered = responds.into_iter().zip(&stored);
                    let own = match answered.find_map(|(one, at)| Some((one?, at))) {
                        Some((one, at)) => inner.own_answer(&source, one, at, &rules).await,
                        None => None,
                    };
                    own.or(acknowledgement).or_else(|| Stored::usual(&stored))
                };
                match tokio::spawn(store).await {
                    Ok(Some(answer)) => answer,
                    Ok(None) | Err(_) => answers::unavailable(),
                }
            }
            None => answers::unavailable(),
        }
    }

    /// Why deliveries are refused at the moment, if they are: the store's last failure.
    pub fn refusing(&self) -> Option<String> {
        let now = self.0.parts.clock.now();
        let failed = self.0.failed.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, why) = failed.as_ref()?;
        (now >= *at && now.since(*at) < REFUSING_FOR).then(|| why.clone())
    }
}

/// Runs work here, or on a thread of its own where it may be slow: many bytes to go through, or programs
/// to run. None where it panicked.
async fn aside<T: Send + 'static>(
    slow: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let done = if slow {
        tokio::task::spawn_blocking(work).await.ok()
    } else {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).ok()
    };
    if done.is_none() {
        tracing::error!("a delivery could not be judged: a fault in hookrule");
    }
    done
}

/// What became of an event.
enum Stored {
    New(EventId),
    /// It was there, as this one.
    Before(EventId),
}

impl Stored {
    /// What the sender of several events is told: of the first that is new, or of the first.
    fn usual(all: &[Self]) -> Option<Answer> {
        let new = all.iter().find(|one| matches!(one, Self::New(_)));
        Some(match new.or(all.first())? {
            Self::New(event) => answers::accepted(*event),
            Self::Before(first) => answers::duplicate(*first),
        })
    }
}

impl Inner {
    /// What a rule answers. A duplicate is answered as its first event is, by the rules of today.
    async fn own_answer(
        &self,
        source: &Source,
        own: Result<Response, String>,
        stored: &Stored,
        rules: &Arc<RuleSet>,
    ) -> Option<Answer> {
        let respond = match stored {
            Stored::New(_) => own,
            Stored::Before(first) => match self.parts.store.event(*first).await {
                Ok(Some(event)) => plan_guarded(rules, &event).respond.unwrap_or(own),
                // It may be erased by now.
                Ok(None) | Err(_) => own,
            },
        };
        match respond {
            Ok(response) => Some(answers::respond(response)),
            Err(reason) => {
                let telemetry = &self.parts.telemetry;
                telemetry.count(Metric::RespondFailures, &[source.name()]);
                let (Stored::New(event) | Stored::Before(event)) = stored;
                tracing::error!(%event, reason, "a rule's answer could not be given; the sender has the usual one");
                None
            }
        }
    }

    /// Stores the events of one delivery, hands their jobs over and says what became of each; none where
    /// they could not be stored.
    async fn store(
        &self,
        source: &Source,
        mut acceptances: Vec<Acceptance>,
    ) -> Option<Vec<Stored>> {
        let mut permits = HashMap::new();
        let mut kept = Vec::new();
        let mut gated = false;
        for acceptance in &mut acceptances {
            let bytes = acceptance.event.payload.raw().len() as u64;
            let jobs = acceptance.plan.jobs.iter();
            let ready = jobs.filter(|job| job.state == JobState::Ready).count();
            permits.extend(self.reserve(acceptance));
            let event = acceptance.event.id;
            let plan = &acceptance.plan;
            gated |= !plan.firings.is_empty() || !plan.signals.is_empty();
            kept.push((event, bytes, ready, Told::of(acceptance)));
        }
        let accepted = match self.parts.store.accept(acceptances).await {
            Ok(accepted) if accepted.len() == kept.len() => accepted,
            Ok(_) => {
                self.failed(&StoreError::Failed("it gave no answer".into()));
                return None;
            }
            Err(error) => {
                self.failed(&error);
                return None;
            }
        };
        *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let mut stored = Vec::with_capacity(kept.len());
        for (accepted, (event, bytes, ready, told)) in accepted.into_iter().zip(kept) {
            match accepted {
                Accepted::New(leased) => {
                    self.hand_over(leased, &mut permits, ready);
                    told.accepted(&self.parts.telemetry, source, bytes);
                    stored.push(Stored::New(event));
                }
                Accepted::Duplicate { first, same_body } => {
                    self.duplicate(source, first, same_body);
                    stored.push(Stored::Before(first));
                }
            }
        }
        if gated && stored.iter().any(|one| matches!(one, Stored::New(_))) {
            self.parts.handover.nudge();
        }
        Some(stored)
    }

    /// Reserves slots for jobs that could be performed as soon as they are stored.
    fn reserve(&self, acceptance: &mut Acceptance) -> HashMap<JobId, Permit> {
        let mut permits = HashMap::new();
        for job in acceptance.plan.jobs.iter().filter(|job| is_ready(job)) {
            if let Some(permit) = self.parts.handover.reserve(&job.destination) {
                acceptance.lease.push(job.id);
                permits.insert(job.id, permit);
            }
        }
        permits
    }

    fn hand_over(
        &self,
        leased: Vec<LeasedJob>,
        permits: &mut HashMap<JobId, Permit>,
        ready: usize,
    ) {
        let with_permit = |leased: LeasedJob| {
            let permit = permits.remove(&leased.lease.job)?;
            Some((leased, permit))
        };
        let run: Vec<_> = leased.into_iter().filter_map(with_permit).collect();
        let left = ready > run.len();
        if !run.is_empty() {
            self.parts.handover.run(run);
        }
        if left {
            self.parts.handover.nudge();
        }
    }

    fn duplicate(&self, source: &Source, first: EventId, same_body: bool) {
        let telemetry = &self.parts.telemetry;
        telemetry.count(Metric::Duplicates, &[source.name()]);
        if !same_body {
            telemetry.count(Metric::DuplicatesAltered, &[source.name()]);
            let source = source.name();
            tracing::warn!(source, %first, "a delivery id came again with another body");
        }
    }

    fn failed(&self, error: &StoreError) {
        let telemetry = &self.parts.telemetry;
        telemetry.count(Metric::StoreFailures, &["accept"]);
        let now = self.parts.clock.now();
        if self.quiet.may_say("(store)", now).is_some() {
            tracing::error!(%error, "an event could not be stored; its sender was asked to send it again");
        }
        let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
        *failed = Some((now, error.to_string()));
    }
}

/// Whether a job waits for nothing once it is stored.
fn is_ready(job: &NewJob) -> bool {
    job.state == JobState::Ready && job.delay.is_zero() && job.after.is_empty()
}
