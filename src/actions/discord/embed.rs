//! One embed of a message.

use serde_json::{Map, Value, json};

use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::template;
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Scope, Template, Tree};
use crate::runtime::Timestamp;
use crate::yaml::shape::Key as ShapeKey;
use crate::yaml::{self, Fields, Node, Shape, key};

use super::limit::{self, EMBEDS_MAX, FIELDS_MAX, cut, filled, web_url};

/// The texts of an embed: where they stand, how they are escaped (authors and footers show no
/// markdown), and how long they may be.
const TEXTS: [(&str, &str, Escape, usize); 4] = [
    ("", "title", Escape::Discord, 256),
    ("", "description", Escape::Discord, 4096),
    ("author", "name", Escape::None, 256),
    ("footer", "text", Escape::None, 2048),
];

/// The links of an embed. One that is no http(s) URL is left out.
const LINKS: [(&str, &str); 6] = [
    ("", "url"),
    ("author", "url"),
    ("author", "icon_url"),
    ("footer", "icon_url"),
    ("image", "url"),
    ("thumbnail", "url"),
];

/// The parts of an embed, what stands for a part that is written as one text, and what it is.
const PARTS: [(&str, &str, &str); 4] = [
    ("author", "name", "Who wrote it: a name, or a map."),
    ("footer", "text", "The line at its foot: a text, or a map."),
    ("image", "url", "A large picture: its URL, or a map."),
    ("thumbnail", "url", "A small picture: its URL, or a map."),
];

const FIELD_NAME_MAX: usize = 256;
const FIELD_VALUE_MAX: usize = 1024;

/// Colours by name, as Discord's own palette has them.
const COLOURS: [(&str, u32); 8] = [
    ("red", 0x00ED_4245),
    ("green", 0x0057_F287),
    ("yellow", 0x00FE_E75C),
    ("blue", 0x0034_98DB),
    ("orange", 0x00E6_7E22),
    ("purple", 0x009B_59B6),
    ("grey", 0x0095_A5A6),
    ("black", 0x0023_272A),
];

/// An embed with its templates.
#[derive(Debug)]
pub(super) struct Embed {
    /// Parent, key, longest length (none for a link).
    leaves: Vec<(&'static str, &'static str, Option<usize>, Template)>,
    color: Option<Tree>,
    timestamp: Option<Template>,
    fields: Vec<Field>,
}

#[derive(Debug)]
struct Field {
    name: Template,
    value: Template,
    inline: bool,
}

impl Embed {
    /// What one embed looks like.
    pub(super) fn shape() -> Shape {
        let parts = PARTS.map(|(parent, short, help)| {
            let example = json!({short: if short == "url" { "https://example.com/a.png" } else { "{{payload.sender.login}}" }});
            let shape = Shape::either([template(), Shape::map(leaf_keys(parent))]);
            key(parent, shape, help, example)
        });
        let names = COLOURS.map(|(name, _)| name).join(", ");
        let fields = Shape::either([
            Shape::list(Field::shape()),
            Shape::named_by_author("Branch", template()),
        ]);
        Shape::map(leaf_keys(""))
            .and(parts)
            .and([
                key("color", Shape::either([template(), Shape::count(0, 0x00FF_FFFF)]), format!("The colour of its edge: \"#1a2b3c\", a number, or one of {names}."), "green"),
                key("timestamp", template(), "A moment that stands at its foot, as RFC 3339; one that is none is left out.", "{{date payload.created_at}}"),
                key("fields", fields, format!("Names with values, at most {FIELDS_MAX}: a map, or a list of `{{name, value, inline}}`."), json!({"Branch": "{{payload.ref}}"})).like(json!([{"name": "Branch", "value": "{{payload.ref}}"}])),
            ])
    }

