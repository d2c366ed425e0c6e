//! Promises about gates: each exact at its edges, whatever the order in which events come.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{accept, acceptance, event, id, job, plan, state, states};
use super::{Bed, World};
use crate::event::FiringId;
use crate::plan::JobState::{Cancelled, Done, Merged, Ready, Skipped, Throttled, Waiting};
use crate::plan::{
    Changed, Closes, Digest, Gates, JobState, Join, NewFiring, NewJob, Plan, Signal, Throttle,
    Unless,
};
use crate::runtime::Timestamp;
use crate::stores::{Acceptance, FiringState, Gate, Next, SETTLING, Store};

const START: Timestamp = Timestamp::from_seconds(1_700_000_000);
const MINUTE: Duration = Duration::from_mins(1);
const MILLI: Duration = Duration::from_millis(1);

/// The firing of the `n`th event, received so many milliseconds after the clock's start.
pub(crate) fn firing(n: u64, millis: u64, gates: Gates) -> NewFiring {
    NewFiring {
        id: FiringId::derive(id(n), 0, "rule", None),
        run: 0,
        rule: "rule".into(),
        item: None,
        received_at: START.after(Duration::from_millis(millis)),
        gates,
        vars: json!({"n": n}),
        body_bytes: 10,
    }
}

/// A job of the `n`th event that waits for its firing.
pub(crate) fn gated(n: u64, action: &str) -> NewJob {
    NewJob {
        state: JobState::Waiting,
        firing: Some(FiringId::derive(id(n), 0, "rule", None)),
        ..job(n, action)
    }
}

/// The `n`th event with one job `a` behind gates.
pub(crate) fn fired(n: u64, millis: u64, gates: Gates) -> Acceptance {
    let firing = firing(n, millis, gates);
    let mut event = event(n);
    event.received_at = firing.received_at;
    Acceptance {
        event,
        plan: Plan {
            firings: vec![firing],
            ..plan(vec![gated(n, "a")])
        },
        ..acceptance(n, Vec::new())
    }
}

/// The `n`th event as one that the rule waits for, or is called off by.
fn signal(n: u64, millis: u64, name: &str, key: &str) -> Acceptance {
    let received_at = START.after(Duration::from_millis(millis));
    let mut event = event(n);
    event.received_at = received_at;
    let signal = Signal {
        rule: "rule".into(),
        name: name.into(),
        key: key.into(),
        received_at,
        keep: 3 * MINUTE,
    };
    Acceptance {
        event,
        plan: Plan {
            signals: vec![signal],
            ..plan(Vec::new())
        },
        ..acceptance(n, Vec::new())
    }
}

/// A millisecond less.
fn less(time: Duration) -> Duration {
    time.saturating_sub(MILLI)
}

fn throttle(key: &str, at_most: u32) -> Gates {
    let (key, per) = (key.into(), MINUTE);
    Gates {
        throttle: Some(Throttle { key, at_most, per }),
        ..Gates::default()
    }
}

fn unless() -> Gates {
    let (key, within) = ("k".into(), MINUTE);
    Gates {
        unless: Some(Unless { key, within }),
        ..Gates::default()
    }
}

fn join(names: &[&str]) -> Gates {
    Gates {
        join: Some(Join {
            key: "k".into(),
            within: MINUTE,
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            at_once: false,
        }),
        ..Gates::default()
    }
}

fn digest(closes: Closes, max: u32, min: u32) -> Gates {
    let key = "k".into();
    Gates {
        digest: Some(Digest {
            key,
            closes,
            max,
            min,
        }),
        ..Gates::default()
    }
}

fn changed(value: Value, from: Option<Value>, to: Option<Value>) -> Gates {
    let key = "k".into();
    Gates {
        changed: Some(Changed {
            key,
            value,
            from,
            to,
        }),
        ..Gates::default()
    }
}

impl<B: Bed> World<B> {
    async fn accept_all(&self, batch: Vec<Acceptance>) {
        self.store.accept(batch).await.unwrap();
    }

