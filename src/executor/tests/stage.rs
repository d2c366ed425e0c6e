//! An executor with everything around it scripted: time, outcomes, destinations.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::{Notify, watch};

use crate::actions::{Context, Outcome, Wait};
use crate::destinations::Destination;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::{Event, EventId, Headers, JobId, MediaKind, Payload, Query, SourceRef};
use crate::executor::{Destinations, Executor, Parts, Perform, RenderFailure, Renderer, Settings};
use crate::net::Client;
use crate::plan::{Attempt, Job, JobBody, JobState, NewJob, Plan};
use crate::providers::unsigned::unsigned;
use crate::runtime::shutdown::Shutdown;
use crate::runtime::telemetry::Telemetry;
use crate::runtime::{BoxFuture, Clock, Timestamp};
use crate::stores::memory::MemoryStore;
use crate::stores::{Acceptance, Accepted, Store};
use crate::yaml;

use crate::intake::tests::FaultyStore;

/// Only a hanging test gets here: so many looks without what it waits for.
const LOOKS_MAX: usize = 200_000;
/// What a test's clock moves by while it waits.
const TICK: Duration = Duration::from_millis(100);

/// What happens when a job is performed.
pub(super) enum Step {
    Give(Outcome),
    /// Only when [`Script::go`] says so.
    Hold,
    Never,
    Panic,
}

/// Performs as told, by destination; `done` where nothing was told.
#[derive(Default)]
pub(super) struct Script {
    steps: Mutex<HashMap<String, VecDeque<Step>>>,
    pub begun: Mutex<Vec<(String, JobId, Timestamp)>>,
    running: Mutex<BTreeMap<String, usize>>,
    pub most: Mutex<BTreeMap<String, usize>>,
    pub go: Notify,
}

struct Counted<'a>(&'a Script, String);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        *self.0.running.lock().unwrap().get_mut(&self.1).unwrap() -= 1;
    }
}

impl Script {
    pub(super) fn tell(&self, destination: &str, steps: impl IntoIterator<Item = Step>) {
        let mut told = self.steps.lock().unwrap();
        told.entry(destination.to_owned())
            .or_default()
            .extend(steps);
    }

    pub(super) fn begun(&self, destination: &str) -> usize {
        let begun = self.begun.lock().unwrap();
        begun
            .iter()
            .filter(|(name, ..)| name == destination)
            .count()
    }

    pub(super) fn times(&self, destination: &str) -> Vec<Timestamp> {
        let begun = self.begun.lock().unwrap();
        let here = begun.iter().filter(|(name, ..)| name == destination);
        here.map(|(_, _, at)| *at).collect()
    }

    fn count(&self, name: &str) -> Counted<'_> {
        let mut running = self.running.lock().unwrap();
        let now = running.entry(name.to_owned()).or_default();
        *now += 1;
        let mut most = self.most.lock().unwrap();
        let seen = most.entry(name.to_owned()).or_default();
        *seen = (*seen).max(*now);
        Counted(self, name.to_owned())
    }
}

impl Perform for Script {
    fn destination_kind(&self, kind: &str) -> Option<Option<&'static str>> {
        match kind {
            "http" => Some(Some("http")),
            "log" => Some(None),
            _ => None,
        }
    }

    fn perform<'a>(&'a self, _kind: &'a str, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        let name = context.destination.map_or("", |d| d.name.as_str());
        let step = {
            let mut begun = self.begun.lock().unwrap();
            begun.push((name.to_owned(), context.job, context.now));
            let mut told = self.steps.lock().unwrap();
            told.get_mut(name).and_then(VecDeque::pop_front)
        };
        Box::pin(async move {
            let _counted = self.count(name);
            match step {
                None => done(),
                Some(Step::Give(outcome)) => outcome,
                Some(Step::Hold) => {
                    self.go.notified().await;
                    done()
                }
                Some(Step::Never) => std::future::pending().await,
                Some(Step::Panic) => panic!("as told"),
            }
        })
    }
}

impl Renderer for Script {
    fn render<'a>(
        &'a self,
        job: &'a Job,
        outputs: Value,
    ) -> BoxFuture<'a, Result<JobBody, RenderFailure>> {
        Box::pin(async move {
            if job.action == "unrenderable" {
                let why = "no value `actions.first.id`".to_owned();
                return Err(RenderFailure::Permanent(why));
            }
            Ok(JobBody::Prepared {
                data: outputs,
                needs_delivery: job.action == "passes-on",
            })
        })
    }
}

pub(super) fn done() -> Outcome {
    Outcome::Done {
        outputs: json!({"id": 7}),
        note: "200".to_owned(),
    }
}

pub(super) fn fails() -> Step {
    Step::Give(Outcome::Retry {
        note: "503".to_owned(),
        wait: Wait::Schedule,
    })
}

pub(super) fn throttles(seconds: u64) -> Step {
    Step::Give(Outcome::Retry {
        note: "429".to_owned(),
        wait: Wait::Destination(Some(Duration::from_secs(seconds))),
    })
}

/// Destinations from YAML: one line each, `name: {…}`.
pub(super) fn destinations(text: &str) -> Arc<Destinations> {
    let mut problems = Diagnostics::new();
    let file = SourceFile::new("hookrule.yaml", text);
    let node = yaml::read(&file, &mut problems).unwrap();
    let read = |(key, node): &(yaml::Key, yaml::Node)| {
        let found = Destination::parse(&key.text, node, &mut Diagnostics::new()).unwrap();
        (key.text.clone(), Arc::new(found))
    };
    Arc::new(node.as_map().unwrap_or_default().iter().map(read).collect())
}

