//! The traps of YAML: what is said of each, where, and what to write instead.

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::yaml::{Fields, read};

/// Everything that is said of a text, as `what stands there: message; help`.
fn said(text: &str) -> Vec<String> {
    let file = SourceFile::new("a.yaml", text);
    let mut problems = Diagnostics::new();
    if let Some(node) = read(&file, &mut problems)
        && let Some(mut fields) = Fields::of(&node, &mut problems)
    {
        for key in ["name", "title", "event", "when", "provider", "conditions"] {
            fields.optional(key);
        }
        fields.finish(&mut problems);
    }
    let found = problems.sorted();
    let found = found.iter().map(|found| {
        let there = text.get(found.place.span.clone()).unwrap();
        let help = found.help.as_deref().unwrap();
        let also = found.also.iter().map(|also| {
            let there = text.get(also.place.span.clone()).unwrap();
            format!("; {there:?}: {}", also.note)
        });
        let also = also.collect::<String>();
        format!("{there}: {}; {help}{also}", found.message)
    });
    found.collect()
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(said(text), [expected], "{text:?}");
}

#[test]
fn paths_and_stars_need_quotes() {
    for (text, path) in [
        ("- {path: $.labels[*].name}", "$.labels[*].name"),
        ("- {path: $.a[0], gte: 1}", "$.a[0]"),
        ("- {path: $.a[?@.b == 'c'], gte: 1}", "$.a[?@.b == 'c']"),
    ] {
        let said = said(text);
        assert_eq!(
            said,
            [format!(
                "{path}: a path with brackets needs quotes inside `{{…}}` and `[…]`; \
                 put quotes around the whole path: \"{path}\""
            )]
        );
    }
    check(
        "event: *\n",
        "*: `*` begins an alias here; put quotes around it: \"*\"",
    );
    check(
        "event: [push, *]\n",
        "*: `*` begins an alias here; put quotes around it: \"*\"",
    );
    check(
        "event: *.opened\n",
        "*.opened: `*.opened` is an alias, and no anchor above has its name; \
         put quotes around text that begins with `*`: \"*.opened\"",
    );
    check(
        "<<: [*a, *b]\n",
        "*a: `*a` is an alias, and no anchor above has its name; \
         put quotes around text that begins with `*`: \"*a\"",
    );
    check(
        "é: &\n",
        "&: `&` begins an anchor here; put quotes around text that begins with `&`",
    );
}

#[test]
fn templates_need_quotes() {
    let said =
        "braces without quotes are a map, not a template; put quotes around the whole value:";
    check(
        "name: {{payload.x}}\n",
        &format!("{{{{payload.x}}}}: {said} \"{{{{payload.x}}}}\""),
    );
    check(
        "name: {{payload.x}} was pushed: ok\n",
        &format!("{{{{payload.x}}}}: {said} \"{{{{payload.x}}}} was pushed: ok\""),
    );
    check(
        "- {a: {{default payload.x \"-\"}} and more}\n",
        &format!(
            "{{{{default payload.x \"-\"}}}}: {said} '{{{{default payload.x \"-\"}}}} and more'"
        ),
    );
    check(
        "name: {{{payload.x}}}\n",
        &format!("{{{{{{payload.x}}}}}}: {said} \"{{{{{{payload.x}}}}}}\""),
    );
}

#[test]
fn backslashes_and_quotes() {
    check(
        "name: \"^é\\\\v\\d\"\n",
        "\\d: `\\d` means nothing between double quotes; \
         put it between single quotes, where a backslash is only a backslash",
    );
    let closes = "the quoted text ends before this";
    let whole = "put quotes around the whole value; inside \"…\" a quote is written \\\", inside '…' it is ''";
    check("name: 'it's'\n", &format!("s: {closes}: `s`; {whole}"));
    check("name: \"a\" to b\n", &format!("t: {closes}: `t`; {whole}"));
    let open = "end the text with the same quote; further lines of it must be indented";
    check(
        "name: \"x\nevent: 2\n",
        &format!("\": this quote is not closed: `\"`; {open}"),
    );
    check(
        "name: {a: 'it is}\nevent: 2\n",
        &format!("': this quote is not closed: `'`; {open}"),
    );
    check(
        "name: \u{201c}x y\u{201d}\n",
        "\u{201c}x y\u{201d}: `\u{201c}` is no quote in YAML, but part of the text; write \"x y\"",
    );
    check(
        "name: [\u{2018}$.a[0]\u{2019}]\n",
        "\u{2018}: `\u{2018}` is no quote in YAML; write \" or '",
    );
    check(
        "name: @foo\n",
        "@: a text cannot begin with this sign: `@`; put quotes around the whole value",
    );
    check(
        "name: !\"x\"\n",
        "!: a text cannot begin with `!`: `!`; put quotes around the whole value",
    );
    check(
        "name: ? what\n",
        "?: a text cannot begin with `? `: `?`; put quotes around the whole value",
    );
    check(
        "name: {a: > 5}\n",
        ">: a text without quotes cannot begin with `>` between brackets; \
         put quotes around the whole value",
    );
}

