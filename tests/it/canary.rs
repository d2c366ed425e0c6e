//! Our credentials stay where they belong: none is found in the store, in logs at their most
//! talkative, in what commands show, or among the metrics, whatever others answer.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::harness::process::command;
use crate::harness::raw::get;
use crate::harness::{Answer, Folder, Process, Received, Target, request, signed};

/// Environment variables with a credential each. All are looked for, as they are and in other spellings.
const CREDENTIALS: &[(&str, &str)] = &[
    ("C_GITHUB", "canary-github-5e1c0aa1f07d"),
    ("C_GITLAB", "canary-gitlab-93b7d2e4460c"),
    ("C_NOTION", "ntn_canary-notion-d4aa81c3b2f9"),
    ("C_AGENT", "canary-agent-0c77e9d1ba35"),
    ("C_QUERY", "canary-query-8841cafe02bd"),
    ("C_HEADER", "canary-header-6b1f3359e8d0"),
    ("C_KEY", "canary-key-f2094b6ce7a8"),
    ("C_PROGRAM", "canary-program-27d8a0b91e46"),
];
/// The token in Discord's URL.
const DISCORD: &str = "canary-discord-aa07b5c2d9e3";
/// What `whsec_` stands before, in base64.
const SIGNING: &str = "canary-signing-key-71c5f9e0";
/// In a file.
const FILED: &str = "canary-stripe-b80d64f1c2a7";
/// In a payload, under a key that says so: stored as it came, and masked where it is shown.
const IN_PAYLOAD: &str = "canary-payload-3f92d7a6c0b1";

const RULES: &str = "rules:
  - name: everything
    when: {event: push}
    actions:
      - {name: told, discord: {destination: chat, content: pushed}}
      - {name: sent, http: {destination: web, path: /events, body: {number: '{{payload.number}}'}}}
      - {name: next, http: {destination: web, path: /next, body: {said: '{{actions.sent.text}}', head: '{{json actions.sent.headers}}'}}}
      - {name: passed, forward: {destination: web}}
      - {name: page, notion_page: {database: 248104cd477e80fdb757e945d38000bd, destination: books, properties: {Name: x}}}
      - {name: asked, agent_task: {destination: helper, message: Look., data: {ref: '{{payload.number}}'}}}
      - {name: ran, command: {destination: program}}
";
/// Actions that are tried at once, and one that follows.
const ACTIONS: usize = 7;

fn configuration(target: &Target, store: &str) -> String {
    let url = target.url("");
    format!(
        "listen: 127.0.0.1:0
admin: {{listen: 127.0.0.1:0}}
store: {store}
sources:
  github: {{provider: github, secrets: ['${{env:C_GITHUB}}']}}
  gitlab: {{provider: gitlab, scheme: token, secrets: ['${{env:C_GITLAB}}']}}
  stripe: {{provider: stripe, secrets: ['${{file:stripe.secret}}']}}
destinations:
  chat: {{discord: {{url: '${{env:C_DISCORD}}'}}, allow_private: true, retry: {{schedule: []}}}}
  books: {{notion: {{token: '${{env:C_NOTION}}', url: '{url}'}}, allow_private: true, rate: 100/1s, retry: {{schedule: []}}}}
  helper: {{agent: {{openclaw: {{url: '{url}', token: '${{env:C_AGENT}}'}}}}, allow_private: true, retry: {{schedule: []}}}}
  web:
    http:
      url: '{url}/in?token=${{env:C_QUERY}}'
      headers: {{Authorization: 'Bearer ${{env:C_HEADER}}', X-Api-Key: '${{env:C_KEY}}'}}
      sign: {{standard: '${{env:C_SIGN}}'}}
    allow_private: true
    retry: {{schedule: []}}
  program:
    command: {{argv: [/bin/sh, -c, 'env; env >&2; exit $CODE'], env: {{CODE: '${{env:CODE}}', SECRET: '${{env:C_PROGRAM}}'}}}}
    retry: {{schedule: []}}
"
    )
}