    /// Opens what is due and leases nothing.
    async fn look(&self) -> Option<Duration> {
        self.claim(&[]).await.next_due
    }

    /// Where the jobs of these events stand, after a look.
    async fn after_look(&self, events: &[u64]) -> Vec<JobState> {
        self.look().await;
        let mut found = Vec::new();
        for n in events {
            found.extend(states(&self.store, *n, &["a"]).await);
        }
        found
    }

    async fn why(&self, n: u64) -> String {
        state(&self.store, job(n, "a").id).await.1.unwrap()
    }
}

pub(crate) async fn a_gateless_firing_opens_at_the_next_claim(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, fired(1, 0, Gates::default())).await;
    assert_eq!(states(&world.store, 1, &["a"]).await, [Waiting]);
    let before = world.store.firings(id(1)).await.unwrap();
    assert_eq!(before[0].state, FiringState::Waiting);
    let claimed = world.claim(&[("chat", 9)]).await.jobs;
    assert_eq!(claimed.len(), 1, "opened and leased by one claim");
    let after = world.store.firings(id(1)).await.unwrap();
    assert_eq!(
        (after[0].state, &*after[0].rule),
        (FiringState::Opened, "rule")
    );
}

pub(crate) async fn a_throttle_lets_so_many_through(bed: impl Bed) {
    let world = World::new(bed);
    let batch = (1..=5).map(|n| fired(n, n, throttle("k", 3)));
    world.accept_all(batch.collect()).await;
    accept(&world.store, fired(6, 6, throttle("other", 3))).await;
    let now = world.after_look(&[1, 2, 3, 4, 5, 6]).await;
    assert_eq!(now, [Ready, Ready, Ready, Throttled, Throttled, Ready]);
    assert!(world.why(4).await.contains("at most 3 in 1m for `k`"));
    let ended = world.store.firings(id(4)).await.unwrap();
    assert_eq!(
        (ended[0].state, ended[0].gate),
        (FiringState::Ended, Gate::Throttle)
    );
    // The window slides: the first left it when the last of a minute later is received.
    let world = world.reopen();
    world
        .accept_all(vec![fired(7, 60_000, throttle("k", 3))])
        .await;
    world
        .accept_all(vec![fired(8, 60_001, throttle("k", 3))])
        .await;
    world
        .accept_all(vec![fired(9, 60_001, throttle("k", 3))])
        .await;
    assert_eq!(
        world.after_look(&[7, 8, 9]).await,
        [Throttled, Ready, Throttled]
    );
}

pub(crate) async fn a_late_event_counts_beside_those_before_it(bed: impl Bed) {
    let world = World::new(bed);
    world
        .accept_all(vec![fired(1, 70_000, throttle("k", 1))])
        .await;
    world.accept_all(vec![fired(2, 1, throttle("k", 1))]).await;
    assert_eq!(world.after_look(&[1, 2]).await, [Ready, Throttled]);
    world.pass(3600);
    world.store.sweep(Duration::from_hours(24)).await.unwrap();
    world
        .accept_all(vec![fired(3, 130_000, throttle("k", 1))])
        .await;
    assert_eq!(world.after_look(&[3]).await, [Ready], "a minute later");
}

pub(crate) async fn a_pass_counts_for_what_comes_late_after_a_sweep(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, fired(1, 0, throttle("k", 1))).await;
    assert_eq!(world.after_look(&[1]).await, [Ready]);
    world.clock.advance(MINUTE + SETTLING);
    world.store.sweep(MINUTE).await.unwrap();
    accept(&world.store, fired(2, 59_999, throttle("k", 1))).await;
    assert_eq!(world.after_look(&[2]).await, [Throttled]);
}

