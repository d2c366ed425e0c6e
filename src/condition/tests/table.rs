//! The table in the documentation: what each operator makes of odd values, asked of the operators.

use std::path::PathBuf;

use super::*;

/// Whether a condition over `$.x` or `$.l[*]` holds.
fn holds(condition: &str, payload: &str) -> bool {
    trace(&format!("[{{{condition}}}]"), payload).holds
}

fn word(holds: bool) -> &'static str {
    if holds { "holds" } else { "fails" }
}

/// One row: an operator with its operand, and what comes of it.
struct Row {
    name: &'static str,
    operand: String,
    good: String,
    bad: Option<String>,
    other: String,
    read_as: &'static [As],
    compares: bool,
}

impl Row {
    fn of(operator: &dyn Operator) -> Self {
        let example = operator.example();
        Self {
            name: operator.name(),
            operand: example.operand.to_owned(),
            good: example.holds.to_owned(),
            bad: example.fails.map(str::to_owned),
            other: example.other_type.to_owned(),
            read_as: operator.reads_as(),
            compares: operator.compare().is_some(),
        }
    }

    fn test(&self) -> String {
        format!("{}: {}", self.name, self.operand)
    }

    fn one(&self, payload: &str) -> &'static str {
        word(holds(&format!("path: $.x, {}", self.test()), payload))
    }

    fn list(&self, options: &str, values: &[&str]) -> bool {
        let payload = format!("{{\"l\":[{}]}}", values.join(","));
        holds(
            &format!("path: '$.l[*]', {}{options}", self.test()),
            &payload,
        )
    }

    /// What several values come to, told from what lists of good and bad ones come to.
    fn several(&self) -> &'static str {
        let good = self.good.as_str();
        let Some(bad) = self.bad.as_deref() else {
            let each = [vec![good], vec![good, good], vec![]].map(|list| self.list("", &list));
            return match each {
                [true, true, false] => "one must be there",
                [false, false, true] => "none may be there",
                other => panic!("{}: no word for {other:?}", self.name),
            };
        };
        let lists = [
            vec![good, bad],
            vec![bad, good],
            vec![good, good],
            vec![bad, bad],
            vec![],
        ];
        match lists.map(|list| self.list("", &list)) {
            [true, true, true, false, false] => "one must pass",
            [false, false, true, false, true] => "none may equal",
            other => panic!("{}: no word for {other:?}", self.name),
        }
    }

    fn every(&self) -> &'static str {
        let quantified = format!("[{{path: '$.l[*]', quantifier: all, {}}}]", self.test());
        if !read(&quantified).2.is_empty() {
            return "–";
        }
        let (good, bad) = (self.good.as_str(), self.bad.as_deref());
        let mut lists = vec![vec![good], vec![good, good], vec![]];
        lists.extend(bad.map(|bad| vec![good, bad]));
        lists.extend(bad.map(|bad| vec![bad, good]));
        let found: Vec<_> = lists
            .iter()
            .map(|list| self.list(", quantifier: all", list))
            .collect();
        match found.as_slice() {
            [true, true, false, false, false] => "all must pass, and one be there",
            [true, true, false] => "one must be there",
            other => panic!("{}: no word for {other:?}", self.name),
        }
    }

    /// What comes of a value that `as` cannot read, whichever it is.
    fn unreadable(&self) -> &'static str {
        let one = |read_as: &As| {
            let value = match read_as {
                As::Number | As::Time | As::Version => "\"x\"",
                As::Text => "[1]",
                As::Length => "true",
            };
            let test = format!("path: $.x, as: {}, {}", read_as.name(), self.test());
            word(holds(&test, &format!("{{\"x\":{value}}}")))
        };
        let all: Vec<_> = self.read_as.iter().map(one).collect();
        let first = all.first().copied().unwrap_or("–");
        assert!(
            all.iter().all(|word| *word == first),
            "{}: {all:?}",
            self.name
        );
        first
    }

    fn nowhere(&self) -> &'static str {
        if !self.compares {
            return "–";
        }
        let test = format!("path: $.x, {}: {{path: $.none}}", self.name);
        word(holds(&test, &format!("{{\"x\":{}}}", self.good)))
    }

    fn written(&self) -> String {
        let with = |value: &str| self.one(&format!("{{\"x\":{value}}}"));
        assert_eq!(with(&self.good), "holds", "{}", self.name);
        if let Some(bad) = &self.bad {
            assert_eq!(with(bad), "fails", "{}", self.name);
        }
        format!(
            "| `{}` | {} | {} | `{}` {} | {} | {} | {} | {} |\n",
            self.test(),
            self.one("{}"),
            with("null"),
            self.other,
            with(&self.other),
            self.several(),
            self.every(),
            self.unreadable(),
            self.nowhere(),
        )
    }
}

const HEAD: &str = "\
| operator | nothing there | `null` | another type | several values | `quantifier: all` | `as:` cannot read it | `{path: …}` leads nowhere |
|---|---|---|---|---|---|---|---|
";

#[test]
fn the_table_in_the_documentation_says_what_happens() {
    let mut rows: Vec<_> = operators::LIST
        .iter()
        .map(|operator| Row::of(*operator))
        .collect();
    let at = rows.iter().position(|row| row.name == "exists").unwrap();
    rows.insert(
        at + 1,
        Row {
            operand: "false".to_owned(),
            ..Row::of(*operators::find("exists").unwrap())
        },
    );
    let mut wanted = HEAD.to_owned();
    for row in &rows {
        // What holds for the one fails for the other.
        if row.operand == "false" {
            wanted += &absent(row);
        } else {
            wanted += &row.written();
        }
    }
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once("<!-- operators").unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (table, after) = rest.split_once("<!-- end of operators -->").unwrap();
    if std::env::var_os("HOOKRULE_TEST_UPDATE").is_some() {
        let page =
            format!("{before}<!-- operators{mark}-->\n{wanted}<!-- end of operators -->{after}");
        std::fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(table, wanted, "HOOKRULE_TEST_UPDATE=1 writes it");
}

/// The row of `exists: false`: of every value there it fails.
fn absent(row: &Row) -> String {
    let with = |value: &str| row.one(&format!("{{\"x\":{value}}}"));
    assert_eq!(with(&row.good), "fails");
    format!(
        "| `{}` | {} | {} | `{}` {} | {} | {} | – | – |\n",
        row.test(),
        row.one("{}"),
        with("null"),
        row.other,
        with(&row.other),
        row.several(),
        row.every(),
    )
}
