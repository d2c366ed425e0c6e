//! A program of the operator's. Rules may add arguments that match the operator's pattern, no more.

use std::sync::Arc;

use serde_json::{Value, json};

use regex::Regex;

use crate::diagnostic::{Diagnostic, Diagnostics, code};
use crate::expression;
use crate::yaml::{Fields, Node, Shape, key};

use super::program::names_variable;
use super::{InDoubt, Kind, Policy, Program, Settings};

/// The most arguments that a rule may be allowed to add.
pub const ARGS_MAX: u64 = 64;

/// The kind.
#[derive(Debug)]
pub struct Command;

/// A program, and what rules may add to its arguments.
#[derive(Debug, Clone)]
pub struct CommandSettings {
    /// The program.
    pub program: Program,
    /// At most so many arguments from a rule. Default: 0.
    pub args_max: usize,
    /// What each of them must match as a whole.
    pub args_match: Option<Regex>,
    /// The environment variables that a rule may set.
    pub env_names: Vec<String>,
}

impl Kind for Command {
    fn name(&self) -> &'static str {
        "command"
    }

    fn help(&self) -> &'static str {
        "A program of the operator's; for `command` actions."
    }

    fn policy(&self) -> Policy {
        Policy {
            in_doubt: InDoubt::Dead,
            ..Policy::default()
        }
    }

    fn shape(&self) -> Shape {
        Shape::map(Program::keys()).and([
            key("args_max", Shape::count(0, ARGS_MAX), "How many arguments a rule may add.", 2).or(0),
            key("args_match", Shape::text(), "A regular expression that each of them must match as a whole. Needed where a rule may add some.", "[A-Za-z0-9._/-]{1,100}"),
            key("env_names", Shape::list(Shape::matching("^[A-Za-z_][A-Za-z0-9_]*$")), "The environment variables that a rule may set.", json!(["BRANCH"])),
        ])
    }

    fn example(&self) -> Value {
        json!({"argv": ["/opt/deploy.sh", "--"]})
    }

    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings> {
        let mut fields = Fields::of(node, problems)?;
        let program = Program::parse(&mut fields, problems);
        let args_max = fields.optional("args_max").map(|node| {
            let count = node.count(problems).unwrap_or(0);
            if count > ARGS_MAX {
                let message = format!("`args_max` is at most {ARGS_MAX}");
                problems.push(
                    node.error(code::BAD_VALUE, message)
                        .help(format!("write a number from 0 to {ARGS_MAX}")),
                );
            }
            usize::try_from(count.min(ARGS_MAX)).unwrap_or(0)
        });
        let args_match = fields
            .optional("args_match")
            .and_then(|node| pattern(node, problems));
        if args_max.unwrap_or(0) > 0 {
            fields.required("args_match", problems);
        }
        let env_names = fields
            .optional("env_names")
            .map_or_else(Vec::new, |node| env_names(node, problems));
        fields.finish(problems);
        Some(Arc::new(CommandSettings {
            program: program?,
            args_max: args_max.unwrap_or(0),
            args_match,
            env_names,
        }))
    }
}

/// Variables by which a program or what it starts can be made to run something else.
const STEERING: &[&str] = &["PATH", "IFS", "ENV", "BASH_ENV", "SHELLOPTS", "PS4"];
/// How such names begin: the dynamic linker's, and hookrule's own.
const STEERING_PREFIXES: &[&str] = &["LD_", "DYLD_", "HOOKRULE_"];

fn env_names(node: &Node, problems: &mut Diagnostics) -> Vec<String> {
    let mut names = Vec::new();
    for item in node.list(problems).unwrap_or_default() {
        let Some(name) = item.text(problems) else {
            continue;
        };
        let steers = STEERING.contains(&name)
            || STEERING_PREFIXES
                .iter()
                .any(|begin| name.starts_with(begin));
        if names_variable(name) && !steers {
            names.push(name.to_owned());
            continue;
        }
        let message = if steers {
            format!("a rule that sets `{name}` could choose what is run")
        } else {
            format!("`{name}` cannot name an environment variable")
        };
        problems.push(
            item.error(code::BAD_VALUE, message)
                .help("name what your program reads: letters, digits and `_`"),
        );
    }
    names
}

/// Anchored at both ends, whatever the operator wrote: half an argument is no match.
fn pattern(node: &Node, problems: &mut Diagnostics) -> Option<Regex> {
    let text = node.text(problems)?;
    // Alone first, so that what is wrong is said of what the operator wrote.
    let anchored = |_| Regex::new(&format!(r"\A(?:{text})\z"));
    match Regex::new(text).and_then(anchored) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let fault = expression::pattern::fault(text, &error);
            let message = format!("`{text}` is not a regular expression: {}", fault.message);
            let place = node.place_at(fault.offset, fault.len);
            let mut problem = Diagnostic::error(code::BAD_VALUE, place, message);
            problem.help = fault.help;
            problems.push(problem);
            None
        }
    }
}
