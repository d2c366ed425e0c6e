//! Lists in order: `sort_by`, `group_by`, `unique_by`, `min_by`, `max_by`.

use serde_json::Value;

use super::budget::Stop;
use super::code::{Code, Optional};
use super::control::Control;
use super::evaluate::{Env, Flow, Run, Sink};
use super::natives::shown;
use super::operate::order;
use super::value::{Place, Val};

impl<'p> Run<'p> {
    /// The items of a list, each with what a step makes of it.
    pub(super) fn keyed(
        &self,
        key: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
    ) -> Result<Vec<(Value, Val<'p>)>, Stop> {
        if !at.val.get().is_array() {
            let message = format!("this sorts a list, not {}", shown(at.val.get()));
            return Err(Stop::error(message));
        }
        let mut keyed = Vec::new();
        self.each(Place::off(at.val.clone()), Optional::No, &mut |item| {
            let mut keys = Vec::new();
            self.values(key, env, &item, &mut |key| {
                keys.push(key.take(&self.budget)?);
                Ok(())
            })?;
            self.budget.make(64)?;
            keyed.push((Value::Array(keys), item.val));
            Ok(())
        })?;
        let rounds = 64 - keyed.len().leading_zeros() as usize;
        for (key, _) in &keyed {
            self.budget
                .spend(rounds * (1 + self.budget.read(key)? / 1024))?;
        }
        Ok(keyed)
    }

    pub(super) fn grouped(
        &self,
        control: Control,
        key: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let mut keyed = self.keyed(key, env, at)?;
        let depth = at.val.depth();
        keyed.sort_by(|(left, _), (right, _)| order(left, right));
        let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
        for (key, item) in keyed {
            let last = groups.last_mut();
            match last.filter(|(held, _)| order(held, &key).is_eq()) {
                Some(_) if control == Control::UniqueBy => {}
                Some((_, group)) => group.push(item.take(&self.budget)?),
                None => groups.push((key, vec![item.take(&self.budget)?])),
            }
        }
        let groups = groups.into_iter().map(|(_, group)| group);
        let value = if control == Control::GroupBy {
            Value::Array(groups.map(Value::Array).collect())
        } else {
            Value::Array(groups.flatten().collect())
        };
        sink(at.gives(Val::nested(value, depth + 1)?))
    }

    pub(super) fn extreme(
        &self,
        control: Control,
        key: &'p Code,
        env: &Env<'p>,
        at: &Place<'p>,
        sink: Sink<'_, 'p>,
    ) -> Flow {
        let mut best: Option<(Value, Val<'p>)> = None;
        for (key, item) in self.keyed(key, env, at)? {
            let better = best.as_ref().is_none_or(|(held, _)| {
                let order = order(&key, held);
                if control == Control::MinBy {
                    order.is_lt()
                } else {
                    order.is_ge()
                }
            });
            if better {
                best = Some((key, item));
            }
        }
        let best = best.map_or(Val::plain(Value::Null), |(_, item)| item);
        sink(at.gives(best))
    }
}
