//! Promises about followers, dead letters and stranded jobs.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{accept, acceptance, follower, id, job, state, states};
use super::{Bed, World};
use crate::event::JobId;
use crate::plan::JobState::{Dead, Done, Leased, Ready, Shadow, Skipped, Waiting};
use crate::plan::{JobBody, NewJob};
use crate::stores::{Next, OUTPUTS_BYTES_MAX, Store};

fn done(outputs: Value) -> Next {
    Next::Done { outputs }
}

fn dead() -> Next {
    Next::Dead {
        reason: "404".into(),
    }
}

pub(crate) async fn followers_become_ready_when_all_is_done(bed: impl Bed) {
    let world = World::new(bed);
    let delay = Duration::from_secs(9);
    let jobs = vec![
        job(1, "a"),
        job(1, "b"),
        NewJob {
            delay,
            ..follower(1, "c", &["a", "b"])
        },
        follower(1, "d", &["c"]),
        follower(1, "e", &["a", "a"]),
        follower(1, "f", &[]),
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    let all = ["a", "b", "c", "d", "e", "f"];
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Ready, Ready, Waiting, Waiting, Waiting, Ready]);
    let leased = world.claim(&[("chat", 2)]).await.jobs;
    world.pass(100);
    assert!(world.record(&leased[0], done(json!({}))).await);
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Done, Leased, Waiting, Waiting, Ready, Ready]);
    assert!(world.record(&leased[1], done(json!({}))).await);
    let (c, _) = world.store.job(job(1, "c").id).await.unwrap().unwrap();
    let due = world.clock.now().after(delay);
    assert_eq!((c.state, c.due_at, c.ready_at), (Ready, due, Some(due)));
    assert_eq!(states(&world.store, 1, &["d"]).await, [Waiting]);
}

pub(crate) async fn outputs_are_kept_for_followers(bed: impl Bed) {
    let world = World::new(bed);
    let other_rule = NewJob {
        id: JobId::derive(id(1), 0, "other", "a", ""),
        rule: "other".into(),
        ..job(1, "a")
    };
    let second_a = NewJob {
        id: JobId::derive(id(1), 0, "rule", "a", "2"),
        ..job(1, "a")
    };
    let other_item = NewJob {
        id: JobId::derive(id(1), 0, "rule", "a", "3"),
        item: Some(1),
        ..job(1, "a")
    };
    let last = NewJob {
        after: vec![job(1, "a").id, second_a.id],
        ..follower(1, "last", &[])
    };
    let jobs = vec![
        job(1, "a"),
        second_a,
        other_rule,
        job(1, "big"),
        job(1, "alone"),
        other_item,
        last,
        follower(1, "after big", &["big"]),
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    let leased = world.claim(&[("chat", 9)]).await.jobs;
    let page = json!({"id": 123_456_789_012_345_678_u64, "text": "\u{0}é"});
    let outputs = [
        json!({"first": 1}),
        page.clone(),
        json!("of another rule"),
        json!("x".repeat(OUTPUTS_BYTES_MAX)),
        json!("read by nobody"),
        json!("of another item"),
    ];
    for (leased, outputs) in leased.iter().zip(outputs) {
        assert!(world.record(leased, done(outputs)).await);
    }
    let world = world.reopen();
    let outputs = async |action| world.store.outputs(job(1, action).id).await.unwrap();
    let expected = json!({"a": page});
    assert_eq!(outputs("last").await.to_string(), expected.to_string());
    assert_eq!(outputs("after big").await, json!({"big": null}));
    assert_eq!(outputs("alone").await, json!({}));
}

pub(crate) async fn followers_of_the_dead_are_skipped_and_revived(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![
        follower(1, "c", &["b"]),
        job(1, "a"),
        follower(1, "b", &["a"]),
        job(1, "x"),
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    let leased = world.claim(&[("chat", 1)]).await.jobs.remove(0);
    assert!(world.record(&leased, dead()).await);
    let all = ["a", "b", "c", "x"];
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Dead, Skipped, Skipped, Ready]);
    let (a, attempts) = world.store.job(leased.job.id).await.unwrap().unwrap();
    assert_eq!((a.reason.as_deref(), a.attempts), (Some("404"), 1));
    assert_eq!(attempts.len(), 1);
    for action in ["b", "c"] {
        let (_, reason) = state(&world.store, job(1, action).id).await;
        assert!(reason.as_ref().unwrap().contains("`a`"), "{reason:?}");
    }

    let world = world.reopen();
    assert_eq!(
        world.store.requeue(vec![leased.job.id]).await.unwrap(),
        [Ok(())]
    );
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Ready, Waiting, Waiting, Ready]);
    assert_eq!(state(&world.store, job(1, "c").id).await.1, None);
    for action in ["x", "a", "b", "c"] {
        let leased = world.claim(&[("chat", 1)]).await.jobs.remove(0);
        assert_eq!(leased.job.action, action);
        assert!(world.record(&leased, done(json!({}))).await);
    }
}

