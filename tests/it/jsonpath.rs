//! JSONPath as RFC 9535 has it: the public compliance suite where it is at hand, and cases of our own.

use std::path::PathBuf;

use hookrule::expression::{Path, decimal};
use serde_json::Value;

use crate::harness::project;

/// The suite beside the project, or beside the folder that it stands in.
fn suite() -> Option<PathBuf> {
    let project = project();
    let places = project.ancestors().skip(1).take(2);
    places
        .map(|place| place.join("shared/data/jsonpath-cts.json"))
        .find(|file| file.exists())
}

/// What is wrong with the answer to one case, if anything is.
fn wrong(case: &Value) -> Option<String> {
    let (name, selector) = (case["name"].as_str()?, case["selector"].as_str()?);
    let path = match Path::parse(selector) {
        Ok(path) => path,
        Err(_) if case["invalid_selector"] == true => return None,
        Err(error) => return Some(format!("{name}: `{selector}` is refused: {error}")),
    };
    if case["invalid_selector"] == true {
        return Some(format!("{name}: `{selector}` is not refused"));
    }
    let found = match path.try_select(&case["document"]) {
        Ok(found) => found.into_iter().cloned().collect::<Value>(),
        Err(error) => return Some(format!("{name}: `{selector}`: {error}")),
    };
    let one = std::slice::from_ref(&case["result"]);
    let several = case["results"].as_array().map_or(one, Vec::as_slice);
    let right = several.iter().any(|right| decimal::equal(&found, right));
    (!right).then(|| format!("{name}: `{selector}` selects {found}"))
}

#[test]
fn the_public_suite_passes() {
    let Some(file) = suite() else {
        println!("shared/data is not here: the public suite of JSONPath was skipped");
        return;
    };
    let suite: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let cases = suite["tests"].as_array().unwrap();
    let wrong: Vec<_> = cases.iter().filter_map(wrong).collect();
    println!(
        "{} of {} cases passed",
        cases.len() - wrong.len(),
        cases.len()
    );
    assert_eq!(wrong, Vec::<String>::new());
    assert!(cases.len() >= 703, "only {} cases", cases.len());
}

