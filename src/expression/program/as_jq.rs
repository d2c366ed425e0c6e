//! Programs that give what jq gives, and the few that do not: each was run by jq too.

use serde_json::json;

use super::*;

fn outputs(input: &str, program: &str) -> Result<String, String> {
    let program = Program::parse(&format!("[{program}]")).map_err(|error| error.message)?;
    let input: Value = serde_json::from_str(input).unwrap();
    let scope = Scope::from_tree(json!({ "payload": input }));
    let given = program.value(&scope).map_err(|error| error.message)?;
    let given = given.to_string();
    Ok(given[1..given.len() - 1].to_owned())
}

#[track_caller]
fn same(cases: &[(&str, &str, &str)]) {
    for (input, program, expected) in cases {
        let given = outputs(input, program);
        assert_eq!(given.as_deref(), Ok(*expected), "{input} | {program}");
    }
}

#[track_caller]
fn differs(cases: &[(&str, &str, &str)]) {
    for (input, program, message) in cases {
        let error = outputs(input, program).unwrap_err();
        assert!(error.contains(message), "{input} | {program}: {error}");
    }
}

#[test]
fn signs_and_their_order() {
    same(&[
        ("null", "1 + 2 * 3, 10 / 2 / 5, 1 - 1 - 1", "7,1,-1"),
        ("null", "(2 * 3) % 4, 2 * (3 % 4), 6 % 4 * 3", "2,6,6"),
        ("null", "2 * 3 + 5 % 4, 2 * -3 + 1", "7,-5"),
        ("null", "1, 2 | . + 1", "2,3"),
        ("null", "null // false // 3, (1, null, 2) // 9", "3,1,2"),
        ("null", "(false, null) // (false, 4)", "false,4"),
        ("{}", ".a = (.b // 2), (.c // 3)", r#"{"a":2},3"#),
        ("{}", ".a //= (.b // 2) | .a", "2"),
        (
            "null",
            "true or false and false, (1 == 1 and 2 < 3)",
            "true,true",
        ),
        (
            "null",
            "[(true, false) and (true, false)]",
            "[true,false,false]",
        ),
        ("null", "[(1, 2) + (10, 20)]", "[11,12,21,22]"),
        (
            "null",
            r#""a\(1, 2)b\(3, 4)""#,
            r#""a1b3","a2b3","a1b4","a2b4""#,
        ),
        ("null", "[pow(2, 3; 1, 2)]", "[2,3,4,9]"),
        ("null", "[range(0, 1; 3, 4)]", "[0,1,2,0,1,2,3,1,2,1,2,3]"),
        (
            "null",
            "{a: (1, 2), b: (3, 4)} | [.a, .b]",
            "[1,3],[1,4],[2,3],[2,4]",
        ),
        ("null", "if (true, false) then 1 else 2 end", "1,2"),
        ("null", "try error(\"x\") // 1, (error(\"x\")? // 2)", "1,2"),
    ]);
    differs(&[
        ("null", "error(\"x\") // 1", "x"),
        (r#"{"a":"s"}"#, ".a.b // 1", "cannot be looked up"),
        ("null", "2 * 3 % 4", "`*` and `%` beside each other"),
        ("null", "1 + 2 / . % -4", "`/` and `%` beside each other"),
        ("{}", ".a = .b // 2", "`=` and `//` beside each other"),
        ("{}", ".a // .b |= 2", "`//` and `|=` beside each other"),
        ("{}", ".a += if .b then 1 else 2 end // 2", "`+=` and `//`"),
        (
            "{}",
            r#""x\(.a = .b // 2)""#,
            "`=` and `//` beside each other",
        ),
    ]);
}

#[test]
fn objects_and_their_names() {
    same(&[
        (
            "null",
            r#""x" as $k | {($k): 1}, {$k: 2}, {$k}"#,
            r#"{"x":1},{"x":2},{"k":"x"}"#,
        ),
        (
            r#"{"n":"a","v":1}"#,
            "{(.n): .v}, {n, \"v\"}",
            r#"{"a":1},{"n":"a","v":1}"#,
        ),
        (
            "null",
            r#"{"a\(1 + 1)": 3, if: 1, @base64 "x": 4}"#,
            r#"{"a2":3,"if":1,"x":4}"#,
        ),
        (
            "[3,4]",
            "to_entries",
            r#"[{"key":0,"value":3},{"key":1,"value":4}]"#,
        ),
        (
            "[1,2]",
            "to_entries | map(\"\\(.key)=\\(.value)\")",
            r#"["0=1","1=2"]"#,
        ),
        ("null", "{a: [1], b: [[2]]} | flatten", "[1,2]"),
        (
            "null",
            "{a: {b: 1, c: 2}} * {a: {b: 3}, d: 4}",
            r#"{"a":{"b":3,"c":2},"d":4}"#,
        ),
        (
            "null",
            "has(\"a\"), [null[\"a\"], null[0]]",
            "false,[null,null]",
        ),
        ("null", "[.[null]?]", "[]"),
        (
            r#"{"a":2,"b":1}"#,
            "keys, [.[]], add",
            r#"["a","b"],[2,1],3"#,
        ),
    ]);
}

#[test]
fn places_that_are_taken_out() {
    same(&[
        ("[0,1,2,3,4,5]", "del(.[:1], .[2])", "[1,3,4,5]"),
        ("[0,1,2,3,4,5]", "del(.[0:2], .[4])", "[2,3,5]"),
        (
            "[0,1,2,3,4,5]",
            "del(.[-1], .[0]), del(.[-1], .[5])",
            "[1,2,3,4],[0,1,2,3,4]",
        ),
        ("[0,1,2,3,4,5]", "del(.[1:4], .[2:5])", "[0,5]"),
        ("[[0,1],[2,3]]", "del(.[0][0], .[1], .[-2][1])", "[[]]"),
        (
            "[1,2,3]",
            "del(.[9]), del(.[]), del(.[:2]), del(empty)",
            "[1,2,3],[],[3],[1,2,3]",
        ),
        (
            r#"{"a":[1,{"b":2}]}"#,
            "del(.a[1].b, .a[0], .c.d)",
            r#"{"a":[{}]}"#,
        ),
        (
            "[1,2,3]",
            "delpaths([[0],[-1]]), (.[1:] = [9]), (.[5] = 1)",
            "[2],[1,9],[1,2,3,null,null,1]",
        ),
        ("[1,2,3,4]", "(.[] | select(. > 2)) |= empty", "[1,2]"),
    ]);
}

#[test]
fn texts_and_patterns() {
    same(&[
        (
            r#""007""#,
            "tonumber, (\"+5\", \".5\", \"5.\", \"-00.50e2\" | tonumber)",
            "7,5,0.5,5.0,-0.50e+2",
        ),
        (
            r#""2024-01-09""#,
            "split(\"-\") | map(tonumber)",
            "[2024,1,9]",
        ),
        (
            r#""Hello""#,
            "test([\"h\", \"i\"]), [match([\"l\", \"g\"]).offset]",
            "true,[2,3]",
        ),
        (
            r#""Hello""#,
            "[scan([\"L\", \"i\"])], capture([\"(?<x>L)\", \"i\"])",
            r#"["l","l"],{"x":"l"}"#,
        ),
        (
            r#""aaa""#,
            "indices(\"aa\"), index(\"b\"), rindex(\"a\")",
            "[0,1],null,2",
        ),
        (
            r#""éaé""#,
            "indices(\"é\"), indices(\"a\"), indices(\"\")",
            "[0,2],[1],[]",
        ),
        (
            r#""aXbxc""#,
            "[splits(\"x\"; \"i\")], gsub(\"X\"; \"-\"; \"i\")",
            r#"["a","b","c"],"a-b-c""#,
        ),
        (
            r#""ab""#,
            "gsub(\"(?<c>.)\"; \"\\(.c)\\(.c)\")",
            r#""aabb""#,
        ),
        (
            "null",
            "\"x\" * 3, \"x\" * 0, (\"a,b\" / \",\")",
            r#""xxx",null,["a","b"]"#,
        ),
        (
            "[1,\"a\\\"b\",null,true]",
            "@csv, @sh?, @json",
            r#""1,\"a\"\"b\",,true","1 'a\"b' null true","[1,\"a\\\"b\",null,true]""#,
        ),
    ]);
    differs(&[
        (
            r#""o""#,
            "gsub(\"o\"; \"1\", \"2\")",
            "one text for each match, not 2",
        ),
        (
            r#""o""#,
            "sub(\"o\"; empty)",
            "one text for each match, not 0",
        ),
        (r#""gICA""#, "@base64d", "bytes that are no text"),
        (r#""x-1""#, "tonumber", "the text of a number"),
        (r#"".""#, "tonumber", "the text of a number"),
        ("[55296]", "implode", "numbers of characters"),
    ]);
}

#[test]
fn going_round() {
    same(&[
        (
            "null",
            "[range(0; 3; 0)], [range(5; 0; -2)], [range(2.5)]",
            "[],[5,3,1],[0,1,2]",
        ),
        (
            "null",
            "[limit(0; 1, 2)], [limit(1; 1, error(\"x\"))], [skip(1; 1, 2)]",
            "[],[1],[2]",
        ),
        ("1", "[limit(4; repeat(. * 2))]", "[1,2,4,8]"),
        (
            "null",
            "[foreach (1, 2) as $x (0; . + $x, . * 2)]",
            "[1,0,2,0]",
        ),
        (
            "null",
            "reduce (1, 2) as $x (0; ., 10), reduce (1, 2) as $x (0; empty)",
            "10,null",
        ),
        ("0", "[until(. > 3; . + 1, . + 2)]", "[4,5,4,4,5,4,5,4]"),
        (
            "null",
            "[label $a | (1, label $b | (2, break $a), 3)]",
            "[1,2]",
        ),
        (
            "[[1,2],[3]]",
            "[combinations], transpose",
            "[[1,3],[2,3]],[[1,3],[2,null]]",
        ),
    ]);
    differs(&[
        ("null", "limit(-1; 1, 2)", "counts from zero up"),
        ("null", "skip(-1; 1, 2)", "counts from zero up"),
        ("null", "nth(-1; 1, 2)", "counts from 0"),
    ]);
}

#[test]
fn numbers_of_any_length_are_paid_for() {
    let long = format!("\"{}\"", "9".repeat(60_000));
    for program in [
        "tonumber as $n | [range(20000) | range($n; 0)] | length",
        "tonumber as $n | [range(20000) | \"abc\"[$n:]] | length",
        "tonumber as $n | [range(20000) | $n < 1] | length",
        "tonumber as $n | [range(20000) | [1][$n]] | length",
        "tonumber as $n | [range(20000) | $n | todate?] | length",
    ] {
        let error = outputs(&long, program).unwrap_err();
        assert!(error.contains("more than"), "{program}: {error}");
    }
}
