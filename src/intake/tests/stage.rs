//! An intake with everything around it in the hands of the test.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::watch;

use super::FaultyStore;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::{Delivery, EventId, Headers, Query};
use crate::intake::{
    Answer, Fetch, Handover, Intake, Parts, Permit, Reach, Settings, Source, Sources,
};
use crate::providers::Providers;
use crate::providers::sign::{Draft, sign};
use crate::rule::{Names, RuleSet};
use crate::runtime::BoxFuture;
use crate::runtime::telemetry::Telemetry;
use crate::runtime::{Clock, Timestamp};
use crate::secret::Secret;
use crate::stores::memory::MemoryStore;
use crate::stores::{EventQuery, EventSummary, LeasedJob, Store as _};
use crate::yaml;

/// The secret of every source here.
pub(super) const SECRET: &str = "thirty-two-bytes-of-test-secret!";
/// The same for schemes whose secrets are base64 behind `whsec_`.
pub(super) const WHSEC: &str = "whsec_dGhpcnR5LXR3by1ieXRlcy1vZi10ZXN0LXNlY3JldCE=";

/// Slots for jobs, counted.
#[derive(Default)]
pub(super) struct Slots {
    pub free: AtomicUsize,
    pub given_back: Arc<AtomicUsize>,
    pub nudges: AtomicUsize,
    pub run: Mutex<Vec<LeasedJob>>,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Handover for Slots {
    fn reserve(&self, _destination: &str) -> Option<Permit> {
        let take = |free: usize| free.checked_sub(1);
        let taken = self
            .free
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        taken.ok()?;
        Some(Box::new(Counted(Arc::clone(&self.given_back))))
    }

    fn run(&self, jobs: Vec<(LeasedJob, Permit)>) {
        self.run
            .lock()
            .unwrap()
            .extend(jobs.into_iter().map(|(job, _)| job));
    }

    fn nudge(&self) {
        self.nudges.fetch_add(1, Ordering::SeqCst);
    }
}

/// Reads sources from YAML, as hookrule.yaml has them.
pub(super) fn read(text: &str, reach: Reach) -> (Sources, Diagnostics) {
    let mut problems = Diagnostics::new();
    let file = SourceFile::new("hookrule.yaml", text);
    let node = yaml::read(&file, &mut problems).unwrap();
    let providers = Providers::builtin();
    let mut sources = Vec::new();
    for (key, node) in node.as_map().unwrap() {
        sources.extend(Source::parse(
            &key.text,
            node,
            &providers,
            reach,
            &mut problems,
        ));
    }
    let sources = Sources::new(sources);
    sources.check(&mut problems);
    (sources, problems)
}

pub(super) fn rules(text: &str) -> RuleSet {
    let file = SourceFile::new("rules/test.yaml", text);
    let loaded = RuleSet::load(vec![file], &Names::default(), None);
    assert!(!loaded.diagnostics.has_errors(), "{:?}", loaded.diagnostics);
    loaded.set
}

/// A running intake and all around it.
pub(super) struct Stage {
    pub intake: Intake,
    pub clock: Clock,
    pub store: Arc<FaultyStore>,
    pub slots: Arc<Slots>,
    pub telemetry: Telemetry,
    pub published: Arc<Published>,
    providers: Providers,
}

/// The public key of the shared vectors, as AWS would publish its own.
pub(super) const PUBLISHED: &[u8] = b"-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtuBwcwjQkS+8hD5LEUU1\nejgaPpAIkzpMenmJhE16ylAWXvpWlAt8swh+ib3VonlfTC/oaRQrpZtmacj4xySl\nvJcKNDS3881pUOuYpmv1qFrsb3vpz4L2ybqCCopSFerd5D36Q3b0429w22NMi4fb\nuY87CPQuEkDAdXp4pmce3B76eH+f/WhdhjV7F65Oo1NuQw4b1+AtK8LdOBW83zkz\n8Q24d0R87aLXTlnqZvV9MoR1FNmU7tICgjv+PxsLY4SLneN+guOTPjHBhFLVmlk4\nK+PS+JvywUgoJep0weTaXSIKurgE/LIJA+JnSmvG5mPKMeJVMYdDWwIvyCXakDKY\ntQIDAQAB\n-----END PUBLIC KEY-----\n";

/// The keys of a sender who has changed the one that the shared vectors are signed with.
const OTHER_KEYS: &[u8] = br#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "other", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

/// What senders publish, in these tests, and how often they were asked.
#[derive(Default)]
pub(super) struct Published(AtomicUsize);

impl Published {
    pub(super) fn asked(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

impl Fetch for Published {
    fn fetch<'f>(&'f self, url: &'f str) -> BoxFuture<'f, Result<Bytes, String>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            match url {
                "https://example.kinde.com/.well-known/jwks" => Ok(Bytes::from_static(OTHER_KEYS)),
                "https://sns.us-east-1.amazonaws.com/own.pem" => {
                    Ok(Bytes::from_static(include_bytes!("sns.pem")))
                }
                "https://sns.us-east-1.amazonaws.com/x.pem" => Ok(Bytes::from_static(PUBLISHED)),
                "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription" => {
                    Ok(Bytes::new())
                }
                _ => Err("it answered with 404".to_owned()),
            }
        })
    }
}

