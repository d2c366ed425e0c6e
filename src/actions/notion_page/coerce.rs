//! A value of a rule as a property of Notion's, by the type that the database says it has.

use serde_json::{Map, Value, json};

use crate::actions::request::text_of;
use crate::runtime::Timestamp;

use super::blocks::rich_text;
use super::schema::Property;

/// Items in one list of options, people or pages.
const ITEMS_MAX: usize = 100;
/// Characters in the name of an option.
const OPTION_MAX: usize = 100;

/// The property's value as the API takes it, or why there is none. `written` says that the rule's
/// author wrote it as a map: then it may be Notion's own form, with links and mentions; from an event
/// that would be a stranger's.
pub(super) fn coerce(property: &Property, value: &Value, written: bool) -> Result<Value, String> {
    let kind = property.kind.as_str();
    if let Value::Object(members) = value {
        if written && members.contains_key(kind) {
            return Ok(value.clone());
        }
        if kind == "date" && members.contains_key("start") {
            let parts = ["start", "end", "time_zone"];
            let parts = parts.map(|part| Some((part.to_owned(), members.get(part)?.clone())));
            let parts: Map<String, Value> = parts.into_iter().flatten().collect();
            return Ok(json!({"date": parts}));
        }
    }
    let inner = match kind {
        "title" | "rich_text" => rich_text(&shown(value)),
        "number" => number(value)?,
        "select" => option(value)?,
        "status" => status(property, value)?,
        "multi_select" => {
            let named = items(value, ',')
                .iter()
                .map(option)
                .collect::<Result<Vec<_>, _>>()?;
            named
                .into_iter()
                .filter(|option| !option.is_null())
                .collect()
        }
        "date" => date(value)?,
        "checkbox" => checkbox(value)?,
        "url" => web_url(value)?,
        "email" | "phone_number" => short(value, 200)?,
        "people" => ids(value, |id| json!({"object": "user", "id": id}))?,
        "relation" => ids(value, |id| json!({"id": id}))?,
        "files" => files(value)?,
        _ => {
            return Err(format!("is of type {kind}, which Notion fills in itself"));
        }
    };
    Ok(json!({kind: inner}))
}

/// What a query compares: Notion's filter on one property.
pub(super) fn equals(property: &Property, value: &Value) -> Result<Value, String> {
    let kind = property.kind.as_str();
    let operand = match kind {
        "title" | "rich_text" | "url" | "email" | "phone_number" | "select" | "status" => {
            Value::String(shown(value))
        }
        "number" => number(value)?,
        _ => {
            return Err(format!(
                "is of type {kind}, which `unique_by` cannot compare"
            ));
        }
    };
    if operand.is_null() || operand.as_str().is_some_and(|text| text.trim().is_empty()) {
        return Err("is empty, and `unique_by` needs a value".to_owned());
    }
    Ok(json!({"property": property.name, kind: {"equals": operand}}))
}

/// Text as people read it.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => items.iter().map(text_of).collect::<Vec<_>>().join(", "),
        other => text_of(other),
    }
}

