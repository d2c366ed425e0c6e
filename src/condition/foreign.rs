//! What other systems call things, and what they are called here.

use crate::diagnostic::did_you_mean;

use super::operators;

/// Names of operators elsewhere.
const OPERATORS: &[(&str, &[&str])] = &[
    (
        "equals",
        &[
            "eq",
            "is",
            "equal",
            "equal_to",
            "equals_to",
            "equalto",
            "=",
            "==",
            "===",
            "value",
            "const",
        ],
    ),
    (
        "not_equals",
        &[
            "ne",
            "neq",
            "not",
            "is_not",
            "not_equal",
            "notequals",
            "!=",
            "<>",
            "not_equal_to",
        ],
    ),
    (
        "not_equals` or `not_in",
        &["anything-but", "anything_but", "anythingbut"],
    ),
    (
        "in",
        &[
            "one_of", "oneof", "any_of", "anyof", "is_in", "isin", "values", "enum",
        ],
    ),
    ("not_in", &["nin", "notin", "none_of", "not_one_of"]),
    (
        "contains",
        &[
            "includes",
            "include",
            "has",
            "containing",
            "icontains",
            "substring",
        ],
    ),
    (
        "starts_with",
        &[
            "prefix",
            "startswith",
            "begins_with",
            "beginswith",
            "has_prefix",
            "starts",
        ],
    ),
    ("ends_with", &["suffix", "endswith", "has_suffix", "ends"]),
    (
        "matches",
        &[
            "regex",
            "regexp",
            "match",
            "matches_regex",
            "match_regex",
            "pattern",
            "=~",
            "re",
            "rlike",
        ],
    ),
    ("glob", &["wildcard", "like", "fnmatch"]),
    (
        "gt",
        &[
            ">",
            "greater",
            "greater_than",
            "greaterthan",
            "more_than",
            "above",
        ],
    ),
    (
        "gte",
        &[
            ">=",
            "ge",
            "min",
            "minimum",
            "at_least",
            "greater_than_or_equal",
            "greaterthanorequal",
        ],
    ),
    ("lt", &["<", "less", "less_than", "lessthan", "below"]),
    (
        "lte",
        &[
            "<=",
            "le",
            "max",
            "maximum",
            "at_most",
            "less_than_or_equal",
            "lessthanorequal",
        ],
    ),
    ("gt`, `gte`, `lt` or `lte", &["numeric", "between", "range"]),
    (
        "exists",
        &[
            "exist",
            "is_set",
            "isset",
            "present",
            "is_present",
            "defined",
            "has_value",
        ],
    ),
    (
        "exists: false",
        &["missing", "absent", "not_exists", "is_missing"],
    ),
    ("type", &["typeof", "is_type", "type_of"]),
    (
        "cidr",
        &[
            "ip",
            "ip_range",
            "ip-range",
            "ip-whitelist",
            "cidr_match",
            "ip_in",
        ],
    ),
    ("newer_than", &["within", "younger_than"]),
    ("as: time` beside `gt", &["after", "since", "later_than"]),
    ("as: time` beside `lt", &["before", "earlier_than", "until"]),
    (
        "as: version` beside `gte",
        &["semver", "version_gte", "min_version"],
    ),
    (
        "as: length` beside `equals`, `gte` or `lte",
        &[
            "length",
            "len",
            "size",
            "min_length",
            "max_length",
            "minlength",
            "maxlength",
            "min_items",
            "max_items",
            "count",
        ],
    ),
    (
        "as",
        &[
            "cast", "convert", "coerce", "read_as", "parse_as", "treat_as",
        ],
    ),
    (
        "{list: …}` behind `in",
        &["list", "in_list", "lookup", "from_list", "inlist"],
    ),
    (
        "{path: …}` behind the operator, as `equals: {path: $.other}",
        &["equals_path", "equals_field", "compare_to", "other", "ref"],
    ),
    (
        "ignore_case",
        &[
            "ignorecase",
            "case_insensitive",
            "case-insensitive",
            "equals-ignore-case",
            "insensitive",
        ],
    ),
    ("all", &["and", "every", "allof"]),
    ("any", &["or", "some"]),
    ("none", &["nor", "noneof"]),
    (
        "path",
        &[
            "field",
            "jsonpath",
            "json_path",
            "json-path",
            "key",
            "property",
            "selector",
            "subject",
            "select",
            "payload",
        ],
    ),
    ("item", &["element", "each", "this", "entry"]),
    ("header", &["headers"]),
    ("query", &["param", "parameter", "query_param", "params"]),
    ("var", &["vars", "variable"]),
];

/// What an unknown key of a condition was probably meant to be, as a help sentence.
pub(super) fn advice(key: &str) -> String {
    let bare = key.trim_start_matches('$').to_ascii_lowercase();
    let spelled = bare.replace([' ', '-'], "_");
    let own = || {
        let known = operators::LIST.iter().map(|operator| operator.name());
        known.chain(super::parse::KEYS.iter().copied())
    };
    if own().any(|name| name == spelled) {
        return format!("write `{spelled}`");
    }
    let of = |(_, names): &&(&str, &[&str])| {
        names.contains(&bare.as_str()) || names.contains(&spelled.as_str())
    };
    if let Some((ours, _)) = OPERATORS.iter().find(of) {
        return format!("write `{ours}`");
    }
    if key.starts_with('$') || key.contains('.') {
        return format!(
            "a condition is written {{path: {}, equals: …}}",
            rooted(key)
        );
    }
    if [
        "if",
        "on",
        "needs",
        "when",
        "rule",
        "expression",
        "jq",
        "operator",
        "op",
    ]
    .contains(&bare.as_str())
    {
        return "a condition is a map such as {path: $.action, equals: opened}".to_owned();
    }
    if let Some(meant) = did_you_mean(key, own()) {
        return format!("did you mean `{meant}`?");
    }
    let names: Vec<_> = operators::LIST
        .iter()
        .map(|operator| operator.name())
        .collect();
    format!("operators are {}", names.join(", "))
}

fn rooted(key: &str) -> String {
    if key.starts_with('$') {
        key.to_owned()
    } else {
        format!("$.{key}")
    }
}
