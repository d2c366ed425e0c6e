//! Promises about what is kept, listed and cleared away.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{accept, acceptance, event, follower, id, job, keyed, states, whole};
use super::{Bed, World};
use crate::event::{JobId, MediaKind, Payload};
use crate::plan::{JobState, NewJob};
use crate::stores::{
    EventQuery, JobQuery, LEASE, LIST_MAX, Next, PAGE_BYTES_MAX, Store, WholePage,
};

const DAY: Duration = Duration::from_hours(24);

pub(crate) async fn a_sweep_keeps_what_is_pending_or_dead(bed: impl Bed) {
    let world = World::new(bed);
    let done = Next::Done { outputs: json!({}) };
    // 1: done, 2: dead with a skipped follower, 3: ready, 4: waiting, 5: no jobs, 6: leased, 7: shadow.
    accept(&world.store, keyed(1, "k")).await;
    let leased = world.claim_one().await;
    assert!(world.record(&leased, done.clone()).await);
    let jobs = vec![job(2, "a"), follower(2, "b", &["a"])];
    accept(&world.store, acceptance(2, jobs)).await;
    let reason = "404".to_owned();
    let leased = world.claim_one().await;
    assert!(world.record(&leased, Next::Dead { reason }).await);
    let later = |n| NewJob {
        delay: DAY * 10,
        ..job(n, "a")
    };
    accept(&world.store, acceptance(3, vec![later(3)])).await;
    let jobs = vec![later(4), follower(4, "b", &["a"])];
    accept(&world.store, acceptance(4, jobs)).await;
    accept(&world.store, acceptance(5, Vec::new())).await;
    let shadow = NewJob {
        state: JobState::Shadow,
        ..job(7, "a")
    };
    accept(&world.store, acceptance(7, vec![shadow])).await;

    let none = world.store.sweep(DAY).await.unwrap();
    assert_eq!(none, crate::stores::Swept::default());
    world.clock.advance(DAY);
    let swept = world.store.sweep(DAY).await.unwrap();
    assert_eq!((swept.events, swept.dedupe_keys), (0, 1), "not older yet");
    world.clock.advance(Duration::from_millis(1));
    accept(&world.store, acceptance(6, vec![job(6, "a")])).await;
    let leased = world.claim_one().await;
    let swept = world.store.sweep(DAY).await.unwrap();
    assert_eq!((swept.events, swept.dedupe_keys, swept.leases), (3, 0, 0));
    let events = world.store.events(EventQuery::default()).await.unwrap();
    let left: Vec<_> = events.iter().map(|event| event.id).collect();
    assert_eq!(left, [6, 4, 3, 2].map(id));
    assert!(world.store.job(job(1, "tell").id).await.unwrap().is_none());
    assert!(world.store.event(id(1)).await.unwrap().is_none());
    assert_eq!(states(&world.store, 2, &["b"]).await, [JobState::Skipped]);
    let shadows = (JobState::Shadow, 0);
    assert!(world.store.counts().await.unwrap().contains(&shadows));

    assert!(world.record(&leased, done).await);
    assert_eq!(world.store.sweep(DAY).await.unwrap().events, 1);
}

pub(crate) async fn a_sweep_returns_leases_that_ran_out(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![job(1, "a"), job(1, "b")];
    accept(&world.store, acceptance(1, jobs)).await;
    world.claim(&[("chat", 1)]).await;
    world.pass(1);
    world.claim(&[("chat", 1)]).await;
    world
        .clock
        .advance(LEASE.saturating_sub(Duration::from_secs(1)));
    assert_eq!(world.store.sweep(DAY).await.unwrap().leases, 1);
    let expected = [JobState::Ready, JobState::Leased];
    assert_eq!(states(&world.store, 1, &["a", "b"]).await, expected);
}

pub(crate) async fn events_are_listed_newest_first(bed: impl Bed) {
    let world = World::new(bed);
    for n in [3, 1, 2, 5, 4] {
        let mut one = acceptance(n, Vec::new());
        if n % 2 == 0 {
            one.event.source.name = "even".into();
            one.event.names = vec!["orders".into(), format!("orders.\"{n}\"")];
        }
        accept(&world.store, one).await;
    }
    let list = async |query| {
        let events = world.store.events(query).await.unwrap();
        events.into_iter().map(|event| event.id).collect::<Vec<_>>()
    };
    let all = EventQuery::default();
    assert_eq!(list(all.clone()).await, [5, 4, 3, 2, 1].map(id));
    let page = |before: Option<u64>| EventQuery {
        before: before.map(id),
        limit: 2,
        ..all.clone()
    };
    assert_eq!(list(page(None)).await, [5, 4].map(id));
    assert_eq!(list(page(Some(4))).await, [3, 2].map(id));
    assert_eq!(list(page(Some(2))).await, [1].map(id));
    let named = |name: &str| EventQuery {
        name: Some(name.into()),
        ..all.clone()
    };
    assert_eq!(list(named("orders")).await.len(), 5);
    assert_eq!(list(named("orders.\"2\"")).await, [id(2)]);
    assert_eq!(list(named("order")).await, []);
    let even = EventQuery {
        source: Some("even".into()),
        ..all.clone()
    };
    assert_eq!(list(even).await, [4, 2].map(id));
    let odd = EventQuery {
        source: Some("' OR 1 = 1 --".into()),
        ..all.clone()
    };
    assert_eq!(list(odd).await, []);
}