fn trimmed(value: &Value) -> Option<String> {
    let text = text_of(value).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

fn number(value: &Value) -> Result<Value, String> {
    let Some(text) = trimmed(value) else {
        return Ok(Value::Null);
    };
    // Parsed as JSON, so that its text is kept and `1e9`, but no `0x10` or `1,000`, is a number.
    match serde_json::from_str(&text) {
        Ok(Value::Number(number)) => Ok(Value::Number(number)),
        _ => Err(format!("is a number, and `{text}` is none")),
    }
}

fn option(value: &Value) -> Result<Value, String> {
    let Some(name) = trimmed(value) else {
        return Ok(Value::Null);
    };
    if name.chars().count() > OPTION_MAX || name.contains(',') {
        return Err(format!(
            "takes options of at most {OPTION_MAX} characters without commas, not `{name}`"
        ));
    }
    Ok(json!({"name": name}))
}

fn status(property: &Property, value: &Value) -> Result<Value, String> {
    let Some(name) = trimmed(value) else {
        return Ok(Value::Null);
    };
    let known = &property.options;
    if known.is_empty() || known.contains(&name) {
        return Ok(json!({"name": name}));
    }
    Err(format!(
        "has no status `{name}`; it has {}",
        known.join(", ")
    ))
}

fn date(value: &Value) -> Result<Value, String> {
    let Some(text) = trimmed(value) else {
        return Ok(Value::Null);
    };
    let seconds: Option<i64> = text.parse().ok();
    let start = match seconds {
        Some(number) => {
            // Numbers of this size are milliseconds: as seconds they are beyond the year 5000.
            let millis = if number.unsigned_abs() >= 100_000_000_000 {
                number
            } else {
                number.saturating_mul(1000)
            };
            let time = Timestamp::from_millis(millis).to_string();
            if !is_date(&time) {
                return Err(format!("is a date, and {number} is none"));
            }
            time.replace(".000Z", "Z")
        }
        None if is_date(&text) => text,
        None => {
            return Err(format!(
                "is a date, and `{text}` is none; write 2026-01-31 or 2026-01-31T12:00:00Z"
            ));
        }
    };
    Ok(json!({"start": start}))
}

/// A day, a time of day with or without its offset.
fn is_date(text: &str) -> bool {
    ["", "Z", "T00:00:00Z"]
        .iter()
        .any(|rest| Timestamp::parse(&format!("{text}{rest}")).is_some())
}

fn checkbox(value: &Value) -> Result<Value, String> {
    if let Value::Bool(checked) = value {
        return Ok((*checked).into());
    }
    match trimmed(value).unwrap_or_default().to_lowercase().as_str() {
        "true" | "yes" | "1" | "on" => Ok(true.into()),
        "" | "false" | "no" | "0" | "off" => Ok(false.into()),
        other => Err(format!(
            "is a checkbox, and `{other}` is neither true nor false"
        )),
    }
}

fn web_url(value: &Value) -> Result<Value, String> {
    let text = short(value, 2_000)?;
    let Some(url) = text.as_str() else {
        return Ok(Value::Null);
    };
    let scheme = url::Url::parse(url).map(|url| url.scheme().to_owned());
    match scheme.as_deref() {
        Ok("http" | "https" | "mailto") => Ok(text),
        _ => Err(format!(
            "is a URL, and `{url}` is not one of http, https or mailto"
        )),
    }
}

fn short(value: &Value, chars_max: usize) -> Result<Value, String> {
    match trimmed(value) {
        None => Ok(Value::Null),
        Some(text) if text.chars().count() <= chars_max => Ok(text.into()),
        Some(_) => Err(format!("takes at most {chars_max} characters")),
    }
}

fn ids(value: &Value, item: impl Fn(String) -> Value) -> Result<Value, String> {
    let ids = items(value, ',')
        .into_iter()
        .filter_map(|value| trimmed(&value));
    ids.map(|text| {
        page_id(&text)
            .map(&item)
            .ok_or_else(|| format!("takes ids, and `{text}` is none"))
    })
    .collect()
}

fn files(value: &Value) -> Result<Value, String> {
    let mut files = Vec::new();
    for item in items(value, '\n') {
        let link = web_url(&item)?;
        if let Some(url) = link.as_str() {
            let name = url
                .rsplit('/')
                .find(|part| !part.is_empty())
                .unwrap_or("file");
            let name: String = name.chars().take(OPTION_MAX).collect();
            files.push(json!({"name": name, "type": "external", "external": {"url": url}}));
        }
    }
    Ok(files.into())
}

fn items(value: &Value, separator: char) -> Vec<Value> {
    let items: Vec<Value> = match value {
        Value::Array(items) => items.clone(),
        Value::String(text) => text.split(separator).map(Value::from).collect(),
        Value::Null => Vec::new(),
        other => vec![other.clone()],
    };
    items.into_iter().take(ITEMS_MAX).collect()
}

/// The id in a text: 32 hex digits, with or without hyphens, alone or at the end of a URL's path.
pub(super) fn page_id(text: &str) -> Option<String> {
    let path = text.split(['?', '#']).next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let digits: String = last.chars().filter(|c| *c != '-').collect();
    let tail = digits.get(digits.len().checked_sub(32)?..)?;
    let hex = tail.bytes().all(|byte| byte.is_ascii_hexdigit());
    let titled = digits.len() > 32 && text.contains('/');
    (hex && (digits.len() == 32 || titled)).then(|| tail.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(kind: &str) -> Property {
        Property {
            name: "P".to_owned(),
            id: "p".to_owned(),
            kind: kind.to_owned(),
            options: vec!["Open".to_owned(), "Done".to_owned()],
        }
    }

    #[track_caller]
    fn check(kind: &str, value: &Value, expected: &Value) {
        let found = coerce(&property(kind), value, true).map(|found| found[kind].clone());
        assert_eq!(
            found.map(|f| f.to_string()),
            Ok(expected.to_string()),
            "{kind} {value}"
        );
    }

    #[track_caller]
    fn refused(kind: &str, value: &Value) {
        let found = coerce(&property(kind), value, true);
        assert!(found.is_err(), "{kind} {value}: {found:?}");
    }

    #[test]
    fn every_type() {
        let text = json!([{"type": "text", "text": {"content": "hi"}}]);
        check("title", &json!("hi"), &text);
        check("rich_text", &json!("hi"), &text);
        check("rich_text", &json!(null), &json!([]));
        check("number", &json!(12.5), &json!(12.5));
        check(
            "number",
            &json!("12.50"),
            &serde_json::from_str("12.50").unwrap(),
        );
        check("number", &json!(""), &json!(null));
        check("select", &json!("A"), &json!({"name": "A"}));
        check("select", &json!(null), &json!(null));
        check("status", &json!("Done"), &json!({"name": "Done"}));
        check(
            "multi_select",
            &json!("a, b,"),
            &json!([{"name": "a"}, {"name": "b"}]),
        );
        check(
            "multi_select",
            &json!(["a", 1]),
            &json!([{"name": "a"}, {"name": "1"}]),
        );
        check(
            "date",
            &json!("2026-01-31"),
            &json!({"start": "2026-01-31"}),
        );
        check(
            "date",
            &json!(1_700_000_000),
            &json!({"start": "2023-11-14T22:13:20Z"}),
        );
        check(
            "date",
            &json!(1_700_000_000_000_i64),
            &json!({"start": "2023-11-14T22:13:20Z"}),
        );
        check(
            "date",
            &json!({"start": "2026-01-31", "end": null}),
            &json!({"start": "2026-01-31", "end": null}),
        );
        check("date", &json!(""), &json!(null));
        for text in [
            "2026-01-31T12:00:00Z",
            "2026-01-31T12:00:00+02:00",
            "2026-01-31T12:00:00",
        ] {
            check("date", &json!(text), &json!({"start": text}));
        }
        check("checkbox", &json!(true), &json!(true));
        check("checkbox", &json!("no"), &json!(false));
    }

    #[test]
    fn every_other_type() {
        check(
            "url",
            &json!("https://example.com"),
            &json!("https://example.com"),
        );
        check("url", &json!(""), &json!(null));
        check("email", &json!("a@example.com"), &json!("a@example.com"));
        check("phone_number", &json!(123), &json!("123"));
        let id = "248104cd477e80fdb757e945d38000bd";
        check("relation", &json!(id), &json!([{"id": id}]));
        check(
            "people",
            &json!([id]),
            &json!([{"object": "user", "id": id}]),
        );
        check(
            "files",
            &json!("https://example.com/a.pdf"),
            &json!([{"name": "a.pdf", "type": "external", "external": {"url": "https://example.com/a.pdf"}}]),
        );
        check(
            "select",
            &json!({"select": {"id": "x"}}),
            &json!({"id": "x"}),
        );
    }

    #[test]
    fn what_does_not_fit() {
        refused("number", &json!("twelve"));
        refused("number", &json!("1,000"));
        refused("number", &json!("0x10"));
        refused("select", &json!("a,b"));
        refused("select", &json!("x".repeat(101)));
        refused("status", &json!("Nope"));
        refused("date", &json!("tomorrow"));
        refused("date", &json!("31.01.2026"));
        refused("date", &json!("2026-02-30"));
        refused("date", &json!(i64::MAX));
        refused("checkbox", &json!("maybe"));
        refused("url", &json!("javascript:alert(1)"));
        refused("url", &json!("x".repeat(3000)));
        refused("email", &json!("x".repeat(201)));
        refused("relation", &json!("not an id"));
        for read_only in [
            "formula",
            "rollup",
            "created_time",
            "unique_id",
            "last_edited_by",
            "button",
        ] {
            refused(read_only, &json!("x"));
        }
    }

    #[test]
    fn ids_in_texts() {
        let id = Some("248104cd477e80fdb757e945d38000bd".to_owned());
        for text in [
            "248104cd477e80fdb757e945d38000bd",
            "248104CD-477e-80fd-b757-e945d38000bd",
            "https://www.notion.so/acme/248104cd477e80fdb757e945d38000bd?v=1",
            "https://www.notion.so/acme/Invoices-248104cd477e80fdb757e945d38000bd",
        ] {
            assert_eq!(page_id(text), id, "{text}");
        }
        for bad in [
            "",
            "Invoices",
            "248104cd477e80fdb757e945d38000b",
            "x248104cd477e80fdb757e945d38000bd",
            "../../v1/users",
        ] {
            assert_eq!(page_id(bad), None, "{bad}");
        }
    }

    #[test]
    fn filters() {
        let filter = equals(&property("email"), &json!("a@example.com")).unwrap();
        assert_eq!(
            filter,
            json!({"property": "P", "email": {"equals": "a@example.com"}})
        );
        assert!(equals(&property("checkbox"), &json!(true)).is_err());
        assert!(equals(&property("title"), &json!(" ")).is_err());
        assert!(equals(&property("number"), &json!(null)).is_err());
    }
}
