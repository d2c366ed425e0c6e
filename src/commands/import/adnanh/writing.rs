//! What is written for a hook.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::Path;

use crate::commands::scalar::{comment, literal, scalar};
use crate::commands::schema::{self, Which, modeline};
use crate::commands::written::Written;

use super::Report;
use super::demands::{self, Demands, Signature};
use super::hook::{Answer, Hook};
use super::parameter::{Origin, Parameter};
use super::vars::Vars;

/// What a hook became.
pub(super) struct Converted {
    name: String,
    /// What stands under its source, besides the provider.
    source: String,
    /// The header by which the source is known, in lower case.
    known_by: String,
    destination: String,
    rule: String,
    secrets: Vec<Written>,
}

/// Converts one hook; what has no counterpart is reported.
pub(super) fn convert(hook: &Hook, report: &mut Report) -> Converted {
    let name = hook.name();
    let mut vars = Vars::new(&hook.as_json);
    let demands = hook
        .trigger
        .as_ref()
        .map(|trigger| demands::of(trigger, &mut vars, report));
    let demands = demands.unwrap_or_default();
    leave_behind(hook, report);
    let command = Command::of(hook, &mut vars, report);
    let mut secrets = Vec::new();
    let source = source(&name, &demands, &mut secrets, report, hook);
    Converted {
        source,
        known_by: known_by(&demands),
        destination: command.destination(&name, hook),
        rule: rule(&name, hook, &demands, &vars, &command, report.loose),
        name,
        secrets,
    }
}

/// The files for all hooks of one file.
pub(super) fn files(from: &Path, mut converted: Vec<Converted>) -> Vec<Written> {
    converted.sort_by(|a, b| a.name.cmp(&b.name));
    let mut known_by = HashSet::new();
    let from = from.file_name().unwrap_or_default().to_string_lossy();
    let mut config = modeline("schemas", Which::Config);
    config += &comment(&format!("Written by `hookrule import adnanh {from}`."));
    config += "\n# Senders post to /webhook/ID now, not to /hooks/ID.\n\
               listen: 127.0.0.1:8443\nstore: data\nrules: [rules]\n\nsources:\n";
    for one in &converted {
        // Their senders have always named them.
        let comment = if known_by.insert(one.known_by.clone()) {
            ""
        } else {
            "      # hookrule: allow HR0504 senders name it in their address"
        };
        let _ = writeln!(config, "  {}:\n    provider: generic{comment}", one.name);
        config += &one.source;
    }
    config += "\ndestinations:\n";
    for one in &converted {
        config += &one.destination;
    }
    let mut files = vec![Written::open("hookrule.yaml", config)];
    let line = modeline("../schemas", Which::Rules);
    for one in converted {
        let path = format!("rules/{}.yaml", one.name);
        let from = comment(&format!("From {from}."));
        files.push(Written::open(
            path,
            format!("{line}{from}\nrules:\n{}", one.rule),
        ));
        files.extend(one.secrets);
    }
    files.extend(schema::written());
    files
}

/// Says what of a hook has no counterpart, besides its trigger rule.
fn leave_behind(hook: &Hook, report: &mut Report) {
    for (key, place) in &hook.others {
        let (message, help) = match *key {
            "incoming-payload-content-type" => (
                "a body is read as its Content-Type says",
                "let the sender say what it sends",
            ),
            "trigger-signature-soft-failures" => (
                "a signature that does not fit is always refused",
                "nothing is to be done where one secret or one source is enough",
            ),
            _ => (
                "a command runs after the sender has its answer, so its output is not in it",
                "look at it with `hookrule jobs show`",
            ),
        };
        report.differs(place, format!("`{key}`: {message}"), help);
    }
    if let Some((methods, place)) = &hook.methods {
        if !methods.iter().any(|method| method == "POST") {
            let help = "let the sender post, and write `enabled: true`";
            report.lost(
                place,
                "only POST is taken, and this hook did not take it",
                help,
            );
        } else if methods.len() > 1 {
            report.differs(place, "only POST is taken", "let the sender post");
        }
    }
    let answer = &hook.answer;
    let texts = answer.headers.iter().map(|(_, value)| value);
    if texts.chain(&answer.message).any(|text| text.contains("{{")) {
        let message = "the answer holds `{{`, which would be a template here";
        report.differs(&hook.id_place, message, "write it in `respond:` by hand");
    }
    for of in &hook.as_json {
        if of.origin != Origin::Payload {
            let message = "only values of the payload are read as JSON";
            report.differs(&of.place, message, "move the value to the payload");
        }
    }
    for of in &hook.files {
        let message = "nothing is written to a file for the command";
        let decoded = if of.base64 { " and decode it" } else { "" };
        let help = format!(
            "the whole payload comes on its standard input: let it take `{}` from there{decoded}",
            of.name
        );
        report.differs(&of.place, message, help);
    }
}