impl Stage {
    pub(super) fn start(sources: &str) -> Self {
        Self::start_with(sources, RuleSet::default())
    }

    pub(super) fn start_with(yaml: &str, rules: RuleSet) -> Self {
        let (sources, problems) = read(yaml, Reach::Network);
        assert!(!problems.has_errors(), "{problems:?}");
        let clock = Clock::settable(Timestamp::from_seconds(1_700_000_000));
        let store = Arc::new(FaultyStore::over(MemoryStore::new(clock.clone())));
        let slots = Arc::new(Slots::default());
        let telemetry = Telemetry::new();
        let kept: Arc<FaultyStore> = Arc::clone(&store);
        let handover: Arc<Slots> = Arc::clone(&slots);
        let published = Arc::new(Published::default());
        let asked: Arc<Published> = Arc::clone(&published);
        let intake = Intake::new(Parts {
            store: kept,
            clock: clock.clone(),
            telemetry: telemetry.clone(),
            sources: watch::channel(Arc::new(sources)).1,
            rules: watch::channel(Arc::new(rules)).1,
            settings: watch::channel(Arc::new(Settings::default())).1,
            handover,
            fetch: asked,
        });
        Self {
            intake,
            clock,
            store,
            slots,
            telemetry,
            published,
            providers: Providers::builtin(),
        }
    }

    /// A delivery as its provider would send it.
    pub(super) fn signed(&self, provider: &str, secret: &str, id: &str, body: &str) -> Delivery {
        let provider = self.providers.find(provider).unwrap();
        let draft = Draft {
            headers: Headers::default(),
            body: Bytes::from(body.to_owned()),
            event: None,
            delivery_id: id.to_owned(),
        };
        let secret = Secret::new(secret);
        let signed = sign(&provider, None, &secret, &draft, self.clock.now()).unwrap();
        self.unsigned(signed.headers.iter(), body)
    }

    /// A delivery with these headers and no more.
    pub(super) fn unsigned<'h>(
        &self,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        body: &str,
    ) -> Delivery {
        Delivery {
            method: "POST".to_owned(),
            query: Query::default(),
            query_text: String::new(),
            headers: Headers::new(headers),
            body: Bytes::from(body.to_owned()),
            received_at: self.clock.now(),
            remote: Some([203, 0, 113, 9].into()),
        }
    }

    /// A push event of GitHub's.
    pub(super) fn push(&self, id: &str, body: &str) -> Delivery {
        let mut delivery = self.signed("github", SECRET, id, body);
        let event = [("x-github-event", "push"), ("cookie", "hunter2")];
        let headers = delivery
            .headers
            .iter()
            .filter(|(name, _)| *name != "x-github-event");
        delivery.headers = Headers::new(headers.chain(event).collect::<Vec<_>>());
        delivery
    }

    pub(super) async fn send(&self, source: &str, delivery: Delivery) -> Answer {
        self.intake.receive(Some(source), delivery).await
    }

    /// Everything in the store.
    pub(super) async fn events(&self) -> Vec<EventSummary> {
        let query = EventQuery {
            limit: 100,
            ..EventQuery::default()
        };
        self.store.events(query).await.unwrap()
    }
}

pub(super) fn json(answer: &Answer) -> BTreeMap<String, Value> {
    serde_json::from_slice(&answer.body).unwrap()
}

pub(super) fn event_id(answer: &Answer) -> EventId {
    json(answer)["event_id"].as_str().unwrap().parse().unwrap()
}
