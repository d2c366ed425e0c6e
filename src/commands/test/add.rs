//! `hookrule test add`.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::event::{EventId, Strength};
use crate::operator::{Answer, EventView, Question};
use crate::providers::Provider;
use crate::rule::{Rule, TestFile};
use crate::runtime::nobody;
use crate::trial::{Came, Said, imagine};
use crate::yaml;

use super::choice::{Choice, Loaded, stored};
use super::disguise::Disguise;
use super::update::replace;
use crate::commands::output::{Done, Exit, Failure, Output};
use crate::commands::reach::{Needs, reach};
use crate::commands::scalar::block;
use crate::commands::show::mismatch;

/// The longest part of a file's name that an event's name becomes, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Makes a test of an event in the store, which expects what its rule does with it today
///
/// The payload becomes a file below the rule file's folder, without credentials, e-mail and network
/// addresses: each is replaced, the same always by the same. The test goes into `NAME.test.yaml`
/// beside the rule file, and passes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule test add --from evt_0190…
  hookrule test add --from evt_0190… --rule big-payment-to-notion --name 'a large invoice'")]
pub(super) struct Add {
    /// The event, as `hookrule events list` names it
    #[arg(long, value_name = "EVENT_ID")]
    from: EventId,
    /// The rule to test; the one that matched the event, where only one did
    #[arg(long, value_name = "NAME")]
    rule: Option<String>,
    /// What the test shows; the event's name, where it is left out
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
}

/// What is to be written.
struct Fixture {
    payload: PathBuf,
    tests: PathBuf,
    /// Before there is an expectation.
    entry: Value,
}

impl Add {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        let view = self.event(output).await?;
        let loaded = Choice::whole(output.config()).load(output)?;
        let rule = self.rule(&view, &loaded)?;
        may_see(rule, &view)?;
        let provider = loaded.known.providers.find(&view.summary.provider);
        let mut disguise = Disguise::new(&rule.place.file.text);
        let payload = payload(view.clone(), provider.as_deref(), &mut disguise)?;
        let fixture = self.fixture(&view, rule);
        write_new(&fixture.payload, &payload)?;
        let added = add(&fixture, rule, &loaded);
        if added.is_err() {
            // Nothing points at it.
            let _ = fs::remove_file(&fixture.payload);
        }
        let came = added?;
        output.line(&format!("{} is the payload", fixture.payload.display()))?;
        let (tests, name) = (fixture.tests.display(), &rule.name);
        let matched = if came.matched {
            "matches"
        } else {
            "does not match"
        };
        output.line(&format!("{tests} has a test more: `{name}` {matched}"))?;
        let count = disguise.count();
        output.note(&format!(
            "note: {count} values were replaced; look through the payload before you share it"
        ))?;
        if !came.matched && view.summary.matched.contains(&rule.name) {
            output.note("note: the rule matched the event itself; it may turn on what was masked or replaced, or have changed since")?;
        }
        Ok(Exit::Fine)
    }

    async fn event(&self, output: &mut Output<'_>) -> Result<EventView, Failure> {
        let operator = reach(output, Needs::Store).await?;
        let question = Question::Event {
            id: self.from,
            body: true,
        };
        match operator.ask(question).await? {
            Answer::Event(Some(view)) => Ok(*view),
            Answer::Event(None) => Err(Failure::Refused(format!(
                "there is no event {}; `hookrule events list` shows those there are",
                self.from
            ))),
            _ => Err(mismatch()),
        }
    }

    /// The rule that is tested.
    fn rule<'l>(&self, view: &EventView, loaded: &'l Loaded) -> Result<&'l Rule, Failure> {
        let find = |name: &str| loaded.set.lookup(name);
        if let Some(name) = &self.rule {
            return find(name).ok_or_else(|| {
                Failure::Refused(format!(
                    "there is no rule `{name}`; `hookrule rules list` shows those there are"
                ))
            });
        }
        let matched: Vec<_> = view
            .summary
            .matched
            .iter()
            .filter_map(|name| find(name))
            .collect();
        match matched.as_slice() {
            [rule] => Ok(rule),
            [] => Err(Failure::Refused(
                "no rule matched this event: say which is tested, with --rule NAME".to_owned(),
            )),
            several => {
                let names: Vec<_> = several.iter().map(|rule| rule.name.as_str()).collect();
                Err(Failure::Refused(format!(
                    "several rules matched this event: say which is tested, with --rule {}",
                    names.join(", or --rule ")
                )))
            }
        }
    }

    fn fixture(&self, view: &EventView, rule: &Rule) -> Fixture {
        let file = &rule.place.file.path;
        let summary = &view.summary;
        let event = summary.names.last().map_or("unknown", String::as_str);
        let id = summary.id.to_string();
        let short = id.get(id.len().saturating_sub(8)..).unwrap_or_default();
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        let named: String = format!("{}.{event}", summary.provider)
            .chars()
            .map(|c| if fits(c) { c } else { '_' })
            .take(NAME_CHARS_MAX)
            .collect();
        let payload = format!("payloads/{named}.{short}.json");
        let name = self
            .name
            .clone()
            .unwrap_or_else(|| format!("{event} {short}"));
        // In its own namespace a rule is called by its own name.
        let prefix = rule
            .namespace
            .as_ref()
            .map(|namespace| format!("{}/", namespace.name));
        let own = prefix.and_then(|prefix| rule.name.strip_prefix(&prefix));
        let mut entry = json!({
            "rule": own.unwrap_or(&rule.name),
            "name": name,
            "payload": payload,
            "provider": summary.provider,
            "source": summary.source,
            "event": event,
            "at": summary.received_at.to_string(),
        });
        let headers = headers(view, &rule.place.file.text);
        if let Some(entry) = entry.as_object_mut() {
            if summary.strength != Strength::Signed {
                entry.insert("proof".to_owned(), summary.strength.word().into());
            }
            if !headers.is_empty() {
                entry.insert("headers".to_owned(), Value::Object(headers));
            }
        }
        Fixture {
            payload: file.with_file_name(payload),
            tests: file.with_extension("test.yaml"),
            entry,
        }
    }
}