/// The command, and what the rule adds to it.
struct Command {
    argv: Vec<String>,
    args: Vec<String>,
    env: Vec<(String, String)>,
    /// Variables whose value never changes.
    fixed: Vec<(String, String)>,
}

impl Command {
    fn of(hook: &Hook, vars: &mut Vars<'_>, report: &mut Report) -> Self {
        let mut command = Self {
            argv: vec![hook.command.clone()],
            args: Vec::new(),
            env: Vec::new(),
            fixed: Vec::new(),
        };
        let fixed = hook
            .arguments
            .iter()
            .take_while(|of| of.origin == Origin::Text);
        command.argv.extend(fixed.map(|of| of.name.clone()));
        for of in hook.arguments.iter().skip(command.argv.len() - 1) {
            let option = of.origin == Origin::Text && of.name.starts_with('-');
            match vars.template(of).filter(|_| !option) {
                Some(template) => command.args.push(template),
                None if option => {
                    let message = "an option behind a value of the request is refused";
                    let help = "write it before them, or let the program take values by name";
                    report.lost(&of.place, message, help);
                }
                None => without(of, report),
            }
        }
        for of in &hook.environment {
            let name = variable(of);
            if of.origin == Origin::Text {
                command.fixed.push((name, of.name.clone()));
            } else if let Some(template) = vars.template(of) {
                command.env.push((name, template));
            } else {
                without(of, report);
            }
        }
        command
    }

    fn destination(&self, name: &str, hook: &Hook) -> String {
        let mut text = format!("  {name}:\n    command:\n");
        let list = |texts: &[String]| {
            let texts: Vec<_> = texts.iter().map(|text| scalar(text)).collect();
            texts.join(", ")
        };
        let _ = writeln!(text, "      argv: [{}]", list(&self.argv));
        if let Some(folder) = &hook.folder {
            let _ = writeln!(text, "      cwd: {}", scalar(folder));
        }
        if !self.args.is_empty() {
            let _ = writeln!(text, "      args_max: {}", self.args.len());
            text +=
                "      args_match: '(?s).*'      # as before; better what your command expects\n";
        }
        if !self.env.is_empty() {
            let names: Vec<_> = self.env.iter().map(|(name, _)| name.clone()).collect();
            let _ = writeln!(text, "      env_names: [{}]", list(&names));
        }
        if !self.fixed.is_empty() {
            let fixed = self.fixed.iter();
            let fixed: Vec<_> = fixed
                .map(|(name, value)| format!("{name}: {}", scalar(value)))
                .collect();
            let _ = writeln!(text, "      env: {{{}}}", fixed.join(", "));
        }
        text
    }
}

/// A value of the request that neither arguments nor variables can have.
fn without(of: &Parameter, report: &mut Report) {
    let message = "this value of the request cannot be given to a command";
    let help = "the body comes on the command's standard input; method and address are not kept";
    report.lost(&of.place, message, help);
}

/// The variable that a value goes into.
fn variable(of: &Parameter) -> String {
    let name = of
        .variable
        .clone()
        .unwrap_or_else(|| format!("HOOK_{}", of.name));
    let fits = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(fits).collect()
}

