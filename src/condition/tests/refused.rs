//! Conditions that mean nothing, and what is said of them.

use super::{read, refused};

#[test]
fn foreign_operators() {
    refused(
        "[{path: $.a, eq: 1}]",
        "HR0201 eq: `eq` is not an operator",
        "write `equals`",
    );
    refused("[{path: $.a, $gte: 1}]", "HR0201 $gte", "write `gte`");
    refused("[{path: $.a, regex: x}]", "HR0201 regex", "write `matches`");
    refused(
        "[{path: $.a, prefix: x}]",
        "HR0201 prefix",
        "write `starts_with`",
    );
    refused(
        "[{path: $.a, $startsWith: x}]",
        "HR0201 $startsWith",
        "write `starts_with`",
    );
    refused(
        "[{path: $.a, anything-but: x}]",
        "HR0201 anything-but",
        "`not_equals` or `not_in`",
    );
    refused(
        "[{path: $.a, not-equals: x}]",
        "HR0201 not-equals",
        "write `not_equals`",
    );
    refused(
        "[{path: $.a, Equals: x}]",
        "HR0201 Equals",
        "write `equals`",
    );
    refused("[{path: $.a, equal: x}]", "HR0201 equal", "write `equals`");
    refused(
        "[{path: $.a, contians: x}]",
        "HR0201 contians",
        "did you mean `contains`",
    );
    refused(
        "[{path: $.a, zzzzzz: x}]",
        "HR0201 zzzzzz",
        "operators are equals,",
    );
    refused("[{field: $.a, equals: x}]", "HR0201 field", "write `path`");
    refused("[or: [{path: $.a, equals: x}]]", "HR0201 or", "write `any`");
    refused(
        "[{$.action: opened}]",
        "HR0201 $.action",
        "{path: $.action, equals: …}",
    );
    refused("[{if: x}]", "HR0201 if", "{path: $.action, equals: opened}");
}

#[test]
fn foreign_words_for_readings_and_operands() {
    refused(
        "[{path: $.a, after: x}]",
        "HR0201 after",
        "write `as: time` beside `gt`",
    );
    refused(
        "[{path: $.a, min_length: 3}]",
        "HR0201 min_length",
        "write `as: length` beside",
    );
    refused(
        "[{path: $.a, gte: 1, cast: number}]",
        "HR0201 cast",
        "write `as`",
    );
    refused(
        "[{path: $.a, semver: x}]",
        "HR0201 semver",
        "`as: version` beside `gte`",
    );
    refused(
        "[{path: $.a, in_list: x}]",
        "HR0201 in_list",
        "`{list: …}` behind `in`",
    );
    refused(
        "[{path: $.a, equals_field: x}]",
        "HR0201 equals_field",
        "`equals: {path: $.other}`",
    );
    refused(
        "[{element: $.a, equals: x}]",
        "HR0201 element",
        "write `item`",
    );
}

#[test]
fn operands_that_cannot_be_used() {
    refused(
        "[{path: $.a, gt: '1'}]",
        "HR0202 '1'",
        "leave out the quotes",
    );
    refused("[{path: $.a, in: x}]", "HR0202 x", "");
    refused("[{path: $.a, matches: '('}]", "HR0202 (", "`)`");
    refused(
        "[{path: $.a, equals: 1, quantifier: some}]",
        "HR0202 some",
        "write `any`",
    );
    refused(
        "[{path: $.a, gt: 1, ignore_case: true}]",
        "HR0202",
        "leave it out",
    );
    refused("[{path: 'a.0', equals: 1}]", "HR0301 a.0", "write `$.a[0]`");
    refused(
        "[{path: '$.a[?in(@, $.b)]', equals: 1}]",
        "HR0301 in",
        "length, count",
    );
}

#[test]
fn conditions_that_test_nothing() {
    refused("[{equals: 1}]", "HR0204 {equals: 1}", "add `path: $.…`");
    refused(
        "[{path: $.a}]",
        "HR0204 {path: $.a}: `$.a` is not compared",
        "exists: true",
    );
    refused("[{}]", "HR0204", "add `path: $.…`");
    refused(
        "[{path: $.a, header: B, equals: 1}]",
        "HR0204 header",
        "two conditions",
    );
    refused("[any: []]", "HR0204 []", "");
    refused(
        "[{any: [{path: $.a, equals: 1}], path: $.b}]",
        "HR0201 path",
        "by itself",
    );
}

#[test]
fn other_shapes() {
    refused("path: $.a\nequals: 1", "HR0006 ", "behind a dash");
    refused(
        "[$.a == 1]",
        "HR0006 $.a == 1",
        "{path: $.action, equals: opened}",
    );
    refused("[not: [{path: $.a, equals: 1}]]", "HR0006", "`none:`");
    refused("[{all: {path: $.a, equals: 1}}]", "HR0006", "behind a dash");
    let deep = "{not: ".repeat(40) + "{path: $.a, equals: 1}" + &"}".repeat(40);
    let (_, _, findings) = read(&format!("[{deep}]"));
    assert!(
        findings.len() == 1 && findings[0].starts_with("HR0008"),
        "{findings:?}"
    );
}

#[test]
fn negation_beside_others() {
    refused(
        "[{path: '$.a[*]', not_equals: 1, gt: 0}]",
        "HR0203 not_equals",
        "two conditions",
    );
    refused(
        "[{path: '$.a[*]', not_equals: 1, not_in: [2]}]",
        "HR0203 not_equals",
        "two conditions",
    );
    refused(
        "[{path: $.a, exists: false, equals: 1}]",
        "HR0203 exists",
        "two conditions",
    );
    refused(
        "[{path: $.a, not_equals: 1, quantifier: all}]",
        "HR0203 all",
        "leave it out",
    );
}
