//! What templates can see: one context for an event, the rule's part of it exchanged in place.

use std::cell::OnceCell;

use handlebars::Context;
use serde_json::{Map, Value, json};

use crate::event::{Event, SourceRef};

/// `payload event headers query source rule vars item actions join events`, as one tree.
///
/// The tree is made when the first template or program looks into it, and then once for an event: an
/// action of plain text copies nothing.
#[derive(Debug)]
pub struct Scope<'e> {
    event: Option<&'e Event>,
    /// What was set before the tree was made.
    set: Map<String, Value>,
    context: OnceCell<Context>,
}

/// The names at the root of every scope.
pub(super) const ROOTS: [&str; 11] = [
    "payload", "event", "headers", "query", "source", "rule", "vars", "item", "actions", "join",
    "events",
];

impl<'e> Scope<'e> {
    /// What every rule sees of an event. Header names are in lower case; of a repeated header or
    /// query name the first value counts.
    pub fn of(event: &'e Event) -> Self {
        let mut scope = Self {
            event: Some(event),
            set: Map::new(),
            context: OnceCell::new(),
        };
        scope.leave_rule();
        scope
    }

    /// Only what is known of a source before any event: its name and labels.
    pub fn of_source(source: &SourceRef) -> Self {
        Self::from_tree(json!({
            "source": { "name": source.name, "labels": source.labels },
        }))
    }

    pub(super) fn from_tree(tree: Value) -> Self {
        Self {
            event: None,
            set: Map::new(),
            context: OnceCell::from(Context::from(tree)),
        }
    }

    pub(super) fn context(&self) -> &Context {
        self.context.get_or_init(|| {
            let mut tree = self.event.map(of_event).unwrap_or_default();
            tree.extend(self.set.clone());
            Context::from(Value::Object(tree))
        })
    }

    /// Whether the tree was made.
    pub fn is_made(&self) -> bool {
        self.context.get().is_some()
    }

    /// Enters a rule: `rule.name`, and no vars, item or outputs yet.
    pub fn enter_rule(&mut self, rule: &str) {
        self.leave_rule();
        self.put("rule", json!({ "name": rule }));
    }

    fn leave_rule(&mut self) {
        for empty in ["rule", "vars", "actions"] {
            self.put(empty, json!({}));
        }
        for gone in ["item", "join", "events"] {
            self.take(gone);
        }
    }

    /// Sets `vars.NAME`.
    pub fn set_var(&mut self, name: &str, value: Value) {
        if let Some(Value::Object(vars)) = self.root().get_mut("vars") {
            vars.insert(name.to_owned(), value);
        }
    }

    /// Sets `actions`: an object of outputs by action name.
    pub fn set_actions(&mut self, outputs: Value) {
        self.put("actions", outputs);
    }

    /// Sets `item`, the value that `for_each` is at, or takes it away.
    pub fn set_item(&mut self, item: Option<Value>) {
        match item {
            Some(value) => self.put("item", value),
            None => self.take("item"),
        }
    }

    /// Sets `join`: other events by name, each with `payload`, `event`, `headers`, `query`, `source`.
    pub fn set_join<'o>(&mut self, others: impl IntoIterator<Item = (&'o str, &'o Event)>) {
        let others = others.into_iter();
        let named = others.map(|(name, event)| (name.to_owned(), of_event(event).into()));
        self.put("join", Value::Object(named.collect()));
    }

    /// Sets `events`: what a digest has gathered, each with `id`, `name`, `names`, `provider`,
    /// `received_at`, `headers`, `payload` and its `vars`.
    pub fn set_events<'o>(&mut self, events: impl IntoIterator<Item = (&'o Event, Value)>) {
        let gathered = events.into_iter().map(|(event, vars)| {
            let mut seen = of_event(event);
            let about = seen.shift_remove("event");
            let mut shown = match about {
                Some(Value::Object(about)) => about,
                _ => Map::new(),
            };
            for part in ["headers", "payload"] {
                shown.extend(
                    seen.shift_remove(part)
                        .map(|value| (part.to_owned(), value)),
                );
            }
            shown.insert("vars".to_owned(), vars);
            Value::Object(shown)
        });
        self.put("events", gathered.collect());
    }

    /// Where names at the root are kept: in the tree, or until it is made beside it.
    fn root(&mut self) -> &mut Map<String, Value> {
        match self.context.get_mut().map(Context::data_mut) {
            Some(Value::Object(root)) => root,
            _ => &mut self.set,
        }
    }

    fn put(&mut self, name: &str, value: Value) {
        self.root().insert(name.to_owned(), value);
    }

    fn take(&mut self, name: &str) {
        self.root().shift_remove(name);
    }
}

/// What is seen of an event itself.
fn of_event(event: &Event) -> Map<String, Value> {
    let about = json!({
        "id": event.id.to_string(),
        "name": event.name(),
        "names": event.names,
        "provider": event.provider,
        "received_at": event.received_at.to_string(),
        "proof": event.proof.strength().word(),
        "verified": event.proof.verified(),
    });
    let source = json!({ "name": event.source.name, "labels": event.source.labels });
    let mut seen = Map::new();
    for (part, value) in [
        ("payload", event.payload.value().clone()),
        ("event", about),
        ("headers", first_of_each(event.headers.iter())),
        ("query", first_of_each(event.query.iter())),
        ("source", source),
    ] {
        seen.insert(part.to_owned(), value);
    }
    seen
}