pub(crate) async fn a_throttle_outlives_a_clock_that_was_set_back(bed: impl Bed) {
    let world = World::new(bed);
    let years = 1000 * 3600 * 24 * 3650;
    accept(&world.store, fired(1, years, throttle("k", 2))).await;
    accept(&world.store, fired(2, years, throttle("k", 2))).await;
    assert_eq!(world.after_look(&[1, 2]).await, [Ready, Ready]);
    let batch = (3..=5).map(|n| fired(n, n, throttle("k", 2)));
    world.accept_all(batch.collect()).await;
    assert_eq!(
        world.after_look(&[3, 4, 5]).await,
        [Ready, Ready, Throttled]
    );
}

pub(crate) async fn a_value_passes_when_it_changed(bed: impl Bed) {
    let world = World::new(bed);
    let up = || changed(json!("up"), None, None);
    let down = || changed(json!("down"), None, None);
    let batch = vec![fired(1, 1, up()), fired(2, 2, up()), fired(3, 3, down())];
    world.accept_all(batch).await;
    let world = world.reopen();
    // Order of arrival decides, not the time they were received at.
    world
        .accept_all(vec![fired(4, 0, down()), fired(5, 9, up())])
        .await;
    let now = world.after_look(&[1, 2, 3, 4, 5]).await;
    assert_eq!(now, [Ready, Skipped, Ready, Skipped, Ready]);
    let why = world.why(2).await;
    assert!(
        why.contains("did not change") && why.contains("\"up\""),
        "{why}"
    );
}

pub(crate) async fn from_and_to_say_which_change(bed: impl Bed) {
    let world = World::new(bed);
    let resolved = |value: &str| {
        let (from, to) = (json!("firing"), json!("resolved"));
        changed(json!(value), Some(from), Some(to))
    };
    for (n, value, expected) in [
        (1, "resolved", Skipped),
        (2, "firing", Skipped),
        (3, "resolved", Ready),
        (4, "resolved", Skipped),
        (5, "other", Skipped),
        (6, "resolved", Skipped),
        (7, "firing", Skipped),
        (8, "resolved", Ready),
    ] {
        accept(&world.store, fired(n, n, resolved(value))).await;
        assert_eq!(world.after_look(&[n]).await, [expected], "{n}: {value}");
    }
    assert!(world.why(1).await.contains("no value of `k` was seen"));
    assert!(world.why(6).await.contains("it must have been \"firing\""));
    let one = changed(json!(1), None, None);
    accept(&world.store, fired(10, 10, one)).await;
    let same = changed(serde_json::from_str("1.0").unwrap(), None, None);
    accept(&world.store, fired(11, 11, same)).await;
    assert_eq!(world.after_look(&[10, 11]).await, [Ready, Skipped]);
}

pub(crate) async fn what_nobody_calls_off_happens(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, fired(1, 0, unless())).await;
    assert_eq!(world.look().await, Some(MINUTE + SETTLING));
    world.clock.advance(less(MINUTE + SETTLING));
    assert_eq!(world.after_look(&[1]).await, [Waiting]);
    let world = world.reopen();
    world.clock.advance(MILLI);
    assert_eq!(world.after_look(&[1]).await, [Ready]);
    let (opened, _) = world.store.job(job(1, "a").id).await.unwrap().unwrap();
    assert_eq!(opened.due_at, world.clock.now());
}

pub(crate) async fn another_event_calls_off(bed: impl Bed) {
    let world = World::new(bed);
    // The edges of the window count; what lies outside of it does not, nor does another key or name.
    let cases = [
        (1, signal(101, 59_999, "", "k1"), true),
        (2, signal(102, 60_000, "", "k2"), true),
        (3, signal(103, 60_001, "", "k3"), false),
        (4, signal(104, 0, "", "k4"), true),
        (5, signal(105, 30_000, "", "another"), false),
        (6, signal(106, 30_000, "name", "k6"), false),
    ];
    let events = [1, 2, 3, 4, 5, 6];
    for n in events {
        let mut gates = unless();
        gates.unless.as_mut().unwrap().key = format!("k{n}");
        accept(&world.store, fired(n, 0, gates)).await;
    }
    assert_eq!(world.after_look(&events).await, [Waiting; 6]);
    let expected = |otherwise| cases_of(&cases, otherwise);
    let (while_waiting, at_the_end) = (expected(Waiting), expected(Ready));
    for (_, other, _) in cases {
        accept(&world.store, other).await;
    }
    assert_eq!(world.after_look(&events).await, while_waiting);
    assert!(world.why(2).await.contains(&id(102).to_string()));
    world.clock.advance(MINUTE + SETTLING);
    assert_eq!(world.after_look(&events).await, at_the_end);
}

