//! Appends a line to a file, or writes one whole, under an operator's folder.
//!
//! `path` is a template; a value in it stays one part of one name. `content` is text, or a map or list
//! (JSON on one line).

mod place;
mod write;

use std::io;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::destinations::FileSettings;
use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::{template, tree};
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Template, Tree};
use crate::runtime::BoxFuture;
use crate::yaml::{self, Fields, Node, Shape, key};

use super::exchange::{reject, settings};
use super::{Configured, Context, Kind, Outcome, Preparation, Wait};

/// The kind.
#[derive(Debug)]
pub struct File;

#[derive(Debug)]
struct FileAction {
    path: Template,
    content: Content,
    mode: &'static str,
}

#[derive(Debug)]
enum Content {
    Text(Template),
    Json(Tree),
}

impl Kind for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn help(&self) -> &'static str {
        "Appends a line to a file, or writes a file whole, under a folder of the operator's."
    }

    fn shape(&self) -> Shape {
        Shape::map([
            key("path", template(), "Where it lies, below the destination's folder. A value from an event stays one name in it.", "events/{{event.provider}}.jsonl").required(),
            key("content", tree(), "What is written: a template, or a map or list that is written as one line of JSON.", json!({"id": "{{event.id}}"})).like("{{event.name}}").required(),
            key("mode", Shape::choice(["append", "write"]), "A line at the end, or the whole file.", "write").or("append"),
        ])
    }

    fn example(&self) -> Value {
        json!({"destination": "archive", "path": "events.jsonl", "content": {"id": "{{event.id}}"}})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        Some("file")
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let path = fields
            .required("path", problems)
            .and_then(|node| path(node, problems));
        let content = fields
            .required("content", problems)
            .and_then(|node| match node.value {
                yaml::Value::Map(_) | yaml::Value::List(_) => {
                    Some(Content::Json(Tree::parse(node, Escape::None, problems)))
                }
                _ => parse_template(node, Escape::None, problems).map(Content::Text),
            });
        let mode = match fields.optional("mode") {
            Some(node) => mode(node, problems),
            None => Some("append"),
        };
        Some(Arc::new(FileAction {
            path: path?,
            content: content?,
            mode: mode?,
        }))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { perform(&context).await.unwrap_or_else(|outcome| outcome) })
    }
}

fn path(node: &Node, problems: &mut Diagnostics) -> Option<Template> {
    let path = parse_template(node, Escape::Url, problems)?;
    if path.is_literal()
        && let Err(why) = place::parts(path.text())
    {
        problems.push(node.error(code::BAD_VALUE, why).help("write a path below the folder of the destination, such as `invoices/{{payload.id}}.json`"));
    }
    Some(path)
}

fn mode(node: &Node, problems: &mut Diagnostics) -> Option<&'static str> {
    match node.text(problems)? {
        "append" => Some("append"),
        "write" => Some("write"),
        other => {
            let message = format!("`{other}` is not a mode");
            let help = "write `append` (a line at the end) or `write` (the whole file)";
            problems.push(node.error(code::BAD_VALUE, message).help(help));
            None
        }
    }
}

impl Configured for FileAction {
    fn templates(&self) -> Vec<&Template> {
        let mut templates = vec![&self.path];
        match &self.content {
            Content::Text(template) => templates.push(template),
            Content::Json(tree) => templates.extend(tree.templates()),
        }
        templates
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let path = self.path.render(event.scope)?;
        place::parts(&path).map_err(|message| RenderError {
            template: self.path.text().to_owned(),
            message,
        })?;
        let content = match &self.content {
            Content::Json(tree) => tree.render(event.scope)?,
            Content::Text(template) => {
                let text = template.render(event.scope)?;
                let many = self.mode == "write" || template.text().trim_end().contains('\n');
                Value::String(if many { text } else { one_line(&text) })
            }
        };
        Ok(json!({"path": path, "mode": self.mode, "content": content}))
    }
}

/// A line that the author wrote as one stays one, whatever was put into it.
fn one_line(text: &str) -> String {
    let text = text.trim_end_matches(['\r', '\n']);
    text.replace('\r', "\\r").replace('\n', "\\n")
}

async fn perform(context: &Context<'_>) -> Result<Outcome, Outcome> {
    let (_, file) = settings::<FileSettings>(context)?;
    let text = |key| context.data.get(key).and_then(Value::as_str);
    let path = text("path").unwrap_or_default();
    let names = place::parts(path).map_err(reject)?;
    let mut written = match context.data.get("content") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => format!("{other}\n"),
        None => String::new(),
    };
    let (root, job) = (file.root.clone(), context.job);
    let append = text("mode") != Some("write");
    if append && !written.ends_with('\n') {
        written.push('\n');
    }
    let bytes = written.len();
    let writing = tokio::task::spawn_blocking(move || {
        let place = place::open(&root, &names)?;
        if append {
            write::append(&place, written.as_bytes())
        } else {
            write::replace(&place, &job.to_string(), written.as_bytes())
        }
    });
    match writing.await {
        Ok(Ok(())) => Ok(Outcome::Done {
            outputs: json!({"path": path, "bytes": bytes}),
            note: format!("{bytes} bytes to {path}"),
        }),
        Ok(Err(error)) => Err(failed(&error)),
        Err(error) => Err(Outcome::InDoubt {
            note: error.to_string(),
        }),
    }
}

/// A full or failing disk may be mended; a place that may not be written will not mend itself.
fn failed(error: &io::Error) -> Outcome {
    let note = error.to_string();
    match error.kind() {
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::InvalidInput
        | io::ErrorKind::InvalidFilename
        | io::ErrorKind::NotFound => reject(note),
        _ => Outcome::Retry {
            note,
            wait: Wait::Schedule,
        },
    }
}
