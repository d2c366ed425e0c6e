//! What Discord takes, and cutting what is longer.
//!
//! Discord says "characters"; we count UTF-16 units, which are never fewer.

use serde_json::Value;
use url::Url;

use crate::diagnostic::{Diagnostics, code};
use crate::expression::Template;
use crate::yaml::Node;

/// A message.
pub(super) const CONTENT_MAX: usize = 2_000;
/// A webhook's name for one message.
pub(super) const USERNAME_MAX: usize = 80;
/// Embeds in a message.
pub(super) const EMBEDS_MAX: usize = 10;
/// Fields in an embed.
pub(super) const FIELDS_MAX: usize = 25;
/// All texts of all embeds of a message.
const EMBED_TEXTS_MAX: usize = 6_000;

/// What stands where Discord wants a character and there is none.
const BLANK: &str = "\u{200b}";
const MORE: &str = "…";
const FENCE: &str = "```";

/// The length of a text as we count it.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Warns where what is written in a template is too long already, whatever its values are.
pub(super) fn check(node: &Node, template: &Template, max: usize, problems: &mut Diagnostics) {
    let written = length(&template.fixed_text());
    if written > max {
        let message =
            format!("Discord takes at most {max} characters here, and {written} are written");
        let help = "shorten it: what is too long is cut, and ends in `…`";
        problems.push(node.warning(code::OVER_LIMIT, message).help(help));
    }
}

/// Warns where what is written in all embeds of a message is too long together.
pub(super) fn check_embeds<'t>(
    node: &Node,
    templates: impl Iterator<Item = &'t Template>,
    problems: &mut Diagnostics,
) {
    let written: usize = templates.map(|text| length(&text.fixed_text())).sum();
    if written > EMBED_TEXTS_MAX {
        let message = format!(
            "all embeds of a message have at most {EMBED_TEXTS_MAX} characters together, and \
             {written} are written"
        );
        let help = "shorten them: what is too much is left out";
        problems.push(node.warning(code::OVER_LIMIT, message).help(help));
    }
}

/// A text of at most `max` units. A cut one ends in `…`, with no half escape before it, and with its
/// code block closed.
pub(super) fn cut(text: &str, max: usize) -> String {
    if length(text) <= max {
        return text.to_owned();
    }
    let kept = beginning(text, max.saturating_sub(1));
    if kept.matches(FENCE).count().is_multiple_of(2) {
        return format!("{kept}{MORE}");
    }
    let kept = beginning(text, max.saturating_sub(2 + FENCE.len()));
    if kept.matches(FENCE).count().is_multiple_of(2) {
        // The fence itself was cut away.
        return format!("{kept}{MORE}");
    }
    format!("{kept}{MORE}\n{FENCE}")
}

fn beginning(text: &str, max: usize) -> &str {
    let mut units = 0;
    let end = text
        .char_indices()
        .find(|(_, c)| {
            units += c.len_utf16();
            units > max
        })
        .map_or(text.len(), |(at, _)| at);
    let kept = text.get(..end).unwrap_or_default();
    let slashes = kept.len() - kept.trim_end_matches('\\').len();
    let kept = kept.get(..kept.len() - slashes % 2).unwrap_or_default();
    // A fence must not be cut in two.
    let ticks = kept.len() - kept.trim_end_matches('`').len();
    match ticks {
        1 | 2 => kept.trim_end_matches('`'),
        _ => kept,
    }
}

/// A text that is never empty.
pub(super) fn filled(text: String) -> String {
    if text.trim().is_empty() {
        return BLANK.to_owned();
    }
    text
}

/// Whether Discord takes a name for a message's author.
pub(super) fn is_username(name: &str) -> bool {
    let lower = name.to_lowercase();
    (1..=USERNAME_MAX).contains(&length(name.trim()))
        && !["clyde", "discord", "```"]
            .iter()
            .any(|word| lower.contains(word))
}