/// A selector, a document, and what is selected; nothing where the selector must be refused.
type Case = (&'static str, &'static str, Option<&'static str>);

/// Each section of the RFC by its number.
const CASES: &[Case] = &[
    // 2.2: the root
    ("$", r#"{"a":1}"#, Some(r#"[{"a":1}]"#)),
    ("$ ", "1", None),
    (" $", "1", None),
    ("", "1", None),
    ("a", r#"{"a":1}"#, None),
    // 2.3.1: names
    ("$.a.b", r#"{"a":{"b":null}}"#, Some("[null]")),
    ("$['a b']['\\'']", r#"{"a b":{"'":2}}"#, Some("[2]")),
    (r#"$["\u00e9\uD83D\uDE00"]"#, r#"{"é😀":3}"#, Some("[3]")),
    ("$.größe", r#"{"größe":4}"#, Some("[4]")),
    ("$.1a", r#"{"1a":1}"#, None),
    ("$.a-b", r#"{"a-b":1}"#, None),
    (r"$['\uD83D']", "{}", None),
    ("$.a", r#"[{"a":1}]"#, Some("[]")),
    // 2.3.2: wildcards
    ("$[*]", "[1,[2]]", Some("[1,[2]]")),
    ("$.*", r#"{"a":1}"#, Some("[1]")),
    ("$.*", "\"text\"", Some("[]")),
    // 2.3.3: indexes
    ("$[1]", "[1,2]", Some("[2]")),
    ("$[-1]", "[1,2]", Some("[2]")),
    ("$[2]", "[1,2]", Some("[]")),
    ("$[0]", r#"{"0":1}"#, Some("[]")),
    ("$[01]", "[1,2]", None),
    ("$[-0]", "[1,2]", None),
    ("$[9007199254740992]", "[]", None),
    // 2.3.4: slices
    ("$[1:3]", "[0,1,2,3]", Some("[1,2]")),
    ("$[::2]", "[0,1,2,3]", Some("[0,2]")),
    ("$[::-2]", "[0,1,2,3]", Some("[3,1]")),
    ("$[-2:]", "[0,1,2,3]", Some("[2,3]")),
    ("$[5:]", "[0,1]", Some("[]")),
    ("$[::0]", "[0,1]", Some("[]")),
    // 2.3.5: filters, what is there and how it compares
    (
        "$[?@.a]",
        r#"[{"a":null},{"b":1}]"#,
        Some(r#"[{"a":null}]"#),
    ),
    (
        "$[?@.a == null]",
        r#"[{"a":null},{"b":1}]"#,
        Some(r#"[{"a":null}]"#),
    ),
    (
        "$[?@.a == @.b]",
        r#"[{},{"a":1},{"a":1,"b":1.0}]"#,
        Some(r#"[{},{"a":1,"b":1.0}]"#),
    ),
    ("$[?@ < 'b']", r#"["a","b",1]"#, Some(r#"["a"]"#)),
    ("$[?@ >= 1.5]", "[1,1.50,2,\"2\"]", Some("[1.50,2]")),
    (
        "$[?@ == 'a' || @ == 1 && @ != 2]",
        r#"["a",1,2]"#,
        Some(r#"["a",1]"#),
    ),
    (
        "$[?!(@.a > 1)]",
        r#"[{"a":2},{"a":1}]"#,
        Some(r#"[{"a":1}]"#),
    ),
    ("$.l[?@ == $.a]", r#"{"a":7,"l":[6,7]}"#, Some("[7]")),
    ("$[?@.a == [1]]", "[]", None),
    ("$[?@.* == 1]", "[]", None),
    ("$[?1]", "[]", None),
    // 2.4: functions
    (
        "$[?length(@) == 2]",
        r#"["äb",[1,2],{"a":1,"b":2},12]"#,
        Some(r#"["äb",[1,2],{"a":1,"b":2}]"#),
    ),
    ("$[?count(@.*) > 1]", "[[1],[1,2]]", Some("[[1,2]]")),
    (
        "$[?match(@, 'a.c')]",
        r#"["abc","xabc","a\rc"]"#,
        Some(r#"["abc"]"#),
    ),
    (
        "$[?search(@, '^b|c$')]",
        r#"["abc","ba","a"]"#,
        Some(r#"["abc","ba"]"#),
    ),
    (
        "$[?value(@..a) == 1]",
        r#"[[{"a":1}],[{"a":1},{"a":1}]]"#,
        Some(r#"[[{"a":1}]]"#),
    ),
    ("$[?length(@.*) == 1]", "[]", None),
    ("$[?count(1) == 1]", "[]", None),
    ("$[?length(@.a)]", "[]", None),
    ("$[?match(@, 'a') == true]", "[]", None),
    ("$[?nothing(@)]", "[]", None),
    // 2.5: segments
    ("$['a','b',0]", r#"{"b":2,"a":1}"#, Some("[1,2]")),
    ("$[0,0]", "[1]", Some("[1,1]")),
    ("$..a", r#"{"a":{"a":1}}"#, Some(r#"[{"a":1},1]"#)),
    ("$..[0]", "[[1],[2]]", Some("[[1],1,2]")),
    ("$..a..b", r#"{"a":{"b":1,"a":{"b":2}}}"#, Some("[1,2,2]")),
    ("$..*..*", "[[[1]]]", Some("[[1],1,1]")),
    ("$..", "[]", None),
    ("$.a.", "{}", None),
];

#[test]
fn our_own_cases_pass() {
    for (selector, document, result) in CASES {
        let document: Value = serde_json::from_str(document).unwrap();
        let case = match result {
            Some(result) => serde_json::json!({
                "name": "ours", "selector": selector, "document": document,
                "result": serde_json::from_str::<Value>(result).unwrap(),
            }),
            None => {
                serde_json::json!({"name": "ours", "selector": selector, "invalid_selector": true})
            }
        };
        assert_eq!(wrong(&case), None);
    }
}

#[test]
fn a_wrong_answer_is_seen() {
    let case = |selector: &str, result: &Value| serde_json::json!({"name": "x", "selector": selector, "document": [1], "result": result});
    assert!(
        wrong(&case("$[0]", &serde_json::json!([2])))
            .unwrap()
            .contains("selects [1]")
    );
    assert!(
        wrong(&case("$[", &serde_json::json!([1])))
            .unwrap()
            .contains("is refused")
    );
    let refused = serde_json::json!({"name": "x", "selector": "$.a", "invalid_selector": true});
    assert!(wrong(&refused).unwrap().contains("is not refused"));
}
