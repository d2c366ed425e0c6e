//! What the gates of rules come to.

use std::time::Duration;

use serde_json::{Value, json};

use crate::event::{Event, FiringId};
use crate::runtime::Timestamp;

use super::super::{
    Beside, Changed, Closes, Digest, Gates, JobBody, JobState, Join, Lane, Passage, Plan, Signal,
    Throttle, Unless, plan, plan_through, prepare,
};
use super::{push, rules};

const MINUTE: Duration = Duration::from_mins(1);

/// A rule about pushes with these keys.
fn gated(keys: &str) -> String {
    format!(
        "rules: [{{name: r, when: {{event: push}}, {keys}, \
         actions: [{{log: {{message: \"{{{{payload.id}}}}\"}}}}]}}]\n"
    )
}

fn planned(keys: &str, payload: &Value) -> Plan {
    plan(&rules(&gated(keys)), &push(payload), 0)
}

#[track_caller]
fn gates(keys: &str, payload: &Value) -> Gates {
    let plan = planned(keys, payload);
    let [firing] = plan.firings.as_slice() else {
        panic!("{plan:#?}");
    };
    let [job] = plan.jobs.as_slice() else {
        panic!("{plan:#?}");
    };
    assert_eq!(
        (job.state, job.firing),
        (JobState::Waiting, Some(firing.id))
    );
    assert_eq!(firing.id, FiringId::derive(push(payload).id, 0, "r", None));
    firing.gates.clone()
}

#[test]
fn keys_and_values_are_rendered() {
    let payload = json!({"id": 7, "status": "down", "n": 1.5});
    let found = gates(
        "changed: {key: 'k{{payload.id}}', value: '{{payload.n}}', from: 1, to: up}, \
         throttle: {key: '{{payload.status}}', at_most: 2, per: 1m}, delay: 1m, \
         unless: {within: 1m, key: '{{vars.v}}', when: {event: resolved}}, \
         vars: {v: 'v{{payload.id}}'}",
        &payload,
    );
    let expected = Gates {
        changed: Some(Changed {
            key: "k7".into(),
            value: json!(1.5),
            from: Some(json!(1)),
            to: Some(json!("up")),
        }),
        unless: Some(Unless {
            key: "v7".into(),
            within: MINUTE,
        }),
        throttle: Some(Throttle {
            key: "down".into(),
            at_most: 2,
            per: MINUTE,
        }),
        delay: MINUTE,
        ..Gates::default()
    };
    assert_eq!(found, expected);
    let long = json!({"id": "x".repeat(300)});
    let found = gates(
        "throttle: {key: '{{payload.id}}', at_most: 1, per: 1m}",
        &long,
    );
    let key = found.throttle.unwrap().key;
    assert!(key.starts_with("sha256:") && key.len() == 71, "{key}");
}

#[test]
fn a_key_that_cannot_be_rendered_is_a_dead_letter() {
    for (keys, gate) in [
        (
            "throttle: {key: '{{payload.x}}', at_most: 1, per: 1m}",
            "throttle",
        ),
        ("order_by: '{{payload.x}}'", "order_by"),
        (
            "digest: {key: '{{vars.v}}', window: 1m}, vars: {v: '{{payload.x}}'}",
            "digest",
        ),
    ] {
        let plan = planned(keys, &json!({"id": 1}));
        let job = &plan.jobs[0];
        assert_eq!(
            (job.state, &job.body),
            (JobState::Dead, &JobBody::Unprepared)
        );
        let reason = job.reason.as_deref().unwrap();
        assert!(reason.contains("`r`") && reason.contains(gate), "{reason}");
        assert!(reason.contains("payload.x"), "{reason}");
        assert_eq!(plan.firings, []);
    }
}

