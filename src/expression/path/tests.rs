//! What the module above promises, case by case.

use jsonpath_rust::query::js_path_process;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn selected(path: &str, json: &str) -> Vec<String> {
    let value: Value = serde_json::from_str(json).unwrap();
    let path = Path::parse(path).unwrap();
    let found = path.try_select(&value).unwrap();
    found.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(path: &str, json: &str, expected: &[&str]) {
    assert_eq!(selected(path, json), expected, "{path}");
}

#[track_caller]
fn refused(path: &str, at: usize, message: &str, help: &str) {
    let error = Path::parse(path).unwrap_err();
    assert!(error.message.contains(message), "{error:?}");
    assert_eq!(error.offset, at, "{error:?}");
    let given = error.help.clone().unwrap_or_default();
    assert!(given.contains(help), "{error:?}");
}

const SHOP: &str = r#"{"books": [
    {"title": "A", "price": 8.95, "tags": ["x", "y"]},
    {"title": "B", "price": 12, "id": 9007199254740993},
    {"title": "C", "price": 12.00, "tags": []}], "top": 9}"#;

#[test]
fn what_paths_select() {
    check("$.books[*].title", SHOP, &[r#""A""#, r#""B""#, r#""C""#]);
    check("$..price", SHOP, &["8.95", "12", "12.00"]);
    check("$.books[-1:].title", SHOP, &[r#""C""#]);
    check("$.books[::-1].title", SHOP, &[r#""C""#, r#""B""#, r#""A""#]);
    check("$.books[0,2].title", SHOP, &[r#""A""#, r#""C""#]);
    check(
        "$.books[?@.price > $.top].title",
        SHOP,
        &[r#""B""#, r#""C""#],
    );
    check("$.books[?@.tags].title", SHOP, &[r#""A""#, r#""C""#]);
    check("$.books[?!@.tags].title", SHOP, &[r#""B""#]);
    check("$.books[?length(@.tags) == 0].title", SHOP, &[r#""C""#]);
    check("$.books[?count(@.tags[*]) >= 2].title", SHOP, &[r#""A""#]);
    check(
        "$.books[?match(@.title, '[AB]') && @.price < 10].title",
        SHOP,
        &[r#""A""#],
    );
    check("$.books[?search(@.title, 'C|x')].title", SHOP, &[r#""C""#]);
    check(
        "$.books[?value(@..tags[0]) == 'x'].title",
        SHOP,
        &[r#""A""#],
    );
    check("$['books'][1]['title']", SHOP, &[r#""B""#]);
    check("$.none[*]", SHOP, &[]);
    check("$", "7", &["7"]);
}

#[test]
fn numbers_compare_exactly() {
    check(
        "$[?@ == 1]",
        "[1, 1.0, 1e0, \"1\", 1.0000000000000000001]",
        &["1", "1.0", "1e+0"],
    );
    check(
        "$[?@ > 1]",
        "[1.0000000000000000001, 1, \"2\"]",
        &["1.0000000000000000001"],
    );
    check(
        "$[?@ < 9007199254740991]",
        "[9007199254740992, 9007199254740990]",
        &["9007199254740990"],
    );
    check(
        "$.a[?@ == $.id]",
        r#"{"id": 9007199254740993, "a": [9007199254740992, 9007199254740993]}"#,
        &["9007199254740993"],
    );
    check("$[?@ == 19.99]", "[19.99, 19.990000000000002]", &["19.99"]);
}

#[test]
fn one_value_or_several() {
    for (path, steps) in [("$", 0), ("$.a.b", 2), ("$['a'][0]", 2), ("$.a[-1]", 2)] {
        assert_eq!(
            Path::parse(path).unwrap().singular().map(|s| s.0.len()),
            Some(steps)
        );
    }
    for path in ["$.*", "$..a", "$.a[0:1]", "$.a[0,1]", "$.a[?@.b]"] {
        assert!(Path::parse(path).unwrap().singular().is_none(), "{path}");
    }
}

#[test]
fn what_is_no_path_says_what_to_write() {
    refused("a.0", 0, "starts with `$`", "write `$.a[0]`");
    refused(
        "pull_request.head.ref",
        0,
        "starts with `$`",
        "write `$.pull_request.head.ref`",
    );
    refused("payload.a.b", 0, "starts with `$`", "write `$.a.b`");
    refused("{{payload.a-b}}", 0, "starts with `$`", "write `$['a-b']`");
    refused("/a/0/b", 0, "starts with `$`", "write `$.a[0].b`");
    refused(
        ".a.items[*].b",
        0,
        "starts with `$`",
        "write `$.a.items[*].b`",
    );
    refused("@.a", 0, "starts with `$`", "write `$.a`");
    refused("$a.b", 1, "from `a.b` on", "write `$.a.b`");
    refused("$.a.0", 4, "from `0` on", "write `$.a[0]`");
    refused("$.a-b", 3, "from `-b` on", "write `$['a-b']`");
    refused("$.a[b]", 4, "from `b]` on", "write `$.a['b']`");
    refused("", 0, "starts with `$`", "paths look like");
    refused("$.", 2, "ends too early", "paths look like");
    refused("$.a[?@.b = 1]", 9, "from `= 1]` on", "`==`");
    refused("$.a[?@.b =~ 'x']", 9, "from", "match(");
    refused("$.ü[", "$.ü".len(), "`[` is never closed", "");
    refused("$.commits[0", 9, "`[` is never closed", "paths look like");
    refused("$['a].b[1]", 1, "`[` is never closed", "");
    refused(
        "$.a.length()",
        10,
        "from `()` on",
        "{{length payload.items}}",
    );
}

#[test]
fn what_the_library_lets_pass_is_refused() {
    refused(
        "$[?in(@.a, $.b)]",
        3,
        "`in` is not a function",
        "length, count",
    );
    refused("$[?nin(@.a, $.b) && @.c]", 3, "`nin` is not", "");
    refused("$[?length(@.a)]", 3, "`length` gives a number", "compare");
    refused("$[?count(@.*)]", 3, "`count` gives a number", "");
    refused(
        "$[?match(@.a, 'x') == true]",
        3,
        "`match` and `search` give true or false",
        "by themselves",
    );
    refused("$[?length(@.*) < 3]", 9, "takes one value", "count");
    refused(
        "$[?search(@.a, '(')]",
        16,
        "not a regular expression",
        "close it with `)`",
    );
    refused(
        "$[?match(@.a, 'x{9999999}')]",
        15,
        "not a regular expression",
        "",
    );
    assert!(Path::parse(&format!("$.{}", "a".repeat(PATH_BYTES_MAX))).is_err());
    assert!(Path::parse(&format!("$[?{}@{}]", "(".repeat(200), ")".repeat(200))).is_err());
}

#[test]
fn nested_calls_are_read_soon_enough() {
    let calls = BRACKETS_MAX;
    let path = format!(
        "$[?{}@.a{} == 1]",
        "length(".repeat(calls),
        ")".repeat(calls)
    );
    assert!(Path::parse(&path).is_ok());
}

#[test]
fn the_work_is_bounded() {
    let wide = Value::Array(vec![Value::Array(vec![Value::Null; 1_100]); 1_000]);
    too_much("$..*", &wide);
    too_much("$[*][?$[0][5000]]", &wide);
    assert!(Path::parse("$[7][*]").unwrap().try_select(&wide).is_ok());
}

#[track_caller]
fn too_much(path: &str, document: &Value) {
    let path = Path::parse(path).unwrap();
    assert_eq!(
        path.try_select(document).map(|found| found.len()),
        Err(TooMuch)
    );
}

/// Without a bound each of these would look at more values than there is time for: that the test ends
/// is what it shows.
#[test]
fn going_down_again_and_again_ends() {
    let nested = (0..100).fold(Value::from(1), |inner, _| json!([inner, {"a": 2}]));
    for path in [
        "$..*..*..*..*..*",
        "$..[*]..[*]..[*]..[*]",
        "$..[?@..[?@..[?@..a]]]",
    ] {
        too_much(path, &nested);
    }
    assert!(Path::parse("$..*..a").unwrap().try_select(&nested).is_ok());
}

#[test]
fn what_looks_at_little_but_works_much_ends() {
    let text = "ab".repeat(200_000);
    let many = vec![Value::Null; 100_000];
    let texts = json!({"text": text, "again": text, "many": many});
    for filter in [
        "search($.text, 'b$')",
        "length($.text) == 1",
        "$.text == $.again",
        "$.text < $.again",
    ] {
        too_much(&format!("$.many[?{filter}]"), &texts);
    }
    let list = vec![Value::from(1); 20_000];
    let lists = json!({"list": list, "again": list, "many": many});
    too_much("$.many[?$.list == $.again]", &lists);
    // A sender who writes regular expressions into a document gets only so many compiled.
    let patterns: Vec<_> = (0..200)
        .map(|n| json!({"a": "x", "p": format!("x{{{n}}}")}))
        .collect();
    too_much("$[?match(@.a, @.p)]", &Value::from(patterns));
    let one = vec![json!({"a": "x", "p": "x|y"}); 1_000];
    let path = Path::parse("$[?match(@.a, @.p)]").unwrap();
    assert_eq!(path.try_select(&Value::from(one)).unwrap().len(), 1_000);
    too_much(
        "$[?match(@.a, @.p)]",
        &json!([{"a": "x", "p": "x".repeat(5_000)}]),
    );
    let huge = json!([{"a": "x", "p": "(x{0,1000}){0,1000}"}]);
    assert!(path.try_select(&huge).unwrap().is_empty());
}

#[test]
fn filters_inside_filters_do_not_run_out_of_stack() {
    for depth in [10, 1_000] {
        let text = format!("${}@{}", "[?@".repeat(depth), "]".repeat(depth));
        let _ = Path::parse(&text);
        let text = format!("$[?{}@.a]", "!".repeat(depth));
        let _ = Path::parse(&text);
        let text = format!("${}{}", "[?@.a".repeat(depth), "]".repeat(depth));
        let _ = Path::parse(&text);
    }
}

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3_i64..4).prop_map(Value::from),
        "[ab]{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[abc]", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

const STEPS: &str = r"(\.[abc]|\[[0-2]\]|\[-1\]|\.\*|\[0:2\]|\[\?@\.a\]|\[\?@ > 1\]|\[\?@\.b == 'a'\]|\[\?!@\[0\]\])";

proptest! {
    #[test]
    fn agrees_with_the_library(json in document(), steps in prop::collection::vec(STEPS, 0..4)) {
        let text = format!("${}", steps.concat());
        let path = Path::parse(&text).unwrap();
        let ours = path.try_select(&json).unwrap();
        let query = parse_json_path(&text).unwrap();
        let theirs: Vec<_> = js_path_process(&query, &json).unwrap().into_iter().map(|found| found.val).collect();
        prop_assert_eq!(&ours, &theirs);
        if let Some(steps) = path.singular() {
            let payload = Payload::new(json.to_string().into(), crate::event::MediaKind::Json).unwrap();
            let found = payload.at(steps).map(|found| found.value().into_owned());
            prop_assert_eq!(found.as_ref(), ours.first().copied());
        }
    }

    #[test]
    fn plain_paths_are_read_as_by_the_library(text in r"\$(\.[a-zA-Z_0-9é]{0,3}|\.(true|null|in|length)){0,4}") {
        let library = parse_json_path(&text).ok().and_then(|parsed| reading::query(&text, &parsed).ok());
        if let Some(ours) = plain(&text) {
            let theirs = library.and_then(|query| singular(&query));
            prop_assert_eq!(singular(&ours), theirs);
        }
    }

    #[test]
    fn no_text_is_too_odd(text in r"\$?[\[\].*?@$()'a0 =<>|&!:,é-]{0,24}") {
        let _ = Path::parse(&text);
        let _ = Path::parse(&format!("$.{text}"));
    }
}
