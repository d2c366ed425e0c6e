//! Random verbs, held against the model step by step.

use std::time::Duration;

use serde_json::json;

use super::fixtures::{acceptance, attempt, id, job, plan};
use super::{Bed, World};
use crate::event::JobId;
use crate::plan::{JobBody, JobState, NewJob};
use crate::stores::memory::MemoryStore;
use crate::stores::{Acceptance, Claim, Dedupe, EventQuery, JobQuery, Lease, Next, Record, Store};

/// A small generator of numbers, the same for the same seed (splitmix64).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let place = self.roll((from.len() as u64).max(1));
        from.get(usize::try_from(place).unwrap()).copied()
    }

    fn seconds(&mut self, sides: u64) -> Duration {
        Duration::from_secs(self.roll(sides))
    }
}

const DESTINATIONS: [&str; 4] = ["chat", "mail", "crm", ""];

/// What the run has seen so far, to name again.
#[derive(Default)]
struct Seen {
    events: u64,
    jobs: Vec<JobId>,
    leases: Vec<Lease>,
}

fn random_job(dice: &mut Dice, n: u64, run: u32, place: u64) -> NewJob {
    let action = format!("a{place}");
    let id = |place: u64| JobId::derive(id(n), run, "rule", &format!("a{place}"), "");
    let after: Vec<JobId> = (0..dice.roll(3)).map(|_| id(dice.roll(5))).collect();
    let after = after.into_iter().filter(|one| *one != id(place));
    let state = match dice.roll(8) {
        0..=2 => JobState::Ready,
        3..=5 => JobState::Waiting,
        6 => JobState::Dead,
        _ => JobState::Shadow,
    };
    NewJob {
        id: id(place),
        run,
        destination: dice.pick(&DESTINATIONS).unwrap().into(),
        state,
        delay: if dice.one_in(4) {
            dice.seconds(40)
        } else {
            Duration::ZERO
        },
        after: after.collect(),
        reason: (state == JobState::Dead).then(|| "missing".into()),
        body: match dice.roll(6) {
            0 => JobBody::Unprepared,
            n => JobBody::Prepared {
                data: json!({"n": n}),
                needs_delivery: n == 1,
            },
        },
        ..job(n, &action)
    }
}

/// The dice decide everything, so that the same dice make the same acceptance again.
fn random_acceptance(dice: &mut Dice, n: u64) -> Acceptance {
    // Two jobs that wait for each other wait for ever, in every store.
    let jobs: Vec<_> = (0..dice.roll(5))
        .map(|place| random_job(dice, n, 0, place))
        .collect();
    let lease = jobs
        .iter()
        .map(|job| job.id)
        .filter(|_| dice.one_in(3))
        .collect();
    Acceptance {
        dedupe: dice.one_in(2).then(|| Dedupe {
            key: format!("k{}", dice.roll(4)),
            keep: dice.seconds(90),
        }),
        lease,
        ..acceptance(n, jobs)
    }
}

fn random_next(dice: &mut Dice) -> Next {
    match dice.roll(9) {
        0 => Next::Started,
        1 => Next::Prepared(JobBody::Prepared {
            data: json!([dice.roll(9)]),
            needs_delivery: dice.one_in(2),
        }),
        2..=4 => Next::Done {
            outputs: json!({"n": dice.roll(9)}),
        },
        5 => Next::Retry {
            after: dice.seconds(40),
            counts: dice.one_in(2),
        },
        6 | 7 => Next::Dead {
            reason: "no".into(),
        },
        _ => Next::Release,
    }
}

/// Performs one verb, chosen by the dice, and shows its answer.
async fn verb(store: &dyn Store, seen: &mut Seen, mut dice: Dice) -> String {
    let dice = &mut dice;
    match dice.roll(12) {
        0..=2 => {
            let first = seen.events;
            let mut batch = Vec::new();
            for place in 0..=dice.roll(3) {
                // Now and then an event that may be there already.
                let n = if dice.one_in(12) {
                    dice.roll(first + 1)
                } else {
                    first + place
                };
                batch.push(random_acceptance(dice, n));
            }
            seen.events += 3;
            for one in &batch {
                seen.jobs.extend(one.plan.jobs.iter().map(|job| job.id));
            }
            let answer = store.accept(batch).await;
            for one in answer.iter().flatten() {
                if let crate::stores::Accepted::New(leased) = one {
                    seen.leases.extend(leased.iter().map(|one| one.lease));
                }
            }
            format!("accept {answer:?}")
        }
        3 => {
            let (n, run) = (
                dice.roll(seen.events + 1),
                1 + u32::try_from(dice.roll(3)).unwrap(),
            );
            let jobs = (0..dice.roll(4)).map(|place| random_job(dice, n, run, place));
            let plan = plan(jobs.collect());
            seen.jobs.extend(plan.jobs.iter().map(|job| job.id));
            format!("replay {:?}", store.accept_replay(id(n), run, plan).await)
        }
        4 | 5 => {
            let mut free = Vec::new();
            for name in DESTINATIONS {
                let slots = usize::try_from(dice.roll(4)).unwrap();
                if !dice.one_in(5) {
                    free.push((name.to_owned(), slots));
                }
            }
            let lease = Duration::from_secs(1 + dice.roll(40));
            let claimed = store.claim(Claim { lease, free }).await.unwrap();
            seen.leases.extend(claimed.jobs.iter().map(|one| one.lease));
            format!("claim {claimed:?}")
        }
        6..=8 => {
            let record = |dice: &mut Dice| {
                Some(Record {
                    lease: dice.pick(&seen.leases)?,
                    attempt: dice.one_in(2).then(|| attempt(3)),
                    next: random_next(dice),
                })
            };
            let batch = (0..=dice.roll(4)).filter_map(|_| record(dice)).collect();
            format!("record {:?}", store.record(batch).await)
        }
        9 => {
            let jobs: Vec<_> = (0..=dice.roll(3))
                .filter_map(|_| dice.pick(&seen.jobs))
                .collect();
            format!("requeue {:?}", store.requeue(jobs).await)
        }
        10 => match dice.roll(3) {
            0 => format!("sweep {:?}", store.sweep(dice.seconds(200)).await),
            1 => {
                let known = vec!["chat".to_owned(), "mail".to_owned()];
                format!("expire {:?}", store.expire(known, dice.seconds(60)).await)
            }
            _ => {
                let leases = (0..3).filter_map(|_| dice.pick(&seen.leases)).collect();
                format!("renew {:?}", store.renew(leases, dice.seconds(40)).await)
            }
        },
        _ => {
            let name = dice.pick(&DESTINATIONS).unwrap();
            let reason = dice.one_in(3).then_some("by hand");
            format!("pause {:?}", store.pause(name, reason).await)
        }
    }
}

/// Everything that can be asked.
async fn shown(store: &dyn Store, events: u64) -> String {
    let mut text = String::new();
    let jobs = store.jobs(JobQuery::default()).await.unwrap();
    for job in &jobs {
        text += &format!("{:?}\n", store.job(job.id).await.unwrap().unwrap());
    }
    let listed = store.events(EventQuery::default()).await.unwrap();
    text += &format!("{listed:?}\n{:?}\n", store.counts().await.unwrap());
    for n in 0..events {
        for run in 0..3 {
            text += &format!("{}\n", store.outputs(id(n), run, "rule").await.unwrap());
        }
    }
    text + &format!("{:?}", store.paused().await.unwrap())
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
            let found = shown(&world.store, ours.events).await;
            assert_eq!(found, shown(&model, ours.events).await, "{at}");
        }
    }
}
