//! Runs a program of the operator's, the event's body on its standard input.
//!
//! Arguments are single items, never a shell's words; each must match the operator's pattern as a
//! whole. Exit 0 is done, 75 (`EX_TEMPFAIL`) is tried again, any other is a refusal.

pub(super) mod run;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::destinations::CommandSettings;
use crate::diagnostic::Diagnostics;
use crate::expression::shapes::tree;
use crate::expression::{Escape, RenderError, Template, Tree};
use crate::runtime::BoxFuture;
use crate::yaml::{Fields, Shape, key};

use super::exchange::{reject, settings};
use super::request::text_of;
use super::{Configured, Context, Kind, Outcome, Preparation};
use run::Added;

/// The kind.
#[derive(Debug)]
pub struct Command;

#[derive(Debug)]
struct CommandAction {
    args: Vec<Tree>,
    env: Vec<(String, Tree)>,
}

impl Kind for Command {
    fn name(&self) -> &'static str {
        "command"
    }

    fn help(&self) -> &'static str {
        "Runs a program of the operator's with the event's body on its standard input."
    }

    fn shape(&self) -> Shape {
        Shape::map([
            key(
                "args",
                Shape::list(tree()),
                "Added to the program's arguments, each as one item. The destination says how many may be added, and what each must match.",
                json!(["{{payload.ref}}"]),
            ),
            key(
                "env",
                Shape::named_by_author("BRANCH", tree()),
                "Environment variables of the program, of those that the destination allows.",
                json!({"BRANCH": "{{payload.ref}}"}),
            ),
        ])
    }

    fn example(&self) -> Value {
        json!({"destination": "deploy", "args": ["{{payload.ref}}"]})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        Some("command")
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let args = match fields.optional("args") {
            Some(node) => node.list(problems)?,
            None => &[],
        };
        let args = args
            .iter()
            .map(|arg| Tree::parse(arg, Escape::None, problems))
            .collect();
        let env = match fields.optional("env") {
            Some(node) => node.map(problems)?,
            None => &[],
        };
        let env = env.iter().map(|(name, value)| {
            let value = Tree::parse(value, Escape::None, problems);
            (name.text.clone(), value)
        });
        let env = env.collect();
        Some(Arc::new(CommandAction { args, env }))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { perform(&context).await.unwrap_or_else(|outcome| outcome) })
    }
}

impl Configured for CommandAction {
    fn templates(&self) -> Vec<&Template> {
        let env = self.env.iter().map(|(_, value)| value);
        self.args
            .iter()
            .chain(env)
            .flat_map(Tree::templates)
            .collect()
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let args = self.args.iter().map(|arg| text(arg, event));
        let args: Vec<_> = args.collect::<Result<_, _>>()?;
        let mut data = json!({"args": args});
        if !self.env.is_empty() {
            let env = self.env.iter().map(|(name, value)| {
                let value = text(value, event)?;
                Ok((name.clone(), Value::String(value)))
            });
            let env: Map<_, _> = env.collect::<Result<_, RenderError>>()?;
            if let Some(data) = data.as_object_mut() {
                data.insert("env".to_owned(), env.into());
            }
        }
        Ok(data)
    }

    fn needs_delivery(&self) -> bool {
        true
    }
}

/// One argument, or the value of one variable.
fn text(tree: &Tree, event: &Preparation<'_>) -> Result<String, RenderError> {
    match tree.render(event.scope)? {
        Value::Array(_) | Value::Object(_) => {
            let templates = tree.templates();
            Err(RenderError {
                template: templates.first().map_or("args", |t| t.text()).to_owned(),
                message: "an argument is one text; lists and maps are not".to_owned(),
            })
        }
        value => Ok(text_of(&value)),
    }
}

async fn perform(context: &Context<'_>) -> Result<Outcome, Outcome> {
    let (destination, command) = settings::<CommandSettings>(context)?;
    let added = Added {
        args: args(context.data, command).map_err(reject)?,
        env: env(context.data, command).map_err(reject)?,
    };
    let input = context
        .delivery
        .ok_or_else(|| reject("the event's body is not kept any more"))?
        .body
        .clone();
    let timeout = destination.policy.timeout;
    Ok(run::run(&command.program, &added, input, timeout, context).await)
}

/// The rule's arguments, if the operator allows them.
fn args(data: &Value, command: &CommandSettings) -> Result<Vec<String>, String> {
    let args = data.get("args").and_then(Value::as_array);
    let args: Vec<String> = args.into_iter().flatten().map(text_of).collect();
    if args.len() > command.args_max {
        let (given, allowed) = (args.len(), command.args_max);
        return Err(format!(
            "{given} arguments, the destination allows {allowed}"
        ));
    }
    let last = command.program.argv.last();
    let closed = last.is_some_and(|last| last.expose() == "--");
    for (number, arg) in args.iter().enumerate() {
        let number = number + 1;
        let matches = command.args_match.as_ref().is_some_and(|p| p.is_match(arg));
        if !matches || arg.contains('\0') {
            return Err(format!(
                "argument {number} does not match the destination's `args_match`"
            ));
        }
        if arg.starts_with('-') && !closed {
            return Err(format!(
                "argument {number} would be an option; end the destination's `argv` with \"--\" to allow it"
            ));
        }
    }
    Ok(args)
}

/// The rule's environment variables, if the operator allows them.
fn env(data: &Value, command: &CommandSettings) -> Result<Vec<(String, String)>, String> {
    let env = data.get("env").and_then(Value::as_object);
    let env = env.into_iter().flatten().map(|(name, value)| {
        let value = text_of(value);
        if !command.env_names.contains(name) {
            return Err(format!(
                "the destination's `env_names` does not have `{name}`"
            ));
        }
        if value.contains('\0') {
            return Err(format!("`{name}` would hold a NUL character"));
        }
        Ok((name.clone(), value))
    });
    env.collect()
}
