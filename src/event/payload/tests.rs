//! Bodies: what is read, what is refused, and that the tape and the tree say the same.

use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Result<Payload, PayloadError> {
    Payload::new(Bytes::from(text.to_owned()), MediaKind::Json)
}

fn steps(names: &[&str]) -> Steps {
    Steps(
        names
            .iter()
            .map(|n| n.parse().map_or(Step::Name((*n).into()), Step::Index))
            .collect(),
    )
}

#[test]
fn nesting_has_a_limit() {
    let nested = |n: usize| "[".repeat(n) + &"]".repeat(n);
    assert!(json(&nested(JSON_DEPTH_MAX)).is_ok());
    assert_eq!(
        json(&nested(JSON_DEPTH_MAX + 1)).unwrap_err(),
        PayloadError::Depth
    );
    assert_eq!(json(&nested(100_000)).unwrap_err(), PayloadError::Depth);
}

#[test]
fn bad_json_says_where() {
    let error = json("{\"a\": 1,\n\"b\": }").unwrap_err();
    assert!(
        matches!(
            error,
            PayloadError::Json {
                line: 2,
                column: 6,
                ..
            }
        ),
        "{error}"
    );
    assert!(json("").is_err() && json("{} x").is_err() && json("NaN").is_err());
}

#[test]
fn long_numbers_keep_their_text() {
    let payload = json("{\"id\": 123456789012345678901234567890}").unwrap();
    assert_eq!(
        payload.value()["id"].to_string(),
        "123456789012345678901234567890"
    );
}

