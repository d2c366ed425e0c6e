//! Source files, and their code without comments, texts and tests.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// One file under `src/`.
pub(super) struct File {
    /// Its path under `src/`, with `/`.
    pub(super) path: String,
    /// Its whole text.
    pub(super) text: String,
    /// Its text with comments and quoted texts blanked; lines stay where they are.
    pub(super) code: String,
    /// `code` with what is only compiled for tests blanked as well.
    pub(super) plain: String,
    names: Vec<Name>,
}

/// One path that begins with `crate`, `super` or a package: `use` lists are spelt out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
    /// Whether a `pub use` passes it on.
    pub(super) passed_on: bool,
    /// Whether a `use` brings its last segment into the file.
    pub(super) imported: bool,
}

impl File {
    pub(super) fn new(path: &str, text: &str) -> Self {
        let code = blank_texts(text);
        let plain = blank_tests(&code);
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            names: names(&plain),
            code,
            plain,
        }
    }

    /// Every path outside tests, in the order of lines.
    pub(super) fn names(&self) -> &[Name] {
        &self.names
    }

    /// How many lines hold nothing but tests.
    pub(super) fn test_lines(&self) -> usize {
        let lines = self.code.lines().zip(self.plain.lines());
        lines
            .filter(|(code, plain)| !code.trim().is_empty() && plain.trim().is_empty())
            .count()
    }

    /// The folder or file directly under `src/` that it belongs to; none for the roots.
    pub(super) fn room(&self) -> Option<&str> {
        let room = self.path.split('/').next()?;
        let room = room.strip_suffix(".rs").unwrap_or(room);
        (!["lib", "main"].contains(&room)).then_some(room)
    }

    /// The names of its modules from the crate's root: `a/b.rs` and `a/b/mod.rs` are `a`, `b`.
    pub(super) fn module(&self) -> Vec<&str> {
        let path = self.path.strip_suffix(".rs").unwrap_or(&self.path);
        let mut module: Vec<&str> = path.split('/').collect();
        if matches!(module.last(), Some(&("mod" | "lib" | "main"))) {
            module.pop();
        }
        module
    }

    /// The files and folders that are only compiled for its tests, without `.rs` or `/`.
    fn declared_for_tests(&self) -> Vec<String> {
        TEST_MODULE
            .captures_iter(&self.code)
            .map(|found| [self.module().as_slice(), &[&found[1]]].concat().join("/"))
            .collect()
    }

    /// The modules it declares in files of their own.
    pub(super) fn declared(&self) -> Vec<String> {
        MODULE
            .captures_iter(&self.code)
            .map(|found| found[1].to_owned())
            .collect()
    }
}

/// Blanks the code of files that are only compiled for tests.
pub(super) fn without_test_files(mut files: Vec<File>) -> Vec<File> {
    let tests: Vec<String> = files.iter().flat_map(File::declared_for_tests).collect();
    for file in &mut files {
        let for_tests = tests.iter().any(|test| {
            let rest = file.path.strip_prefix(test.as_str());
            rest.is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
        });
        if for_tests {
            file.plain = file.code.chars().map(blank).collect();
            file.names = Vec::new();
        }
    }
    files
}

/// Every `.rs` file under `src/`.
pub(super) fn tree() -> &'static [File] {
    static TREE: LazyLock<Vec<File>> = LazyLock::new(read_tree);
    &TREE
}

fn read_tree() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_string_lossy();
                let text = fs::read_to_string(&path).unwrap();
                files.push(File::new(&name.replace('\\', "/"), &text));
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    without_test_files(files)
}

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern that can be read")
}

/// Every path outside tests.
fn names(plain: &str) -> Vec<Name> {
    let mut names = Vec::new();
    let mut rest = plain.to_owned();
    for found in USE.captures_iter(plain) {
        let tree = found.get(2).unwrap();
        for segments in spelt_out(tree.as_str()) {
            names.push(Name {
                line: line(plain, tree.start()),
                segments,
                passed_on: found.get(1).is_some(),
                imported: true,
            });
        }
        let blanked: String = tree.as_str().chars().map(blank).collect();
        rest.replace_range(tree.range(), &blanked);
    }
    for found in PATH.find_iter(&rest) {
        let before = rest[..found.start()].trim_end();
        if before.ends_with('.') || (before.ends_with("::") && !before.ends_with(">::")) {
            continue;
        }
        names.push(Name {
            line: line(&rest, found.start()),
            segments: found
                .as_str()
                .split("::")
                .map(|part| part.trim().trim_start_matches("r#").to_owned())
                .collect(),
            passed_on: false,
            imported: false,
        });
    }
    names.sort_by_key(|name| name.line);
    names
}

