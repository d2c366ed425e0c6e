//! Shapes → JSON Schema.
//!
//! Source: <https://json-schema.org/draft/2020-12>. Only what editors know well is used: `$defs`,
//! `anyOf`, `oneOf`, `additionalProperties`, `patternProperties`.

use serde_json::{Map as Object, Value, json};

use super::{Definition, Demand, Form, Key, Map, Shape};

/// The dialect that is written.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A value of hookrule.yaml that is filled in when it is read.
const FILLED: &str = r"\$\{";

impl Shape {
    /// The schema of a whole file. `filled` where texts may be filled in from the environment: then a
    /// `${…}` can stand wherever text of some form can.
    pub fn json_schema(&self, title: &str, filled: bool) -> Value {
        let mut printer = Printer {
            filled,
            defs: Object::new(),
            open: Vec::new(),
        };
        let mut schema = Object::new();
        schema.insert("$schema".to_owned(), DIALECT.into());
        schema.insert("title".to_owned(), title.into());
        schema.extend(printer.shape(self));
        printer.finish();
        if !printer.defs.is_empty() {
            printer.defs.sort_keys();
            schema.insert("$defs".to_owned(), printer.defs.into());
        }
        Value::Object(schema)
    }
}

struct Printer {
    filled: bool,
    /// What `$ref`s lead to.
    defs: Object<String, Value>,
    /// What is still to be written there.
    open: Vec<(String, Definition)>,
}

impl Printer {
    fn finish(&mut self) {
        while let Some((name, shape)) = self.open.pop() {
            if !self.defs.contains_key(&name) {
                let schema = self.shape(&shape.shape());
                self.defs.insert(name, schema.into());
            }
        }
    }

    fn shape(&mut self, shape: &Shape) -> Object<String, Value> {
        let mut schema = Object::new();
        if !shape.help.is_empty() {
            schema.insert("description".to_owned(), shape.help.as_str().into());
        }
        let form = match &shape.form {
            Form::Any => json!({}),
            Form::Text { pattern, choices } => self.text(*pattern, choices),
            Form::Number => json!({"type": "number"}),
            Form::Count { least, most } => count(*least, *most),
            Form::Flag => json!({"type": "boolean"}),
            Form::Only(value) => json!({"const": value}),
            Form::List { item, least, most } => self.list(item, *least, *most),
            Form::Map(map) => self.map(map),
            Form::Either(forms) => {
                let forms: Vec<_> = forms.iter().map(|form| self.shape(form)).collect();
                json!({"anyOf": forms})
            }
            Form::Named(name, shape) => {
                self.open.push((name.clone(), shape.clone()));
                json!({"$ref": format!("#/$defs/{name}")})
            }
        };
        if let Value::Object(form) = form {
            schema.extend(form);
        }
        schema
    }

    fn text(&self, pattern: Option<&str>, choices: &[&str]) -> Value {
        let narrow = match pattern {
            Some(pattern) => json!({"type": "string", "pattern": pattern}),
            None if choices.is_empty() => return json!({"type": "string"}),
            None => json!({"type": "string", "enum": choices}),
        };
        if self.filled {
            return json!({"anyOf": [narrow, {"type": "string", "pattern": FILLED}]});
        }
        narrow
    }

    fn list(&mut self, item: &Shape, least: usize, most: Option<usize>) -> Value {
        let mut schema = of_type("array");
        schema.insert("items".to_owned(), self.shape(item).into());
        if least > 0 {
            schema.insert("minItems".to_owned(), least.into());
        }
        if let Some(most) = most {
            schema.insert("maxItems".to_owned(), most.into());
        }
        schema.into()
    }

