//! One firing on its way through its gates.

use crate::expression::decimal;
use crate::plan::{Changed, DIGEST_BYTES_MAX, Digest, JobState, Join, Throttle, Unless};
use crate::runtime::Timestamp;

use super::super::{before, reasons};
use super::{Desk, FiringState, Gate, LATE_MAX, SETTLING, Standing};

/// What a gate says.
enum Passage {
    /// Go on.
    Through,
    /// Not before then, or before another event comes for this key.
    Wait { key: String, until: Timestamp },
    /// Its jobs are not performed, and why.
    End(JobState, String),
    /// It is kept already: it leads a digest.
    Kept,
}

/// Takes every firing that is due as far as it goes, at most so many.
pub(in super::super) fn open_due<D: Desk>(
    desk: &mut D,
    now: Timestamp,
    at_most: usize,
) -> Result<(), D::Fault> {
    let mut walk = Walk { desk, now };
    for _ in 0..at_most {
        let Some(firing) = walk.desk.due(now)? else {
            break;
        };
        walk.go(firing)?;
    }
    Ok(())
}

struct Walk<'d, D> {
    desk: &'d mut D,
    now: Timestamp,
}

impl<D: Desk> Walk<'_, D> {
    fn go(&mut self, mut firing: Standing) -> Result<(), D::Fault> {
        if firing.state == FiringState::Gathering {
            return self.close(firing);
        }
        let from = firing.gate;
        let ahead = Gate::ALL.iter().map(|(gate, _)| *gate);
        for gate in ahead.filter(|gate| *gate >= from) {
            firing.gate = gate;
            match self.gate(&mut firing)? {
                Passage::Through => {}
                Passage::Wait { key, until } => {
                    (firing.key, firing.due_at) = (key, until);
                    return self.desk.keep(&firing);
                }
                Passage::End(state, reason) => return self.desk.end(&firing, state, &reason),
                Passage::Kept => return Ok(()),
            }
        }
        self.open(&firing)
    }

    fn open(&mut self, firing: &Standing) -> Result<(), D::Fault> {
        let due = firing.at.after(firing.gates.delay);
        self.desk.open(firing, due.max(self.now))
    }

    fn gate(&mut self, firing: &mut Standing) -> Result<Passage, D::Fault> {
        let gates = firing.gates.clone();
        match firing.gate {
            Gate::During => Ok(gates.held_until.map_or(Passage::Through, |until| {
                firing.at = firing.at.max(until);
                self.not_before(until)
            })),
            Gate::Changed => gates
                .changed
                .map_or(Ok(Passage::Through), |gate| self.changed(firing, &gate)),
            Gate::Join => gates
                .join
                .map_or(Ok(Passage::Through), |gate| self.join(firing, &gate)),
            Gate::Unless => gates
                .unless
                .map_or(Ok(Passage::Through), |gate| self.unless(firing, &gate)),
            Gate::Throttle => gates
                .throttle
                .map_or(Ok(Passage::Through), |gate| self.throttle(firing, &gate)),
            Gate::Digest => gates
                .digest
                .map_or(Ok(Passage::Through), |gate| self.gather(firing, &gate)),
        }
    }

    fn not_before(&self, until: Timestamp) -> Passage {
        if self.now >= until {
            return Passage::Through;
        }
        let key = String::new();
        Passage::Wait { key, until }
    }

    /// What is seen counts whether it passes or not.
    fn changed(&mut self, firing: &Standing, gate: &Changed) -> Result<Passage, D::Fault> {
        let last = self.desk.seen(&firing.rule, &gate.key)?;
        self.desk
            .see(&firing.rule, &gate.key, &gate.value, self.now)?;
        let same =
            |one: &Option<_>, other| one.as_ref().is_none_or(|one| decimal::equal(one, other));
        let objection = match &last {
            None if gate.from.is_some() => Some(reasons::never_seen(gate)),
            Some(last) if decimal::equal(last, &gate.value) => Some(reasons::not_changed(gate)),
            Some(last) if !same(&gate.from, last) => Some(reasons::changed_from(gate, last)),
            _ if !same(&gate.to, &gate.value) => Some(reasons::changed_to(gate)),
            _ => None,
        };
        Ok(objection.map_or(Passage::Through, |reason| {
            Passage::End(JobState::Skipped, reason)
        }))
    }

    fn join(&mut self, firing: &mut Standing, gate: &Join) -> Result<Passage, D::Fault> {
        let own = firing.received_at;
        let end = own.after(gate.within);
        let between = (before(own, gate.within), end);
        let mut found = Vec::new();
        for name in &gate.names {
            let Some(nearest) = self.desk.nearest(firing, name, &gate.key, between)? else {
                let waits = !gate.at_once && self.now < end.after(SETTLING);
                return Ok(if waits {
                    let (key, until) = (gate.key.clone(), end.after(SETTLING));
                    Passage::Wait { key, until }
                } else {
                    Passage::End(JobState::Skipped, reasons::not_joined(name, gate))
                });
            };
            found.push((name, nearest));
        }
        for (name, other) in found {
            self.desk.accompany(firing, name, other.event, None)?;
            firing.at = firing.at.max(other.received_at);
        }
        Ok(Passage::Through)
    }

    fn unless(&mut self, firing: &mut Standing, gate: &Unless) -> Result<Passage, D::Fault> {
        let end = firing.received_at.after(gate.within);
        let between = (firing.received_at, end);
        if let Some(other) = self.desk.nearest(firing, "", &gate.key, between)? {
            let reason = reasons::called_off(other.event, other.received_at);
            return Ok(Passage::End(JobState::Cancelled, reason));
        }
        let until = end.after(SETTLING);
        if self.now < until {
            let key = gate.key.clone();
            return Ok(Passage::Wait { key, until });
        }
        firing.at = firing.at.max(end);
        Ok(Passage::Through)
    }

    fn throttle(&mut self, firing: &Standing, gate: &Throttle) -> Result<Passage, D::Fault> {
        let rule = &firing.rule;
        let by = self.now.after(LATE_MAX).max(firing.at);
        let latest = self.desk.latest_pass(rule, &gate.key, by)?;
        // What was received earlier and comes later counts beside those that came before it.
        let at = latest.map_or(firing.at, |latest| latest.max(firing.at));
        let between = (before(at, gate.per), by);
        if self.desk.passes(rule, &gate.key, between)? >= u64::from(gate.at_most) {
            return Ok(Passage::End(JobState::Throttled, reasons::throttled(gate)));
        }
        let until = at.after(gate.per).after(LATE_MAX);
        self.desk.pass(rule, &gate.key, at, until)?;
        Ok(Passage::Through)
    }

    fn gather(&mut self, firing: &mut Standing, gate: &Digest) -> Result<Passage, D::Fault> {
        let leader = self.desk.leader(&firing.rule, &gate.key)?;
        let leads = leader.is_none();
        let mut leader = leader.unwrap_or_else(|| Standing {
            state: FiringState::Gathering,
            key: gate.key.clone(),
            last_at: firing.at,
            ..firing.clone()
        });
        self.desk
            .accompany(&leader, "", firing.event, Some(firing.id))?;
        leader.gathered += 1;
        leader.gathered_bytes = leader.gathered_bytes.saturating_add(firing.body_bytes);
        leader.last_at = leader.last_at.max(firing.at);
        // The leader's own gate holds for all of its digest, also after a reload.
        let bounds = leader.gates.digest.as_ref().unwrap_or(gate);
        let full = leader.gathered >= bounds.max || leader.gathered_bytes >= DIGEST_BYTES_MAX;
        leader.due_at = if full {
            self.now
        } else {
            bounds.closes.at(leader.at, leader.last_at)
        };
        self.desk.keep(&leader)?;
        let merged = Passage::End(JobState::Merged, reasons::merged(leader.event));
        if full {
            self.close(leader)?;
        }
        Ok(if leads { Passage::Kept } else { merged })
    }

    fn close(&mut self, mut leader: Standing) -> Result<(), D::Fault> {
        leader.at = leader.at.max(leader.due_at);
        match &leader.gates.digest {
            Some(gate) if leader.gathered < gate.min => {
                let reason = reasons::too_few(leader.gathered, gate.min);
                self.desk.end(&leader, JobState::Skipped, &reason)
            }
            _ => self.open(&leader),
        }
    }
}
