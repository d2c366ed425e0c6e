//! Operands that stand elsewhere, and values that are read as something else first.

use super::*;

#[test]
fn other_values_of_the_payload() {
    let payload = r#"{"a":1,"b":1.0,"c":"x","d":"axb","l":[1,"x"],"n":null,"small":-5}"#;
    for (operator, other, expected) in [
        ("path: $.a, equals", "$.b", true),
        ("path: $.a, equals", "$.c", false),
        ("path: $.n, equals", "$.n", true),
        ("path: $.a, not_equals", "$.b", false),
        ("path: $.a, not_equals", "$.c", true),
        ("path: $.a, in", "$.l", true),
        ("path: $.d, in", "$.l", false),
        ("path: $.a, in", "$.b", false),
        ("path: $.c, not_in", "$.l", false),
        ("path: $.d, not_in", "$.l", true),
        ("path: $.d, contains", "$.c", true),
        ("path: $.l, contains", "$.b", true),
        ("path: $.l, contains", "$.d", false),
        ("path: $.d, starts_with", "$.c", false),
        ("path: $.d, ends_with", "$.c", false),
        ("path: $.c, ends_with", "$.c", true),
        ("path: $.a, gt", "$.small", true),
        ("path: $.a, gte", "$.b", true),
        ("path: $.a, lt", "$.b", false),
        ("path: $.small, lte", "$.a", true),
        ("path: $.small, lt", "$.c", false),
        ("path: '$.l[*]', equals", "$.a", true),
        ("var: n, gt", "$.a", true),
        ("item: '$.k[*]', equals", "$.a", true),
    ] {
        let conditions = format!("[{{{operator}: {{path: {other}}}}}]");
        check(&conditions, payload, expected);
    }
}

#[test]
fn nothing_equals_what_is_not_there() {
    for payload in [r#"{"a":1}"#, "{}"] {
        for operator in [
            "equals",
            "in",
            "contains",
            "starts_with",
            "ends_with",
            "gt",
            "gte",
            "lt",
            "lte",
        ] {
            check(
                &format!("[{{path: $.a, {operator}: {{path: $.b}}}}]"),
                payload,
                false,
            );
        }
        for operator in ["not_equals", "not_in"] {
            check(
                &format!("[{{path: $.a, {operator}: {{path: $.b}}}}]"),
                payload,
                true,
            );
        }
    }
}

#[test]
fn operands_elsewhere_that_cannot_be() {
    refused(
        "[{path: $.a, equals: {path: '$.b[*]'}}]",
        "HR0202 '$.b[*]': this path can select several values",
        "name one",
    );
    refused(
        "[{path: $.a, in: {path: '$.b[*]'}}]",
        "HR0202 '$.b[*]'",
        "looks through its items",
    );
    refused(
        "[{path: $.a, equals: {path: b}}]",
        "HR0301 b",
        "write `$.b`",
    );
    refused(
        "[{path: $.a, matches: {path: $.b}}]",
        "HR0202 $.b: the operand of `matches` is written in the rule",
        "equals, not_equals, in, not_in, contains",
    );
    refused(
        "[{path: $.a, lt: {var: limit}}]",
        "HR0202 limit: `lt` cannot be compared with a `var`",
        "turn it around",
    );
    refused(
        "[{path: $.a, lt: {header: X}}]",
        "HR0202 X: `lt` cannot be compared with a `header`",
        "{list: NAME}",
    );
    // A map that only looks like one is a literal.
    check(
        "[{path: $.a, equals: {path: 1}}]",
        r#"{"a":{"path":1}}"#,
        true,
    );
    check(
        "[{path: $.a, equals: {path: x, b: 1}}]",
        r#"{"a":{"path":"x","b":1}}"#,
        true,
    );
}