pub(super) fn line(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

fn blank(sign: char) -> char {
    if sign == '\n' { '\n' } else { ' ' }
}

/// `a::{b::c, d}` → `a::b::c`, `a::d`.
fn spelt_out(tree: &str) -> Vec<Vec<String>> {
    let tree = tree.trim().trim_start_matches("::");
    let Some(open) = tree.find('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree);
        let segments = path
            .split("::")
            .map(|part| part.trim().trim_start_matches("r#").to_owned());
        return vec![segments.collect()];
    };
    let stem = tree[..open].trim().trim_end_matches("::");
    let inner = tree[open + 1..].trim_end().trim_end_matches('}');
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for sign in inner.chars() {
        depth += i32::from(sign == '{') - i32::from(sign == '}');
        if sign == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(sign);
        }
    }
    parts
        .iter()
        .filter(|part| !part.trim().is_empty())
        .flat_map(|part| {
            if stem.is_empty() {
                spelt_out(part)
            } else {
                // The inner list's own closing brace was cut with ours.
                let closed = part.matches('{').count() - part.matches('}').count();
                spelt_out(&format!("{stem}::{}{}", part.trim(), "}".repeat(closed)))
            }
        })
        .collect()
}

/// A module in a file of its own.
static MODULE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bmod\s+(?:r#)?(\w+)\s*;"));

/// What is imported.
static USE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)(?m:^|\{|;|\})\s*(pub(?:\([^)]*\))?\s+)?\buse\s+([^;]*);"));

/// A path that is written out.
static PATH: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?:r#)?[A-Za-z_]\w*(?:\s*::\s*(?:r#)?[A-Za-z_]\w*)+"));

/// A module in a file of its own that is only compiled for tests.
static TEST_MODULE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?mod\s+(\w+)\s*;"));

/// The attribute before what is only compiled for tests.
static TEST: LazyLock<Regex> = LazyLock::new(|| pattern(r"#\[cfg\((?:test|all\(test\b[^\]]*)\)\]"));

/// Comments, texts and characters.
static TEXTS: LazyLock<Regex> = LazyLock::new(|| {
    // Raw texts with up to three hashes, the longest first.
    let raw = (0..=3).rev().map(|hashes| {
        let hashes = "#".repeat(hashes);
        format!("\\bb?r{hashes}\".*?\"{hashes}")
    });
    let others = [
        r"//[^\n]*",
        r"/\*.*?\*/",
        r#"b?"(?:\\.|[^"\\])*""#,
        r"b?'(?:\\[^\n']+|\\'|[^'\\\n])'",
    ];
    let all: Vec<String> = others.iter().map(ToString::to_string).chain(raw).collect();
    pattern(&format!("(?s){}", all.join("|")))
});

/// Blanks comments, texts and characters.
fn blank_texts(text: &str) -> String {
    TEXTS
        .replace_all(text, |found: &Captures<'_>| {
            found[0].chars().map(blank).collect::<String>()
        })
        .into_owned()
}

/// Blanks every item under `#[cfg(test)]`.
fn blank_tests(code: &str) -> String {
    let mut plain = code.to_owned();
    for found in TEST.find_iter(code) {
        let rest = &code[found.start()..];
        let body = rest.find(['{', ';']).unwrap_or(rest.len());
        let mut depth = 0;
        let mut end = rest.len();
        for (at, sign) in rest.char_indices().skip_while(|(at, _)| *at < body) {
            depth += i32::from(sign == '{') - i32::from(sign == '}');
            if depth == 0 {
                end = at + 1;
                break;
            }
        }
        let range = found.start()..found.start() + end;
        let blanked: String = code[range.clone()].chars().map(blank).collect();
        // Byte for byte, because what is left must stay where it is.
        if blanked.len() == range.len() {
            plain.replace_range(range, &blanked);
        }
    }
    plain
}

#[test]
fn code_is_told_from_texts_and_tests() {
    let file = File::new(
        "yaml/read.rs",
        "use a::{b::{c, d}, e as f};\n// crate::x\nlet s = \"crate::\\\"y\"; let c = '\"';\n\
         /* crate::z */ fn f<'a>() { g::h(r#\"\"crate::w\"#); super::i() }\n\
         #[cfg(test)]\nmod tests { use crate::v; fn x() {} }\nuse g;\nVec::<crate::u::T>::new();\n",
    );
    let names: Vec<_> = file
        .names()
        .iter()
        .map(|name| format!("{} {}", name.line, name.segments.join("::")))
        .collect();
    assert_eq!(
        names,
        [
            "1 a::b::c",
            "1 a::b::d",
            "1 a::e",
            "4 g::h",
            "4 super::i",
            "7 g",
            "8 crate::u::T"
        ]
    );
    assert_eq!(file.module(), ["yaml", "read"]);
    assert_eq!(file.room(), Some("yaml"));
}
