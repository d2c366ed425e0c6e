//! Promises about events coming in.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::fixtures::{accept, acceptance, event, follower, id, job, keyed, plan, states, whole};
use super::{Bed, World};
use crate::event::{Event, MediaKind, Payload, Proof, Strength};
use crate::plan::{JobBody, JobState, NewJob};
use crate::stores::{Acceptance, Accepted, EventQuery, JobQuery, LEASE, Store, StoreError};

pub(crate) async fn events_come_back_exactly(bed: impl Bed) {
    let world = World::new(bed);
    let field = MediaKind::FormField("payload".into());
    let form = Bytes::from_static(b"payload=%7B%7D&x=%00%FF");
    let odd = Event {
        delivery_id: None,
        payload: Payload::new(form, field).unwrap(),
        proof: Proof::restored_by_stores(Strength::Unsigned),
        ..event(2)
    };
    let text = Payload::new(Bytes::from("\u{feff}\0é\r\n"), MediaKind::Text).unwrap();
    let text = Event {
        payload: text,
        names: vec!["unknown".into()],
        ..event(3)
    };
    let expected = [whole(&event(1)), whole(&odd), whole(&text)];
    for (n, event) in (1..).zip([event(1), odd, text]) {
        let one = Acceptance {
            event,
            ..acceptance(n, Vec::new())
        };
        accept(&world.store, one).await;
    }
    let world = world.reopen();
    for (n, expected) in (1..).zip(expected) {
        let found = world.store.event(id(n)).await.unwrap().unwrap();
        assert_eq!(whole(&found), expected);
        let summary = world.store.event_summary(id(n)).await.unwrap().unwrap();
        assert_eq!(summary.body_bytes, found.payload.raw().len() as u64);
        assert_eq!(summary.strength, found.proof.strength());
        assert_eq!((&*summary.rule_set, summary.runs), ("hash-1", 0));
        assert_eq!(summary.matched, ["rule"]);
    }
    assert!(world.store.event(id(9)).await.unwrap().is_none());
    assert!(world.store.event_summary(id(9)).await.unwrap().is_none());
}

pub(crate) async fn a_known_key_is_a_duplicate(bed: impl Bed) {
    let world = World::new(bed);
    let same_body = Acceptance {
        event: Event {
            payload: event(1).payload,
            ..event(3)
        },
        ..keyed(3, "k")
    };
    let mut other_source = keyed(4, "k");
    other_source.event.source.name = "other".into();
    let batch = vec![keyed(1, "k"), keyed(2, "k"), same_body, other_source];
    let answers = world.store.accept(batch).await.unwrap();
    let duplicate = |same_body| Accepted::Duplicate {
        first: id(1),
        same_body,
    };
    let new = || Accepted::New(Vec::new());
    assert_eq!(answers, [new(), duplicate(false), duplicate(true), new()]);
    let again = world.store.accept(vec![keyed(5, "k")]).await.unwrap();
    assert_eq!(again, [duplicate(false)]);

    assert!(world.store.event(id(2)).await.unwrap().is_none());
    let jobs = world.store.jobs(JobQuery::default()).await.unwrap();
    let of: Vec<_> = jobs.iter().map(|job| job.event).collect();
    assert_eq!(of, [id(4), id(1)], "jobs of the new ones only");
}

pub(crate) async fn keys_are_forgotten_in_time(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, keyed(1, "k")).await;
    world.clock.advance(Duration::from_millis(59_999));
    let world = world.reopen();
    let answer = world.store.accept(vec![keyed(2, "k")]).await.unwrap();
    assert!(
        matches!(answer[0], Accepted::Duplicate { first, .. } if first == id(1)),
        "{answer:?}"
    );
    world.clock.advance(Duration::from_millis(1));
    accept(&world.store, keyed(3, "k")).await;
    let answer = world.store.accept(vec![keyed(4, "k")]).await.unwrap();
    assert!(
        matches!(answer[0], Accepted::Duplicate { first, .. } if first == id(3)),
        "{answer:?}"
    );
}

pub(crate) async fn one_of_sixteen_is_new(bed: impl Bed) {
    let world = World::new(bed);
    let store = Arc::new(world.store);
    for round in 0..20 {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..16 {
            let store = Arc::clone(&store);
            let one = keyed(100 * round + n, &format!("k{round}"));
            tasks.spawn(async move { store.accept(vec![one]).await.unwrap().remove(0) });
        }
        let answers = tasks.join_all().await;
        let new = answers.iter().filter(|one| matches!(one, Accepted::New(_)));
        assert_eq!(new.count(), 1, "{answers:?}");
    }
    let counts = store.counts().await.unwrap();
    assert!(counts.contains(&(JobState::Ready, 20)), "{counts:?}");
}

