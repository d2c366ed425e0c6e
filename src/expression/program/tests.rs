//! What programs give, what they are refused, and that they end.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn scope() -> Scope<'static> {
    let long: Value = serde_json::from_str("12345678901234567890123").unwrap();
    Scope::from_tree(json!({
        "payload": {
            "data": {"object": {"paid": 1999, "currency": "usd", "tags": ["b", "a", "b"]}},
            "items": [{"n": 1, "k": "x"}, {"n": 3, "k": "y"}, {"n": 2, "k": "x"}],
            "id": long, "text": "Fix ABC-12 and XY-3", "when": "2024-05-06T07:08:09Z",
            "nothing": null, "long": "x".repeat(50_000), "many": (0..5_000).collect::<Vec<_>>(),
        },
        "event": {"id": "evt_1", "received_at": "2024-05-06T07:08:09.123Z"},
        "headers": {"x-a": "1"}, "query": {"q": "2"},
        "source": {"name": "s", "labels": {"customer": "acme"}},
        "vars": {"amount": 20},
    }))
}

/// Within a fifth of the usual steps: these tests run without optimisation.
const STEPS: usize = budget::STEPS_MAX / 5;

fn run(program: &str) -> Result<Value, String> {
    let program = Program::parse(program).map_err(|error| error.message)?;
    let run = Run::new(&PRELUDE, Budget::of(STEPS));
    outcome(&run, &program.0.code, scope().context().data())
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (program, expected) in cases {
        let given = run(program).map(|value| value.to_string());
        assert_eq!(given.as_deref(), Ok(*expected), "{program}");
    }
}

#[track_caller]
fn fails(cases: &[(&str, &str)]) {
    for (program, message) in cases {
        match run(program) {
            Err(error) => assert!(error.contains(message), "{program}: {error}"),
            Ok(value) => panic!("{program} gives {value}"),
        }
    }
}

#[test]
fn the_prelude_can_be_read() {
    assert!(PRELUDE.len() > 60, "{}", PRELUDE.len());
}