/// A running executor and all around it.
pub(super) struct Stage {
    pub clock: Clock,
    pub store: Arc<FaultyStore>,
    pub script: Arc<Script>,
    pub executor: Executor,
    pub destinations: watch::Sender<Arc<Destinations>>,
    pub shutdown: Shutdown,
    pub telemetry: Telemetry,
}

impl Stage {
    pub(super) fn start(yaml: &str) -> Self {
        let clock = Clock::settable(Timestamp::from_seconds(1_700_000_000));
        let store = FaultyStore::over(MemoryStore::new(clock.clone()));
        Self::start_on(yaml, clock, Arc::new(store))
    }

    pub(super) fn start_on(yaml: &str, clock: Clock, store: Arc<FaultyStore>) -> Self {
        let script = Arc::new(Script::default());
        let destinations = watch::Sender::new(destinations(yaml));
        let shutdown = Shutdown::new();
        let telemetry = Telemetry::new();
        let kept: Arc<FaultyStore> = Arc::clone(&store);
        let renderer: Arc<Script> = Arc::clone(&script);
        let performer: Arc<Script> = Arc::clone(&script);
        let executor = Executor::start_with(
            Parts {
                store: kept,
                client: Client::new().unwrap(),
                clock: clock.clone(),
                telemetry: telemetry.clone(),
                destinations: destinations.subscribe(),
                settings: watch::channel(Arc::new(Settings::default())).1,
                renderer,
                shutdown: shutdown.clone(),
            },
            performer,
        );
        Self {
            clock,
            store,
            script,
            executor,
            destinations,
            shutdown,
            telemetry,
        }
    }

    /// Stores an event with these jobs. Nothing is leased and nobody is nudged.
    pub(super) async fn plan(&self, jobs: impl FnOnce(EventId) -> Vec<NewJob>) -> Vec<JobId> {
        let acceptance = acceptance(self.clock.now(), jobs);
        let ids = acceptance.plan.jobs.iter().map(|job| job.id).collect();
        let accepted = self.store.accept(vec![acceptance]).await.unwrap();
        assert!(matches!(accepted[0], Accepted::New(_)));
        ids
    }

    /// Stores `count` jobs of a destination and says so.
    pub(super) async fn queue(&self, destination: &str, count: usize) -> Vec<JobId> {
        use crate::intake::Handover as _;
        let ids = self
            .plan(|event| (0..count).map(|n| new_job(event, destination, n)).collect())
            .await;
        self.executor.nudge();
        ids
    }

    pub(super) async fn job(&self, id: JobId) -> (Job, Vec<Attempt>) {
        self.store.job(id).await.unwrap().unwrap()
    }

    pub(super) async fn state(&self, id: JobId) -> JobState {
        self.job(id).await.0.state
    }

    pub(super) async fn count(&self, state: JobState) -> u64 {
        let counts = self.store.counts().await.unwrap();
        let found = counts.iter().find(|(known, _)| *known == state);
        found.map_or(0, |(_, count)| *count)
    }

    /// Lets everybody do what can be done at this time.
    pub(super) async fn settle(&self) {
        for _ in 0..200 {
            tokio::task::yield_now().await;
        }
    }

    /// Lets time pass until something holds. Answers how much has passed.
    pub(super) async fn until(&self, mut holds: impl AsyncFnMut() -> bool) -> Duration {
        let began = self.clock.now();
        for _ in 0..LOOKS_MAX {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            if holds().await {
                return self.clock.now().since(began);
            }
            self.clock.advance(TICK);
        }
        panic!("it never holds");
    }

    /// Lets so much time pass.
    pub(super) async fn pass(&self, time: Duration) {
        let end = self.clock.now().after(time);
        self.until(async || self.clock.now() >= end).await;
        self.settle().await;
    }

    pub(super) async fn until_state(&self, id: JobId, state: JobState) -> Duration {
        self.until(async || self.state(id).await == state).await
    }

    pub(super) async fn until_count(&self, state: JobState, count: u64) -> Duration {
        self.until(async || self.count(state).await == count).await
    }
}

pub(super) fn acceptance(now: Timestamp, jobs: impl FnOnce(EventId) -> Vec<NewJob>) -> Acceptance {
    let id = EventId::generate();
    let event = Event {
        id,
        source: SourceRef {
            name: "shop".to_owned(),
            labels: BTreeMap::new(),
        },
        provider: "generic".to_owned(),
        names: vec!["order.created".to_owned()],
        delivery_id: None,
        received_at: now,
        nonce: [0; 16],
        headers: Headers::new([("x-kept", "yes")]),
        query: Query::default(),
        payload: Payload::new(Bytes::from_static(b"{}"), MediaKind::Json).unwrap(),
        proof: unsigned(&Headers::default()).unwrap(),
    };
    let plan = Plan {
        respond: None,
        rule_set: "hash".to_owned(),
        matched: vec!["rule".to_owned()],
        jobs: jobs(id),
        firings: Vec::new(),
        signals: Vec::new(),
    };
    Acceptance {
        event,
        dedupe: None,
        plan,
        lease: Vec::new(),
    }
}

pub(super) fn new_job(event: EventId, destination: &str, number: usize) -> NewJob {
    let action = format!("a{number}");
    NewJob {
        id: JobId::derive(event, 0, "rule", &action, destination),
        run: 0,
        rule: "rule".to_owned(),
        action,
        kind: "http".to_owned(),
        destination: destination.to_owned(),
        state: JobState::Ready,
        delay: Duration::ZERO,
        after: Vec::new(),
        item: None,
        firing: None,
        lane: None,
        reason: None,
        body: JobBody::Prepared {
            data: json!({"number": number}),
            needs_delivery: false,
        },
    }
}