/// A rule's folder gets nothing of an event that the rule could not receive.
fn may_see(rule: &Rule, view: &EventView) -> Result<(), Failure> {
    match &rule.namespace {
        Some(namespace) if !namespace.hears(&view.summary.source) => {
            Err(Failure::Refused(format!(
                "`{}` is in the namespace `{}`, which does not see the source `{}` of this event",
                rule.name, namespace.name, view.summary.source
            )))
        }
        _ => Ok(()),
    }
}

/// The headers that the rule file speaks of and that are not masked.
fn headers(view: &EventView, text: &str) -> serde_json::Map<String, Value> {
    let text = text.to_lowercase();
    let spoken = view
        .headers
        .iter()
        .filter(|header| text.contains(&header.name));
    let shown = spoken.filter(|header| header.value != crate::operator::MASK);
    let mut disguise = Disguise::new(&text);
    shown
        .map(|header| (header.name.clone(), disguise.text(&header.value).into()))
        .collect()
}

/// The parsed payload, disguised.
fn payload(
    view: EventView,
    provider: Option<&Provider>,
    disguise: &mut Disguise<'_>,
) -> Result<String, Failure> {
    let event = stored(view);
    let said = Said {
        provider: event.provider,
        source: event.source,
        event: event.names.last().cloned(),
        headers: event.headers,
        body: event.body,
        at: event.received_at,
        proof: Some(event.proof),
    };
    let event = imagine(&said, provider).map_err(Failure::Refused)?;
    let value = disguise.value(event.payload.value().clone());
    let text = serde_json::to_string_pretty(&value);
    let text = text.map_err(|error| Failure::Other(error.to_string()))?;
    Ok(text + "\n")
}

fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let written = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).open(path)?;
        std::io::Write::write_all(&mut file, text.as_bytes())
    };
    written().map_err(|error: std::io::Error| {
        let path = path.display();
        if error.kind() == std::io::ErrorKind::AlreadyExists {
            return Failure::Refused(format!("{path} is there already: the event has a test"));
        }
        Failure::Other(format!("{path} cannot be written: {error}"))
    })
}

