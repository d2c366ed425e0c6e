//! Every key of the rules schemas stands in an example of the documentation that is run.

use std::collections::BTreeSet;

use hookrule::commands::schema::Which;
use hookrule::diagnostic::{Diagnostics, SourceFile};
use hookrule::yaml;
use hookrule::yaml::Shape;
use hookrule::yaml::shape::{Form, Key};
use serde_json::Value;

use crate::docs::run_examples;

/// A key by where it stands: forms that have a name begin anew, and a list is as one of its items.
fn name_of(context: &str, key: &Key) -> String {
    format!("{context}.{}", key.name)
}

/// Tests are the same in a rule and in a file of their own.
fn context_of(place: &str) -> String {
    place.replace("tests.tests", "rules.rules.tests")
}

/// Every key of a shape.
fn keys(shape: &Shape, context: &str, open: &mut Vec<String>, found: &mut BTreeSet<String>) {
    match &shape.form {
        Form::Map(map) => {
            for key in &map.keys {
                let name = context_of(&name_of(context, key));
                keys(&key.shape, &name, open, found);
                found.insert(name);
            }
            if let Some((_, shape)) = &map.others {
                keys(shape, context, open, found);
            }
        }
        Form::List { item, .. } => keys(item, context, open, found),
        Form::Either(forms) => forms
            .iter()
            .for_each(|form| keys(form, context, open, found)),
        Form::Named(name, definition) if !open.contains(name) => {
            open.push(name.clone());
            keys(&definition.shape(), name, open, found);
        }
        _ => {}
    }
}

/// Those of them that a value has.
fn used(shape: &Shape, context: &str, value: &Value, found: &mut BTreeSet<String>) {
    match (&shape.form, value) {
        (Form::Map(map), Value::Object(object)) => {
            for (name, value) in object {
                if let Some(key) = map.keys.iter().find(|key| key.name == name) {
                    let name = context_of(&name_of(context, key));
                    used(&key.shape, &name, value, found);
                    found.insert(name);
                } else if let Some((_, shape)) = &map.others {
                    used(shape, context, value, found);
                }
            }
        }
        (Form::List { item, .. }, Value::Array(items)) => items
            .iter()
            .for_each(|value| used(item, context, value, found)),
        (Form::Either(forms), _) => forms
            .iter()
            .for_each(|form| used(form, context, value, found)),
        (Form::Named(name, definition), _) => used(&definition.shape(), name, value, found),
        _ => {}
    }
}

#[test]
fn every_key_stands_in_an_example_that_is_run() {
    let (mut wanted, mut shown) = (BTreeSet::new(), BTreeSet::new());
    for which in [Which::Rules, Which::Tests, Which::Shared] {
        keys(&which.shape(), which.name(), &mut Vec::new(), &mut wanted);
    }
    let examples = run_examples();
    for (which, text) in &examples {
        let file = SourceFile::new("a.yaml", text.as_str());
        let node = yaml::read(&file, &mut Diagnostics::new()).unwrap();
        used(&which.shape(), which.name(), &node.to_json(), &mut shown);
    }
    let beside = |name: &str, last: &str| {
        let parts: Vec<_> = name.split('.').collect();
        matches!(parts.as_slice(), ["condition", _, end] if *end == last)
    };
    let compared = |name: &str| beside(name, "path");
    let listed = |name: &str| beside(name, "list");
    assert!(shown.iter().any(|name| compared(name)));
    assert!(shown.iter().any(|name| listed(name)));
    // What stands under `defaults` is what stands in an action; one operator that is compared with a
    // path, and one with a list, show it for all.
    let missing: Vec<_> = wanted
        .difference(&shown)
        .filter(|name| !name.starts_with("rules.defaults."))
        .filter(|name| !compared(name))
        .filter(|name| !listed(name))
        .collect();
    println!("{} keys in {} examples", wanted.len(), examples.len());
    assert!(missing.is_empty(), "no example has {missing:#?}");
    assert!(wanted.len() > 200, "{}", wanted.len());
}