pub(crate) async fn a_batch_is_kept_wholly_or_not_at_all(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "tell")])).await;
    let batch = vec![
        keyed(2, "k"),
        acceptance(1, vec![job(1, "other")]),
        acceptance(3, Vec::new()),
    ];
    let error = world.store.accept(batch).await.unwrap_err();
    assert!(matches!(error, StoreError::Failed(_)), "{error}");
    assert!(error.to_string().contains(&id(1).to_string()), "{error}");
    // A job that is there already, and one twice in a plan.
    let stolen = acceptance(4, vec![job(4, "a"), job(1, "tell")]);
    assert!(world.store.accept(vec![stolen]).await.is_err());
    let twice = acceptance(5, vec![job(5, "a"), job(5, "a")]);
    assert!(world.store.accept(vec![twice]).await.is_err());

    let events = world.store.events(EventQuery::default()).await.unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    let jobs = world.store.jobs(JobQuery::default()).await.unwrap();
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(world.store.accept(Vec::new()).await.unwrap(), []);
    // The key of the batch that failed is not remembered.
    accept(&world.store, keyed(6, "k")).await;
}

pub(crate) async fn wanted_jobs_are_leased_at_once(bed: impl Bed) {
    let world = World::new(bed);
    world.store.pause("paused", Some("410")).await.unwrap();
    let body = |needs_delivery| JobBody::Prepared {
        data: json!({}),
        needs_delivery,
    };
    let jobs = vec![
        NewJob {
            body: body(true),
            ..job(1, "forward")
        },
        NewJob {
            delay: Duration::from_secs(1),
            ..job(1, "later")
        },
        NewJob {
            destination: "paused".into(),
            ..job(1, "held")
        },
        follower(1, "after", &["forward"]),
        NewJob {
            state: JobState::Shadow,
            ..job(1, "shadow")
        },
        job(1, "not wanted"),
        NewJob {
            destination: String::new(),
            ..job(1, "log")
        },
    ];
    let wanted = ["log", "shadow", "after", "held", "later", "forward", "none"];
    let one = Acceptance {
        lease: wanted.iter().map(|action| job(1, action).id).collect(),
        ..acceptance(1, jobs)
    };
    let leased = accept(&world.store, one).await;
    let actions: Vec<_> = leased.iter().map(|one| &*one.job.action).collect();
    assert_eq!(actions, ["forward", "log"], "in the order of the plan");
    let delivery = leased[0].delivery.as_ref().unwrap();
    assert_eq!(delivery.headers, event(1).headers);
    assert_eq!(delivery.body, event(1).payload.raw());
    assert_eq!(leased[1].delivery, None);
    let (stored, _) = world.store.job(leased[0].job.id).await.unwrap().unwrap();
    assert_eq!(stored, leased[0].job);

    // The lease is one like those of a claim.
    let free = [("chat", 9), ("paused", 9), ("", 9)];
    let claimed = world.claim(&free).await.jobs;
    assert_eq!(claimed.len(), 1);
    assert_eq!(claimed[0].job.action, "not wanted");
    world.clock.advance(LEASE);
    let again = world.claim(&[("", 9)]).await.jobs;
    assert_eq!(again[0].lease.number, leased[1].lease.number + 1);
}

pub(crate) async fn replays_add_a_run(bed: impl Bed) {
    let world = World::new(bed);
    let replay = |run: u32| {
        let again = NewJob {
            id: crate::event::JobId::derive(id(1), run, "rule", "tell", ""),
            run,
            ..job(1, "tell")
        };
        let mut plan = plan(vec![again]);
        plan.rule_set = "hash-2".into();
        plan
    };
    let answer = world.store.accept_replay(id(1), 1, replay(1)).await;
    assert_eq!(answer.unwrap(), None, "there is no such event");
    accept(&world.store, keyed(1, "k")).await;
    let answer = world.store.accept_replay(id(1), 1, replay(1)).await;
    assert_eq!(answer.unwrap(), Some(1));
    let twice = world.store.accept_replay(id(1), 1, replay(1)).await;
    assert!(matches!(twice, Err(StoreError::Failed(_))), "{twice:?}");
    let answer = world.store.accept_replay(id(1), 2, replay(2)).await;
    assert_eq!(answer.unwrap(), Some(1));

    let summary = world.store.event_summary(id(1)).await.unwrap().unwrap();
    assert_eq!((&*summary.rule_set, summary.runs), ("hash-1", 2));
    let jobs = world.claim(&[("chat", 9)]).await.jobs;
    let runs: Vec<_> = jobs.iter().map(|one| one.job.run).collect();
    assert_eq!(runs, [0, 1, 2]);
    assert_eq!(jobs[2].job.event_name, "orders.create");
    assert_eq!(states(&world.store, 1, &["tell"]).await, [JobState::Leased]);
}
