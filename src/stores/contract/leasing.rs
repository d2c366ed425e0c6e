//! Promises about claims and what is recorded under them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{accept, acceptance, attempt, event, job};
use super::{Bed, World};
use crate::plan::{JobBody, JobState, NewJob};
use crate::stores::{Claim, LEASE, Next, Record, Store};

/// A job for another destination, due after so many seconds.
fn job_at(n: u64, action: &str, destination: &str, seconds: u64) -> NewJob {
    NewJob {
        destination: destination.into(),
        delay: Duration::from_secs(seconds),
        ..job(n, action)
    }
}

pub(crate) async fn the_longest_due_comes_first(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![
        job_at(1, "a", "chat", 20),
        job_at(1, "b", "chat", 10),
        job_at(1, "c", "mail", 5),
        job_at(1, "d", "chat", 0),
        job_at(1, "e", "mail", 15),
        job_at(1, "f", "other", 0),
        job_at(1, "g", "", 0),
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    accept(&world.store, acceptance(2, vec![job(2, "h")])).await;
    world.pass(15);
    let free = [("mail", 1), ("chat", 2), ("nobody", 1), ("other", 0)];
    let claimed = world.claim(&free).await.jobs;
    let actions: Vec<_> = claimed.iter().map(|one| &*one.job.action).collect();
    assert_eq!(actions, ["d", "h", "c"]);
    for one in &claimed {
        assert_eq!(one.job.state, JobState::Leased);
        assert_eq!(one.lease.number, 1);
        let (stored, _) = world.store.job(one.job.id).await.unwrap().unwrap();
        assert_eq!(stored, one.job);
    }
    let rest = world.claim(&[("chat", 1), ("", 9), ("chat", 1)]).await.jobs;
    let actions: Vec<_> = rest.iter().map(|one| &*one.job.action).collect();
    assert_eq!(actions, ["g", "b"], "`a` is not due");
}

pub(crate) async fn next_due_is_when_to_ask_again(bed: impl Bed) {
    let world = World::new(bed);
    let next_due = async |free: &[(&str, usize)]| world.claim(free).await.next_due;
    assert_eq!(next_due(&[("chat", 1)]).await, None);
    let jobs = vec![
        job_at(1, "a", "chat", 100),
        job_at(1, "b", "mail", 5),
        job_at(1, "c", "mail", 0),
        job_at(1, "d", "mail", 0),
    ];
    accept(&world.store, acceptance(1, jobs)).await;
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(next_due(&[("chat", 1)]).await, seconds(100));
    assert_eq!(next_due(&[("chat", 1), ("mail", 0)]).await, seconds(100));
    // One more is due than there were slots.
    assert_eq!(next_due(&[("mail", 1)]).await, seconds(0));
    assert_eq!(next_due(&[("mail", 1)]).await, seconds(5));
    world.pass(5);
    assert_eq!(next_due(&[("mail", 9)]).await, seconds(25), "a lease ends");
    world.store.pause("chat", Some("x")).await.unwrap();
    assert_eq!(next_due(&[("chat", 1)]).await, None);
}

pub(crate) async fn nothing_is_claimed_twice(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = (0..120).map(|n| job(1, &format!("a{n}"))).collect();
    accept(&world.store, acceptance(1, jobs)).await;
    let store = Arc::new(world.store);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let free = vec![("chat".to_owned(), 7)];
                let lease = LEASE;
                let jobs = store.claim(Claim { lease, free }).await.unwrap().jobs;
                if jobs.is_empty() {
                    return mine;
                }
                mine.extend(jobs.into_iter().map(|one| one.job.id));
            }
        });
    }
    let claimed: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(claimed.len(), 120);
    assert_eq!(claimed.iter().collect::<BTreeSet<_>>().len(), 120);
}

pub(crate) async fn paused_destinations_get_nothing(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "tell")])).await;
    world.store.pause("chat", Some("410 Gone")).await.unwrap();
    world.store.pause("chat", Some("by hand")).await.unwrap();
    world.store.pause("a", Some("x")).await.unwrap();
    assert_eq!(world.claim(&[("chat", 1)]).await.jobs, []);
    let world = world.reopen();
    let paused = world.store.paused().await.unwrap();
    let pair = |name: &str, why: &str| (name.to_owned(), why.to_owned());
    assert_eq!(paused, [pair("a", "x"), pair("chat", "by hand")]);
    world.store.pause("chat", None).await.unwrap();
    world.store.pause("never", None).await.unwrap();
    world.claim_one().await;
    assert_eq!(world.store.paused().await.unwrap(), [pair("a", "x")]);
}