    fn map(&mut self, map: &Map) -> Value {
        let mut schema = of_type("object");
        let keys = map.keys.iter();
        let properties: Object<_, _> = keys
            .map(|key| (key.name.to_owned(), self.key(key)))
            .collect();
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), properties.into());
        }
        let required = map.keys.iter().filter(|key| key.required && !map.lenient);
        let required: Vec<_> = required.map(|key| key.name).collect();
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        if map.free {
            let help = "Keys that begin with `x-` are yours: they mean nothing to hookrule.";
            let own = json!({"^x-": {"description": help}});
            schema.insert("patternProperties".to_owned(), own);
        }
        let others = match &map.others {
            Some((_, shape)) => self.shape(shape).into(),
            None => false.into(),
        };
        schema.insert("additionalProperties".to_owned(), others);
        let holds = |demand: &&Demand| !map.lenient || matches!(demand, Demand::AtMostOne(_));
        let demands: Vec<_> = map.demands.iter().filter(holds).map(demand).collect();
        if !demands.is_empty() {
            schema.insert("allOf".to_owned(), demands.into());
        }
        schema.into()
    }

    fn key(&mut self, key: &Key) -> Value {
        let mut schema = Object::new();
        schema.insert("description".to_owned(), key.help.as_str().into());
        let mut shape = self.shape(&key.shape);
        if let Some(named) = shape.remove("$ref") {
            // Beside a `$ref`, editors show one description; so they show both.
            shape.insert("anyOf".to_owned(), json!([{"$ref": named}]));
        }
        for (name, value) in shape {
            // What the key is for says more than what its value is.
            schema.entry(name).or_insert(value);
        }
        if let Some(default) = &key.default {
            schema.insert("default".to_owned(), default.clone());
        }
        schema.insert("examples".to_owned(), key.examples.clone().into());
        schema.into()
    }
}

fn of_type(name: &str) -> Object<String, Value> {
    let mut schema = Object::new();
    schema.insert("type".to_owned(), name.into());
    schema
}

fn count(least: u64, most: u64) -> Value {
    let mut schema = of_type("integer");
    schema.insert("minimum".to_owned(), least.into());
    // A limit that no editor can count to is none.
    if u32::try_from(most).is_ok() {
        schema.insert("maximum".to_owned(), most.into());
    }
    schema.into()
}

fn each_required(names: &[&str]) -> Vec<Value> {
    let one = |name: &&str| json!({"required": [name]});
    names.iter().map(one).collect()
}

fn demand(demand: &Demand) -> Value {
    match demand {
        Demand::OneOf(names) => json!({"oneOf": each_required(names)}),
        Demand::Some(names) => json!({"anyOf": each_required(names)}),
        Demand::AtMostOne(names) => {
            let mut pairs = Vec::new();
            for (at, one) in names.iter().enumerate() {
                let later = names.iter().skip(at + 1);
                pairs.extend(later.map(|other| json!({"required": [one, other]})));
            }
            json!({"not": {"anyOf": pairs}})
        }
        Demand::With(one, others) => {
            json!({"if": {"required": [one]}, "then": {"required": others}})
        }
        Demand::Alone(names) => {
            json!({"if": {"anyOf": each_required(names)}, "then": {"maxProperties": 1}})
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::key;
    use super::*;

    fn nested() -> Shape {
        Shape::map([key(
            "in",
            Shape::named("nested", nested),
            "Inside.",
            json!({}),
        )])
    }

    #[test]
    fn forms_become_what_validators_read() {
        let shape = Shape::map([
            key("n", Shape::count(1, 9), "How many.", 2)
                .or(1)
                .required(),
            key("w", Shape::duration(), "How long.", "5s"),
            key("c", Shape::named("nested", nested), "Where.", json!({})),
        ])
        .free()
        .demand(Demand::AtMostOne(vec!["w", "c"]));
        let schema = shape.json_schema("T", false);
        let n = json!({"description": "How many.", "type": "integer", "minimum": 1, "maximum": 9,
                       "default": 1, "examples": [2]});
        assert_eq!(schema["properties"]["n"], n);
        assert_eq!(schema["required"], json!(["n"]));
        assert_eq!(schema["additionalProperties"], json!(false));
        let names: Vec<_> = schema["$defs"].as_object().unwrap().keys().collect();
        assert_eq!(names, ["duration", "nested"]);
        let not = json!([{"not": {"anyOf": [{"required": ["w", "c"]}]}}]);
        assert_eq!(schema["allOf"], not);
    }

    #[test]
    fn what_may_be_filled_in_may_be_a_variable() {
        let pattern = |filled| Shape::matching("^a$").json_schema("T", filled);
        assert_eq!(pattern(false)["pattern"], "^a$");
        assert_eq!(pattern(true)["anyOf"][1]["pattern"], FILLED);
    }
}
