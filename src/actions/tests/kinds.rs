//! What holds for every kind.

use super::{Notes, Try, check, word};
use crate::actions::LIST;
use crate::destinations;

#[test]
fn kinds_have_names_of_their_own_and_destinations_that_exist() {
    let mut names: Vec<_> = LIST.iter().map(|kind| kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), LIST.len());
    for kind in LIST {
        assert!(kind.help().ends_with('.'), "{}", kind.name());
        if let Some(wanted) = kind.destination_kind() {
            assert!(
                destinations::LIST
                    .iter()
                    .any(|known| known.name() == wanted),
                "{wanted}"
            );
        }
    }
}

#[test]
fn unknown_keys_are_found_in_every_kind() {
    for kind in LIST {
        let said = check(kind.name(), "{surely_not_a_key: 1}");
        let name = kind.name();
        assert!(
            said.iter().any(|line| line.contains("HR0004")),
            "{name}: {said:?}"
        );
    }
}

#[tokio::test]
async fn a_destination_that_changed_its_kind_is_a_refusal() {
    let there = super::destination("{file: {root: /nowhere/at/all}}");
    let other = super::destination("{command: {argv: [x]}}");
    let memory = Notes::default();
    for kind in LIST {
        if kind.destination_kind().is_none() {
            continue;
        }
        let wrong = if kind.destination_kind() == Some("file") {
            &other
        } else {
            &there
        };
        let data = serde_json::json!({});
        let attempt = Try::first(kind.name(), data.clone(), wrong, &memory);
        assert_eq!(
            word(&attempt.perform().await),
            "reject, gone: false",
            "{}",
            kind.name()
        );
        let mut none = Try::first(kind.name(), data, wrong, &memory);
        none.destination = None;
        assert_eq!(
            word(&none.perform().await),
            "reject, gone: false",
            "{}",
            kind.name()
        );
    }
}