/// Whether Discord takes a link.
pub(super) fn web_url(text: &str) -> bool {
    text.len() <= 2_000
        && Url::parse(text)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Embeds whose texts together are not too long: once the room is used up, later texts are left out.
pub(super) fn embeds(embeds: impl IntoIterator<Item = Value>) -> Vec<Value> {
    let mut room = EMBED_TEXTS_MAX;
    let mut kept = Vec::new();
    for mut embed in embeds.into_iter().take(EMBEDS_MAX) {
        for (place, key) in [
            ("", "title"),
            ("author", "name"),
            ("footer", "text"),
            ("", "description"),
        ] {
            let parent = match place {
                "" => Some(&mut embed),
                place => embed.get_mut(place),
            };
            if let Some(Value::Object(parent)) = parent
                && parent
                    .get_mut(key)
                    .is_some_and(|text| !take(text, &mut room))
            {
                parent.remove(key);
            }
        }
        for place in ["author", "footer"] {
            if let Some(object) = embed.as_object_mut()
                && object
                    .get(place)
                    .is_some_and(|part| part.get("name").or(part.get("text")).is_none())
            {
                object.remove(place);
            }
        }
        if let Some(Value::Array(fields)) = embed.get_mut("fields") {
            fields.truncate(FIELDS_MAX);
            fields.retain_mut(|field| {
                let mut fits = |key| field.get_mut(key).is_none_or(|text| take(text, &mut room));
                fits("name") && fits("value")
            });
        }
        if embed.as_object().is_some_and(|embed| !embed.is_empty()) {
            kept.push(embed);
        }
    }
    kept
}

/// Cuts a text to the room there is. Whether anything of it is left.
fn take(text: &mut Value, room: &mut usize) -> bool {
    let Value::String(text) = text else {
        return true;
    };
    if *room == 0 {
        return false;
    }
    *text = cut(text, *room);
    *room -= length(text).min(*room);
    !text.is_empty()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abcd", 3), "ab…");
        // An emoji is two units and never cut in two.
        assert_eq!(cut("a😀b", 3), "a…");
        assert_eq!(length(&cut(&"😀".repeat(3000), CONTENT_MAX)), 1999);
        assert_eq!(length(&cut(&"x".repeat(2001), CONTENT_MAX)), 2000);
        // No half escape, no half fence, no open code block.
        assert_eq!(cut(r"ab\*cd", 4), "ab…");
        assert_eq!(cut(r"ab\\cd", 5), r"ab\\…");
        assert_eq!(cut("ab```", 4), "ab…");
        let cut = cut(&format!("```{}```", "x".repeat(50)), 20);
        assert_eq!(cut, "```xxxxxxxxxxxx…\n```");
        assert_eq!(length(&cut), 20);
    }

    #[test]
    fn names_that_discord_refuses() {
        for bad in [
            "",
            "  ",
            "Clyde",
            "my discord bot",
            "a```b",
            &"x".repeat(81),
        ] {
            assert!(!is_username(bad), "{bad}");
        }
        assert!(is_username("hookrule"));
    }

    #[test]
    fn embeds_share_one_limit() {
        let long = "x".repeat(4000);
        let embed =
            || json!({"title": "t", "description": long, "fields": [{"name": "n", "value": "v"}]});
        let embeds = embeds(vec![embed(), embed(), embed()]);
        let total: usize = embeds
            .iter()
            .map(|embed| {
                let text = |value: Option<&Value>| value.and_then(Value::as_str).map_or(0, length);
                let fields = embed["fields"].as_array().unwrap();
                let fields = fields
                    .iter()
                    .map(|f| text(f.get("name")) + text(f.get("value")));
                text(embed.get("title")) + text(embed.get("description")) + fields.sum::<usize>()
            })
            .sum();
        assert!(total <= 6000, "{total}");
        assert_eq!(embeds[0]["description"].as_str().unwrap().len(), 4000);
        assert_eq!(embeds[1]["title"], "t");
    }
}