fn first_of_each<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> Value {
    let mut first = Map::new();
    for (name, value) in pairs {
        first
            .entry(name)
            .or_insert_with(|| Value::String(value.to_owned()));
    }
    Value::Object(first)
}

#[cfg(test)]
mod tests {
    use crate::event::{EventId, Headers, MediaKind, Payload, Proof, Query, SourceRef, Strength};
    use crate::runtime::Timestamp;

    use super::super::{Escape, Template};
    use super::*;

    fn event() -> Event {
        Event {
            id: EventId::from_bytes([1; 16]),
            source: SourceRef {
                name: "gh".into(),
                labels: [("customer".into(), "acme".into())].into(),
            },
            provider: "github".into(),
            names: vec!["push".into(), "push.main".into()],
            delivery_id: None,
            received_at: Timestamp::from_millis(1_700_000_000_123),
            nonce: [0; 16],
            headers: Headers::new([("X-GitHub-Event", "push"), ("x-github-event", "other")]),
            query: Query::decode(b"a=1&a=2"),
            payload: Payload::new(r#"{"id":12345678901234567890123}"#.into(), MediaKind::Json)
                .unwrap(),
            proof: Proof::imagined_by_trial(Strength::Signed),
        }
    }

    fn render(scope: &Scope<'_>, text: &str) -> Result<String, String> {
        let template = Template::parse(text, Escape::None).unwrap();
        template.render(scope).map_err(|error| error.message)
    }

    #[test]
    fn what_templates_see() {
        let event = event();
        let mut scope = Scope::of(&event);
        scope.enter_rule("r");
        scope.set_var("v", json!([1]));
        scope.set_actions(json!({"record": {"url": "u"}}));
        for (text, shown) in [
            ("{{payload.id}}", "12345678901234567890123"),
            ("{{event.id}}", "evt_01010101010101010101010101010101"),
            ("{{event.name}} {{event.names.0}}", "push.main push"),
            ("{{event.provider}} {{event.verified}}", "github true"),
            ("{{event.proof}}", "signed"),
            ("{{event.received_at}}", "2023-11-14T22:13:20.123Z"),
            ("{{headers.x-github-event}} {{query.a}}", "push 1"),
            ("{{source.name}} {{source.labels.customer}}", "gh acme"),
            ("{{rule.name}} {{vars.v}} {{actions.record.url}}", "r [1] u"),
        ] {
            assert_eq!(render(&scope, text).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn other_events_are_seen_too() {
        let event = event();
        let mut scope = Scope::of(&event);
        scope.set_join([("paid", &event)]);
        scope.set_events([(&event, json!({"v": 1})), (&event, json!({"v": 2}))]);
        for (text, shown) in [
            (
                "{{join.paid.payload.id}} {{join.paid.event.name}}",
                "12345678901234567890123 push.main",
            ),
            ("{{join.paid.headers.x-github-event}}", "push"),
            (
                "{{length events}} {{events.1.vars.v}} {{events.0.name}}",
                "2 2 push.main",
            ),
            (
                "{{#each events}}{{this.payload.id}} {{/each}}",
                "12345678901234567890123 12345678901234567890123 ",
            ),
            (
                "{{events.0.received_at}} {{events.0.headers.x-github-event}}",
                "2023-11-14T22:13:20.123Z push",
            ),
        ] {
            assert_eq!(render(&scope, text).as_deref(), Ok(shown), "{text}");
        }
    }

    #[test]
    fn a_rule_sees_nothing_of_the_one_before() {
        let event = event();
        let mut scope = Scope::of(&event);
        scope.enter_rule("one");
        scope.set_var("v", json!(1));
        scope.set_item(Some(json!({"n": 1})));
        assert_eq!(render(&scope, "{{item.n}}{{vars.v}}").as_deref(), Ok("11"));
        scope.enter_rule("two");
        for text in ["{{item.n}}", "{{vars.v}}", "{{actions.a}}"] {
            assert!(render(&scope, text).is_err(), "{text}");
        }
    }
    #[test]
    fn plain_text_makes_no_tree_and_templates_share_one() {
        let event = event();
        let mut scope = Scope::of(&event);
        scope.enter_rule("r");
        scope.set_var("v", json!(1));
        assert_eq!(render(&scope, "plain").as_deref(), Ok("plain"));
        assert!(!scope.is_made());
        assert_eq!(render(&scope, "{{vars.v}}").as_deref(), Ok("1"));
        assert!(scope.is_made());
        let payload: *const Value = &raw const scope.context().data()["payload"];
        scope.enter_rule("s");
        scope.set_join([("other", &event)]);
        scope.set_events([(&event, json!({"v": 2}))]);
        let all = "{{join.other.event.name}} {{events.0.vars.v}} {{length events}} {{payload.id}}";
        assert_eq!(
            render(&scope, all).as_deref(),
            Ok("push.main 2 1 12345678901234567890123")
        );
        assert!(std::ptr::eq(
            payload,
            &raw const scope.context().data()["payload"]
        ));
        scope.enter_rule("t");
        assert!(render(&scope, "{{join.other.event.name}}").is_err());
    }
}
