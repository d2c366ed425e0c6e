//! What templates can see: one context for an event, the rule's part of it exchanged in place.

use serde_json::Value;

use crate::event::Event;

/// `payload event headers query source rule vars item actions`, as one tree, and the escape of the
/// moment.
#[derive(Debug)]
pub struct Scope {}

impl Scope {
    /// What every rule sees of an event.
    pub fn of(_event: &Event) -> Self {
        unimplemented!()
    }

    /// Enters a rule: `rule.name`, and no vars yet.
    pub fn enter_rule(&mut self, _rule: &str) {
        unimplemented!()
    }

    /// Sets `vars.NAME`.
    pub fn set_var(&mut self, _name: &str, _value: Value) {
        unimplemented!()
    }

    /// Sets `actions`: an object of outputs by action name.
    pub fn set_actions(&mut self, _outputs: Value) {
        unimplemented!()
    }
}