pub(crate) async fn a_follower_of_two_dead_needs_both(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![
        job(1, "a"),
        job(1, "b"),
        follower(1, "c", &["a", "b"]),
        follower(1, "d", &["c"]),
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    for leased in world.claim(&[("chat", 2)]).await.jobs {
        assert!(world.record(&leased, dead()).await);
    }
    let requeue = async |action| world.store.requeue(vec![job(1, action).id]).await.unwrap();
    assert_eq!(requeue("a").await, [Ok(())]);
    let all = ["a", "b", "c", "d"];
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Ready, Dead, Skipped, Skipped]);
    for action in ["c", "d"] {
        let (_, reason) = state(&world.store, job(1, action).id).await;
        assert!(reason.as_ref().unwrap().contains("`b`"), "{reason:?}");
    }
    assert_eq!(requeue("b").await, [Ok(())]);
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Ready, Ready, Waiting, Waiting]);
}

pub(crate) async fn what_cannot_be_done_at_birth_is_skipped(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![
        follower(1, "of c", &["c"]),
        follower(1, "c", &["born dead"]),
        NewJob {
            state: Dead,
            reason: Some("payload.x is missing".into()),
            body: JobBody::Unprepared,
            ..job(1, "born dead")
        },
        NewJob {
            state: Shadow,
            ..job(1, "shadow")
        },
        follower(1, "of shadow", &["shadow"]),
        follower(1, "of nobody", &["nobody"]),
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    let all = ["of c", "c", "born dead", "shadow", "of shadow", "of nobody"];
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Skipped, Skipped, Dead, Shadow, Skipped, Skipped]);
    let why = async |action| state(&world.store, job(1, action).id).await.1.unwrap();
    assert_eq!(why("born dead").await, "payload.x is missing");
    assert!(why("of c").await.contains("`born dead`"));
    assert!(why("of shadow").await.contains("`shadow`"));
    let nobody = job(1, "nobody").id.to_string();
    assert!(why("of nobody").await.contains(&nobody));
    assert_eq!(world.claim(&[("chat", 9)]).await.jobs, []);
}

pub(crate) async fn requeueing_starts_afresh_and_goes_last(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "first")])).await;
    let retry = Next::Retry {
        after: Duration::from_secs(1),
        counts: true,
    };
    let leased = world.claim_one().await;
    assert!(world.record(&leased, retry).await);
    world.pass(1);
    let leased = world.claim_one().await;
    assert!(world.record(&leased, dead()).await);
    world.pass(50);
    assert_eq!(
        world.store.requeue(vec![leased.job.id]).await.unwrap(),
        [Ok(())]
    );
    accept(&world.store, acceptance(2, vec![job(2, "second")])).await;
    let (job, attempts) = world.store.job(leased.job.id).await.unwrap().unwrap();
    let now = world.clock.now();
    assert_eq!((job.state, job.attempts, &job.reason), (Ready, 0, &None));
    assert_eq!((job.due_at, job.ready_at), (now, Some(now)));
    assert_eq!(attempts.len(), 2, "what was tried stays");
    let claimed = world.claim(&[("chat", 9)]).await.jobs;
    let actions: Vec<_> = claimed.iter().map(|one| &*one.job.action).collect();
    assert_eq!(actions, ["second", "first"]);
    assert_eq!(claimed[1].lease.number, 3, "numbers go on");
}

pub(crate) async fn what_cannot_be_requeued_says_why(bed: impl Bed) {
    let world = World::new(bed);
    let unprepared = NewJob {
        state: Dead,
        reason: Some("missing".into()),
        body: JobBody::Unprepared,
        ..job(1, "unprepared")
    };
    let jobs = vec![unprepared, job(1, "ready")];
    accept(&world.store, acceptance(1, jobs)).await;
    let before = world.store.counts().await.unwrap();
    let asked = ["unprepared", "ready", "nobody"].map(|action| job(1, action).id);
    let answers = world.store.requeue(asked.to_vec()).await.unwrap();
    let why: Vec<_> = answers.into_iter().map(Result::unwrap_err).collect();
    assert!(
        why[0].contains(&format!("events replay {}", id(1))),
        "{why:?}"
    );
    assert!(why[1].contains("is ready"), "{why:?}");
    assert!(why[2].contains("no job"), "{why:?}");
    assert_eq!(world.store.counts().await.unwrap(), before);
}

pub(crate) async fn stranded_jobs_die_at_their_age(bed: impl Bed) {
    let world = World::new(bed);
    let at = |action: &str, destination: &str| NewJob {
        destination: destination.into(),
        ..job(1, action)
    };
    let jobs = vec![
        at("gone", "gone"),
        follower(1, "next", &["gone"]),
        at("known", "chat"),
        at("log", ""),
        NewJob {
            delay: Duration::from_secs(1),
            ..at("younger", "gone")
        },
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    let age = Duration::from_mins(1);
    let expire = async || world.store.expire(vec!["chat".into()], age).await.unwrap();
    world.clock.advance(age);
    assert_eq!(expire().await, 0, "not longer than that yet");
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(expire().await, 1);
    let all = ["gone", "next", "known", "log", "younger"];
    let now = states(&world.store, 1, &all).await;
    assert_eq!(now, [Dead, Skipped, Ready, Ready, Ready]);
    let (_, reason) = state(&world.store, job(1, "gone").id).await;
    assert!(reason.unwrap().contains("`gone`"));
    world.pass(1);
    assert_eq!(expire().await, 1);
    assert_eq!(expire().await, 0);
}
