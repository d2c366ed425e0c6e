//! What followers may read of an answer: `status headers body text`, and the kind's own. Our own
//! credentials are masked: outputs are stored, and whoever writes rules may not see them.

use serde_json::{Map, Value, json};

use crate::net::Response;

use super::Redactor;

/// The most that a job's outputs take, in bytes of JSON.
pub(in crate::actions) const OUTPUTS_BYTES_MAX: usize = 16 * 1024;

/// The most of each part; a member of a body that is longer than this is left out of a body that is
/// too long as a whole.
const TEXT_BYTES_MAX: usize = 4 * 1024;
const BODY_BYTES_MAX: usize = 8 * 1024;
const MEMBER_BYTES_MAX: usize = 1024;
const HEADERS_MAX: usize = 24;
const HEADER_BYTES_MAX: usize = 100;

/// An answer's body as JSON, if it is JSON.
pub(in crate::actions) fn parsed(response: &Response) -> Option<Value> {
    serde_json::from_slice(&response.body).ok()
}

/// `status headers body text` of an answer, with `own` beside them.
pub(in crate::actions) fn outputs(
    response: &Response,
    own: &[(&str, Value)],
    redactor: &Redactor,
) -> Value {
    let mut headers = Map::new();
    for (name, value) in &response.headers {
        let kept = name != "set-cookie" && value.len() + name.len() <= HEADER_BYTES_MAX;
        if kept && headers.len() < HEADERS_MAX {
            headers.insert(name.clone(), redactor.without_own(value).into());
        }
    }
    let text = redactor.without_own(&String::from_utf8_lossy(&response.body));
    let body = parsed(response).map(|body| redactor.value(body));
    let mut outputs = json!({
        "status": response.status,
        "headers": headers,
        "body": body.map_or(Value::Null, shortened),
        "text": beginning(&text, TEXT_BYTES_MAX),
    });
    if let Some(outputs) = outputs.as_object_mut() {
        for (name, value) in own {
            outputs.insert((*name).to_owned(), redactor.value(value.clone()));
        }
        for spare in ["headers", "body", "text"] {
            if bytes(outputs) > OUTPUTS_BYTES_MAX {
                outputs.insert(spare.to_owned(), Value::Null);
            }
        }
    }
    outputs
}

/// A body that is too long keeps those of its own members that are short.
fn shortened(body: Value) -> Value {
    if bytes(&body) <= BODY_BYTES_MAX {
        return body;
    }
    let Value::Object(members) = body else {
        return Value::Null;
    };
    let mut room = BODY_BYTES_MAX;
    let mut kept = Map::new();
    for (name, value) in members {
        let size = name.len() + bytes(&value);
        if size <= MEMBER_BYTES_MAX && size <= room {
            room -= size;
            kept.insert(name, value);
        }
    }
    Value::Object(kept)
}

fn bytes(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

/// At most so many bytes from the beginning, cut between characters.
pub(in crate::actions) fn beginning(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str) -> Value {
        let response = Response {
            status: 200,
            headers: vec![
                ("x-a".into(), "b".into()),
                ("set-cookie".into(), "s=1".into()),
            ],
            body: body.to_owned().into(),
        };
        let redactor = Redactor::new(["own-secret".to_owned()]);
        outputs(&response, &[("id", json!("7"))], &redactor)
    }

    #[test]
    fn json_and_text() {
        assert_eq!(
            of(r#"{"a":1.50}"#).to_string(),
            r#"{"status":200,"headers":{"x-a":"b"},"body":{"a":1.50},"text":"{\"a\":1.50}","id":"7"}"#
        );
        assert_eq!(of("hi")["body"], Value::Null);
        assert_eq!(of("hi")["text"], "hi");
    }

    #[test]
    fn our_credentials_are_masked_before_anything_is_cut() {
        let body = json!({"head": {"authorization": "Bearer own-secret"}});
        assert_eq!(
            of(&body.to_string())["body"]["head"]["authorization"],
            "Bearer ***"
        );
        let long = format!("{}own-secret", "x".repeat(TEXT_BYTES_MAX - 4));
        assert!(!of(&long).to_string().contains("own"));
    }

    #[test]
    fn never_too_long() {
        let long = "\u{1}ä".repeat(20_000);
        for body in [
            long.clone(),
            json!({"id": 5, "long": long, "url": "u"}).to_string(),
            json!([long]).to_string(),
            format!("{{{}\"z\":1}}", "\"k\":1,".repeat(9000)),
        ] {
            let outputs = of(&body);
            assert!(bytes(&outputs) <= OUTPUTS_BYTES_MAX, "{}", bytes(&outputs));
            assert_eq!(outputs["id"], "7");
        }
        let body = json!({"id": 5, "long": long, "url": "u"}).to_string();
        assert_eq!(of(&body)["body"], json!({"id": 5, "url": "u"}));
    }
}