#[test]
fn a_shadow_does_nothing_and_changes_nothing() {
    let text = "rules:
  - {name: shadow, mode: shadow, stop: true, throttle: {at_most: 1, per: 1m}, when: {event: push},
     actions: [{log: {message: a}}, {name: b, log: {message: '{{actions.log.text}}'}}, {name: c, log: {message: '{{payload.x}}'}}]}
  - {name: later, when: {event: pull}, actions: [{log: {message: m}}]}
  - {name: rest, when: {unmatched: true}, actions: [{log: {message: m}}]}
";
    let plan = plan(&rules(text), &push(&json!({})), 0);
    assert_eq!(plan.matched, ["shadow", "rest"]);
    let states: Vec<_> = plan.jobs.iter().map(|job| job.state).collect();
    let [shadow, ready] = [JobState::Shadow, JobState::Ready];
    assert_eq!(states, [shadow, shadow, shadow, ready]);
    assert!(matches!(plan.jobs[1].body, JobBody::Deferred { .. }));
    assert!(plan.jobs[2].reason.as_ref().unwrap().contains("payload.x"));
    assert_eq!((plan.firings.len(), plan.signals.len()), (0, 0));
}

#[test]
fn hours_hold_or_skip() {
    // The event is received on a Tuesday at 22:13:20 in UTC, 23:13:20 in Berlin.
    let during = |times: &str, more: &str| {
        format!("during: {{weekdays: [mon-fri], times: ['{times}'], tz: Europe/Berlin{more}}}")
    };
    let open = planned(&during("23:13-23:14", ""), &json!({"id": 1}));
    assert_eq!(
        (open.jobs[0].state, open.firings.len()),
        (JobState::Ready, 0)
    );
    let shut = planned(&during("23:14-23:13", ""), &json!({"id": 1}));
    assert_eq!(shut.jobs[0].state, JobState::Skipped);
    assert!(
        shut.jobs[0]
            .reason
            .as_ref()
            .unwrap()
            .starts_with("during: ")
    );
    let held = gates(
        &during("09:00-17:30", ", otherwise: hold"),
        &json!({"id": 1}),
    );
    assert_eq!(held.held_until, Timestamp::parse("2023-11-15T08:00:00Z"));
}

#[test]
fn jobs_take_turns_by_their_key() {
    let plan = planned(
        "order_by: {key: '{{payload.id}}', on_dead: hold}",
        &json!({"id": 7}),
    );
    let key = "7".to_owned();
    assert_eq!(plan.jobs[0].lane, Some(Lane { key, hold: true }));
    assert_eq!(
        (plan.jobs[0].state, plan.firings.len()),
        (JobState::Ready, 0)
    );
    let again = plan_through(
        &rules(&gated("order_by: a, throttle: {at_most: 1, per: 1m}")),
        &push(&json!({"id": 7})),
        1,
        Passage::PassedBy,
    );
    assert!(again.jobs[0].lane.is_some());
    assert_eq!(
        again.jobs[0].state,
        JobState::Ready,
        "a replay is not throttled"
    );
}

const PAIR: &str = "rules:
  - name: shipped
    when: {event: push}
    join: {within: 1m, key: '{{payload.id}}', with: {paid: {when: {event: paid, conditions: [{path: $.ok, equals: true}]}, key: '{{payload.order}}'}}}
    unless: {within: 1m, key: '{{payload.id}}', when: {event: 'refund.*'}}
    actions: [{log: {message: '{{payload.id}} for {{join.paid.payload.sum}}'}}]
";

fn named(name: &str, payload: &Value) -> Event {
    let mut event = push(payload);
    event.names = vec![name.to_owned()];
    event
}

#[test]
fn other_events_are_signals() {
    let set = rules(PAIR);
    let signal = |name: &str, key: &str| Signal {
        rule: "shipped".into(),
        name: name.into(),
        key: key.into(),
        received_at: Timestamp::from_seconds(1_700_000_000),
        keep: Duration::from_hours(1) + 2 * MINUTE,
    };
    let heard = |name: &str, payload: Value| plan(&set, &named(name, &payload), 0);
    let paid = heard("paid", json!({"ok": true, "order": 5}));
    assert_eq!(
        (paid.signals, paid.jobs.len()),
        (vec![signal("paid", "5")], 0)
    );
    assert_eq!(heard("paid", json!({"ok": false, "order": 5})).signals, []);
    assert_eq!(
        heard("refund.all", json!({"id": 5})).signals,
        [signal("", "5")]
    );
    let keyless = heard("refund.all", json!({}));
    assert_eq!(
        (keyless.signals.len(), keyless.jobs[0].state),
        (0, JobState::Dead)
    );
    let reason = keyless.jobs[0].reason.as_deref().unwrap();
    assert!(
        reason.contains("`shipped`") && reason.contains("unless"),
        "{reason}"
    );
    let event = named("paid", &json!({"ok": true, "order": 5}));
    let replayed = plan(&set, &event, 1);
    assert_eq!(replayed.signals, [], "a replay is nothing new");
    let through = plan_through(&set, &event, 1, Passage::Gates);
    assert_eq!(through.signals, [signal("paid", "5")]);
}