fn cases_of(cases: &[(u64, Acceptance, bool)], otherwise: JobState) -> Vec<JobState> {
    let state = |(_, _, off): &(u64, Acceptance, bool)| if *off { Cancelled } else { otherwise };
    cases.iter().map(state).collect()
}

pub(crate) async fn only_what_comes_after_calls_off(bed: impl Bed) {
    let world = World::new(bed);
    // Stored before and received before; stored before and received after; its own event.
    accept(&world.store, signal(101, 999, "", "k")).await;
    let mut own = fired(1, 1_000, unless());
    own.plan.signals = signal(1, 1_000, "", "k").plan.signals;
    accept(&world.store, own).await;
    assert_eq!(world.after_look(&[1]).await, [Waiting]);
    accept(&world.store, signal(102, 2_000, "", "k")).await;
    assert_eq!(world.after_look(&[1]).await, [Cancelled]);
    accept(&world.store, fired(2, 1_500, unless())).await;
    assert_eq!(world.after_look(&[2]).await, [Cancelled], "known already");
}

pub(crate) async fn two_events_are_joined_in_either_order(bed: impl Bed) {
    let world = World::new(bed);
    // The nearest in time counts; of two as near, the earlier stored.
    for batch in [
        vec![
            signal(101, 40_000, "paid", "k"),
            signal(102, 70_000, "paid", "k"),
        ],
        vec![
            signal(103, 50_000, "paid", "other"),
            signal(104, 50_000, "else", "k"),
        ],
    ] {
        world.accept_all(batch).await;
    }
    accept(&world.store, fired(1, 60_000, join(&["paid"]))).await;
    assert_eq!(world.after_look(&[1]).await, [Ready]);
    let beside = world.store.companions(firing(1, 0, Gates::default()).id);
    let beside = beside.await.unwrap();
    let found: Vec<_> = beside.iter().map(|one| (&*one.name, one.event)).collect();
    assert_eq!(found, [("paid", id(102))]);
    // The other one comes later, after a restart, and is not used up.
    let two = || join(&["paid", "shipped"]);
    world
        .accept_all(vec![fired(2, 60_000, two()), fired(3, 60_000, two())])
        .await;
    assert_eq!(world.after_look(&[2, 3]).await, [Waiting, Waiting]);
    let world = world.reopen();
    accept(&world.store, signal(105, 120_000, "shipped", "k")).await;
    assert_eq!(world.after_look(&[2, 3]).await, [Ready, Ready]);
    let beside = world.store.companions(firing(3, 0, Gates::default()).id);
    let beside = beside.await.unwrap();
    let found: Vec<_> = beside.iter().map(|one| (&*one.name, one.event)).collect();
    assert_eq!(found, [("paid", id(102)), ("shipped", id(105))]);
}

pub(crate) async fn what_comes_too_late_is_not_joined(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, signal(101, 0, "paid", "k")).await;
    accept(&world.store, fired(1, 60_000, join(&["paid"]))).await;
    accept(&world.store, fired(2, 60_001, join(&["paid"]))).await;
    assert_eq!(world.after_look(&[1, 2]).await, [Ready, Waiting]);
    accept(&world.store, signal(102, 120_002, "paid", "k")).await;
    assert_eq!(
        world.after_look(&[2]).await,
        [Waiting],
        "a millisecond too late"
    );
    world.clock.advance(2 * MINUTE + SETTLING + MILLI);
    assert_eq!(world.after_look(&[2]).await, [Skipped]);
    let why = world.why(2).await;
    assert!(
        why.contains("`paid`") && why.contains("`k`") && why.contains("1m"),
        "{why}"
    );
    let mut at_once = join(&["shipped"]);
    at_once.join.as_mut().unwrap().at_once = true;
    accept(&world.store, fired(3, 200_000, at_once)).await;
    assert_eq!(world.after_look(&[3]).await, [Skipped], "it does not wait");
}

