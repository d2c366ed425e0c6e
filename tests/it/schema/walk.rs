//! Every map of a shape, and the smallest whole document in which it stands.

use hookrule::yaml::Shape;
use hookrule::yaml::shape::{Demand, Form, Key, Map};
use serde_json::{Map as Object, Value};

/// A map of a shape.
pub(super) struct Spot<'s> {
    pub(super) map: &'s Map,
    /// Where it stands, as `rules[].when`.
    pub(super) place: &'s str,
    /// Puts a value there, into a whole document.
    pub(super) whole: &'s dyn Fn(Value) -> Value,
}

/// Visits every map, each place of a form with a name once on its way down.
pub(super) fn walk(shape: &Shape, visit: &mut dyn FnMut(&Spot<'_>)) {
    descend(shape, "", &|value| value, &mut Vec::new(), visit);
}

fn descend(
    shape: &Shape,
    place: &str,
    whole: &dyn Fn(Value) -> Value,
    open: &mut Vec<String>,
    visit: &mut dyn FnMut(&Spot<'_>),
) {
    match &shape.form {
        Form::Map(map) => {
            visit(&Spot { map, place, whole });
            for key in &map.keys {
                let place = format!("{place}.{}", key.name);
                let inner = |value| whole(smallest(map, Some((key.name, value))));
                descend(&key.shape, &place, &inner, open, visit);
            }
            if let Some((name, shape)) = &map.others {
                let place = format!("{place}.<name>");
                let inner = |value| whole(smallest(map, Some((name, value))));
                descend(shape, &place, &inner, open, visit);
            }
        }
        Form::List { item, .. } => {
            let place = format!("{place}[]");
            let inner = |value| whole(Value::Array(vec![value]));
            descend(item, &place, &inner, open, visit);
        }
        Form::Either(forms) => {
            for form in forms {
                descend(form, place, whole, open, visit);
            }
        }
        Form::Named(name, definition) => {
            if !open.contains(name) {
                open.push(name.clone());
                descend(&definition.shape(), place, whole, open, visit);
                open.pop();
            }
        }
        Form::Any
        | Form::Text { .. }
        | Form::Number
        | Form::Count { .. }
        | Form::Flag
        | Form::Only(_) => {}
    }
}

/// A map with what must be there, and perhaps one key more.
pub(super) fn smallest(map: &Map, with: Option<(&str, Value)>) -> Value {
    let mut object = Object::new();
    let example = |key: &Key| key.examples[0].clone();
    for key in map.keys.iter().filter(|key| key.required) {
        object.insert(key.name.to_owned(), example(key));
    }
    if let Some((name, value)) = with {
        object.insert(name.to_owned(), value);
    }
    for demand in &map.demands {
        let (Demand::OneOf(names) | Demand::Some(names)) = demand else {
            continue;
        };
        if names.iter().any(|name| object.contains_key(*name)) {
            continue;
        }
        let first = map.keys.iter().find(|key| key.name == names[0]).unwrap();
        object.insert(first.name.to_owned(), example(first));
    }
    for demand in &map.demands {
        if let Demand::With(one, others) = demand
            && object.contains_key(*one)
        {
            for key in map.keys.iter().filter(|key| others.contains(&key.name)) {
                object.entry(key.name).or_insert_with(|| example(key));
            }
        }
    }
    Value::Object(object)
}

/// What may be written under a key, by its own word: examples, the default, and each choice.
pub(super) fn samples(key: &Key) -> Vec<Value> {
    let mut samples = key.examples.clone();
    samples.extend(key.default.clone());
    choices(&key.shape, &mut samples);
    samples
}

fn choices(shape: &Shape, found: &mut Vec<Value>) {
    match &shape.form {
        Form::Text { choices, .. } => found.extend(choices.iter().map(|choice| (*choice).into())),
        Form::Flag => found.extend([true.into(), false.into()]),
        Form::Either(forms) => forms.iter().for_each(|form| choices(form, found)),
        _ => {}
    }
}