#[test]
fn colons_that_are_missing_or_too_many() {
    check(
        "title: Deploy: done\n",
        ":: a text with `: ` in it needs quotes; put quotes around the text: \"Deploy: done\"",
    );
    check(
        "- {a: see: https://x.example}\n",
        ":: a second `:` cannot stand here; \
         write a `,` before the key that it belongs to, or quotes around a text that has it",
    );
    check(
        "when: {a: {b: c} d: e}\n",
        "d: a `,` is missing before this: `d`; \
         separate what stands between brackets by `,`, or put quotes around a text",
    );
    check(
        "- name:tell\n  when: x\n",
        ":: a blank is missing behind this `:`; write `name: …`",
    );
    check(
        "name: x\nwhen:y\n",
        ":: a blank is missing behind this `:`; write `when: …`",
    );
    check(
        "{provider:github}\n",
        "provider:github: `provider:github` means nothing here; \
         write a blank behind the `:`: `provider: github`",
    );
    check(
        "{name: Hello, world}\n",
        "world: `world` means nothing here; \
         put quotes around a text with a `,` in it: \"…, world\"",
    );
    check(
        "name = x\nwhen: y\n",
        "=: a key is followed by `:`; write `name: …`",
    );
    check(
        "name: b\nc\n",
        "c: a `:` is missing after this key; \
         write `key: value`, or indent this line as part of the text above",
    );
}

#[test]
fn indentation() {
    check(
        "name:\n\tb: 1\n",
        "\t: a tab cannot indent; indent with spaces",
    );
    check(
        "name:\n  b: 1\n \tc: 2\n",
        "\t: a tab cannot indent; indent with spaces",
    );
    check(
        "name:\n\u{a0} b: 1\n  c: 2\n",
        "\u{a0}: this blank is not a space, and cannot indent; \
         write spaces in its place; it was probably copied from a page",
    );
    check(
        "- name: x\n   when: y\n",
        "when: this is indented deeper than `name`, which has a value already; \
         indent the keys of one map alike; \"name\": this stands further left",
    );
    check(
        "name:\n  - b\n c: 1\n",
        "c: this line is indented like none above it: `c`; \
         indent the keys of one map alike; put quotes around text with special signs",
    );
    check(
        "- a:\n  -name: x\n   when: y\n",
        "-: a blank is missing behind this `-`; write `- ` before each item of a list",
    );
    check(
        "name: - b\n",
        "-: a list cannot begin in this line: `-`; \
         write each `- item` on a line of its own, or put quotes around a text",
    );
    check(
        "name: |\ntext\n",
        "text: the text of `|` is indented deeper than its key, and this is not; \
         indent each line of the text",
    );
    check(
        "name: > b\n",
        ">: nothing else can stand in the line of this sign: `>`; \
         begin the text in the next line, or put quotes around it",
    );
}

#[test]
fn brackets() {
    check(
        "when: {a: 1\nname: x\n",
        "{: this `{` is not closed; write `}` where it ends; \":\": here its end is missed",
    );
    check(
        "when: [a, b\n",
        "[: this `[` is not closed; write `]` where it ends",
    );
    check(
        "when: {event: [push}\n",
        "}: a `]` is missing before this `}`; close brackets in the order they were opened; \
         \"[\": this `[` is still open",
    );
    check(
        "name: ]\n",
        "]: brackets do not match, or a `,` is missing: `]`; \
         check each `{` `[` and its end; put quotes around text with `: `, `,` or brackets",
    );
}

#[test]
fn what_went_into_a_comment() {
    check(
        "name: Post to #ops now # loud\n",
        "#ops now # loud: a `#` behind a blank begins a comment: this is not part of the text; \
         write \"Post to #ops now # loud\"; if a comment is meant, a blank behind the `#`",
    );
    check(
        "event: #push\n",
        "#push: a `#` behind a blank begins a comment: this is not part of the text; \
         write \"#push\"; if a comment is meant, a blank behind the `#`",
    );
    check(
        "when: {event: Post to #ops}\nname: x\n",
        "#ops}: a `#` behind a blank begins a comment, so brackets in it close nothing; \
         put quotes around the text that has the `#`",
    );
    check(
        "- {\n  \"name\": true, // y\n  \"when\": 1\n}\n",
        "//: `//` begins no comment; write `# ` before a comment",
    );
    for fine in [
        "name: x # y\n",
        "name: x  #y\n",
        "name: 'x' #y\n",
        "name: 80 #web\n",
        "name: x #hookrule: allow HR0305 y\n",
        "name: x #--- y\n",
        "name: x#y\n",
        "name: x\n# y #z\n",
    ] {
        assert_eq!(said(fine), [""; 0], "{fine:?}");
    }
}

#[test]
fn keys_with_nothing_behind_them() {
    let left_out =
        "has nothing behind it, and counts as left out; write its value, or remove the key";
    check(
        "conditions:\n  # - {path: $.a, exists: true}\nname: x\n",
        &format!("conditions: `conditions` {left_out}"),
    );
    check("name: &x\n", &format!("name: `name` {left_out}"));
    assert_eq!(said("name: null\n"), [""; 0]);
    assert_eq!(said("name: ~\n"), [""; 0]);
}