/// Answers that repeat all they were sent. `status` 0 hangs up, 200 is what each service would say.
fn echo(request: &Received, status: u16) -> Answer {
    let said = format!("{} {} {:?}", request.method, request.path, request.headers);
    let repeated = vec![
        (
            "x-said",
            request.header("authorization").unwrap_or("-").to_owned(),
        ),
        (
            "location",
            format!("http://elsewhere.example{}", request.path),
        ),
    ];
    let body = match request.path.as_str() {
        "/v1/databases/248104cd477e80fdb757e945d38000bd" => {
            json!({"object": "database", "data_sources": [{"id": "ds-1", "name": said}]})
        }
        "/v1/data_sources/ds-1" => json!({"object": "data_source", "properties": {
            "Name": {"id": "title", "name": "Name", "type": "title", "title": {}}}, "said": said}),
        _ => json!({"object": "page", "id": "1100", "ok": true, "runId": said,
            "url": format!("https://notion.example{}", request.path),
            "message": said, "code": said, "error": {"message": said}}),
    };
    match status {
        0 => Answer::HangUp,
        status => Answer::With(status, repeated, body.to_string()),
    }
}

struct Canary {
    folder: Folder,
    target: Target,
    status: Arc<AtomicU16>,
    /// Everything that was said and shown, with where.
    seen: Vec<(String, String)>,
}

impl Canary {
    async fn new() -> Self {
        let target = Target::start().await;
        let status = Arc::new(AtomicU16::new(200));
        target.otherwise({
            let status = Arc::clone(&status);
            move |request| echo(request, status.load(Ordering::Relaxed))
        });
        let folder = Folder::new();
        folder.write("stripe.secret", FILED);
        folder.write("rules/all.yaml", RULES);
        Self {
            folder,
            target,
            status,
            seen: Vec::new(),
        }
    }

    fn start(&self, store: &str, discord: &str, code: &str) -> Process {
        let text = configuration(&self.target, store);
        let config = self.folder.write("hookrule.yaml", &text);
        let signing = format!("whsec_{}", base64(SIGNING));
        let mut environment = CREDENTIALS.to_vec();
        environment.extend([
            ("C_DISCORD", discord),
            ("C_SIGN", signing.as_str()),
            ("CODE", code),
            ("HOOKRULE_LOG", "trace"),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "full"),
        ]);
        Process::start_with(&config, &environment)
    }

    /// One push, carried out by destinations that answer like this; then everything is looked at.
    async fn round(&mut self, name: &str, status: u16, attempts: usize) {
        self.status.store(status, Ordering::Relaxed);
        let path = format!("/api/webhooks/1/{DISCORD}");
        let discord = match status {
            // Nobody listens there: what cannot be reached must not be named in full.
            0 => format!("http://127.0.0.1:1{path}"),
            _ => self.target.url(&path),
        };
        let code = if status == 200 { "0" } else { "1" };
        let mut server = self.start(name, &discord, code);
        push(&server, name).await;
        server.wait_for_logs("attempt ended", attempts);
        let metrics = get(server.admin(), "/metrics").await;
        self.saw(&format!("{name}: metrics"), metrics.0.as_bytes());
        let ready = get(server.admin(), "/readyz").await;
        self.saw(&format!("{name}: readyz"), ready.0.as_bytes());
        self.look(name, &server);
        server.stop();
        self.saw(&format!("{name}: log"), server.log().join("\n").as_bytes());
        self.read_store(name, &self.folder.path().join(name));
    }

    fn saw(&mut self, place: &str, what: &[u8]) {
        let what = String::from_utf8_lossy(what).into_owned();
        self.seen.push((place.to_owned(), what));
    }

    fn show(&mut self, name: &str, server: &Process, arguments: &[&str]) -> Output {
        let output = server.ask(arguments);
        let shown = [output.stdout.clone(), output.stderr.clone()].concat();
        self.saw(&format!("{name}: {}", arguments.join(" ")), &shown);
        output
    }

    /// Every command that shows something, in both its forms.
    fn look(&mut self, name: &str, server: &Process) {
        for (list, show) in [
            (&["events", "list"][..], &["events", "show", "--body"][..]),
            (&["jobs", "list"], &["jobs", "show"]),
            (&["dead", "list"], &["jobs", "show"]),
        ] {
            self.show(name, server, list);
            let listed = self.show(name, server, &[list, &["--format", "json"]].concat());
            let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
            for item in listed {
                let id = item["id"].as_str().unwrap();
                self.show(name, server, &[show, &[id]].concat());
                self.show(name, server, &[show, &[id, "--format", "json"]].concat());
            }
        }
        for arguments in [
            &["rules", "list"][..],
            &["check"],
            &["check", "--format", "json"],
        ] {
            self.show(name, server, arguments);
        }
    }

    fn read_store(&mut self, name: &str, folder: &Path) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // What a payload holds is stored as it came, and looked for in all that is shown.
            if let Ok(bytes) = std::fs::read(&path) {
                let text = String::from_utf8_lossy(&bytes).replace(IN_PAYLOAD, "");
                self.saw(&format!("{name}: {}", path.display()), text.as_bytes());
            }
        }
    }

    /// Each place where something is found, with what was found there.
    fn hits(&self) -> BTreeSet<String> {
        let mut needles: Vec<String> = CREDENTIALS.iter().map(|(_, v)| (*v).to_owned()).collect();
        needles.extend([DISCORD, SIGNING, FILED, IN_PAYLOAD].map(str::to_owned));
        let spellings: Vec<(String, String)> = needles
            .into_iter()
            .flat_map(|needle| {
                let unpadded = base64(&needle).trim_end_matches('=').to_owned();
                let hex = hex::encode(&needle);
                let core = needle.trim_start_matches("ntn_").to_owned();
                [core, unpadded, hex].map(|spelling| (needle.clone(), spelling))
            })
            .collect();
        let mut hits = BTreeSet::new();
        for (place, text) in &self.seen {
            for (needle, spelling) in &spellings {
                if let Some((before, _)) = text.split_once(spelling) {
                    let around = before.floor_char_boundary(before.len().saturating_sub(60));
                    hits.insert(format!("{needle} in {place}: …{}", &before[around..]));
                }
            }
        }
        hits
    }
}

fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}

/// From GitHub with a signature, from GitLab with the token itself, from Stripe; and forgeries.
async fn push(server: &Process, name: &str) {
    let body = json!({"number": 7, "password": IN_PAYLOAD, "deep": [{"api_key": IN_PAYLOAD}]});
    let body = Bytes::from(body.to_string());
    let secret = CREDENTIALS[0].1;
    let json_type = "application/json";
    let headers = signed("github", secret, Some("push"), name, json_type, &body);
    let post = async |source: &str, headers: &[(String, String)], body: &Bytes| {
        let path = format!("/webhook/{source}");
        request(server.address, "POST", &path, headers, body.clone())
            .await
            .0
    };
    assert_eq!(post("github", &headers, &body).await, 202);
    let token = |value: &str| {
        vec![
            ("content-type".to_owned(), json_type.to_owned()),
            ("x-gitlab-event".to_owned(), "Note Hook".to_owned()),
            ("x-gitlab-event-uuid".to_owned(), format!("uuid-{name}")),
            ("x-gitlab-token".to_owned(), value.to_owned()),
        ]
    };
    let note = Bytes::from_static(b"{\"object_kind\":\"note\",\"event_name\":\"note\"}");
    assert_eq!(post("gitlab", &token(CREDENTIALS[1].1), &note).await, 202);
    // A right token that came to the wrong place is a token all the same.
    assert_eq!(post("stripe", &token(CREDENTIALS[1].1), &note).await, 401);
    let nearly = format!("{}x", CREDENTIALS[1].1);
    assert_eq!(post("gitlab", &token(&nearly), &note).await, 401);
    let invoice = Bytes::from(format!(
        "{{\"id\":\"evt_{name}\",\"type\":\"invoice.paid\"}}"
    ));
    let headers = signed("stripe", FILED, None, name, json_type, &invoice);
    assert_eq!(post("stripe", &headers, &invoice).await, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_credential_is_stored_logged_or_shown() {
    let mut canary = Canary::new().await;
    canary.round("done", 200, ACTIONS).await;
    // The follower of one that fails is never tried.
    for (name, status) in [
        ("unauthorised", 401),
        ("gone-elsewhere", 302),
        ("unknown", 404),
        ("limited", 409),
        ("failing", 500),
        ("unreachable", 0),
    ] {
        canary.round(name, status, ACTIONS - 1).await;
    }
    let places = canary.seen.len();
    let bytes: usize = canary.seen.iter().map(|(_, text)| text.len()).sum();
    let hits = canary.hits();
    println!(
        "{{\"test\":\"H12\",\"places\":{places},\"bytes\":{bytes},\"hits\":{}}}",
        hits.len()
    );
    let hits: Vec<_> = hits.into_iter().collect();
    assert!(hits.is_empty(), "{}", hits.join("\n"));
    // The target did see them, or nothing would have been shown.
    let sent = format!("{:?}", canary.target.received());
    for credential in ["C_NOTION", "C_AGENT", "C_QUERY", "C_HEADER", "C_KEY"] {
        let (_, value) = CREDENTIALS
            .iter()
            .find(|(name, _)| *name == credential)
            .unwrap();
        assert!(sent.contains(value), "{credential} was never used");
    }
    assert!(sent.contains(DISCORD));
}

/// Keys with a credential where none belongs; each must be an error. Paths are not among them: one that
/// cannot be read is named.
const MISPLACED: &[&str] = &[
    "listen: '${env:C_KEY}'",
    "admin: {listen: '${env:C_KEY}'}",
    "sources: {a: {provider: '${env:C_KEY}', secrets: [0123456789abcdef]}}",
    "sources: {a: {provider: github, secrets: [0123456789abcdef], verify: '${env:C_KEY}'}}",
    "sources: {a: {provider: github, secrets: [0123456789abcdef], body_max: '${env:C_KEY}'}}",
    "sources: {a: {provider: github, secrets: [0123456789abcdef], allow_from: ['${env:C_KEY}']}}",
    "sources: {a: {provider: github, secrets: [0123456789abcdef], dedupe: '${env:C_KEY}'}}",
    "sources: {a: {provider: gitlab, secrets: [0123456789abcdef], scheme: '${env:C_KEY}'}}",
    "sources: {a: {provider: standard-webhooks, secrets: ['whsec_${env:C_KEY}']}}",
    "destinations: {a: {http: {url: '${env:C_KEY}'}}}",
    "destinations: {a: {http: {url: 'http://127.0.0.1/${env:C_KEY}'}}}",
    "destinations: {a: {discord: {url: 'ftp://h/${env:C_KEY}'}}}",
    "destinations: {a: {http: {url: 'https://${env:C_KEY}@h.example/'}}}",
    "destinations: {a: {http: {url: 'https://h.example', sign: {standard: '${env:C_KEY}'}}}}",
    "destinations: {a: {http: {url: 'https://h.example', headers: {a: \"${env:C_KEY}\\n\"}}}}",
    "destinations: {a: {http: {url: 'https://h.example'}, concurrency: '${env:C_KEY}'}}",
    "destinations: {a: {http: {url: 'https://h.example'}, rate: '${env:C_KEY}'}}",
    "destinations: {a: {http: {url: 'https://h.example'}, timeout: '${env:C_KEY}'}}",
    "destinations: {a: {http: {url: 'https://h.example'}, in_doubt: '${env:C_KEY}'}}",
    "destinations: {a: {http: {url: 'https://h.example'}, retry: {schedule: ['${env:C_KEY}']}}}",
    "destinations: {a: {http: {url: 'https://h.example'}, retry_on: ['${env:C_KEY}']}}",
    "destinations: {a: {notion: {token: x, version: '${env:C_KEY}'}}}",
    "destinations: {a: {command: {argv: [x], args_match: '(${env:C_KEY}'}}}",
    "policy: {lease: '${env:C_KEY}'}",
    "policy: {bodies_max: '${env:C_KEY}'}",
];

#[test]
fn no_credential_is_repeated_by_an_error() {
    let (name, value) = *CREDENTIALS
        .iter()
        .find(|(name, _)| *name == "C_KEY")
        .unwrap();
    let mut faults = Vec::new();
    for misplaced in MISPLACED {
        let folder = Folder::new();
        folder.write("rules/none.yaml", "rules: []\n");
        let config = folder.write("hookrule.yaml", &format!("{misplaced}\n"));
        for arguments in [
            &["check"][..],
            &["check", "--format", "json"],
            &["serve"],
            &["serve", "--log-format", "json", "--log", "trace"],
        ] {
            let output = command(arguments)
                .arg("--config")
                .arg(&config)
                .env(name, value)
                .output()
                .unwrap();
            let shown = [output.stdout, output.stderr].concat();
            let text = String::from_utf8_lossy(&shown);
            if output.status.success() || text.contains(value) {
                faults.push(format!("{misplaced}: {arguments:?}: {text}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
