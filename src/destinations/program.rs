//! A program that is run: its arguments, folder and environment, all the operator's own words.

use std::path::PathBuf;

use crate::diagnostic::{Diagnostics, code};
use crate::secret::Secret;
use crate::yaml::{Fields, Node, Value};

use super::beside;

/// Where programs are looked for, unless `env` sets `PATH`.
pub const PATH_DEFAULT: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that is run without a shell.
#[derive(Debug, Clone)]
pub struct Program {
    /// The program and its arguments; never empty.
    pub argv: Vec<String>,
    /// Where it runs. A relative one lies beside hookrule.yaml.
    pub cwd: Option<PathBuf>,
    /// Its whole environment, besides `PATH` and `HOOKRULE_*`.
    pub env: Vec<(String, Secret)>,
}

impl Program {
    /// Takes `argv cwd env`; the caller finishes the fields.
    pub fn parse(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Option<Self> {
        let argv = fields
            .required("argv", problems)
            .and_then(|argv| self::argv(argv, problems));
        let cwd = fields.optional("cwd").and_then(|cwd| beside(cwd, problems));
        let env = fields
            .optional("env")
            .map_or_else(Vec::new, |env| self::env(env, problems));
        Some(Self {
            argv: argv?,
            cwd,
            env,
        })
    }
}

fn argv(node: &Node, problems: &mut Diagnostics) -> Option<Vec<String>> {
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
    Some(texts)
}

fn env(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Secret)> {
    let mut env = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        let named = !key.text.starts_with(|c: char| c.is_ascii_digit())
            && !key.text.is_empty()
            && key
                .text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !named {
            let message = format!("`{}` cannot name an environment variable", key.text);
            problems.push(value.error(code::BAD_VALUE, message));
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
        problems.push(node.error(code::BAD_VALUE, message));
        return None;
    }
    Some(text)
}
