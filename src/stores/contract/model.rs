//! Random verbs, held against the model step by step.

use std::fmt::Write;
use std::time::Duration;

use super::dice::{DESTINATIONS, Dice};
use super::fixtures::{attempt, id};
use super::{Bed, World};
use crate::event::JobId;
use crate::stores::memory::MemoryStore;
use crate::stores::{Accepted, Claim, EventQuery, JobQuery, Lease, Record, Store};

/// What one side has seen so far, to name again.
#[derive(Default)]
struct Seen {
    events: u64,
    jobs: Vec<JobId>,
    leases: Vec<Lease>,
}

/// Performs one verb, chosen by the dice, and shows its answer.
async fn verb(store: &dyn Store, seen: &mut Seen, mut dice: Dice) -> String {
    let dice = &mut dice;
    match dice.roll(12) {
        0..=2 => accept(store, seen, dice).await,
        3 => replay(store, seen, dice).await,
        4 | 5 => claim(store, seen, dice).await,
        6..=8 => record(store, seen, dice).await,
        9 => {
            let jobs = (0..=dice.roll(3)).filter_map(|_| dice.pick(&seen.jobs));
            let jobs = jobs.collect();
            if dice.one_in(3) {
                format!("discard {:?}", store.discard(jobs).await)
            } else {
                format!("requeue {:?}", store.requeue(jobs).await)
            }
        }
        10 => clear(store, seen, dice).await,
        _ => {
            let name = dice.pick(&DESTINATIONS).unwrap();
            let reason = dice.one_in(3).then_some("by hand");
            format!("pause {:?}", store.pause(name, reason).await)
        }
    }
}

async fn accept(store: &dyn Store, seen: &mut Seen, dice: &mut Dice) -> String {
    let first = seen.events;
    let mut batch = Vec::new();
    for place in 0..=dice.roll(3) {
        // Now and then an event that may be there already.
        let known = dice.roll(first + 1);
        let n = if dice.one_in(12) {
            known
        } else {
            first + place
        };
        batch.push(dice.acceptance(n));
    }
    seen.events += 3;
    for one in &batch {
        seen.jobs.extend(one.plan.jobs.iter().map(|job| job.id));
    }
    let answer = store.accept(batch).await;
    for one in answer.iter().flatten() {
        if let Accepted::New(leased) = one {
            seen.leases.extend(leased.iter().map(|one| one.lease));
        }
    }
    format!("accept {answer:?}")
}

async fn replay(store: &dyn Store, seen: &mut Seen, dice: &mut Dice) -> String {
    let n = dice.roll(seen.events + 1);
    let run = 1 + u32::try_from(dice.roll(3)).unwrap();
    let count = dice.roll(4);
    let plan = dice.plan(n, run, count);
    seen.jobs.extend(plan.jobs.iter().map(|job| job.id));
    format!("replay {:?}", store.accept_replay(id(n), run, plan).await)
}

async fn claim(store: &dyn Store, seen: &mut Seen, dice: &mut Dice) -> String {
    let mut free = Vec::new();
    for name in DESTINATIONS {
        let slots = dice.slots();
        if !dice.one_in(5) {
            free.push((name.to_owned(), slots));
        }
    }
    let lease = Duration::from_secs(1) + dice.seconds(40);
    let claimed = store.claim(Claim { lease, free }).await.unwrap();
    seen.leases.extend(claimed.jobs.iter().map(|one| one.lease));
    format!("claim {claimed:?}")
}

async fn record(store: &dyn Store, seen: &Seen, dice: &mut Dice) -> String {
    let record = |dice: &mut Dice| {
        Some(Record {
            lease: dice.pick_late(&seen.leases)?,
            attempt: dice.one_in(2).then(|| attempt(3)),
            next: dice.outcome(),
        })
    };
    let batch = (0..=dice.roll(4)).filter_map(|_| record(dice)).collect();
    format!("record {:?}", store.record(batch).await)
}

async fn clear(store: &dyn Store, seen: &Seen, dice: &mut Dice) -> String {
    match dice.roll(3) {
        0 => format!("sweep {:?}", store.sweep(dice.seconds(200)).await),
        1 => {
            let known = vec!["chat".to_owned(), "mail".to_owned()];
            let age = dice.seconds(60);
            format!("expire {:?}", store.expire(known, age).await)
        }
        _ => {
            let leases = (0..3).filter_map(|_| dice.pick_late(&seen.leases));
            let leases = leases.collect();
            format!("renew {:?}", store.renew(leases, dice.seconds(40)).await)
        }
    }
}

/// Everything that can be asked.
async fn shown(store: &dyn Store) -> String {
    let mut text = String::new();
    for job in &store.jobs(JobQuery::default()).await.unwrap() {
        let history = store.job(job.id).await.unwrap().unwrap();
        let outputs = store.outputs(job.id).await.unwrap();
        writeln!(text, "{history:?} {outputs}").unwrap();
    }
    for event in &store.events(EventQuery::default()).await.unwrap() {
        let firings = store.firings(event.id).await.unwrap();
        writeln!(text, "{event:?} {firings:?}").unwrap();
        for firing in firings {
            let beside = store.companions(firing.id).await.unwrap();
            writeln!(text, "{beside:?}").unwrap();
        }
    }
    let counts = store.counts().await.unwrap();
    let paused = store.paused().await.unwrap();
    writeln!(text, "{counts:?} {paused:?}").unwrap();
    text
}

/// Runs `steps` random verbs on a store and on the model, and compares all answers and, now and then,
/// all that is kept.
pub(crate) async fn compare(bed: impl Bed, seed: u64, steps: u64) {
    let mut world = World::new(bed);
    let mut model = MemoryStore::new(world.clock.clone());
    let mut dice = Dice(seed);
    let (mut ours, mut theirs) = (Seen::default(), Seen::default());
    for step in 0..steps {
        let at = format!("seed {seed}, step {step}");
        match dice.roll(8) {
            0 => world.clock.advance(dice.seconds(50)),
            1 if dice.one_in(3) => {
                world = world.reopen();
                model = model.reopened();
            }
            _ => {
                let same = dice.clone();
                dice.next();
                let found = verb(&world.store, &mut ours, same.clone()).await;
                let expected = verb(&model, &mut theirs, same).await;
                assert_eq!(found, expected, "{at}");
            }
        }
        if step % 15 == 14 || step + 1 == steps {
            let found = shown(&world.store).await;
            assert_eq!(found, shown(&model).await, "{at}");
        }
    }
}