/// Finds out what comes of the event, and writes that down as what is expected.
fn add(fixture: &Fixture, rule: &Rule, loaded: &Loaded) -> Result<Came, Failure> {
    let mut entry = fixture.entry.clone();
    let put = |entry: &mut Value, expect: Value| {
        if let Some(entry) = entry.as_object_mut() {
            entry.insert("expect".to_owned(), expect);
        }
    };
    put(&mut entry, json!({"matched": true}));
    let trial = loaded.trial(None, &nobody);
    let test = |entry: &Value| TestFile {
        file: SourceFile::new(&fixture.tests, tests(std::slice::from_ref(entry))),
        of: None,
    };
    let came = trial
        .comes_to(&test(&entry))
        .map_err(Failure::Diagnostics)?;
    put(&mut entry, expected(&came));
    // What was written down must be what comes of it.
    let files = [test(&entry)];
    let again = crate::trial::Trial {
        tests: &files,
        ..trial
    };
    let report = again.run(&|title| title.file == fixture.tests && title.rule == rule.name);
    if report.diagnostics.has_errors() {
        return Err(Failure::Diagnostics(report.diagnostics));
    }
    append(&fixture.tests, &entry).map_err(Failure::Refused)?;
    Ok(came)
}

fn expected(came: &Came) -> Value {
    if !came.matched {
        return match &came.because {
            Some(because) => json!({"matched": false, "because": because}),
            None => json!({"matched": false}),
        };
    }
    let mut expect = json!({"actions": came.actions});
    if let (false, Some(expect)) = (came.rendered.is_empty(), expect.as_object_mut()) {
        expect.insert("rendered".to_owned(), Value::Object(came.rendered.clone()));
    }
    expect
}

/// A file of tests.
fn tests(entries: &[Value]) -> String {
    let entries = entries.iter().map(|entry| item(entry, 2));
    format!("tests:\n{}", entries.collect::<String>())
}

/// An entry of a list, so far to the right.
fn item(entry: &Value, indent: usize) -> String {
    let text = block(entry, indent + 2);
    // The first line begins the entry.
    let rest = text.get(indent + 2..).unwrap_or_default();
    format!("{}- {rest}", " ".repeat(indent))
}

/// Puts an entry behind the others of a file, and leaves those as they are.
fn append(path: &Path, entry: &Value) -> Result<(), String> {
    let before = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = tests(std::slice::from_ref(entry));
            return fs::write(path, text)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()));
        }
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    let text = appended(path, &before, entry).ok_or_else(|| {
        let entry = item(entry, 2);
        format!(
            "{} does not end with its list of tests, so put this into it yourself:\n{entry}",
            path.display()
        )
    })?;
    replace(path, &before, &text).map_err(|why| format!("{}: {why}", path.display()))
}

/// The text with an entry more; none where that cannot be done at its end.
fn appended(path: &Path, before: &str, entry: &Value) -> Option<String> {
    let read = |text: &str| {
        let mut problems = Diagnostics::new();
        let node = yaml::read(&SourceFile::new(path, text), &mut problems)?;
        (!problems.has_errors()).then_some(node)
    };
    let node = read(before)?;
    let first = node.get("tests")?.one_or_list().first()?;
    let head = before.get(..first.place.span.start)?;
    let line = head.rsplit('\n').next()?;
    let indent = line.find('-')?;
    let mut text = before.to_owned();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text.push_str(&item(entry, indent));
    let mut wanted = node.to_json();
    wanted.get_mut("tests")?.as_array_mut()?.push(entry.clone());
    (read(&text)?.to_json() == wanted).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Value {
        json!({"rule": "r", "name": "a: b", "expect": {"actions": ["x"], "rendered": {"x": {"a b": 1, "n": null, "e": {}}}}})
    }

    #[test]
    fn a_test_goes_behind_the_others() {
        let path = Path::new("a.test.yaml");
        for before in [
            "# mine\ntests:\n- name: one # first\n",
            "rule: r\ntests:\n    - name: one\n      payload: {a: 1}",
            "tests:\n  - name: one\n    expect:\n      actions: []\n\n# the end\n",
        ] {
            let text = appended(path, before, &entry()).expect(before);
            assert!(text.starts_with(before), "{text}");
        }
        for before in [
            "tests: [{name: one}]\n",
            "tests: []\n",
            "tests:\n  - a: 1\nx-b: 1\n",
            "a:",
        ] {
            assert_eq!(appended(path, before, &entry()), None, "{before}");
        }
    }

    #[test]
    fn a_new_file_reads_as_what_was_put_into_it() {
        let text = tests(&[entry()]);
        let file = SourceFile::new("a.test.yaml", text.as_str());
        let node = yaml::read(&file, &mut Diagnostics::new()).unwrap();
        assert_eq!(node.to_json(), json!({"tests": [entry()]}), "{text}");
    }
}