fn source(
    name: &str,
    demands: &Demands,
    secrets: &mut Vec<Written>,
    report: &mut Report,
    hook: &Hook,
) -> String {
    let mut text = String::new();
    let mut keep = |values: &[&String]| {
        let mut names = Vec::new();
        for (number, value) in values.iter().enumerate() {
            let end = match number {
                0 => String::new(),
                number => format!("-{}", number + 1),
            };
            let path = format!("secrets/{name}{end}");
            names.push(format!("\"${{file:{path}}}\""));
            secrets.push(Written::secret(path, format!("{value}\n")));
        }
        format!("    secrets: [{}]\n", names.join(", "))
    };
    match &demands.signature {
        None => text += "    verify: none      # nothing shows who sent it\n",
        Some(Signature::Hmac {
            header,
            algorithm,
            secrets,
        }) => {
            text += &keep(&secrets.iter().collect::<Vec<_>>());
            let prefix = prefix(header, algorithm);
            let _ = writeln!(text, "    header: {}", scalar(header));
            let _ = writeln!(text, "    algorithm: {algorithm}");
            let _ = writeln!(text, "    prefix: {}", scalar(&prefix));
        }
        Some(Signature::Scalr { secret }) => {
            text += &keep(&[secret]);
            text += "    header: X-Signature\n    algorithm: sha1\n    prefix: \"\"\n    \
                     content: \"{body}{header:Date}\"\n    dedupe: {by: body, for: 10m}\n";
            let message =
                "the age of a request is not looked at; the same body is taken once in 10 minutes";
            report.differs(
                &hook.id_place,
                message,
                "nothing is to be done if that is enough",
            );
        }
        Some(Signature::Token { header, secret }) => {
            text += &keep(&[secret]);
            let _ = writeln!(text, "    scheme: token");
            let _ = writeln!(text, "    header: {}", scalar(header));
            text += "    prefix: \"\"\n";
        }
    }
    if !demands.networks.is_empty() {
        let networks = demands.networks.iter().map(|network| scalar(network));
        let networks: Vec<_> = networks.collect();
        let _ = writeln!(text, "    allow_from: [{}]", networks.join(", "));
    }
    text
}

/// The header by which a source is known: that of its signature, or the provider's own.
fn known_by(demands: &Demands) -> String {
    let header = match &demands.signature {
        None => "X-Signature-256",
        Some(Signature::Scalr { .. }) => "X-Signature",
        Some(Signature::Hmac { header, .. } | Signature::Token { header, .. }) => header,
    };
    header.to_lowercase()
}

/// What stands before the signature. It could be there or not; who sends such a header writes it so.
fn prefix(header: &str, algorithm: &str) -> String {
    let header = header.to_lowercase();
    if header.starts_with("x-hub-signature") {
        format!("{algorithm}=")
    } else {
        String::new()
    }
}

fn rule(
    name: &str,
    hook: &Hook,
    demands: &Demands,
    vars: &Vars<'_>,
    command: &Command,
    loose: bool,
) -> String {
    let mut text = format!("  - name: {name}\n");
    if loose {
        text += "    # Not all that the hook demanded could be carried over: mend it, then remove this.\n    \
                 enabled: false\n";
    }
    let _ = writeln!(text, "    when:\n      source: {name}");
    if !demands.conditions.is_empty() {
        text += "      conditions:\n";
        for condition in &demands.conditions {
            let _ = writeln!(text, "        - {condition}");
        }
    }
    if !vars.found.is_empty() {
        text += "    vars:\n";
        for (name, program) in &vars.found {
            let program = program.replace('\'', "''");
            let _ = writeln!(text, "      {name}: {{jq: '{program}'}}");
        }
    }
    if let Some(respond) = respond(&hook.answer) {
        let _ = writeln!(text, "    respond: {respond}");
    }
    let _ = writeln!(
        text,
        "    actions:\n      - command:\n          destination: {name}"
    );
    if !command.args.is_empty() {
        let _ = writeln!(text, "          args: [{}]", command.args.join(", "));
    }
    if !command.env.is_empty() {
        text += "          env:\n";
        for (name, template) in &command.env {
            let _ = writeln!(text, "            {name}: {template}");
        }
    }
    if let Some(status) = hook.answer.mismatch {
        text += &mismatch(name, status);
    }
    text
}

/// What a hook answered when it fired, if it said so itself.
fn respond(answer: &Answer) -> Option<String> {
    let Answer {
        message,
        headers,
        status,
        ..
    } = answer;
    if message.is_none() && headers.is_empty() && status.is_none() {
        return None;
    }
    let mut parts = vec![format!("status: {}", status.unwrap_or(200))];
    let headers = headers.iter().filter_map(|(name, value)| {
        let value = literal(value)?;
        Some(format!("{}: {value}", scalar(name)))
    });
    let headers: Vec<_> = headers.collect();
    if !headers.is_empty() {
        parts.push(format!("headers: {{{}}}", headers.join(", ")));
    }
    let message = message.as_deref().and_then(literal);
    parts.extend(message.map(|message| format!("body: {message}")));
    Some(format!("{{{}}}", parts.join(", ")))
}

/// The answer to what the trigger rule did not take.
fn mismatch(name: &str, status: u64) -> String {
    format!(
        "  - name: {name}-mismatch\n    when: {{source: {name}, unmatched: true}}\n    \
         respond: {{status: {status}, body: Hook rules were not satisfied.}}\n    actions:\n      \
         - log: {{level: debug, message: \"{name}: the rule does not hold\"}}\n"
    )
}
