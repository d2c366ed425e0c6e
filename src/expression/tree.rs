//! A YAML value whose strings (and keys) are templates: JSON is built as a tree, so a value can never
//! leave its place in it.

use serde_json::{Map, Value};

use crate::diagnostic::{Diagnostic, Diagnostics, Place, code};
use crate::yaml::{self, Node};

use super::{Escape, ExpressionError, ExpressionErrorKind, RenderError, Scope, Template};

/// A tree of literals and templates; null by default.
#[derive(Debug, Clone, Default)]
pub struct Tree(Branch);

#[derive(Debug, Clone)]
enum Branch {
    Literal(Value),
    Text(Template),
    List(Vec<Tree>),
    Map(Vec<(Template, Tree)>),
}

impl Default for Branch {
    fn default() -> Self {
        Self::Literal(Value::Null)
    }
}

impl Tree {
    /// Compiles every string in a node; problems point into the string.
    pub fn parse(node: &Node, escape: Escape, problems: &mut Diagnostics) -> Self {
        Self(match &node.value {
            yaml::Value::String(_) => match parse_template(node, escape, problems) {
                Some(template) => Branch::Text(template),
                None => Branch::Literal(Value::Null),
            },
            yaml::Value::List(items) => Branch::List(
                items
                    .iter()
                    .map(|item| Self::parse(item, escape, problems))
                    .collect(),
            ),
            yaml::Value::Map(entries) => {
                let mut members = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let value = Self::parse(value, escape, problems);
                    match Template::parse(&key.text, escape) {
                        Ok(name) => members.push((name, value)),
                        Err(error) => {
                            let place = node.key_place_at(key, error.offset, error.len);
                            problems.push(finding(&error, place));
                        }
                    }
                }
                Branch::Map(members)
            }
            _ => Branch::Literal(node.to_json()),
        })
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        let mut found = Vec::new();
        self.collect(&mut found);
        found
    }

    fn collect<'t>(&'t self, found: &mut Vec<&'t Template>) {
        match &self.0 {
            Branch::Literal(_) => {}
            Branch::Text(template) => found.push(template),
            Branch::List(items) => items.iter().for_each(|item| item.collect(found)),
            Branch::Map(members) => {
                for (name, value) in members {
                    found.push(name);
                    value.collect(found);
                }
            }
        }
    }

    /// The value; leaves that are one expression keep their JSON type.
    ///
    /// # Errors
    /// The first template that cannot be rendered.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Value, RenderError> {
        match &self.0 {
            Branch::Literal(value) => Ok(value.clone()),
            Branch::Text(template) => template.value(scope),
            Branch::List(items) => items.iter().map(|item| item.render(scope)).collect(),
            Branch::Map(members) => {
                let mut object = Map::new();
                for (template, value) in members {
                    let name = template.render(scope)?;
                    if object.contains_key(&name) {
                        return Err(RenderError {
                            template: template.text().to_owned(),
                            message: format!("the key `{name}` comes out twice"),
                        });
                    }
                    object.insert(name, value.render(scope)?);
                }
                Ok(Value::Object(object))
            }
        }
    }
}

/// Compiles one text node, or pushes a diagnostic that points into it. Warns of `{{{…}}}` where
/// escaping would have done something.
pub fn parse_template(node: &Node, escape: Escape, problems: &mut Diagnostics) -> Option<Template> {
    let text = node.text(problems)?;
    match Template::parse(text, escape) {
        Ok(template) => {
            if escape != Escape::None {
                for offset in &template.uses().unescaped {
                    let message = "this value is put in without escaping";
                    problems.push(
                        Diagnostic::warning(code::UNESCAPED, node.place_at(*offset, 3), message)
                            .help("two braces escape it for its place: {{…}}"),
                    );
                }
            }
            Some(template)
        }
        Err(error) => {
            problems.push(finding(&error, node.place_at(error.offset, error.len)));
            None
        }
    }
}

fn finding(error: &ExpressionError, place: Place) -> Diagnostic {
    let code = match error.kind {
        ExpressionErrorKind::Syntax => code::BAD_TEMPLATE,
        ExpressionErrorKind::Variable => code::UNKNOWN_VARIABLE,
        ExpressionErrorKind::Helper => code::UNKNOWN_HELPER,
    };
    let mut finding = Diagnostic::error(code, place, error.message.clone());
    finding.help.clone_from(&error.help);
    finding
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::diagnostic::SourceFile;

    use super::*;

    fn read(text: &str, escape: Escape) -> (Tree, Vec<String>) {
        let mut problems = Diagnostics::new();
        let node = yaml::read(&SourceFile::new("rules.yaml", text), &mut problems).unwrap();
        let tree = Tree::parse(&node, escape, &mut problems);
        let findings = problems.iter().map(|finding| {
            let at = &text[finding.place.span.clone()];
            format!("{} {at}", finding.code.id())
        });
        (tree, findings.collect())
    }

    fn scope() -> Scope<'static> {
        Scope::from_tree(json!({"payload": {"n": 1, "quote": "\"}],", "key": "k", "at": "@here"}}))
    }

    #[test]
    fn values_never_leave_their_place() {
        let text = "{a: '{{payload.quote}}', b: ['x {{payload.quote}}', 2, ~, true], '{{payload.key}}': '{{payload.n}}'}";
        let (tree, findings) = read(text, Escape::None);
        assert!(findings.is_empty());
        assert_eq!(tree.templates().len(), 6);
        assert_eq!(
            tree.render(&scope()).unwrap(),
            json!({"a": "\"}],", "b": ["x \"}],", 2, null, true], "k": 1})
        );
    }

    #[test]
    fn keys_must_differ_when_rendered() {
        let (tree, _) = read("{k: 1, '{{payload.key}}': 2}", Escape::None);
        assert!(
            tree.render(&scope())
                .unwrap_err()
                .message
                .contains("`k` comes out twice")
        );
    }

    #[test]
    fn findings_point_into_the_text() {
        let text = "a: \"x {{payloat.n}}\"\nb: ['{{uper payload.n}}', '{{payload.n']\n'{{x}}': '{{{payload.at}}}'\n";
        let (_, findings) = read(text, Escape::Slack);
        assert_eq!(
            findings,
            [
                "HR0303 payloat.n",
                "HR0304 uper",
                "HR0302 {{",
                "HR0305 {{{",
                "HR0303 x"
            ]
        );
        let (_, findings) = read("a: '{{{payload.at}}}'", Escape::None);
        assert!(findings.is_empty());
    }
}