#[test]
fn joined_events_are_rendered_when_they_are_there() {
    let set = rules(PAIR);
    let event = push(&json!({"id": 5}));
    let plan = plan(&set, &event, 0);
    let join = plan.firings[0].gates.join.clone();
    let (key, names) = ("5".to_owned(), vec!["paid".to_owned()]);
    let (within, at_once) = (MINUTE, false);
    assert_eq!(
        join,
        Some(Join {
            key,
            within,
            names,
            at_once
        })
    );
    let job = super::stored(&plan.jobs[0], &event);
    let paid = named("paid", &json!({"sum": 9}));
    let beside = Beside {
        name: "paid".into(),
        event: &paid,
        vars: None,
    };
    let JobBody::Prepared { data, .. } = prepare(&job, &event, &json!({}), &[beside]).unwrap()
    else {
        panic!("not prepared");
    };
    assert_eq!(data["message"], "5 for 9");
    assert!(
        prepare(&job, &event, &json!({}), &[])
            .unwrap_err()
            .contains("join.paid")
    );
    let replayed = super::super::plan(&set, &event, 1);
    assert!(replayed.firings[0].gates.join.as_ref().unwrap().at_once);
    assert_eq!(replayed.firings[0].gates.unless, None);
}

#[test]
fn a_digest_renders_all_its_events() {
    let text = "rules: [{name: r, when: {event: push}, vars: {n: '{{payload.id}}'}, \
         digest: {at: {cron: '0 8 * * *', tz: Europe/Berlin}, max: 5, min: 2}, \
         actions: [{log: {message: '{{payload.id}}:{{#each events}} {{this.payload.id}}={{this.vars.n}}{{/each}}'}}]}]";
    let set = rules(text);
    let event = push(&json!({"id": 1}));
    let found = plan(&set, &event, 0);
    let closes = Closes::At {
        cron: "0 8 * * *".into(),
        tz: "Europe/Berlin".into(),
    };
    assert_eq!(
        closes.at(event.received_at, event.received_at),
        Timestamp::parse("2023-11-15T07:00:00Z").unwrap()
    );
    let (key, max, min) = (String::new(), 5, 2);
    assert_eq!(
        found.firings[0].gates.digest,
        Some(Digest {
            key,
            closes,
            max,
            min
        })
    );
    assert_eq!(found.firings[0].vars, json!({"n": 1}));
    let job = super::stored(&found.jobs[0], &event);
    let other = push(&json!({"id": 2}));
    let beside = [(&event, 1), (&other, 2)].map(|(event, n)| Beside {
        name: String::new(),
        event,
        vars: Some(json!({"n": n})),
    });
    let JobBody::Prepared { data, .. } = prepare(&job, &event, &json!({}), &beside).unwrap() else {
        panic!("not prepared");
    };
    assert_eq!(data["message"], "1: 1=1 2=2");
    let alone = plan(&set, &event, 1)
        .firings
        .remove(0)
        .gates
        .digest
        .unwrap();
    assert_eq!(
        (alone.max, alone.min),
        (1, 1),
        "a replay is a digest of its own"
    );
}

#[test]
fn events_for_other_destinations_are_not_in_one_digest() {
    let set = rules(
        "rules: [{name: r, when: {event: push}, digest: {window: 1m}, \
         actions: [{http: {destination: 'books-{{source.labels.customer}}', body: ['{{length events}}']}}]}]",
    );
    let key = |customer: &str, run| {
        let mut event = push(&json!({"id": 1}));
        let label = ("customer".to_owned(), customer.to_owned());
        event.source.labels.extend([label]);
        let plan = plan_through(&set, &event, run, Passage::Gates);
        assert_eq!(plan.jobs[0].destination, format!("books-{customer}"));
        plan.firings[0].gates.digest.clone().unwrap().key
    };
    assert_eq!(key("acme", 0), key("acme", 1));
    assert_ne!(
        key("acme", 0),
        key("beta", 0),
        "or one would read the other's"
    );
}
