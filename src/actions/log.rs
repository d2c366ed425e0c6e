//! Writes a line to the program's own log.

use std::sync::Arc;

use serde_json::{Value, json};
use tracing::{debug, error, info, warn};

use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::template;
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Template};
use crate::runtime::BoxFuture;
use crate::yaml::{Fields, Node, Shape, key};

use super::exchange::printable;
use super::{Configured, Context, Kind, Outcome, Preparation};

const LEVELS: [&str; 4] = ["debug", "info", "warn", "error"];

/// The longest line, in characters; the rest is cut.
const LINE_CHARS_MAX: usize = 8_000;

/// The kind.
#[derive(Debug)]
pub struct Log;

#[derive(Debug)]
struct LogAction {
    level: &'static str,
    message: Option<Template>,
}

impl Kind for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn help(&self) -> &'static str {
        "Writes a line to hookrule's own log."
    }

    fn shape(&self) -> Shape {
        let message = format!(
            "The line: a template. At most {LINE_CHARS_MAX} characters are kept; the event's name and source where it is left out."
        );
        Shape::map([
            key("level", Shape::choice(LEVELS), "How loud it is.", "warn").or("info"),
            key(
                "message",
                template(),
                message,
                "{{payload.action}} by {{payload.sender.login}}",
            ),
        ])
    }

    fn example(&self) -> Value {
        json!({"message": "{{event.name}} arrived"})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        None
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let level = match fields.optional("level") {
            Some(node) => level(node, problems),
            None => Some("info"),
        };
        let message = fields
            .optional("message")
            .map(|node| parse_template(node, Escape::None, problems));
        Some(Arc::new(LogAction {
            level: level?,
            message: match message {
                Some(message) => Some(message?),
                None => None,
            },
        }))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { write(&context) })
    }
}

fn level(node: &Node, problems: &mut Diagnostics) -> Option<&'static str> {
    let text = node.text(problems)?;
    let found = LEVELS.into_iter().find(|level| *level == text);
    if found.is_none() {
        let message = format!("`{text}` is not a level");
        let help = format!("write one of {}", LEVELS.join(", "));
        problems.push(node.error(code::BAD_VALUE, message).help(help));
    }
    found
}

impl Configured for LogAction {
    fn templates(&self) -> Vec<&Template> {
        self.message.iter().collect()
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let message = match &self.message {
            Some(message) => message.render(event.scope)?,
            None => format!("{} from {}", event.event.name(), event.event.source.name),
        };
        Ok(json!({"level": self.level, "message": message}))
    }
}

fn write(context: &Context<'_>) -> Outcome {
    let text = |key| context.data.get(key).and_then(Value::as_str);
    let message = text("message").unwrap_or_default();
    let message: String = printable(message).chars().take(LINE_CHARS_MAX).collect();
    let (event, rule) = (context.event, context.rule);
    match text("level") {
        Some("debug") => debug!(target: "hookrule::rule", %event, rule, "{message}"),
        Some("warn") => warn!(target: "hookrule::rule", %event, rule, "{message}"),
        Some("error") => error!(target: "hookrule::rule", %event, rule, "{message}"),
        _ => info!(target: "hookrule::rule", %event, rule, "{message}"),
    }
    Outcome::Done {
        outputs: json!({"text": super::exchange::beginning(&message, 4096)}),
        note: "logged".to_owned(),
    }
}
