//! Random acceptances and outcomes: the same for the same seed.

use std::time::Duration;

use serde_json::json;

use super::fixtures::{acceptance, id, job};
use crate::event::JobId;
use crate::plan::{JobBody, JobState, NewJob};
use crate::stores::{Acceptance, Dedupe, Next};

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

    pub(crate) fn acceptance(&mut self, n: u64) -> Acceptance {
        let jobs: Vec<_> = (0..self.roll(5))
            .map(|place| self.job(n, 0, place))
            .collect();
        let ids: Vec<_> = jobs.iter().map(|job| job.id).collect();
        let lease = ids.into_iter().filter(|_| self.one_in(3)).collect();
        Acceptance {
            dedupe: self.one_in(2).then(|| Dedupe {
                key: format!("k{}", self.roll(4)),
                keep: self.seconds(90),
            }),
            lease,
            ..acceptance(n, jobs)
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