pub(crate) async fn events_come_back_whole_in_pages(bed: impl Bed) {
    let world = World::new(bed);
    for n in [2, 1, 3, 4] {
        let mut one = acceptance(n, Vec::new());
        if n == 2 {
            one.event.source.name = "even".into();
        }
        if n == 3 {
            let body = format!("\"{}\"", "x".repeat(PAGE_BYTES_MAX));
            one.event.payload = Payload::new(body.into(), MediaKind::Json).unwrap();
        }
        accept(&world.store, one).await;
    }
    let page = async |query: EventQuery| {
        let page = world.store.events_whole(query).await.unwrap();
        assert_eq!(page.damaged, []);
        let ids: Vec<_> = page.events.iter().map(|event| event.id).collect();
        (ids, page.next)
    };
    let all = EventQuery::default();
    let before = |n| EventQuery {
        before: Some(id(n)),
        limit: 1,
        ..all.clone()
    };
    // The large body ends the first page.
    assert_eq!(
        page(all.clone()).await,
        ([4, 3].map(id).into(), Some(id(3)))
    );
    assert_eq!(page(before(3)).await, ([2].map(id).into(), Some(id(2))));
    assert_eq!(page(before(2)).await, ([1].map(id).into(), Some(id(1))));
    assert_eq!(page(before(1)).await, (Vec::new(), None));
    let even = EventQuery {
        source: Some("even".into()),
        ..all.clone()
    };
    assert_eq!(page(even).await, ([2].map(id).into(), None));

    let found = world.store.events_whole(before(2)).await.unwrap();
    let text = serde_json::to_string(&found).unwrap();
    let sent: WholePage = serde_json::from_str(&text).unwrap();
    assert_eq!(sent, found);
    let restored = sent.events.into_iter().next().unwrap().restore().unwrap();
    assert_eq!(whole(&restored), whole(&event(1)));
}

pub(crate) async fn jobs_are_listed_last_first(bed: impl Bed) {
    let world = World::new(bed);
    let mail = NewJob {
        destination: "mail".into(),
        rule: "other".into(),
        ..job(1, "b")
    };
    let jobs = vec![job(1, "a"), mail, follower(1, "c", &["a"])];
    accept(&world.store, acceptance(1, jobs)).await;
    let many = (0..LIST_MAX).map(|n| job(2, &format!("m{n}"))).collect();
    accept(&world.store, acceptance(2, many)).await;
    let list = async |query| {
        let jobs = world.store.jobs(query).await.unwrap();
        jobs.into_iter().map(|job| job.action).collect::<Vec<_>>()
    };
    let all = JobQuery::default();
    let limited = |limit| JobQuery {
        limit,
        ..all.clone()
    };
    assert_eq!(list(limited(0)).await.len(), LIST_MAX);
    assert_eq!(list(limited(usize::MAX)).await.len(), LIST_MAX);
    assert_eq!(list(limited(2)).await, ["m499", "m498"]);
    let first = JobQuery {
        event: Some(id(1)),
        ..all.clone()
    };
    assert_eq!(list(first.clone()).await, ["c", "b", "a"]);
    let states = JobQuery {
        states: vec![JobState::Waiting, JobState::Done],
        ..all.clone()
    };
    assert_eq!(list(states).await, ["c"]);
    let mail = JobQuery {
        destination: Some("mail".into()),
        ..all.clone()
    };
    assert_eq!(list(mail).await, ["b"]);
    let rule = JobQuery {
        rule: Some("rule".into()),
        states: vec![JobState::Ready],
        ..first
    };
    assert_eq!(list(rule).await, ["a"]);
}

pub(crate) async fn facts_and_rule_sets_are_kept(bed: impl Bed) {
    let world = World::new(bed);
    let store = &world.store;
    assert_eq!(store.recall("page/é").await.unwrap(), None);
    store.remember("page/é", "1").await.unwrap();
    store.remember("page/é", "2").await.unwrap();
    store.keep_rule_set("h", "rules: []").await.unwrap();
    store.keep_rule_set("h", "another text").await.unwrap();
    let world = world.reopen();
    let fact = world.store.recall("page/é").await.unwrap();
    assert_eq!(fact.as_deref(), Some("2"));
    let rules = world.store.rule_set("h").await.unwrap();
    assert_eq!(rules.as_deref(), Some("rules: []"));
    assert_eq!(world.store.rule_set("H").await.unwrap(), None);
}

pub(crate) async fn a_restart_keeps_everything(bed: impl Bed) {
    let world = World::new(bed);
    for n in 1..=5 {
        let jobs = vec![job(n, "a"), follower(n, "b", &["a"])];
        accept(&world.store, acceptance(n, jobs)).await;
    }
    let leased = world.claim(&[("chat", 3)]).await.jobs;
    let outputs = Value::Null;
    assert!(world.record(&leased[0], Next::Done { outputs }).await);
    let reason = "x".to_owned();
    assert!(world.record(&leased[1], Next::Dead { reason }).await);
    assert!(world.record(&leased[2], Next::Release).await);
    let tried = leased[0].job.id;
    let before = seen(&world.store, tried).await;
    let world = world.reopen().reopen();
    assert_eq!(seen(&world.store, tried).await, before);
}

/// What must be the same after a restart.
async fn seen(store: &dyn Store, tried: JobId) -> impl PartialEq + std::fmt::Debug + use<> {
    let events = store.events(EventQuery::default()).await.unwrap();
    let jobs = store.jobs(JobQuery::default()).await.unwrap();
    let third = store.event(id(3)).await.unwrap().unwrap();
    let history = store.job(tried).await.unwrap();
    (
        events,
        jobs,
        store.counts().await.unwrap(),
        whole(&third),
        history,
    )
}
