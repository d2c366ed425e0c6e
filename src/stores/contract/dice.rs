//! Random acceptances and outcomes: the same for the same seed.

use std::time::Duration;

use serde_json::json;

use super::fixtures::{acceptance, id, job, plan};
use crate::event::{FiringId, JobId};
use crate::plan::{
    Changed, Closes, Digest, Gates, JobBody, JobState, Join, Lane, NewFiring, NewJob, Plan, Signal,
    Throttle, Unless,
};
use crate::runtime::Timestamp;
use crate::stores::{Acceptance, Dedupe, Next};

/// The one firing of an event's run.
fn firing_id(n: u64, run: u32) -> FiringId {
    FiringId::derive(id(n), run, "rule", None)
}

/// Where random jobs go.
pub(crate) const DESTINATIONS: [&str; 4] = ["chat", "mail", "crm", ""];

/// A small generator of numbers (splitmix64).
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.next() % sides
    }

    pub(crate) fn slots(&mut self) -> usize {
        usize::try_from(self.roll(4)).unwrap()
    }

    pub(crate) fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let place = self.roll((from.len() as u64).max(1));
        from.get(usize::try_from(place).unwrap()).copied()
    }

    /// Mostly one of the last.
    pub(crate) fn pick_late<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        let late = from.len().saturating_sub(6);
        let early = self.one_in(4);
        self.pick(if early { from } else { &from[late..] })
    }

    pub(crate) fn seconds(&mut self, sides: u64) -> Duration {
        Duration::from_secs(self.roll(sides))
    }

    pub(crate) fn job(&mut self, n: u64, run: u32, place: u64) -> NewJob {
        let action = format!("a{place}");
        let id = |place: u64| JobId::derive(id(n), run, "rule", &format!("a{place}"), "");
        let after: Vec<JobId> = (0..self.roll(3)).map(|_| id(self.roll(5))).collect();
        let after = after.into_iter().filter(|one| *one != id(place));
        let state = match self.roll(9) {
            0..=3 => JobState::Ready,
            4..=6 => JobState::Waiting,
            7 => JobState::Dead,
            _ => JobState::Shadow,
        };
        let delay = self.seconds(40);
        NewJob {
            id: id(place),
            run,
            destination: self.pick(&DESTINATIONS).unwrap().into(),
            state,
            delay: if self.one_in(4) {
                delay
            } else {
                Duration::ZERO
            },
            after: after.collect(),
            firing: (run < 3 && self.one_in(3)).then(|| firing_id(n, run)),
            lane: self.one_in(3).then(|| Lane {
                key: format!("k{}", self.roll(2)),
                hold: self.one_in(3),
            }),
            item: self.one_in(4).then_some(u32::try_from(place).unwrap()),
            reason: (state == JobState::Dead).then(|| "missing".into()),
            body: match self.roll(6) {
                0 => JobBody::Unprepared,
                n => JobBody::Prepared {
                    data: json!({"n": n}),
                    needs_delivery: n == 1,
                },
            },
            ..job(n, &action)
        }
    }

    /// What an event leads to in one run.
    pub(crate) fn plan(&mut self, n: u64, run: u32, jobs: u64) -> Plan {
        let jobs: Vec<_> = (0..jobs).map(|place| self.job(n, run, place)).collect();
        let gated = jobs.iter().any(|job| job.firing.is_some());
        Plan {
            firings: gated.then(|| self.firing(n, run)).into_iter().collect(),
            signals: (0..self.roll(3)).map(|_| self.signal()).collect(),
            ..plan(jobs)
        }
    }

    fn moment(&mut self) -> Timestamp {
        Timestamp::from_seconds(1_700_000_000).after(self.seconds(400))
    }

    fn key(&mut self) -> String {
        self.pick(&["", "k"]).unwrap().to_owned()
    }

    fn rule(&mut self) -> String {
        self.pick(&["rule", "other"]).unwrap().to_owned()
    }

    fn signal(&mut self) -> Signal {
        Signal {
            rule: self.rule(),
            name: self.pick(&["", "one", "two"]).unwrap().to_owned(),
            key: self.key(),
            received_at: self.moment(),
            keep: self.seconds(200),
        }
    }

    fn firing(&mut self, n: u64, run: u32) -> NewFiring {
        NewFiring {
            id: firing_id(n, run),
            run,
            rule: self.rule(),
            item: self.one_in(4).then_some(7),
            received_at: self.moment(),
            gates: self.gates(),
            vars: json!({"n": n}),
            body_bytes: self.roll(3) * 6 * 1024 * 1024,
        }
    }

    fn gates(&mut self) -> Gates {
        let value = |dice: &mut Self| json!(dice.roll(2));
        let changed = self.one_in(4).then(|| Changed {
            key: self.key(),
            value: value(self),
            from: self.one_in(4).then(|| value(self)),
            to: self.one_in(4).then(|| value(self)),
        });
        let join = self.one_in(4).then(|| Join {
            key: self.key(),
            within: self.seconds(200),
            names: vec!["one".to_owned(), "two".to_owned()],
            at_once: self.one_in(5),
        });
        let unless = self.one_in(4).then(|| Unless {
            key: self.key(),
            within: self.seconds(100),
        });
        let throttle = self.one_in(3).then(|| Throttle {
            key: self.key(),
            at_most: 1 + u32::from(self.one_in(2)),
            per: self.seconds(200),
        });
        let digest = self.one_in(3).then(|| Digest {
            key: self.key(),
            closes: if self.one_in(2) {
                Closes::Window(self.seconds(200))
            } else {
                Closes::Quiet(self.seconds(60))
            },
            max: 1 + u32::try_from(self.roll(4)).unwrap(),
            min: 1 + u32::from(self.one_in(3)),
        });
        Gates {
            held_until: self.one_in(5).then(|| self.moment()),
            changed,
            join,
            unless,
            throttle,
            digest,
            delay: if self.one_in(4) {
                self.seconds(60)
            } else {
                Duration::ZERO
            },
        }
    }

    pub(crate) fn acceptance(&mut self, n: u64) -> Acceptance {
        let count = self.roll(5);
        let plan = self.plan(n, 0, count);
        let jobs = &plan.jobs;
        let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        let lease = ids.into_iter().filter(|_| self.one_in(3)).collect();
        Acceptance {
            dedupe: self.one_in(2).then(|| Dedupe {
                key: format!("k{}", self.roll(4)),
                keep: self.seconds(90),
            }),
            lease,
            plan,
            ..acceptance(n, Vec::new())
        }
    }

    pub(crate) fn outcome(&mut self) -> Next {
        match self.roll(9) {
            0 => Next::Started,
            1 => Next::Prepared(JobBody::Prepared {
                data: json!([self.roll(9)]),
                needs_delivery: self.one_in(2),
            }),
            2..=4 => Next::Done {
                outputs: json!({"n": self.roll(9)}),
            },
            5 => Next::Retry {
                after: self.seconds(40),
                counts: self.one_in(2),
            },
            6 | 7 => Next::Dead {
                reason: "no".into(),
            },
            _ => Next::Release,
        }
    }
}