#[test]
fn fields_and_steps() {
    check(&[
        (".data.object.paid / 100", "19.99"),
        (".data.object.currency | ascii_upcase", r#""USD""#),
        (".id", "12345678901234567890123"),
        (".items[0].n, 9 | select(. == 9)", "9"),
        (".items[-1].k", r#""x""#),
        ("[.items[].n]", "[1,3,2]"),
        ("[.items[1:][] | .n]", "[3,2]"),
        (".text[4:10]", r#""ABC-12""#),
        (".text[-4:]", r#""XY-3""#),
        (r#".data["object"].tags[1]"#, r#""a""#),
        (r#"."data"."object".tags | length"#, "3"),
        (".no.such.thing", "null"),
        (".text.a? // \"none\"", r#""none""#),
        (
            "[.data.object.tags[5], .data.object.tags[-5]]",
            "[null,null]",
        ),
        ("[.. | numbers] | length > 10", "true"),
        ("$event.id", r#""evt_1""#),
        ("$headers[\"x-a\"] + $query.q", r#""12""#),
        ("$source.labels.customer", r#""acme""#),
        ("$vars.amount + 1", "21"),
        ("$item", "null"),
        (
            "[.items[] | .n as $n | {k, $n, \"x\": ($n + 1)}] | .[1]",
            r#"{"k":"y","n":3,"x":4}"#,
        ),
        (
            "[.items[] | . as {k: $a, n: $b} | [$a, $b]] | .[0]",
            r#"["x",1]"#,
        ),
        (".data.object.tags as [$a, $b] | $a + $b", r#""ba""#),
        ("[.[]?] | length", "8"),
        (".data.object.tags | .[\"a\"]?, 1", "1"),
    ]);
}

#[test]
fn operators() {
    check(&[
        ("0.1 + 0.2", "0.3"),
        ("1 / 3", "0.3333333333333333"),
        ("10 % 3, empty", "1"),
        ("-5 % 3", "-2"),
        ("5.9 % 2", "1"),
        (".id + 1", "12345678901234567890124"),
        ("1e3", "1e+3"),
        ("1e3 + 0", "1000"),
        ("null + 1", "1"),
        ("[1,2,3] - [2]", "[1,3]"),
        ("[1] + [2]", "[1,2]"),
        ("{a: {b: 1}} * {a: {c: 2}}", r#"{"a":{"b":1,"c":2}}"#),
        ("{a: 1} + {a: 2}", r#"{"a":2}"#),
        ("\"ab\" * 3", r#""ababab""#),
        ("\"ab\" * 0", "null"),
        ("\"a,b\" / \",\"", r#"["a","b"]"#),
        ("[1 == 1.0, \"1\" == 1, [1] == [1.0]]", "[true,false,true]"),
        (
            "[null < false, false < true, true < 0, 0 < \"\", \"\" < [], [] < {}]",
            "[true,true,true,true,true,true]",
        ),
        ("[(1,2) + (10,20)]", "[11,12,21,22]"),
        ("[true, null | not]", "[false,true]"),
        ("[(true, false) and (true, false)]", "[true,false,false]"),
        ("[null or 1, false or null]", "[true,false]"),
        (
            "[.nothing // 1, (false, 2, null, 3) // 9, empty // 5]",
            "[1,2,3,5]",
        ),
        ("-(1, 2) | select(. == -2)", "-2"),
        ("if .nothing then 1 elif .id then 2 else 3 end", "2"),
        ("if false then 1 end | type", r#""object""#),
        ("\"n=\\(.items[0].n) \\(\"x\" + \"y\")!\"", r#""n=1 xy!""#),
        ("@uri \"q=\\(\"a b&c\")\"", r#""q=a%20b%26c""#),
        ("@json \"v=\\([1, \"a\"])\"", r#""v=[1,\"a\"]""#),
        ("try error(\"no\") catch .", r#""no""#),
        ("try error({a: 1}) catch .a", "1"),
        (
            "[.items[] | try (if .n == 3 then error(\"x\") else .n end) catch \"c\"]",
            r#"[1,"c",2]"#,
        ),
        ("[(1, error(\"x\"), 3)?]", "[1]"),
        ("reduce .items[].n as $n (0; . + $n)", "6"),
        ("[foreach .items[].n as $n (0; . + $n)]", "[1,4,6]"),
        (
            "[foreach .items[].n as $n (0; . + $n; [$n, .])]",
            "[[1,1],[3,4],[2,6]]",
        ),
        ("[label $out | 1, 2, break $out, 3]", "[1,2]"),
        ("[label $a | (1, label $b | (2, break $a), 3)]", "[1,2]"),
        (
            "def f(x): x * 2; def g($a; $b): $a + b; f(3) + g(1; 2)",
            "9",
        ),
        (
            "def fac: if . <= 1 then 1 else . * (. - 1 | fac) end; 20 | fac",
            "2432902008176640000",
        ),
        ("def f: def g: 3; g * g; f", "9"),
        ("2 as $x | def f: $x; 3 as $x | f + $x", "5"),
    ]);
}

#[test]
fn changes() {
    check(&[
        (".items | .[0].n = 9 | .[0]", r#"{"n":9,"k":"x"}"#),
        (".items | map(.n) | .[] += 1", "[2,4,3]"),
        (".items | map(.n) | .[1] |= . * 10", "[1,30,2]"),
        ("{} | .a.b[2] = 1", r#"{"a":{"b":[null,null,1]}}"#),
        ("[1,2,3,4] | (.[] | select(. % 2 == 0)) |= empty", "[1,3]"),
        ("[1,2,3,4] | .[1:3] = [9]", "[1,9,4]"),
        ("[1,2,3,4] | del(.[0, 2])", "[2,4]"),
        ("[1,2,3,4] | del(.[1:3])", "[1,4]"),
        ("{a: 1, b: 2, c: 3} | del(.a, .c)", r#"{"b":2}"#),
        ("{a: null} | .a //= 5 | .b //= 6", r#"{"a":5,"b":6}"#),
        ("{a: [1, 2]} | [paths]", r#"[["a"],["a",0],["a",1]]"#),
        ("{a: [1, 2]} | [path(..)] | length", "4"),
        ("{a: [1, 2]} | [leaf_paths]", r#"[["a",0],["a",1]]"#),
        (
            "{a: {b: 1}} | getpath([\"a\", \"b\"], [\"x\", \"y\"]) // 7",
            "1",
        ),
        ("{a: 1} | setpath([\"b\", 0]; 2)", r#"{"a":1,"b":[2]}"#),
        ("{a: {b: 1, c: 2}} | pick(.a.b)", r#"{"a":{"b":1}}"#),
        ("[path(.a | first(.b, .c))]", r#"[["a","b"]]"#),
        (
            "{a: 1, b: [2]} | walk(if type == \"number\" then . + 1 else . end)",
            r#"{"a":2,"b":[3]}"#,
        ),
        (
            "{a: 1} | with_entries(.value += 1 | .key |= ascii_upcase)",
            r#"{"A":2}"#,
        ),
        ("{a: 1, b: 2} | map_values(. + 1)", r#"{"a":2,"b":3}"#),
        ("{a: 1, b: null} | map_values(values)", r#"{"a":1}"#),
        ("reduce range(500) as $i ({}; .n += $i) | .n", "124750"),
        ("reduce range(500) as $i ([]; . + [$i]) | length", "500"),
        (
            "[{a: 1}, {a: 2}] | (.[] | select(.a == 2) | .b) = 3 | .[1].b",
            "3",
        ),
        ("[[1, 2], [3]] | .[0][1] |= empty", "[[1],[3]]"),
        (
            "{a: [{b: 1}, {b: 2}]} | [.a[] | .b] == [path(.a[].b) as $p | getpath($p)]",
            "true",
        ),
    ]);
}

#[test]
fn functions_over_lists() {
    check(&[
        (".items | map(.n) | add, empty", "6"),
        (".items | sort_by(.k, -.n) | map(.n)", "[2,1,3]"),
        (".items | group_by(.k) | map(length)", "[2,1]"),
        (".items | unique_by(.k) | map(.n)", "[1,3]"),
        (".items | min_by(.n).n, max_by(.n).n | select(. > 1)", "3"),
        ("[] | [min, max, add]", "[null,null,null]"),
        ("[3, 1, 2] | sort", "[1,2,3]"),
        (".data.object.tags | unique", r#"["a","b"]"#),
        (
            ".data.object.tags | index(\"b\"), rindex(\"b\") | select(. > 0)",
            "2",
        ),
        (".data.object.tags | indices(\"b\")", "[0,2]"),
        ("\"a,b, cd\" | [index(\",\"), indices(\", \")]", "[1,[3]]"),
        (
            "[1, [2, [3]]] | flatten, flatten(1) | select(length == 3 and .[2] == 3)",
            "[1,2,3]",
        ),
        (
            "[any(.items[]; .n > 2), all(.items[]; .n > 2)]",
            "[true,false]",
        ),
        (
            "[[], [true]] | map([any, all])",
            "[[false,true],[true,true]]",
        ),
    ]);
}

#[test]
fn functions_that_go_round() {
    check(&[
        (
            "[first(range(1; 1000000000)), last(range(3)), nth(2; range(10))]",
            "[1,2,2]",
        ),
        ("[limit(2; .items[].n), skip(2; .items[].n)]", "[1,3,2]"),
        (
            "[range(3), range(1; 3), range(5; 0; -2)]",
            "[0,1,2,1,2,5,3,1]",
        ),
        (
            "[1 | while(. < 50; . * 3)], (1 | until(. > 50; . * 3)) | select(. == 81 or length == 4) | arrays",
            "[1,3,9,27]",
        ),
        ("1 | until(. > 50; . * 3)", "81"),
        ("[limit(4; 1 | repeat(. * 2))]", "[1,2,4,8]"),
        (
            "[2 | recurse(if . < 20 then . * . else empty end)]",
            "[2,4,16,256]",
        ),
        ("[[1, [2]] | recurse | numbers]", "[1,2]"),
        (
            "{b: 1, a: 2} | [keys, keys_unsorted]",
            r#"[["a","b"],["b","a"]]"#,
        ),
        ("{b: 1} | to_entries", r#"[{"key":"b","value":1}]"#),
        (
            "[{name: \"a\", value: 1}, {k: \"b\", v: false}] | from_entries",
            r#"{"a":1,"b":false}"#,
        ),
        (
            "[has(\"id\"), has(\"x\")], (.items | has(1)) | arrays",
            "[true,false]",
        ),
        (
            "[\"foobar\", [\"foo\"]] | [.[0] | contains(\"bar\")] + [.[1] | contains([\"fo\"])]",
            "[true,true]",
        ),
        ("\"bar\" | inside(\"foobar\")", "true"),
        ("\"a\" | in({a: 1})", "true"),
        ("[[1, 2], [3]] | transpose", "[[1,3],[2,null]]"),
        ("[[1, 2], [3, 4]] | [combinations] | length", "4"),
        ("[isempty(empty), isempty(1)]", "[true,false]"),
        (
            "[1, null, \"a\", [], {}, true] | map(type)",
            r#"["number","null","string","array","object","boolean"]"#,
        ),
        ("[.items[] | select(.k == \"x\") | .n] | reverse", "[2,1]"),
        ("INDEX(.items[]; .n) | keys", r#"["1","2","3"]"#),
        ("[2, 5] | map(IN(1, 2))", "[true,false]"),
        ("[1, [1], null] | map(length)", "[1,1,0]"),
        ("[\"é€\" | length, utf8bytelength]", "[2,5]"),
        ("1 | toarray", "[1]"),
    ]);
}

#[test]
fn functions_over_texts_and_numbers() {
    check(&[
        (".data.object.tags | join(\"-\")", r#""b-a-b""#),
        ("[1, null, true] | join(\",\")", r#""1,,true""#),
        ("\"a-b-c\" | split(\"-\") | length", "3"),
        (
            "\"abc\" | [startswith(\"a\"), endswith(\"a\"), ltrimstr(\"a\"), rtrimstr(\"c\")]",
            r#"[true,false,"bc","ab"]"#,
        ),
        ("\" a \" | [trim, ltrim, rtrim]", r#"["a","a "," a"]"#),
        ("\"aé\" | explode, (explode | implode) | arrays", "[97,233]"),
        ("[1, \"1\", [1]] | map(tostring)", r#"["1","1","[1]"]"#),
        ("\" 12.50 \" | tonumber", "12.50"),
        ("\"[1,2]\" | fromjson | tojson", r#""[1,2]""#),
        ("[.text | scan(\"[A-Z]+-[0-9]+\")]", r#"["ABC-12","XY-3"]"#),
        (
            ".text | test(\"abc\"; \"i\"), test(\"abc\") | select(.)",
            "true",
        ),
        (
            ".text | capture(\"(?<k>[A-Z]+)-(?<n>[0-9]+)\")",
            r#"{"k":"ABC","n":"12"}"#,
        ),
        (
            "[.text | match(\"[0-9]+\"; \"g\") | [.offset, .length, .string]]",
            r#"[[8,2,"12"],[18,1,"3"]]"#,
        ),
        (
            ".text | sub(\"[A-Z]+-(?<n>[0-9]+)\"; \"#\\(.n)\")",
            r#""Fix #12 and XY-3""#,
        ),
        (".text | gsub(\"-\"; \"_\")", r#""Fix ABC_12 and XY_3""#),
        (
            "\"aXbX\" | [splits(\"X\")], gsub(\"\"; \".\") | strings",
            r#"".a.X.b.X.""#,
        ),
        ("\"a1b22c\" | split(\"[0-9]+\"; null)", r#"["a","b","c"]"#),
        (
            "[.when | fromdate | ., todate]",
            r#"[1714979289,"2024-05-06T07:08:09Z"]"#,
        ),
        ("1425599621 | strftime(\"%Y-%m-%d\")", r#""2015-03-05""#),
        (
            "[1, \"a\\\"b\", null, true] | @csv, @tsv | select(startswith(\"1,\"))",
            r#""1,\"a\"\"b\",,true""#,
        ),
        ("\"<&>\" | @html", r#""&lt;&amp;&gt;""#),
        (
            "\"hi?\" | @base64, (@base64 | @base64d) | select(. == \"hi?\")",
            r#""hi?""#,
        ),
        ("\"it's\" | @sh", r#""'it'\\''s'""#),
        (
            "[1.5, -1.5] | map(floor, ceil, round, trunc)",
            "[1,2,2,1,-2,-1,-2,-1]",
        ),
        (
            "[.id | floor, -. | abs]",
            "[12345678901234567890123,12345678901234567890123]",
        ),
        ("[16 | sqrt, log2] + [pow(2; 10)]", "[4,4,1024]"),
        ("\"\\u00e9\\n\" | length", "2"),
        ("\"true\" | toboolean", "true"),
    ]);
}

#[test]
fn exactly_one_value() {
    fails(&[
        ("empty", "gives no value: `[…]`"),
        (".items[].n", "more than one value: `first(…)`"),
        ("first(range(10; 0))", "no value"),
    ]);
}

#[test]
fn errors_say_what_is_wrong() {
    fails(&[
        (".text.a", "\"a\" cannot be looked up in \"Fix ABC-12"),
        (".data.object.tags.x", "\"x\" cannot be looked up in a list"),
        (
            ".text[]",
            "`[]` goes through a list or an object, not through \"Fix",
        ),
        (".nothing[]", "not through null"),
        ("1 + \"a\"", "1 and \"a\" cannot stand on both sides of `+`"),
        (
            "{} - 1",
            "an object and 1 cannot stand on both sides of `-`",
        ),
        ("1 / 0", "divided by zero"),
        ("5 % 0.5", "divided by zero"),
        ("error(\"mine\")", "mine"),
        ("error({a: 1})", "it ends with the error {\"a\":1}"),
        (
            "\"x\" | tonumber",
            "`tonumber` wants the text of a number, not \"x\"",
        ),
        ("1 | ascii_downcase", "`ascii_downcase` wants text, not 1"),
        ("{(1): 2}", "the name of a member is text, not 1"),
        ("\"{\" | fromjson", "`fromjson` finds no JSON"),
        ("\"a\" | test(null; null)", "`test` wants text, not null"),
        ("\"x\" | sort", "sorts a list, not \"x\""),
        ("path(1)", "leads through parts of `.`"),
        ("(1 + 1) = 3", "leads through parts of `.`"),
        ("0 | log", "no result that JSON can hold"),
        ("1e300 * 1e300", "no number that JSON can hold"),
        (
            "[] | implode | test(\"(\" + \"\")",
            "cannot read the pattern",
        ),
        ("@csv \"\\({})\"", "`@csv` wants a list, not an object"),
        ("[1] | .[\"a\"] = 1", "\"a\" cannot be looked up in a list"),
        ("[] | .[-1] = 1", "has no place -1"),
        ("break_me", "there is no function `break_me`"),
    ]);
}

#[test]
fn every_program_ends() {
    fails(&[
        ("def f: f; f", "deep inside each other"),
        ("def f: [f]; f", "deep inside each other"),
        ("def f: 1 + f; f", "deep inside each other"),
        ("def f: f, f; f", "deep inside each other"),
        ("def f(g): f(g | g); f(.)", "deep inside each other"),
        ("[range(1e9)]", "steps"),
        ("range(1e9) | select(. < 0)", "steps"),
        ("[1 | repeat(.)]", "more than"),
        ("1 | until(false; .)", "steps"),
        ("[1 | while(true; .)]", "steps"),
        ("[1 | recurse(.)]", "deep inside each other"),
        ("1 | until(false; ., .)", "deep inside each other"),
        ("\"x\" * 1e9", "more than"),
        ("\"x\" * 1e300", "more than"),
        (
            "[limit(30; 1 | repeat(.))] | reduce .[] as $x (\"x\"; . + .) | length",
            "more than",
        ),
        ("reduce range(40) as $i ([1]; . + .) | length", "more than"),
        (
            "reduce range(40) as $i ([1]; [., .]) | tojson | length",
            "more than",
        ),
        ("reduce range(100) as $i ([1]; [., .]) == 1", "more than"),
        ("reduce range(5000) as $i (0; [.])", "nested more than"),
        ("reduce range(5000) as $i (0; {a: .})", "nested more than"),
        ("[] | .[1e9] = 1", "more than"),
        ("null | setpath([range(300) | \"a\"]; 1)", "steps"),
        (
            "[range(2000)] | map(. as $a | [range(2000)] | map($a + .)) | length",
            "steps",
        ),
        ("try (def f: f; f) catch 1", "deep inside each other"),
        ("(def f: f; f)? // 1", "deep inside each other"),
        (
            ".long | gsub(\"\"; \"ab\") | gsub(\"\"; \"ab\")",
            "more than",
        ),
        (
            ".long | [match(\".*[^A-Z]|[A-Z]\"; \"g\")] | [range(99999)]",
            "steps",
        ),
        (".long * 10", "longer than"),
        (
            "\"a\" | test(\"(a{1000}){1000}\")",
            "cannot read the pattern",
        ),
        ("[.many[] | tostring | test(\"a\" + .)]", "steps"),
        (".many | combinations", "`[]` goes through"),
        ("[.many, .many] | [combinations] | length", "steps"),
    ]);
}

#[track_caller]
fn refused(program: &str, at: &str, message: &str, help: &str) {
    let error = Program::parse(program).unwrap_err();
    assert!(error.message.contains(message), "{program}: {error:?}");
    let found = error.help.clone().unwrap_or_default();
    assert!(found.contains(help), "{program}: {error:?}");
    assert!(
        program[error.offset..].starts_with(at),
        "{program}: {error:?}"
    );
}

#[test]
fn what_reaches_outside_the_event_is_refused() {
    refused("input", "input", "`input` cannot be used", "write `.`");
    refused("[.a, inputs]", "inputs", "cannot be used", "payload");
    refused("env.HOME", "env", "cannot be used", "environment");
    refused("$ENV.HOME", "$ENV", "cannot be used", "environment");
    refused("now - 1", "now", "cannot be used", "$event.received_at");
    refused(
        "import \"a\" as a; .",
        "import",
        "cannot be used",
        "one text",
    );
    refused("include \"a\"; .", "include", "cannot be used", "one text");
    refused(". | debug", "debug", "cannot be used", "test");
    refused("halt_error", "halt_error", "cannot be used", "error(");
    refused("$__loc__", "$__loc__", "cannot be used", "");
    assert_eq!(run("def now: 5; now"), Ok(json!(5)));
}

#[test]
fn what_cannot_be_read_says_where_and_what_to_write() {
    refused(".a.b | uppr", "uppr", "no function `uppr`", "");
    refused(
        ".a | ascii_downcse",
        "ascii_downcse",
        "no function",
        "did you mean `ascii_downcase`",
    );
    refused(
        "payload.a",
        "payload",
        "no function `payload`",
        "the payload is `.`",
    );
    refused("vars.a", "vars", "no function `vars`", "write `$vars`");
    refused("$vrs.a", "$vrs", "no `$vrs`", "did you mean `$vars`");
    refused(
        "$payload.a",
        "$payload",
        "no `$payload`",
        "the payload is `.`",
    );
    refused("$.data.a", "", "", "the payload is `.`");
    refused(".a == 'x'", "'x'", "`'` means nothing", "double quotes");
    refused(".a && .b", "&& .b", "`&` means nothing", "write `and`");
    refused("{{payload.a}}", "", "", "templates are not filled in");
    refused(
        "split(\"a\"; \"b\"; \"c\")",
        "split",
        "with 3 values",
        "it takes 1 or 2",
    );
    refused(".a |", "", "ends too early", "");
    refused("", "", "no program", "");
    refused("if .a then 1", "", "ends too early", "");
    refused("(.a", "(.a", "never closed", "");
    refused("\"abc", "\"abc", "never closed", "");
    refused(".a .b c", "c", "cannot stand here", "");
    refused("test(\"(\")", "(", "cannot read the pattern", "`)`");
    refused("break $x", "$x", "no `label $x`", "");
    refused("reduce . as $x (1)", "reduce", "is written", "");
    refused("@bas64 \"\\(.)\"", "@bas64", "no function", "did you mean");
    refused(&"(".repeat(40), "(", "brackets", "");
    refused(&"x".repeat(5000), "", "bytes long", "");
}

#[test]
fn a_program_at_its_bounds_is_read_and_carried_out_on_a_small_stack() {
    for text in [
        format!("{}1", "-".repeat(40)),
        format!("{}1", "try ".repeat(40)),
        format!("{}1{}", "if true then ".repeat(40), " end".repeat(40)),
        format!("{}f", "def f: 1; ".repeat(40)),
        format!("{}1{}", "def f: ".repeat(40), "; 1".repeat(40)),
        format!("{}1{}", "[if 1 then ".repeat(20), " end]".repeat(20)),
        format!("{}1", "label $x | ".repeat(40)),
        format!("{}1{}", "reduce ".repeat(39), " as $x (1; 2)".repeat(39)),
        format!("{}1{}", "[".repeat(32), "]".repeat(32)),
        format!("{}1{}", "\"\\(".repeat(32), ")\"".repeat(32)),
        format!("{}.a{}", "{a: ".repeat(32), "}".repeat(32)),
        format!("1{}", " | .".repeat(150)),
        format!("1{}", " as $x | $x".repeat(75)),
        format!("1{}", " // 1".repeat(150)),
        format!(".a{}", ".a".repeat(300)),
        format!("1{}", " + 1".repeat(150)),
        format!("[1{}]", ", 1".repeat(150)),
    ] {
        let program = Program::parse(&text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let _ = program.value(&scope());
    }
    let beyond = Program::parse(&"try ".repeat(41)).unwrap_err();
    assert!(beyond.message.contains("too long"), "{beyond:?}");
}

#[test]
fn what_a_program_reads_is_known() {
    let program = Program::parse("$vars.a + $vars[\"b\"] + $item.x + ($vars | .c) + .d").unwrap();
    let reads: Vec<_> = program
        .reads()
        .iter()
        .map(|(path, at)| (path.as_str(), *at))
        .collect();
    assert_eq!(
        reads,
        [("vars.a", 1), ("vars.b", 11), ("item.x", 24), ("vars", 35)]
    );
    assert!(
        Program::parse("1 as $vars | $vars.a")
            .unwrap()
            .reads()
            .is_empty()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_text_makes_reading_fall_over(text in r#"[.a|\[\]{}(),:;$"\\?/*+<=>@ 0-9\-]{0,40}|(if|then|end|reduce|as|\$x|\.|\.\[\]|\(|\)|def|f:|;|\||,|1|"a"| ){0,30}"#) {
        if let Ok(program) = Program::parse(&text) {
            let _ = program.value(&scope());
        }
    }
}