    /// Reads `embeds`: a list, or one embed.
    pub(super) fn parse_all(node: &Node, problems: &mut Diagnostics) -> Vec<Self> {
        let nodes = node.one_or_list();
        if nodes.len() > EMBEDS_MAX {
            let message = format!("a message has at most {EMBEDS_MAX} embeds");
            problems.push(
                node.error(code::OVER_LIMIT, message)
                    .help("write a second action for the others"),
            );
        }
        let embeds: Vec<Self> = nodes
            .iter()
            .filter_map(|embed| Self::parse(embed, problems))
            .collect();
        let texts = embeds.iter().flat_map(Self::texts);
        limit::check_embeds(node, texts, problems);
        embeds
    }

    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let mut leaves = Vec::new();
        leaf("", &mut fields, &mut leaves, problems);
        for (parent, ..) in PARTS {
            if let Some(node) = fields.optional(parent) {
                part(parent, node, &mut leaves, problems);
            }
        }
        let color = fields
            .optional("color")
            .map(|node| color_tree(node, problems));
        let timestamp = fields
            .optional("timestamp")
            .and_then(|node| parse_template(node, Escape::None, problems));
        let own = fields
            .optional("fields")
            .map_or_else(Vec::new, |node| Field::parse_all(node, problems));
        fields.finish(problems);
        Some(Self {
            leaves,
            color,
            timestamp,
            fields: own,
        })
    }

    /// The templates that count against the length of all embeds.
    fn texts(&self) -> impl Iterator<Item = &Template> {
        let leaves = self.leaves.iter().filter(|(_, _, max, _)| max.is_some());
        let fields = self.fields.iter();
        let fields = fields.flat_map(|field| [&field.name, &field.value]);
        leaves.map(|(.., template)| template).chain(fields)
    }

    /// Every template in it.
    pub(super) fn templates(&self) -> Vec<&Template> {
        let mut templates: Vec<_> = self.leaves.iter().map(|(_, _, _, leaf)| leaf).collect();
        templates.extend(self.color.iter().flat_map(Tree::templates));
        templates.extend(&self.timestamp);
        for field in &self.fields {
            templates.extend([&field.name, &field.value]);
        }
        templates
    }

    /// The embed as Discord takes it, but for the length of all embeds together.
    pub(super) fn render(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        let mut embed = Map::new();
        for (parent, key, max, template) in &self.leaves {
            let text = template.render(scope)?;
            let text = match max {
                Some(max) => cut(&text, *max),
                None if web_url(&text) => text,
                None => continue,
            };
            if text.trim().is_empty() {
                continue;
            }
            if parent.is_empty() {
                embed.insert((*key).to_owned(), text.into());
            } else {
                let part = embed.entry(*parent).or_insert_with(|| json!({}));
                part[*key] = text.into();
            }
        }
        if let Some(color) = &self.color
            && let Some(color) = color_number(&color.render(scope)?)
        {
            embed.insert("color".to_owned(), color.into());
        }
        if let Some(timestamp) = &self.timestamp {
            let text = timestamp.render(scope)?;
            if Timestamp::parse(&text).is_some() {
                embed.insert("timestamp".to_owned(), text.into());
            }
        }
        let fields = self.fields.iter().map(|field| field.render(scope));
        let fields: Vec<_> = fields.collect::<Result<_, _>>()?;
        if !fields.is_empty() {
            embed.insert("fields".to_owned(), fields.into());
        }
        Ok(Value::Object(embed))
    }
}

type Leaves = Vec<(&'static str, &'static str, Option<usize>, Template)>;

/// The texts and links of an embed, or of a part of one.
fn leaf_keys(parent: &str) -> Vec<ShapeKey> {
    let texts = TEXTS.iter().filter(|(of, ..)| *of == parent);
    let texts = texts.map(|(_, name, _, most)| {
        let help = format!("A template; at most {most} characters, the rest is cut.");
        key(name, template(), help, "{{payload.title}}")
    });
    let links = LINKS.iter().filter(|(of, _)| *of == parent);
    let links = links.map(|(_, name)| {
        let help = "A template for an http(s) URL; left out where it gives none.";
        key(name, template(), help, "https://example.com/a.png")
    });
    texts.chain(links).collect()
}

fn leaf(
    parent: &'static str,
    fields: &mut Fields<'_>,
    leaves: &mut Leaves,
    problems: &mut Diagnostics,
) {
    let texts = TEXTS
        .iter()
        .map(|(p, key, escape, max)| (*p, *key, *escape, Some(*max)));
    let links = LINKS.iter().map(|(p, key)| (*p, *key, Escape::None, None));
    for (_, key, escape, max) in texts.chain(links).filter(|(p, ..)| *p == parent) {
        if let Some(node) = fields.optional(key)
            && let Some(template) = parse_template(node, escape, problems)
        {
            bounded(node, &template, max, problems);
            leaves.push((parent, key, max, template));
        }
    }
}

fn bounded(node: &Node, template: &Template, max: Option<usize>, problems: &mut Diagnostics) {
    if let Some(max) = max {
        limit::check(node, template, max, problems);
    }
}