pub(crate) async fn a_renewed_lease_goes_on(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "tell")])).await;
    let leased = world.claim_one().await;
    let mut other = leased.lease;
    other.number += 1;
    let mut elder = leased.lease;
    elder.epoch -= 1;
    for _ in 0..3 {
        world.pass(29);
        let asked = vec![other, leased.lease, elder];
        let renewed = world.store.renew(asked, LEASE).await.unwrap();
        assert_eq!(renewed, [false, true, false]);
    }
    assert_eq!(world.claim(&[("chat", 1)]).await.jobs, []);
    let done = Next::Done {
        outputs: Value::Null,
    };
    assert!(world.record(&leased, done).await);
    let renewed = world.store.renew(vec![leased.lease], LEASE).await.unwrap();
    assert_eq!(renewed, [false]);
}

pub(crate) async fn retries_wait_and_count_only_if_they_should(bed: impl Bed) {
    let world = World::new(bed);
    accept(&world.store, acceptance(1, vec![job(1, "tell")])).await;
    let id = job(1, "tell").id;
    let mut expected = Vec::new();
    for (number, counts, attempts) in [(1, true, 1), (2, false, 1), (3, true, 2)] {
        let leased = world.claim_one().await;
        assert_eq!(leased.lease.number, u64::from(number));
        let after = Duration::from_secs(7);
        let record = Record {
            lease: leased.lease,
            attempt: Some(attempt(number)),
            next: Next::Retry { after, counts },
        };
        assert_eq!(world.store.record(vec![record]).await.unwrap(), [true]);
        expected.push(attempt(number));
        let (job, tries) = world.store.job(id).await.unwrap().unwrap();
        assert_eq!((job.state, job.attempts), (JobState::Ready, attempts));
        assert_eq!(job.due_at, world.clock.now().after(after));
        assert_eq!(job.ready_at, Some(job.created_at), "its age goes on");
        assert_eq!(tries, expected);
        assert_eq!(world.claim(&[("chat", 1)]).await.jobs, []);
        world.clock.advance(after);
    }
    let leased = world.claim_one().await;
    let done = Next::Done { outputs: json!({}) };
    assert!(world.record(&leased, done).await);
    let (job, tries) = world.store.job(id).await.unwrap().unwrap();
    assert_eq!((job.state, job.attempts), (JobState::Done, 3));
    assert_eq!(tries.len(), 4);
}

pub(crate) async fn released_jobs_are_due_at_once(bed: impl Bed) {
    let world = World::new(bed);
    let jobs = vec![job(1, "tell"), job(1, "next")];
    accept(&world.store, acceptance(1, jobs)).await;
    world.pass(3);
    let leased = world.claim(&[("chat", 1)]).await.jobs.remove(0);
    let release = Record {
        lease: leased.lease,
        attempt: None,
        next: Next::Release,
    };
    let twice = vec![release.clone(), release];
    assert_eq!(world.store.record(twice).await.unwrap(), [true, false]);
    let (job, attempts) = world.store.job(leased.job.id).await.unwrap().unwrap();
    assert_eq!((job.attempts, job.leases_lost), (0, 0));
    assert_eq!(attempts, []);
    let again = world.claim(&[("chat", 1)]).await.jobs.remove(0);
    assert_eq!(again.job, leased.job, "it keeps its place");
}

pub(crate) async fn a_prepared_body_is_kept(bed: impl Bed) {
    let world = World::new(bed);
    let deferred = NewJob {
        body: JobBody::Deferred {
            config: json!({"content": "{{actions.a.url}}"}),
            vars: json!({"amount": 12.50}),
            rule_set: "hash-1".into(),
            item: None,
        },
        ..job(1, "tell")
    };
    let planned = deferred.body.clone();
    accept(&world.store, acceptance(1, vec![deferred])).await;
    let leased = world.claim_one().await;
    assert_eq!(leased.job.body, planned);
    let text = r#"{"b": 1, "a": 123456789012345678901234567890, "c": 1.10}"#;
    let body = JobBody::Prepared {
        data: serde_json::from_str(text).unwrap(),
        needs_delivery: true,
    };
    let prepared = Record {
        lease: leased.lease,
        attempt: None,
        next: Next::Prepared(body.clone()),
    };
    assert_eq!(world.store.record(vec![prepared]).await.unwrap(), [true]);
    let retry = Next::Retry {
        after: Duration::ZERO,
        counts: true,
    };
    assert!(world.record(&leased, retry).await, "the lease went on");
    let world = world.reopen();
    let again = world.claim_one().await;
    assert_eq!(again.job.body, body);
    let kept = format!("{:?}", again.job.body);
    assert_eq!(kept, format!("{body:?}"), "in the same order");
    let delivery = again.delivery.unwrap();
    assert_eq!(delivery.body, event(1).payload.raw());
    assert_eq!(delivery.headers, event(1).headers);
}
