//! What expressions look like in a file, for editors.

use std::fmt::Write as _;

use crate::yaml::Shape;

use super::helpers;

/// A template: text in which `{{…}}` stands for values.
pub fn template() -> Shape {
    Shape::named("template", || Shape::text().says(about_templates()))
}

/// Any value; every text in it is a template.
pub fn tree() -> Shape {
    Shape::named("value", || {
        Shape::any().says(
            "Any value: text, a number, true or false, a list, a map. Every text in it is a template, and a text that is exactly one `{{…}}` keeps its JSON type.",
        )
    })
}

/// A path into a payload.
pub fn path() -> Shape {
    Shape::named("path", || {
        Shape::matching(r"^\$").says(
            "A JSONPath (RFC 9535): `$.pull_request.user.login`, `$.labels[*].name`. One with a bracket is put in quotes.",
        )
    })
}

/// What templates see and call: an editor shows it where a template stands.
fn about_templates() -> String {
    let mut text = "Text with `{{…}}` in it. In scope: `payload`, `event.{id,name,names,provider,received_at,proof,verified}`, `headers`, `query`, `source.{name,labels}`, `rule`, `vars`, `item` (under `for_each`), `actions.NAME` (what an earlier action came to). `{{x}}` is escaped for where it stands, `{{{x}}}` is not; `{{> name}}` takes in a text of `templates`. A value that is missing is an error; `{{default payload.x \"-\"}}` gives another one instead.\n\nHelpers:".to_owned();
    for helper in helpers::LIST {
        let _ = write!(text, "\n- `{}`: {}", helper.usage, helper.help);
        if let Some(example) = helper.examples.first() {
            let _ = write!(text, " `{}`", example.template);
        }
    }
    text
}
