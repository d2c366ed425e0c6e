//! Rules and events to measure with: rulegen's where they are, our own otherwise.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::{Value, json};

use super::Failure;

const EVENTS: usize = 1_000;

/// One rule, as rulegen writes it.
#[derive(Deserialize)]
pub struct RuleLine {
    pub id: String,
    pub provider: String,
    pub event: String,
    pub conditions: Vec<ConditionLine>,
}

#[derive(Deserialize)]
pub struct ConditionLine {
    pub path: String,
    pub op: String,
    pub value: Value,
}

/// One event, as rulegen writes it.
#[derive(Deserialize)]
pub struct EventLine {
    pub provider: String,
    pub event: String,
    pub payload: Value,
}

/// Writes `rules-N.jsonl` and `events-N.jsonl`, and says whose they are.
pub fn write(folder: &Path, size: usize) -> Result<&'static str, Failure> {
    if let Some(bench) = shared_bench() {
        let status = Command::new("python3")
            .arg(bench.join("rulegen/rulegen.py"))
            .arg("--payloads")
            .arg(bench.join("github-payloads.jsonl"))
            .args(["--rules", &size.to_string()])
            .args(["--events", &EVENTS.to_string(), "--out"])
            .arg(folder)
            .status();
        if status.is_ok_and(|status| status.success()) {
            return Ok("rulegen");
        }
    }
    draw(folder, size)?;
    Ok("drawn here")
}

/// The folder of yardsticks beside the project, or beside one of the folders it stands in.
fn shared_bench() -> Option<PathBuf> {
    let places = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    places
        .map(|place| place.join("shared/bench"))
        .find(|bench| bench.join("rulegen/rulegen.py").is_file())
}

/// What the sketch makes of the same files, in events a second.
pub fn sketch(folder: &Path, size: usize, seconds: f64) -> Result<Option<f64>, Failure> {
    let Some(program) = std::env::var_os("HOOKRULE_SKETCH") else {
        return Ok(None);
    };
    let output = Command::new(program)
        .arg("skim")
        .arg(folder.join(format!("rules-{size}.jsonl")))
        .arg(folder.join(format!("events-{size}.jsonl")))
        .args(["--seconds", &seconds.to_string()])
        .output()?;
    let figures: Value = serde_json::from_slice(&output.stdout)?;
    Ok(figures["events_per_s"].as_f64())
}

/// Rule files of at most 1 MiB that say what the lines say.
pub fn rule_files(lines: &[RuleLine]) -> Result<Vec<String>, Failure> {
    const FILE_BYTES_MAX: usize = 1024 * 1024;
    let mut files = vec!["rules:\n".to_owned()];
    for line in lines {
        let mut text = String::new();
        write!(text, "  - name: {}\n    when:\n", line.id)?;
        writeln!(
            text,
            "      provider: {}\n      event: {}",
            line.provider, line.event
        )?;
        text += "      conditions:\n";
        for condition in &line.conditions {
            let operator = operator(condition);
            let (path, value) = (&condition.path, &condition.value);
            writeln!(text, "        - {{path: {path}, {operator}: {value}}}")?;
        }
        text += "    actions:\n      - log: {message: \"{{payload.repository.full_name}}\"}\n";
        if files
            .last()
            .is_none_or(|file| file.len() + text.len() > FILE_BYTES_MAX)
        {
            files.push("rules:\n".to_owned());
        }
        if let Some(file) = files.last_mut() {
            file.push_str(&text);
        }
    }
    Ok(files)
}

/// The lines as the plain evaluator reads rules.
pub fn plain_rules(lines: &[RuleLine]) -> Value {
    let condition = |line: &ConditionLine| {
        let path = line.path.replace('.', "']['").replacen("']", "", 1) + "']";
        json!({"path": path, (operator(line)): line.value})
    };
    let rule = |line: &RuleLine| {
        let conditions: Vec<Value> = line.conditions.iter().map(condition).collect();
        let when =
            json!({"provider": line.provider, "event": line.event, "conditions": conditions});
        json!({"name": line.id, "when": when})
    };
    json!({"rules": lines.iter().map(rule).collect::<Vec<_>>()})
}

fn operator(condition: &ConditionLine) -> &str {
    match condition.op.as_str() {
        "eq" => "equals",
        "prefix" => "starts_with",
        "regex" => "matches",
        other => other,
    }
}

/// Numbers that look drawn and are the same each time (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap_or_default()
    }
}

const NAMES: [&str; 5] = ["push", "pull_request", "issues", "release", "create"];
const ACTIONS: [&str; 4] = ["opened", "closed", "edited", "labeled"];

/// Rules and events in rulegen's form, without python and payloads of others.
fn draw(folder: &Path, size: usize) -> Result<(), Failure> {
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let pool = (size / 3).max(1);
    let mut rules = String::new();
    for number in 0..size {
        let repository = json!(format!("org/repo-{}", dice.below(pool)));
        let mut conditions =
            vec![json!({"path": "$.repository.full_name", "op": "eq", "value": repository})];
        conditions.push(match dice.below(4) {
            0 => json!({"path": "$.repository.stars", "op": "gt", "value": dice.below(10_000)}),
            1 => json!({"path": "$.ref", "op": "prefix", "value": "refs/heads/release/"}),
            2 => json!({"path": "$.ref", "op": "regex", "value": format!("^refs/heads/team-{}/.*-hotfix$", dice.below(pool))}),
            _ => json!({"path": "$.action", "op": "eq", "value": ACTIONS[dice.below(4)]}),
        });
        let rule = json!({"id": format!("rule-{number:06}"), "provider": "github", "event": NAMES[dice.below(5)], "conditions": conditions});
        writeln!(rules, "{rule}")?;
    }
    std::fs::write(folder.join(format!("rules-{size}.jsonl")), rules)?;
    let filler: Vec<Value> = (0..150)
        .map(|n| json!({"url": format!("https://api.example.com/repos/org/{n}/things"), "id": n, "site_admin": false}))
        .collect();
    let mut events = String::new();
    for _ in 0..EVENTS {
        let payload = json!({
            "action": ACTIONS[dice.below(4)],
            "ref": format!("refs/heads/team-{}/a-hotfix", dice.below(pool)),
            "commits": filler,
            "repository": {"full_name": format!("org/repo-{}", dice.below(pool)), "stars": dice.below(10_000)},
        });
        let event =
            json!({"provider": "github", "event": NAMES[dice.below(5)], "payload": payload});
        writeln!(events, "{event}")?;
    }
    std::fs::write(folder.join(format!("events-{size}.jsonl")), events)?;
    Ok(())
}