pub(crate) async fn a_digest_gathers_until_its_window_closes(bed: impl Bed) {
    let world = World::new(bed);
    let window = || digest(Closes::Window(MINUTE), 100, 1);
    world
        .accept_all(vec![fired(1, 0, window()), fired(2, 5, window())])
        .await;
    assert_eq!(world.after_look(&[1, 2]).await, [Waiting, Merged]);
    assert!(world.why(2).await.contains(&id(1).to_string()));
    let world = world.reopen();
    world.clock.advance(less(MINUTE));
    world.accept_all(vec![fired(3, 59_999, window())]).await;
    assert_eq!(world.after_look(&[1, 3]).await, [Waiting, Merged]);
    let leads = world.store.firings(id(1)).await.unwrap();
    assert_eq!(
        (leads[0].state, leads[0].gathered),
        (FiringState::Gathering, 3)
    );
    world.clock.advance(MILLI);
    world.accept_all(vec![fired(4, 60_000, window())]).await;
    assert_eq!(
        world.after_look(&[1, 4]).await,
        [Ready, Waiting],
        "a new one"
    );
    let world = world.reopen();
    let gathered = world.store.companions(firing(1, 0, Gates::default()).id);
    let gathered = gathered.await.unwrap();
    let found: Vec<_> = gathered
        .into_iter()
        .map(|one| (one.event, one.vars))
        .collect();
    let vars = |n: u64| Some(json!({"n": n}));
    assert_eq!(
        found,
        [(id(1), vars(1)), (id(2), vars(2)), (id(3), vars(3))]
    );
}

pub(crate) async fn a_digest_closes_when_it_is_quiet_or_full(bed: impl Bed) {
    let world = World::new(bed);
    let quiet = |max| digest(Closes::Quiet(MINUTE), max, 1);
    accept(&world.store, fired(1, 0, quiet(9))).await;
    assert_eq!(world.look().await, Some(MINUTE));
    world.pass(50);
    accept(&world.store, fired(2, 50_000, quiet(9))).await;
    assert_eq!(world.look().await, Some(MINUTE), "since the last");
    world.pass(60);
    assert_eq!(world.after_look(&[1, 2]).await, [Ready, Merged]);
    let batch = (11..=15).map(|n| fired(n, 111_000, quiet(2)));
    world.accept_all(batch.collect()).await;
    let now = world.after_look(&[11, 12, 13, 14, 15]).await;
    assert_eq!(now, [Ready, Merged, Ready, Merged, Waiting]);
    let mut large = fired(16, 111_000, quiet(9));
    large.plan.firings[0].body_bytes = crate::plan::DIGEST_BYTES_MAX;
    accept(&world.store, large).await;
    assert_eq!(world.after_look(&[15, 16]).await, [Ready, Merged]);
}

pub(crate) async fn a_digest_of_too_few_comes_to_nothing(bed: impl Bed) {
    let world = World::new(bed);
    let three = || digest(Closes::Window(MINUTE), 100, 3);
    world
        .accept_all(vec![fired(1, 0, three()), fired(2, 0, three())])
        .await;
    world.look().await;
    world.clock.advance(MINUTE);
    assert_eq!(world.after_look(&[1, 2]).await, [Skipped, Merged]);
    assert!(world.why(1).await.contains("2 events came"));
    let at = |cron: &str| Closes::At {
        cron: cron.into(),
        tz: "UTC".into(),
    };
    // The clock stands at 22:14:20 then.
    accept(
        &world.store,
        fired(3, 60_000, digest(at("20 22 * * *"), 9, 1)),
    )
    .await;
    assert_eq!(world.look().await, Some(Duration::from_secs(340)));
}

