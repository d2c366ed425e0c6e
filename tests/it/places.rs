//! What is wrong inside a text is underlined inside it, however the text is written.
//!
//! Each mistake of the table stands in six files of one folder: plain, between either quotes, in a block,
//! in a folded block, and inside a list in brackets. One run of `check` must underline the same
//! characters in all of them.

use serde_json::Value;

use crate::harness::Folder;

/// What stands before a text, the text, the part of it that is at fault, and what begins the help.
struct Mistake {
    code: &'static str,
    before: &'static str,
    /// The key that the text stands behind, and what closes its map in a line.
    key: &'static str,
    after: &'static str,
    text: &'static str,
    fault: &'static str,
    help: &'static str,
}

const CONDITION: &str = "
    when:
      provider: github
      event: issues.opened
      conditions:
        - path: $.issue.title
          ";
const LOG: &str = "
    when: {provider: github, event: issues.opened}
    actions:
      - log:
          ";

const fn operand(
    key: &'static str,
    text: &'static str,
    fault: &'static str,
    help: &'static str,
) -> Mistake {
    Mistake {
        code: "HR0202",
        before: CONDITION,
        key,
        after: "
    actions: [{log: {message: hi}}]
",
        text,
        fault,
        help,
    }
}

const fn template(
    code: &'static str,
    text: &'static str,
    fault: &'static str,
    help: &'static str,
) -> Mistake {
    Mistake {
        code,
        before: LOG,
        key: "message",
        after: "\n",
        text,
        fault,
        help,
    }
}

