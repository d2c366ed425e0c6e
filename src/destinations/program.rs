//! A program that is run: its arguments, folder and environment, all the operator's own words.

use std::path::PathBuf;

use serde_json::json;

use crate::diagnostic::{Diagnostics, code};
use crate::secret::Secret;
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{Fields, Node, Shape, Value, key};

use super::beside;

/// Where programs are looked for, unless `env` sets `PATH`.
pub const PATH_DEFAULT: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that is run without a shell.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program and its arguments; never empty. Some may be filled in from the environment.
    pub argv: Vec<Secret>,
    /// Where it runs. A relative one lies beside hookrule.yaml.
    pub cwd: Option<PathBuf>,
    /// Its whole environment, besides `PATH` and `HOOKRULE_*`.
    pub env: Vec<(String, Secret)>,
    /// The arguments that were filled in.
    filled: Vec<Secret>,
}

impl Program {
    /// Its keys.
    pub(super) fn keys() -> [ShapeKey; 3] {
        let plain = || Shape::either([Shape::text(), Shape::number(), Shape::flag()]);
        [
            key("argv", Shape::list(plain()).items(1, None), "The program and its arguments, each one item: no shell reads them. A path with a `/` that is relative lies beside this file.", json!(["/opt/deploy.sh", "--"])).required(),
            key("cwd", Shape::matching("."), "The folder that it runs in; a relative one lies beside this file.", "/opt/app"),
            key("env", Shape::named_by_author("CI", plain()), format!("Its environment, besides `HOOKRULE_*` and `PATH` ({PATH_DEFAULT})."), json!({"CI": "1"})),
        ]
    }

    /// Takes `argv cwd env`; the caller finishes the fields.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Self> {
        let node = fields.required("argv", problems);
        let argv = node.and_then(|argv| self::argv(argv, problems));
        let filled = node.map_or_else(Vec::new, filled);
        let cwd = fields.optional("cwd").and_then(|cwd| beside(cwd, problems));
        let env = fields
            .optional("env")
            .map_or_else(Vec::new, |env| self::env(env, problems));
        Some(Self {
            argv: argv?,
            cwd,
            env,
            filled,
        })
    }

    /// What must not be shown when the program repeats it.
    pub fn credentials(&self) -> Vec<String> {
        let env = self.env.iter().map(|(_, value)| value);
        let mut found: Vec<_> = env.map(|value| value.expose().to_owned()).collect();
        for argument in &self.filled {
            found.push(argument.expose().to_owned());
            let words = argument.expose().split_whitespace().map(str::to_owned);
            found.extend(words.filter(|word| word.len() >= 8));
        }
        found
    }
}

fn filled(argv: &Node) -> Vec<Secret> {
    let items = argv.one_or_list().iter().filter(|item| item.filled);
    items
        .filter_map(|item| Some(Secret::new(item.as_str()?)))
        .collect()
}

fn argv(node: &Node, problems: &mut Diagnostics) -> Option<Vec<Secret>> {
    let items = node.list(problems)?;
    let texts: Option<Vec<_>> = items.iter().map(|item| text(item, problems)).collect();
    let mut texts = texts?;
    let Some(program) = texts.first_mut().filter(|program| !program.is_empty()) else {
        let help = "write the program and its arguments: [/opt/deploy.sh, \"--\"]";
        problems.push(
            node.error(code::BAD_VALUE, "`argv` names no program")
                .help(help),
        );
        return None;
    };
    if program.contains('/')
        && let Some(whole) = items.first().and_then(|item| beside(item, problems))
    {
        *program = whole.to_string_lossy().into_owned();
    }
    Some(texts.into_iter().map(Secret::new).collect())
}

/// Whether a text can be the name of an environment variable.
pub(super) fn names_variable(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty() && !text.starts_with(|c: char| c.is_ascii_digit()) && text.chars().all(fits)
}

fn env(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Secret)> {
    let mut env = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        if !names_variable(&key.text) {
            let message = format!("`{}` cannot name an environment variable", key.text);
            problems.push(
                value
                    .error(code::BAD_VALUE, message)
                    .help("write letters, digits and `_`, and no digit first"),
            );
        } else if let Some(text) = text(value, problems) {
            env.push((key.text.clone(), Secret::new(text)));
        }
    }
    env
}

fn text(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    let text = match &node.value {
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => node.text(problems)?.to_owned(),
    };
    if text.contains('\0') {
        let message = "no program can be given a NUL character";
        problems.push(node.error(code::BAD_VALUE, message).help("take it out"));
        return None;
    }
    Some(text)
}