#[test]
fn values_are_read_first() {
    let payload = r#"{"price":"12.50","n":12.5,"t":"2026-05-01T14:00:00+02:00","u":1777636800,
        "v":"v1.10.0","old":"1.9","l":["1","2","x"],"b":true,"z":null,"s":"größe"}"#;
    for (conditions, expected) in [
        ("path: $.price, as: number, equals: 12.5", true),
        ("path: $.price, as: number, equals: '12.500'", true),
        ("path: $.price, as: number, gt: 12.49", true),
        ("path: $.price, as: number, lt: 12.5", false),
        ("path: $.price, as: number, in: [1, '12.5']", true),
        ("path: $.price, as: number, equals: {path: $.n}", true),
        ("path: $.n, as: number, lte: {path: $.price}", true),
        ("path: $.price, as: number, not_equals: 12.5", false),
        ("path: $.t, as: time, equals: '2026-05-01T12:00:00Z'", true),
        ("path: $.t, as: time, equals: {path: $.u}", true),
        ("path: $.t, as: time, gt: '2026-05-01T11:59:59.999Z'", true),
        ("path: $.t, as: time, lt: 2026-05-01", false),
        ("path: $.u, as: time, gte: 1777636800", true),
        ("path: $.v, as: version, gt: '1.9'", true),
        ("path: $.v, as: version, gt: {path: $.old}", true),
        ("path: $.v, as: version, equals: '1.10'", true),
        ("path: $.v, as: version, equals: 1.10", true),
        ("path: $.v, as: version, lt: 2-rc.1", true),
        ("path: $.v, as: version, in: ['1.10.0', '2.0']", true),
        ("path: $.s, as: length, equals: 5", true),
        ("path: $.l, as: length, gte: 3", true),
        ("path: $, as: length, gt: 9", true),
        ("path: $.s, as: length, gt: {path: $.n}", false),
        ("path: $.s, as: length, equals: {path: $.price}", false),
        ("path: $.b, as: text, equals: 'true'", true),
        ("path: $.n, as: text, equals: '12.5'", true),
        ("path: $.n, as: text, equals: 12.5", true),
        ("path: $.n, as: text, starts_with: '12'", true),
        ("path: $.n, as: text, matches: '^12'", true),
        ("path: $.b, as: text, equals: TRUE, ignore_case: true", true),
        ("path: '$.l[*]', as: number, gt: 1", true),
        ("path: '$.l[*]', as: number, gt: 0, quantifier: all", false),
        ("path: '$.l[0:2]', as: number, gt: 0, quantifier: all", true),
        ("header: X-One, as: number, equals: 1", true),
        ("query: q, as: number, gt: 1", true),
    ] {
        check(&format!("[{{{conditions}}}]"), payload, expected);
    }
}

#[test]
fn what_cannot_be_read_equals_nothing() {
    for value in ["\"soon\"", "null", "true", "{}"] {
        let payload = format!("{{\"a\":{value}}}");
        for read_as in ["number", "time", "version"] {
            let test = |rest: &str| format!("[{{path: $.a, as: {read_as}, {rest}}}]");
            for positive in [
                "equals: 1",
                "in: [1]",
                "gt: 0",
                "lte: 9",
                "equals: {path: $.a}",
            ] {
                check(&test(positive), &payload, false);
            }
            for negative in ["not_equals: 1", "not_in: [1]", "not_equals: {path: $.a}"] {
                check(&test(negative), &payload, true);
            }
        }
    }
    check(
        "[{path: $.a, as: text, equals: 'null'}]",
        r#"{"a":null}"#,
        false,
    );
    check("[{path: $.a, as: length, lt: 9}]", r#"{"a":3}"#, false);
}

#[test]
fn readings_that_cannot_be() {
    refused(
        "[{path: $.a, as: int, gt: 1}]",
        "HR0202 int: values cannot be read as `int`",
        "write `as: number`",
    );
    refused(
        "[{path: $.a, as: nmber, gt: 1}]",
        "HR0202 nmber",
        "write `as: number`",
    );
    refused(
        "[{path: $.a, as: semver, equals: 1}]",
        "HR0202 semver",
        "write `as: version`",
    );
    refused(
        "[{path: $.a, as: zzzzzz, equals: 1}]",
        "HR0202 zzzzzz",
        "number, time, version, text, length",
    );
    refused("[{path: $.a, as: 1, equals: 1}]", "HR0006 1", "quotes");
    refused(
        "[{path: $.a, as: number, gt: many}]",
        "HR0202 many: \"many\" is not a number",
        "write digits",
    );
    refused(
        "[{path: $.a, as: time, gt: soon}]",
        "HR0202 soon: \"soon\" is not a moment",
        "RFC 3339",
    );
    refused(
        "[{path: $.a, as: version, in: ['1.0', x]}]",
        "HR0202 x",
        "dots between",
    );
    refused(
        "[{path: $.a, as: length, gt: '3'}]",
        "HR0202 '3': \"3\" is not a length",
        "how many",
    );
    refused("[{path: $.a, as: number, in: 1}]", "HR0202 1", "");
    refused(
        "[{path: $.a, as: version, in: {list: vips}}]",
        "HR0202 vips: \"ann\" in this list is not a version",
        "",
    );
    refused(
        "[{path: $.a, as: number, exists: true}]",
        "HR0202 number: `as: number` means nothing to `exists`",
        "leave it out",
    );
    refused(
        "[{path: $.a, as: text, gt: 1}]",
        "HR0202 text: `as: text` means nothing to `gt`",
        "number, time, version, length",
    );
    refused(
        "[{path: $.a, as: time, newer_than: 1h}]",
        "HR0202 time",
        "by itself",
    );
    refused(
        "[{path: $.a, as: number, equals: 1, ignore_case: true}]",
        "HR0202",
        "leave it out",
    );
}

#[test]
fn an_order_that_needs_a_reading() {
    refused("[{path: $.a, gt: '12'}]", "HR0202 '12'", "`as: number`");
    refused(
        "[{path: $.a, gt: '2026-05-01T12:00:00Z'}]",
        "HR0202 '2026",
        "`as: time`",
    );
    refused(
        "[{path: $.a, gt: '1.10.0'}]",
        "HR0202 '1.10.0'",
        "`as: version`",
    );
}
