//! Makes a page in a Notion database, or updates the one that is there.
//!
//! Values are kept typed when the job is planned; the database's schema is looked up when it is
//! performed, and turns them into Notion's property values. With `unique_by` nothing is made twice:
//! what we made ourselves is remembered, and Notion is asked before every create.
//!
//! `content` is plain text, a blank line between paragraphs. It goes out as paragraph blocks: those
//! show what they are given, so no text of a stranger's becomes a link, mention or embed.
//!
//! Source: Notion's API reference, versions 2025-09-03 and later.

mod api;
mod blocks;
mod coerce;
mod page;
mod schema;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::{template, tree};
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Template, Tree};
use crate::runtime::BoxFuture;
use crate::yaml::{self, Demand, Fields, Node, Shape, key};

use super::{Configured, Context, Kind, Outcome, Preparation};

/// The kind.
#[derive(Debug)]
pub struct NotionPage;

#[derive(Debug)]
struct NotionPageAction {
    database: Option<String>,
    data_source: Option<String>,
    properties: Vec<(String, Tree)>,
    /// Properties that are maps here, which may be Notion's own forms.
    written: Vec<String>,
    content: Option<Template>,
    unique_by: Option<String>,
    on_duplicate: &'static str,
    icon: Option<String>,
}

impl Kind for NotionPage {
    fn name(&self) -> &'static str {
        "notion_page"
    }

    fn help(&self) -> &'static str {
        "Makes a page in a Notion database, once for each value of a property."
    }

    fn shape(&self) -> Shape {
        let literal = || Shape::matching("^.");
        let id = Shape::either([literal(), Shape::number()]);
        Shape::map([
            key("database", id, "The database: its id of 32 hex digits, or its URL. Literal text.", "248104cd477e80fdb757e945d38000bd"),
            key("data_source", literal(), "The id of one data source of a database that has several. Literal text.", "248104cd-477e-80af-bc30-000bd28de8f9"),
            key("properties", Shape::named_by_author("Name", tree()), "The page's properties by name. Values are turned into what the property is: text, number, date, a list for several choices.", json!({"Name": "{{payload.title}}"})).required(),
            key("content", template(), "The text of the page; a blank line stands between paragraphs.", "Opened by {{payload.sender.login}}"),
            key("unique_by", literal(), "The property of which no two pages have the same value: nothing is made twice.", "Name"),
            key("on_duplicate", Shape::choice(["skip", "update"]), "What is done with a page that is there already: it is left alone, or its properties are set.", "update").or("skip"),
            key("icon", literal(), "The page's icon: an emoji, or the URL of a picture. Literal text.", "📌"),
        ])
        .demand(Demand::Some(vec!["database", "data_source"]))
    }

    fn example(&self) -> Value {
        json!({"destination": "books", "database": "248104cd477e80fdb757e945d38000bd", "properties": {"Name": "{{payload.title}}"}})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        Some("notion")
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let database = fields
            .optional("database")
            .map(|node| database(node, problems));
        let data_source = fields
            .optional("data_source")
            .map(|node| literal(node, problems));
        if database.is_none() && data_source.is_none() {
            let message = "`database` is missing here";
            let help = "write the id or the URL of the database";
            problems.push(fields.node().error(code::MISSING_KEY, message).help(help));
        }
        let node = fields.required("properties", problems);
        let written = node.map_or_else(Vec::new, written);
        let properties = node.map_or_else(Vec::new, |node| properties(node, problems));
        let content = fields
            .optional("content")
            .map(|node| parse_template(node, Escape::None, problems));
        let unique_by = fields
            .optional("unique_by")
            .and_then(|node| unique_by(node, &properties, problems));
        let on_duplicate = match fields.optional("on_duplicate") {
            Some(node) => on_duplicate(node, problems),
            None => Some("skip"),
        };
        let icon = fields
            .optional("icon")
            .and_then(|node| literal(node, problems));
        if database.is_none() && data_source.is_none() {
            return None;
        }
        Some(Arc::new(NotionPageAction {
            // What was not written is sound; what could not be read is not.
            database: database.map_or(Some(None), |read| read.map(Some))?,
            data_source: data_source.map_or(Some(None), |read| read.map(Some))?,
            properties,
            written,
            content: content.map_or(Some(None), |read| read.map(Some))?,
            unique_by,
            on_duplicate: on_duplicate?,
            icon,
        }))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            page::perform(&context)
                .await
                .unwrap_or_else(|outcome| outcome)
        })
    }
}

fn literal(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    let text = node.text(problems)?;
    if text.contains("{{") || text.trim().is_empty() {
        let message = "this is literal text: an event has no say in it";
        problems.push(
            node.error(code::BAD_VALUE, message)
                .help("write it out, without {{…}}"),
        );
        return None;
    }
    Some(text.trim().to_owned())
}

/// An id, bare or in a URL of Notion's.
fn database(node: &Node, problems: &mut Diagnostics) -> Option<String> {
    let text = match &node.value {
        // An id of digits alone, not in quotes.
        yaml::Value::Number(number) => number.to_string(),
        _ => literal(node, problems)?,
    };
    let id = coerce::page_id(&text);
    if id.is_none() {
        let message = format!("`{text}` holds no id of a database");
        let help = "open the database as a page and copy its URL, or the 32 hex digits in it";
        problems.push(node.error(code::BAD_VALUE, message).help(help));
    }
    id
}

fn properties(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Tree)> {
    let entries = node.map(problems).unwrap_or_default();
    entries
        .iter()
        .map(|(key, value)| (key.text.clone(), Tree::parse(value, Escape::None, problems)))
        .collect()
}

/// The names of those that are written as maps.
fn written(node: &Node) -> Vec<String> {
    let entries = node.as_map().unwrap_or_default().iter();
    entries
        .filter(|(_, value)| matches!(value.value, yaml::Value::Map(_)))
        .map(|(key, _)| key.text.clone())
        .collect()
}

fn unique_by(
    node: &Node,
    properties: &[(String, Tree)],
    problems: &mut Diagnostics,
) -> Option<String> {
    let name = literal(node, problems)?;
    if properties.iter().any(|(known, _)| *known == name) {
        return Some(name);
    }
    let message = format!("`{name}` is not among `properties`");
    let help = "name the property whose value no two pages share";
    problems.push(node.error(code::BAD_VALUE, message).help(help));
    None
}

fn on_duplicate(node: &Node, problems: &mut Diagnostics) -> Option<&'static str> {
    match node.text(problems)? {
        "skip" => Some("skip"),
        "update" => Some("update"),
        other => {
            let message = format!("`{other}` cannot be done with a page that is there already");
            let help = "write `skip` (leave it) or `update` (set its properties)";
            problems.push(node.error(code::BAD_VALUE, message).help(help));
            None
        }
    }
}

impl Configured for NotionPageAction {
    fn templates(&self) -> Vec<&Template> {
        let properties = self
            .properties
            .iter()
            .flat_map(|(_, tree)| tree.templates());
        self.content.iter().chain(properties).collect()
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let mut properties = serde_json::Map::new();
        for (name, tree) in &self.properties {
            properties.insert(name.clone(), tree.render(event.scope)?);
        }
        let content = match &self.content {
            Some(content) => Some(content.render(event.scope)?),
            None => None,
        };
        Ok(json!({
            "database": self.database,
            "data_source": self.data_source,
            "properties": properties,
            "written": self.written,
            "content": content,
            "unique_by": self.unique_by,
            "on_duplicate": self.on_duplicate,
            "icon": self.icon,
        }))
    }
}