#[test]
fn slots_find_values_once_and_by_path() {
    let payload = json(r#"{"a": [{"b": 1}, {"b": 2}]}"#).unwrap();
    let mut paths = PathSet::default();
    let last = paths.intern(&steps(&["a", "-1", "b"]));
    let none = paths.intern(&steps(&["a", "9", "b"]));
    assert_eq!(paths.intern(&steps(&["a", "-1", "b"])), last);
    let slots = payload.slots(&paths);
    assert_eq!(slots.get(last).unwrap().to_string(), "2");
    assert_eq!(slots.get(none), None);
}

#[test]
fn what_a_path_selects_is_asked_once() {
    let payload = json(r#"{"a": [1, 2]}"#).unwrap();
    let mut paths = PathSet::default();
    let several = paths.intern_query("$.a[*]");
    assert_eq!(paths.intern_query("$.a[*]"), several);
    let given_up = paths.intern_query("$..*");
    let slots = payload.slots(&paths);
    let asked = std::cell::Cell::new(0);
    for _ in 0..2 {
        let found = slots.selected(several, |root| {
            asked.set(asked.get() + 1);
            Some(root["a"].as_array()?.iter().collect())
        });
        assert_eq!(found.map(<[_]>::len), Some(2));
    }
    assert_eq!(asked.get(), 1);
    assert_eq!(slots.selected(given_up, |_| None), None);
    assert_eq!(slots.selected(given_up, |_| Some(Vec::new())), None);
}

#[test]
fn what_is_compiled_is_shared_while_somebody_holds_it() {
    let mut paths = PathSet::default();
    let first = paths.compiled("a", || Some(1_u8)).unwrap();
    let second = paths.compiled("a", || Some(2_u8)).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert_eq!(*paths.compiled("b", || Some(3_u8)).unwrap(), 3);
    assert!(paths.compiled("c", || None::<u8>).is_none());
    drop((first, second));
    assert_eq!(*paths.compiled("a", || Some(4_u8)).unwrap(), 4);
}

#[test]
fn a_test_is_carried_out_once() {
    let mut paths = PathSet::default();
    let (one, other) = (paths.intern_test("x"), paths.intern_test("y"));
    assert_eq!(paths.intern_test("x"), one);
    let payload = json("{}").unwrap();
    let slots = payload.slots(&paths);
    assert_eq!(slots.told(one, || Some(true)), Some(true));
    assert_eq!(slots.told(one, || Some(false)), Some(true));
    assert_eq!(slots.told(other, || None), None);
    assert_eq!(slots.told(other, || Some(true)), None);
}

#[test]
fn forms_are_objects_of_strings() {
    let form = Payload::new("a=1&b=x%20y&a=2".into(), MediaKind::Form).unwrap();
    assert_eq!(form.value().to_string(), r#"{"a":["1","2"],"b":"x y"}"#);
    let field = MediaKind::FormField("payload".into());
    let inner = Payload::new("payload=%7B%22n%22%3A1%7D".into(), field.clone()).unwrap();
    assert_eq!(inner.value().to_string(), r#"{"n":1}"#);
    assert!(Payload::new("x=1".into(), field).is_err());
}

#[test]
fn numbers_that_the_parser_hands_to_itself_change_nothing() {
    for text in [
        r#"{"$serde_json::private::Number": "12"}"#,
        r#"[{"$serde_json::private::Number": "12"}, 1]"#,
        r#"{"a": {"\u0024serde_json::private::Number": "1e5"}}"#,
        r#"{"a": {"$serde_json::private::Number": "x"}}"#,
        r#"{"$serde_json::private::Number": "12", "b": 1}"#,
        r#"{"b": 1, "$serde_json::private::Number": "12"}"#,
        r#"{"$serde_json::private::Number": 12}"#,
        r#"{"$serde_json::private::RawValue": "12"}"#,
    ] {
        agree(text.as_bytes());
    }
}

#[test]
fn large_lists_and_objects_are_found_in_too() {
    let members: Vec<_> = (0..300).map(|n| format!("\"k{n}\":[{n}]")).collect();
    let items: Vec<_> = (0..300).map(|n| n.to_string()).collect();
    let text = format!(
        "{{\"o\":{{{},\"k\\u0037\":[-7]}},\"l\":[{}]}}",
        members.join(","),
        items.join(",")
    );
    agree(text.as_bytes());
}

#[test]
fn real_payloads_read_the_same() {
    let mut folders = vec![
        concat!(env!("CARGO_MANIFEST_DIR"), "/examples").into(),
        concat!(env!("CARGO_MANIFEST_DIR"), "/rules").into(),
        concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/payloads").into(),
    ];
    let mut count = 0;
    while let Some(folder) = folders.pop() {
        let folder: std::path::PathBuf = folder;
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "json") {
                agree(&std::fs::read(path).unwrap());
                count += 1;
            }
        }
    }
    assert!(count > 0, "the repository has payloads of its own");
}

/// Every path in a value, as steps, and one beside those at each place.
fn paths(value: &Value, so_far: &mut Vec<Step>, found: &mut Vec<Steps>) {
    found.push(Steps(so_far.as_slice().into()));
    let nobody = Step::Name("nobody".into());
    let children: Vec<(Step, Option<&Value>)> = match value {
        Value::Array(items) => {
            let len = i64::try_from(items.len()).unwrap();
            let from_start = items.iter().map(Some).chain([None]);
            let from_end = items.iter().map(Some);
            let forth = (0..).map(Step::Index).zip(from_start);
            forth
                .chain((-len..0).map(Step::Index).zip(from_end))
                .collect()
        }
        Value::Object(members) => {
            let name = |name: &String| Step::Name(name.as_str().into());
            let all = members.iter().map(|(n, member)| (name(n), Some(member)));
            all.chain([(nobody, None)]).collect()
        }
        _ => vec![(nobody, None), (Step::Index(0), None)],
    };
    for (step, child) in children {
        so_far.push(step);
        match child {
            Some(child) => paths(child, so_far, found),
            None => found.push(Steps(so_far.as_slice().into())),
        }
        so_far.pop();
    }
}

/// The tape and `serde_json` accept the same, say the same, and find the same.
#[track_caller]
fn agree(bytes: &[u8]) {
    let shown = String::from_utf8_lossy(bytes);
    let payload = Payload::new(Bytes::copy_from_slice(bytes), MediaKind::Json);
    let tree = parse_json(bytes);
    let (payload, tree) = match (payload, tree) {
        (Ok(payload), Ok(tree)) => (payload, tree),
        (payload, tree) => return assert_eq!(payload.err(), tree.err(), "{shown}"),
    };
    let magic = shown.contains("private");
    assert!(magic || matches!(payload.read, Read::Tape(_)), "{shown}");
    let mut all = Vec::new();
    paths(&tree, &mut Vec::new(), &mut all);
    all.truncate(2_000);
    let mut set = PathSet::default();
    let numbers: Vec<_> = all.iter().map(|path| set.intern(path)).collect();
    let slots = payload.slots(&set);
    for (path, number) in all.iter().zip(numbers) {
        let wanted = path.0.iter().try_fold(&tree, child);
        let at = payload.at(path);
        let value = at.map(|found| found.value().into_owned());
        assert_eq!(value.as_ref(), wanted, "{path:?} in {shown}");
        assert_eq!(slots.get(number), wanted, "{path:?} in {shown}");
        let found = slots.find(number).map(Found::shape);
        let shape = wanted.map(|value| Found(Place::Tree(value)).shape());
        let is_number = matches!(shape, Some(Shape::Number(_)));
        assert!(is_number || found == shape, "{path:?} in {shown}");
        assert_eq!(is_number, matches!(found, Some(Shape::Number(_))));
    }
    assert_eq!(payload.value(), &tree, "{shown}");
}

/// JSON text with blanks, repeated keys and escapes in it.
fn text() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        "-?(0|[1-9][0-9]{0,20})(\\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    scalar.prop_recursive(5, 40, 6, |inner| {
        let blank = prop::sample::select(vec!["", "", "", " ", "\n", "\t \r\n"]);
        let item = (blank.clone(), inner.clone(), blank.clone());
        let item = item.prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let member = (blank.clone(), string(), blank, item.clone());
        let member = member.prop_map(|(a, key, b, value)| format!("{a}{key}{b}:{value}"));
        prop_oneof![
            prop::collection::vec(item, 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(member, 0..6)
                .prop_map(|members| format!("{{{}}}", members.join(","))),
        ]
    })
}