const fn var(text: &'static str, fault: &'static str, help: &'static str) -> Mistake {
    Mistake {
        code: "HR0306",
        before: "
    when: {provider: github, event: issues.opened}
    vars:
      value:
        ",
        key: "jq",
        after: "
    actions: [{log: {message: \"{{vars.value}}\"}}]
",
        text,
        fault,
        help,
    }
}

const MISTAKES: &[Mistake] = &[
    operand("matches", r"^v(\d+", "(", "close it with `)`"),
    operand("matches", r"v[0-9", "[", "close it with `]`"),
    operand("matches", "*.js", "*", "it repeats what stands before it"),
    operand(
        "matches",
        r"^v(?!1)",
        "(?!",
        "looking ahead or behind is not possible",
    ),
    operand("matches", r"v(\d)\1", r"\1", "what a group has found"),
    operand(
        "matches",
        r"é{2,1}",
        "{2,1}",
        "write the smaller number first",
    ),
    operand("glob", "v[0-9].*", "[0-9]", "`*` stands for anything"),
    operand("glob", "src/{a,b}/*", "{a,b}", "write one condition"),
    operand("cidr", "10.0.0.0/40", "40", "an IPv4 address has 32 bits"),
    operand("cidr", "10.0.0/8", "10.0.0", "an address has four numbers"),
    Mistake {
        code: "HR0007",
        ..operand("newer_than", "10 minutes", " minutes", "write `10m`")
    },
    Mistake {
        code: "HR0007",
        ..operand("older_than", "1h30m", "30m", "write `90m`")
    },
    Mistake {
        code: "HR0007",
        ..operand(
            "older_than",
            "1.5h",
            ".5h",
            "write a whole number and a unit",
        )
    },
    Mistake {
        code: "HR0301",
        before: "
    when:
      provider: github
      event: issues.opened
      conditions:
        - equals: x
          ",
        ..operand(
            "path",
            "$.issue.labels[?@.name = 'x']",
            "=",
            "two values are compared with `==`",
        )
    },
    Mistake {
        code: "HR0301",
        before: "
    when:
      provider: github
      event: issues.opened
      conditions:
        - exists: true
          ",
        ..operand(
            "path",
            "$.issue.labels[?match(@.name, 'é(a')]",
            "(",
            "close it with `)`",
        )
    },
    Mistake {
        code: "HR0007",
        before: "
    when:
      provider: github
      ",
        ..operand(
            "event",
            "issues..opened",
            ".",
            "event names are parts with one dot between them",
        )
    },
    Mistake {
        code: "HR0107",
        before: "
    when: {provider: github, event: issues.opened}
    digest:
      at:
        tz: UTC
        ",
        ..operand("cron", "0 25 * * mon", "25", "write minute, hour")
    },
    template(
        "HR0304",
        "é {{uper payload.a}}",
        "uper",
        "did you mean `upper`?",
    ),
    template(
        "HR0303",
        r#"{{default payload.a "\""}} {{payloat.b}}"#,
        "payloat.b",
        "did you mean `payload`?",
    ),
    template(
        "HR0302",
        r#"{{regex_extract payload.a "\\d(é"}}"#,
        "(",
        "close it with `)`",
    ),
    template(
        "HR0302",
        r#"{{date payload.at tz="Mars/Base"}}"#,
        "Mars/Base",
        "it is written `date VALUE [FORMAT] [TIME_ZONE]`",
    ),
    template(
        "HR0302",
        r#"{{date payload.at format="%Q%"}}"#,
        "%Q%",
        "it is written `date VALUE [FORMAT] [TIME_ZONE]`",
    ),
    template(
        "HR0302",
        r#"{{jsonpath payload "$.a[?@.b = 1]"}}"#,
        "=",
        "two values are compared with `==`",
    ),
    template(
        "HR0302",
        r#"{{currency payload.a "XYZ1"}}"#,
        "XYZ1",
        "it is written `currency AMOUNT CODE`",
    ),
    var(r#".a | tset("x")"#, "tset", "did you mean `test`?"),
    var(r#".a | test("\\d(")"#, "(", "close it with `)`"),
];

/// The six ways to write a text, each with what it makes of the part at fault.
fn written(mistake: &Mistake) -> Vec<(&'static str, String, String)> {
    let Mistake {
        before,
        key,
        after,
        text,
        fault,
        ..
    } = mistake;
    let double = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    // The first character as an escape moves all that follow it.
    let escaped = |text: &str| {
        let first = text.chars().next().unwrap();
        let rest = double(&text[first.len_utf8()..]);
        format!("\"\\u{:04x}{rest}\"", u32::from(first))
    };
    let at = text.rfind(fault).unwrap();
    let first = text.chars().next().unwrap();
    let fault_escaped = if at == 0 {
        let rest = double(&fault[first.len_utf8()..]);
        format!("\\u{:04x}{rest}", u32::from(first))
    } else {
        double(fault)
    };
    let indent = before.rsplit('\n').next().unwrap().replace(['-'], " ");
    let line = |value: String| format!("{before}{key}: {value}{after}");
    let single = text.replace('\'', "''");
    let plain = text.contains([':', '#', '[', '{', '*', '"', '\''])
        || text.starts_with(['*', '[', '{', '"', '%']);
    let mut all = vec![
        ("single", line(format!("'{single}'")), (*fault).to_owned()),
        ("double", line(escaped(text)), fault_escaped.clone()),
        (
            "block",
            line(format!("|-\n{indent}  {text}")),
            (*fault).to_owned(),
        ),
        (
            "folded",
            line(format!(">-\n{indent}    {text}")),
            (*fault).to_owned(),
        ),
    ];
    if !plain {
        all.push(("plain", line((*text).to_owned()), (*fault).to_owned()));
    }
    all
}

#[test]
fn the_characters_at_fault_are_underlined_however_they_are_quoted() {
    let folder = Folder::new();
    folder.write("hookrule.yaml", "rules: [rules]\n");
    let mut cases = Vec::new();
    for (number, mistake) in MISTAKES.iter().enumerate() {
        for (style, body, fault) in written(mistake) {
            let name = format!("{number:02}-{style}");
            let file = format!("rules/{name}.yaml");
            let body = body.replace("message: hi", &format!("message: {name}"));
            folder.write(&file, &format!("rules:\n  - name: {name}{body}"));
            cases.push((file, mistake, fault));
        }
    }
    let config = folder.path().join("hookrule.yaml");
    let run = crate::harness::run(&[
        "check",
        "--format",
        "json",
        "--config",
        config.to_str().unwrap(),
    ]);
    let found: Value = serde_json::from_slice(&run.stdout).unwrap();
    let findings = found["diagnostics"].as_array().unwrap();
    let mut wrong = Vec::new();
    for (file, mistake, fault) in &cases {
        let of_file: Vec<_> = findings
            .iter()
            .filter(|finding| finding["file"].as_str().unwrap().ends_with(file))
            .collect();
        let [finding] = of_file[..] else {
            wrong.push(format!("{file}: {of_file:#?}"));
            continue;
        };
        let text = std::fs::read_to_string(folder.path().join(file)).unwrap();
        let underlined = underlined(&text, finding);
        let help = finding["help"].as_str().unwrap_or_default();
        if finding["code"] != mistake.code
            || underlined != *fault
            || !help.starts_with(mistake.help)
        {
            let (code, message) = (&finding["code"], &finding["message"]);
            wrong.push(format!(
                "{file}: {underlined:?} is underlined, not {fault:?}: {code} {message} ({help})"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The text from a finding's first column to its last.
fn underlined(text: &str, finding: &Value) -> String {
    let number = |key: &str| usize::try_from(finding[key].as_u64().unwrap()).unwrap();
    assert_eq!(number("line"), number("end_line"), "{finding}");
    let line = text.lines().nth(number("line") - 1).unwrap();
    let (start, end) = (number("column") - 1, number("end_column") - 1);
    line.chars().skip(start).take(end - start).collect()
}