pub(crate) async fn a_delay_counts_from_where_it_opened(bed: impl Bed) {
    let world = World::new(bed);
    let delay = Duration::from_mins(10);
    let delayed = |gates| Gates { delay, ..gates };
    let jobs = vec![
        gated(1, "a"),
        NewJob {
            after: vec![job(1, "a").id],
            ..gated(1, "b")
        },
    ];
    let mut one = fired(1, 0, delayed(Gates::default()));
    one.plan.jobs = jobs;
    world.pass(1);
    accept(&world.store, one).await;
    accept(&world.store, fired(2, 0, delayed(unless()))).await;
    world.look().await;
    let due = async |n| {
        let (job, _) = world.store.job(job(n, "a").id).await.unwrap().unwrap();
        (job.state, job.due_at.since(START))
    };
    assert_eq!(due(1).await, (Ready, delay));
    world.pass(100);
    world.look().await;
    assert_eq!(due(2).await, (Ready, MINUTE + delay));
    world.pass(499);
    let leased = world.claim_one().await;
    let outputs = json!({});
    assert!(world.record(&leased, Next::Done { outputs }).await);
    assert_eq!(states(&world.store, 1, &["a", "b"]).await, [Done, Ready]);
}

pub(crate) async fn what_is_held_waits_for_the_hour(bed: impl Bed) {
    let world = World::new(bed);
    let held = |gates| Gates {
        held_until: Some(START.after(Duration::from_hours(8))),
        ..gates
    };
    let batch = (1..=2).map(|n| fired(n, n * 1000, held(throttle("k", 1))));
    world.accept_all(batch.collect()).await;
    assert_eq!(world.look().await, Some(Duration::from_hours(8)));
    let world = world.reopen();
    world.clock.advance(Duration::from_hours(8));
    // They come to the throttle at the same moment, however far apart they were received.
    assert_eq!(world.after_look(&[1, 2]).await, [Ready, Throttled]);
}

pub(crate) async fn one_claim_looks_at_so_many_firings(bed: impl Bed) {
    let world = World::new(bed);
    let many = 1 + crate::stores::FIRINGS_PER_CLAIM as u64;
    let batch = (1..=many).map(|n| fired(n, 0, Gates::default()));
    world.accept_all(batch.collect()).await;
    assert_eq!(world.look().await, Some(Duration::ZERO), "more is due");
    assert_eq!(states(&world.store, many, &["a"]).await, [Waiting]);
    assert_eq!(world.look().await, None);
    assert_eq!(states(&world.store, many, &["a"]).await, [Ready]);
}

pub(crate) async fn what_gates_need_is_kept_and_then_swept(bed: impl Bed) {
    let world = World::new(bed);
    let day = Duration::from_hours(24);
    accept(&world.store, signal(101, 0, "paid", "k")).await;
    accept(
        &world.store,
        fired(1, 0, digest(Closes::Window(10 * day), 9, 1)),
    )
    .await;
    accept(
        &world.store,
        fired(2, 0, digest(Closes::Window(10 * day), 9, 1)),
    )
    .await;
    world.look().await;
    world.clock.advance(2 * MINUTE);
    world.store.sweep(MINUTE).await.unwrap();
    let there = async |n| world.store.event(id(n)).await.unwrap().is_some();
    assert!(
        there(101).await,
        "a firing may yet want to be joined with it"
    );
    assert!(there(1).await && there(2).await, "the digest is open");
    world.clock.advance(2 * MINUTE);
    world.store.sweep(MINUTE).await.unwrap();
    assert!(!there(101).await);
    assert!(there(2).await, "the digest will show it");
    world.clock.advance(10 * day);
    let leased = world.claim_one().await;
    world.store.sweep(MINUTE).await.unwrap();
    assert!(there(2).await);
    let outputs = json!({});
    assert!(world.record(&leased, Next::Done { outputs }).await);
    world.store.sweep(MINUTE).await.unwrap();
    assert!(!there(1).await && !there(2).await);
}