fn string() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "b",
        "é",
        "😀",
        "\\\"",
        "\\\\",
        "\\n",
        "\\u0061",
        "\\ud83d\\ude00",
        "12345678",
        " ",
        "\u{7f}",
        "",
        "{",
        "]",
    ]);
    prop::collection::vec(piece, 0..3).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn the_tape_and_the_tree_agree(text in text()) {
        agree(text.as_bytes());
    }

    #[test]
    fn they_agree_on_damaged_text_too(
        text in text(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), damage()), 1..4),
    ) {
        let mut bytes = text.into_bytes();
        for (at, (what, byte)) in damage {
            let at = at.index(bytes.len() + 1);
            match what {
                0 if at < bytes.len() => bytes[at] = byte,
                1 if at < bytes.len() => { bytes.remove(at); }
                2 => bytes.insert(at, byte),
                _ => bytes.truncate(at),
            }
        }
        agree(&bytes);
    }
}

fn damage() -> impl Strategy<Value = (u8, u8)> {
    let byte = prop_oneof![
        any::<u8>(),
        prop::sample::select(b"\"\\{}[]:,0-.eE \ntfn\x1f\xff".to_vec()),
    ];
    (0..4_u8, byte)
}

#[track_caller]
fn check_body(kind: MediaKind, raw: &str, expected: Result<Value, &str>) {
    let found = Payload::new(Bytes::from(raw.to_owned()), kind);
    match (found, expected) {
        (Ok(payload), Ok(value)) => assert_eq!(*payload.value(), value),
        (Err(error), Err(said)) => assert!(error.to_string().contains(said), "{error}"),
        (found, expected) => panic!("{raw}: {found:?}, not {expected:?}"),
    }
}

#[test]
fn lines_are_a_list() {
    let check = |raw, expected| check_body(MediaKind::Lines, raw, expected);
    check(
        "{\"a\":1}\n\r\n[2]\n",
        Ok(serde_json::json!([{"a": 1}, [2]])),
    );
    check("", Ok(serde_json::json!([])));
    check("1\n{", Err("line 2"));
    check(&"1\n".repeat(10_001), Err("more than 10000 lines"));
}

#[test]
fn xml_has_one_shape() {
    let check = |raw, expected| check_body(MediaKind::Xml, raw, expected);
    check(
        "<?xml version=\"1.0\"?><!-- c --><a id=\"1\" xmlns:p=\"u\"><p:b>x &amp; y</p:b><b/><c><![CDATA[<z>]]></c></a>",
        Ok(serde_json::json!({"a": {"@id": "1", "b": ["x & y", ""], "c": "<z>"}})),
    );
    check(
        "<a k='&lt;&#65;'>t<b>1</b></a>",
        Ok(serde_json::json!({"a": {"@k": "<A", "b": "1", "#text": "t"}})),
    );
    for (raw, said) in [
        ("", "not one whole element"),
        ("<a>", "not"),
        ("<a></b>", "not"),
        ("<a/><b/>", "not one whole element"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "document type"),
        ("<a>&x;</a>", "entity `x`"),
        ("<a b='&x;'/>", "entity `x`"),
    ] {
        check(raw, Err(said));
    }
    let deep = "<a>".repeat(101) + &"</a>".repeat(101);
    check(&deep, Err("more than 100 levels"));
}

#[test]
fn multipart_forms_are_fields() {
    let form = "--B\r\nContent-Disposition: form-data; name=\"json\"\r\n\r\n{\"a\":1}\r\n--B\r\n\
                content-disposition: form-data; name=\"f\"; filename=\"x.txt\"\r\nContent-Type: text/plain\r\n\r\nab\r\n--B--\r\n";
    let file = serde_json::json!({"filename": "x.txt", "content_type": "text/plain", "bytes": 2});
    let whole = serde_json::json!({"json": "{\"a\":1}", "f": file});
    check_body(MediaKind::Multipart, form, Ok(whole));
    let field = MediaKind::MultipartField("json".to_owned());
    check_body(field.clone(), form, Ok(serde_json::json!({"a": 1})));
    let other = MediaKind::MultipartField("other".to_owned());
    check_body(other, form, Err("no field `other`"));
    for (raw, said) in [
        ("", "no first line"),
        ("x\r\n", "begin with a boundary"),
        (&form.replace("--B--", "--C--"), "last boundary is missing"),
        (
            &form.replace("form-data", "attachment"),
            "does not say that it is form-data",
        ),
    ] {
        check_body(MediaKind::Multipart, raw, Err(said));
    }
    let part = "\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B";
    let many = format!("--B{}--\r\n", part.repeat(201));
    check_body(MediaKind::Multipart, &many, Err("more than 200 parts"));
}
