//! One hook, as its author wrote it.

use crate::diagnostic::{Diagnostics, Place, code};
use crate::yaml::{Fields, Node};

use super::parameter::Parameter;
use super::trigger::Trigger;

/// One hook.
#[derive(Debug)]
pub(super) struct Hook {
    pub(super) id: String,
    pub(super) id_place: Place,
    pub(super) command: String,
    pub(super) folder: Option<String>,
    pub(super) arguments: Vec<Parameter>,
    pub(super) environment: Vec<Parameter>,
    pub(super) files: Vec<Parameter>,
    /// Values that hold JSON as text.
    pub(super) as_json: Vec<Parameter>,
    pub(super) methods: Option<(Vec<String>, Place)>,
    /// None where the hook fires always; an error where it could not be read.
    pub(super) trigger: Option<Trigger>,
    /// What it answers.
    pub(super) answer: Answer,
    /// Keys that have no counterpart, and where they stand.
    pub(super) others: Vec<(&'static str, Place)>,
}

/// What a hook answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) message: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) status: Option<u64>,
    /// The status when the trigger rule does not hold.
    pub(super) mismatch: Option<u64>,
}

/// Keys that change nothing in when a hook fires, and have no counterpart.
const OTHERS: &[&str] = &[
    "include-command-output-in-response",
    "include-command-output-in-response-on-error",
    "incoming-payload-content-type",
    "trigger-signature-soft-failures",
];

impl Hook {
    pub(super) fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let id = fields.required("id", problems);
        let command = fields.required("execute-command", problems);
        let folder = fields.optional("command-working-directory");
        let arguments = parameters("pass-arguments-to-command", &mut fields, problems);
        let environment = parameters("pass-environment-to-command", &mut fields, problems);
        let files = parameters("pass-file-to-command", &mut fields, problems);
        let as_json = parameters("parse-parameters-as-json", &mut fields, problems);
        let methods = fields.optional("http-methods");
        let trigger = fields.optional("trigger-rule");
        let answer = answer(&mut fields, problems);
        let others = OTHERS.iter().filter_map(|key| {
            let found = fields.optional(key)?;
            let off = matches!(found.to_json(), serde_json::Value::Bool(false));
            (!off).then(|| (*key, found.place.clone()))
        });
        let others = others.collect();
        fields.finish(problems);
        let trigger = match trigger {
            Some(node) => Some(Trigger::parse(node, problems)?),
            None => None,
        };
        let id = id?;
        let text = id.text(problems)?.to_owned();
        if text.is_empty() {
            problems.push(id.error(code::BAD_VALUE, "a hook needs an id"));
            return None;
        }
        Some(Self {
            id: text,
            id_place: id.place.clone(),
            command: command?.text(problems)?.to_owned(),
            folder: folder
                .and_then(|node| node.text(problems))
                .map(str::to_owned),
            arguments: arguments?,
            environment: environment?,
            files: files?,
            as_json: as_json?,
            methods: methods.and_then(|node| {
                let names = node.list(problems)?.iter();
                let names = names.filter_map(|name| name.text(&mut Diagnostics::new()));
                Some((names.map(str::to_uppercase).collect(), node.place.clone()))
            }),
            trigger,
            answer,
            others,
        })
    }

    /// The name of its source, destination and rule.
    pub(super) fn name(&self) -> String {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let name = self.id.chars().map(|c| if fits(c) { c } else { '-' });
        name.collect()
    }
}

/// The parameters under a key; none of it where one cannot be read.
fn parameters(
    key: &'static str,
    fields: &mut Fields<'_>,
    problems: &mut Diagnostics,
) -> Option<Vec<Parameter>> {
    let Some(node) = fields.optional(key) else {
        return Some(Vec::new());
    };
    let items = node.list(problems)?.iter();
    let read: Vec<_> = items.map(|item| Parameter::parse(item, problems)).collect();
    read.into_iter().collect()
}

fn answer(fields: &mut Fields<'_>, problems: &mut Diagnostics) -> Answer {
    let message = fields
        .optional("response-message")
        .and_then(|node| node.text(problems))
        .map(str::to_owned);
    let headers = fields
        .optional("response-headers")
        .and_then(|node| node.list(problems))
        .unwrap_or_default();
    let headers = headers.iter().filter_map(|header| {
        let mut fields = Fields::of(header, problems)?;
        let name = fields.required("name", problems);
        let value = fields.required("value", problems);
        fields.finish(problems);
        let text = |node: &Node| node.as_str().map(str::to_owned);
        Some((text(name?)?, text(value?)?))
    });
    let headers = headers.collect();
    let mut status = |key| fields.optional(key).and_then(|node| node.count(problems));
    Answer {
        message,
        headers,
        status: status("success-http-response-code"),
        mismatch: status("trigger-rule-mismatch-http-response-code"),
    }
}
