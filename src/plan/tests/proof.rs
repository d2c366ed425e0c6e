//! Rules that ask how far an event was shown to be authentic.

use super::*;
use crate::event::Strength::{Authenticated, Internal, Signed, Unsigned};
use crate::plan::Beside;

fn proven(strength: Strength) -> Event {
    Event {
        proof: Proof::imagined_by_trial(strength),
        ..push(&json!({"a": 1}))
    }
}

#[test]
fn each_rule_takes_the_proof_it_asks_for() {
    let text = [
        "rules:\n".to_owned(),
        rule("any", "event: push", "{{event.proof}}"),
        rule("signed", "proof: signed", "m"),
        rule("authenticated", "proof: authenticated", "m"),
        rule("unsigned", "proof: unsigned", "m"),
        rule("known", "proof: [authenticated, signed]", "m"),
    ];
    let set = rules(&text.concat());
    for (strength, expected) in [
        (Signed, &["any", "signed", "known"][..]),
        (Authenticated, &["any", "authenticated", "known"]),
        (Unsigned, &["any", "unsigned"]),
        (Internal, &["any"]),
    ] {
        let event = proven(strength);
        let found = plan(&set, &event, 0);
        assert_eq!(found.matched, expected, "{strength:?}");
        assert_eq!(message(&found.jobs[0]), strength.word());
        for trace in judge(&set, &event) {
            let matched = expected.contains(&trace.rule.as_str());
            assert_eq!(trace.matched, matched, "{}", trace.rule);
            if !matched {
                assert_eq!(trace.because.as_deref(), Some("proof"));
                assert_eq!(trace.seen, Some(strength.word().into()));
            }
        }
    }
}

#[test]
fn another_name_is_the_reason_before_too_little_proof() {
    let set = rules(&["rules:\n", &rule("r", "event: issues, proof: signed", "m")].concat());
    let traces = judge(&set, &proven(Unsigned));
    assert_eq!(traces[0].because.as_deref(), Some("event"));
}

#[test]
fn what_is_left_for_unmatched_rules_and_stopped_by_others_depends_on_proof() {
    let text = [
        "rules:\n".to_owned(),
        rule("first", "proof: signed", "m").replace("when:", "stop: true, when:"),
        rule("later", "event: push", "m"),
        rule("left", "unmatched: true, proof: unsigned", "m"),
    ];
    let set = rules(&text.concat());
    assert_eq!(plan(&set, &proven(Signed), 0).matched, ["first"]);
    assert_eq!(plan(&set, &proven(Unsigned), 0).matched, ["later"]);
    let alone = rules(&[&text[0], &text[1], &text[3]].map(String::as_str).concat());
    assert_eq!(plan(&alone, &proven(Unsigned), 0).matched, ["left"]);
    assert!(plan(&alone, &proven(Authenticated), 0).matched.is_empty());
}

#[test]
fn a_task_made_of_several_events_is_proven_like_the_least_of_them() {
    let set = rules(
        "rules:\n  - name: r\n    when: {event: push}\n    digest: {window: 1h}\n    actions:\n      \
         - agent_task: {destination: reviewer, message: Look., data: {all: \"{{events}}\"}}\n",
    );
    let first = proven(Signed);
    let found = plan(&set, &first, 0);
    let job = stored(&found.jobs[0], &first);
    for (other, expected) in [
        (Signed, "signed"),
        (Authenticated, "authenticated"),
        (Unsigned, "unsigned"),
        (Internal, "signed"),
    ] {
        let other = proven(other);
        let gathered = [&first, &other].map(|event| Beside {
            name: String::new(),
            event,
            vars: None,
        });
        let body = prepare(&job, &first, &json!({}), &gathered).unwrap();
        let JobBody::Prepared { data, .. } = body else {
            panic!("not prepared: {body:?}");
        };
        assert_eq!(data["proof"], expected);
        let told = data["task"].as_str().unwrap().contains("Other events");
        assert_eq!(told, expected != "signed", "{}", data["task"]);
    }
}
