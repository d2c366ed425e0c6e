//! How definitions and sources say where a name or an id stands.

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::{Demand, Node, Shape, Value, key};

use super::parts::{Parts, Place, header_name};
use super::signed::{parts, parts_shape};

/// `none`, one text or several.
pub fn delivery_id(
    node: &Node,
    problems: &mut Diagnostics,
    read: impl Fn(&Node, &mut Diagnostics) -> Option<Parts>,
) -> Option<Vec<Parts>> {
    if node.as_str() == Some("none") {
        return Some(Vec::new());
    }
    node.one_or_list()
        .iter()
        .map(|node| {
            let parts = read(node, problems)?;
            tell_fixed(node, &parts, problems);
            Some(parts)
        })
        .collect()
}

/// Reports an id without parts: by it, all events but the first would be taken for one sent again.
fn tell_fixed(node: &Node, parts: &Parts, problems: &mut Diagnostics) {
    if parts.places().next().is_none() {
        let message = format!("`{}` is the same id for every event", parts.as_str());
        let help = "write where the sender's own id stands, such as `{header:X-Delivery}` or `{json:id}`; \
                    `none` where it has none";
        problems.push(node.error(code::BAD_VALUE, message).help(help));
    }
}

/// Where a source finds a name or an id: `header:X-Event`, `$.type`, a text with parts in it, or
/// `{header: X-Event}`.
pub fn finder(node: &Node, problems: &mut Diagnostics) -> Option<Parts> {
    let written = match &node.value {
        Value::Map(entries) => {
            let [(kind, name)] = entries.as_slice() else {
                let message = "one key is wanted here: header, json, query or form";
                problems.push(
                    node.error(code::BAD_VALUE, message)
                        .help("write it as `{header: X-Event}`"),
                );
                return None;
            };
            format!("{}:{}", kind.text, name.text(problems)?)
        }
        _ => match node.text(problems)? {
            text if text.contains('{') => return parts(node, problems),
            text => match text.strip_prefix("$.") {
                Some(path) => format!("json:{}", path.replace('[', ".").replace(']', "")),
                None => text.to_owned(),
            },
        },
    };
    match Place::parse(&written) {
        Ok(place) => Some(Parts::of(place, &written)),
        Err(message) => {
            problems.push(node.error(code::BAD_VALUE, message).help(
                "write where it stands: header:X-Event, $.type, or a text such as \
                 '{header:X-Event}.{json:action}'",
            ));
            None
        }
    }
}

/// What such a place looks like.
pub(super) fn finder_shape() -> Shape {
    let one = |name, example| key(name, Shape::text(), "The name there.", example);
    let named = Shape::map([
        one("header", "X-Event"),
        one("json", "type"),
        one("query", "event"),
        one("form", "event"),
    ]);
    let named = named.demand(Demand::OneOf(vec!["header", "json", "query", "form"]));
    Shape::either([parts_shape(), named])
}

/// A header's name.
pub fn header(node: &Node, problems: &mut Diagnostics) -> Option<Box<str>> {
    match header_name(node.text(problems)?) {
        Ok(name) => Some(name),
        Err(message) => {
            problems.push(
                node.error(code::BAD_VALUE, message)
                    .help("a header's name is letters, digits and `-`"),
            );
            None
        }
    }
}