fn part(parent: &'static str, node: &Node, leaves: &mut Leaves, problems: &mut Diagnostics) {
    // `image: URL` for `image: {url: URL}`, `footer: TEXT` for `footer: {text: TEXT}`.
    if matches!(node.value, yaml::Value::String(_)) {
        let short = PARTS.iter().find(|(of, ..)| *of == parent);
        let key = short.map_or("url", |(_, key, _)| key);
        let text = TEXTS
            .iter()
            .find(|(of, name, ..)| (*of, *name) == (parent, key));
        let (escape, max) = text.map_or((Escape::None, None), |(.., escape, max)| {
            (*escape, Some(*max))
        });
        if let Some(template) = parse_template(node, escape, problems) {
            bounded(node, &template, max, problems);
            leaves.push((parent, key, max, template));
        }
    } else if let Some(mut fields) = Fields::of(node, problems) {
        leaf(parent, &mut fields, leaves, problems);
        fields.finish(problems);
    }
}

impl Field {
    fn shape() -> Shape {
        Shape::map([
            key(
                "name",
                template(),
                format!("A template; at most {FIELD_NAME_MAX} characters."),
                "Branch",
            )
            .required(),
            key(
                "value",
                template(),
                format!("A template; at most {FIELD_VALUE_MAX} characters."),
                "{{payload.ref}}",
            )
            .required(),
            key(
                "inline",
                Shape::flag(),
                "Whether it stands beside others.",
                true,
            )
            .or(false),
        ])
    }

    /// `{Name: value}`, or a list of `{name, value, inline}`.
    fn parse_all(node: &Node, problems: &mut Diagnostics) -> Vec<Self> {
        let fields: Vec<_> = match &node.value {
            yaml::Value::Map(entries) => entries
                .iter()
                .filter_map(|(key, value)| {
                    let name = Node {
                        value: yaml::Value::String(key.text.clone()),
                        place: node.key_place(key),
                        filled: false,
                    };
                    Self::new(&name, value, true, problems)
                })
                .collect(),
            _ => node
                .list(problems)
                .unwrap_or_default()
                .iter()
                .filter_map(|item| Self::parse(item, problems))
                .collect(),
        };
        if fields.len() > FIELDS_MAX {
            let message = format!("an embed has at most {FIELDS_MAX} fields");
            problems.push(
                node.error(code::OVER_LIMIT, message)
                    .help("write a second embed for the others"),
            );
        }
        fields
    }

    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let name = fields.required("name", problems);
        let value = fields.required("value", problems);
        let inline = fields.optional("inline");
        fields.finish(problems);
        let inline = inline.and_then(|node| node.bool(problems)).unwrap_or(false);
        Self::new(name?, value?, inline, problems)
    }

    fn new(name: &Node, value: &Node, inline: bool, problems: &mut Diagnostics) -> Option<Self> {
        let name_template = parse_template(name, Escape::Discord, problems);
        let value_template = parse_template(value, Escape::Discord, problems);
        let (name_template, value_template) = (name_template?, value_template?);
        limit::check(name, &name_template, FIELD_NAME_MAX, problems);
        limit::check(value, &value_template, FIELD_VALUE_MAX, problems);
        Some(Self {
            name: name_template,
            value: value_template,
            inline,
        })
    }

    fn render(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        Ok(json!({
            "name": filled(cut(&self.name.render(scope)?, FIELD_NAME_MAX)),
            "value": filled(cut(&self.value.render(scope)?, FIELD_VALUE_MAX)),
            "inline": self.inline,
        }))
    }
}

fn color_tree(node: &Node, problems: &mut Diagnostics) -> Tree {
    let literal = node.to_json();
    let template = literal.as_str().is_some_and(|text| text.contains("{{"));
    if !template && color_number(&literal).is_none() {
        let names = COLOURS.map(|(name, _)| name).join(", ");
        let message = "this is not a colour";
        let help = format!("write \"#1a2b3c\", a number, or one of {names}");
        problems.push(node.error(code::BAD_VALUE, message).help(help));
    }
    Tree::parse(node, Escape::None, problems)
}

fn color_number(value: &Value) -> Option<u32> {
    let number = match value {
        Value::String(text) => {
            let named = COLOURS
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(text));
            if let Some((_, number)) = named {
                return Some(*number);
            }
            let hex = text.strip_prefix('#').filter(|hex| hex.len() == 6)?;
            u32::from_str_radix(hex, 16).ok()?
        }
        other => u32::try_from(other.as_u64()?).ok()?,
    };
    (number <= 0x00FF_FFFF).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours() {
        let check = |value: Value, expected| assert_eq!(color_number(&value), expected, "{value}");
        check(json!("#ff0000"), Some(0x00ff_0000));
        check(json!("green"), Some(0x0057_F287));
        check(json!(255), Some(255));
        for bad in [
            json!("#ff00"),
            json!("#gggggg"),
            json!("greenish"),
            json!(16_777_216),
            json!(-1),
            json!(null),
        ] {
            check(bad, None);
        }
    }
}
