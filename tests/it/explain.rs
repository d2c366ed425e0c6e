//! Why did this not fire: answered from what is stored, without reading code.

use bytes::Bytes;
use serde_json::Value;

use crate::harness::{Folder, Process, SECRET, github, request, run};

const RULES: &str = "rules:
  - name: main-pushed
    when:
      provider: github
      event: push
      conditions:
        - {path: $.ref, equals: refs/heads/main}
        - any:
            - {path: $.forced, equals: true}
            - {path: $.commits, as: length, gte: 1}
    vars:
      who: {jq: '.pusher.name | ascii_upcase'}
    actions:
      - log: {message: '{{payload.ref}} by {{vars.who}}'}
      - {name: loud, conditions: [{path: $.loud, equals: true}], log: {message: x}}
      - {name: broken, log: {message: '{{payload.none}}'}}
  - name: release-pushed
    when: {provider: github, event: push, conditions: [{path: $.ref, starts_with: refs/tags/}, {path: $.deleted, equals: false}]}
    actions: [{log: {message: m}}]
  - name: right-password
    when: {provider: github, conditions: [{path: $.pusher.password, equals: other}]}
    actions: [{log: {message: m}}]
  - name: reviews
    when: {provider: github, event: 'pull_request.*'}
    actions: [{log: {message: m}}]
  - name: resting
    enabled: false
    when: {provider: github}
    actions: [{log: {message: m}}]
  - name: payments
    when: {provider: stripe}
    actions: [{log: {message: m}}]
  - name: the-rest
    when: {unmatched: true}
    actions: [{log: {message: m}}]
";

const BODY: &str = r#"{"ref":"refs/heads/main","commits":[{"id":1}],"loud":false,"pusher":{"name":"Ann","password":"hunter2"}}"#;

fn configured() -> (Folder, std::path::PathBuf) {
    let folder = Folder::new();
    folder.write("rules/a.yaml", RULES);
    let config = format!(
        "listen: 127.0.0.1:0\nsources:\n  github: {{provider: github, secrets: [{SECRET}]}}\n"
    );
    let config = folder.write("hookrule.yaml", &config);
    (folder, config)
}

async fn accepted(server: &Process) -> String {
    let body = Bytes::from_static(BODY.as_bytes());
    let headers = github("push", "1", &body);
    let answer = request(server.address, "POST", "/webhook/github", &headers, body).await;
    assert_eq!(answer.0, 202, "{answer:?}");
    let answer: Value = serde_json::from_slice(&answer.1).unwrap();
    answer["event_id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn text(output: &std::process::Output) -> String {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn json(output: &std::process::Output) -> Value {
    serde_json::from_str(&text(output)).expect("JSON")
}

#[track_caller]
fn refused(output: &std::process::Output, why: &str) {
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains(why), "{error}");
}

fn of<'e>(explanation: &'e Value, rule: &str) -> &'e Value {
    let rules = explanation["rules"].as_array().unwrap();
    let found = rules.iter().find(|why| why["rule"] == rule);
    found.unwrap_or_else(|| panic!("no {rule} in {explanation:#}"))
}

/// What must be said of the event above by the rules above.
fn says_why(explanation: &Value) {
    assert_eq!(explanation["names"][0], "push");
    let main = of(explanation, "main-pushed");
    assert_eq!(main["matched"], true, "{main:#}");
    assert!(main["file"].as_str().unwrap().ends_with("rules/a.yaml"));
    assert_eq!(main["line"], 2);
    assert_eq!(
        main["looked"][0]["written"],
        "$.ref equals \"refs/heads/main\""
    );
    assert_eq!(main["looked"][1]["inside"][1]["held"], true);
    assert_eq!(main["passed_over"][0]["action"], "loud");
    assert_eq!(main["passed_over"][0]["seen"], false);
    let actions = main["actions"].as_array().unwrap();
    assert_eq!(actions[0]["state"], "ready");
    assert!(
        actions[0]["rendered"]
            .to_string()
            .contains("refs/heads/main by ANN")
    );
    assert_eq!(actions[1]["state"], "dead");
    assert!(
        actions[1]["reason"]
            .as_str()
            .unwrap()
            .contains("payload.none")
    );

    let release = of(explanation, "release-pushed");
    assert_eq!(release["matched"], false);
    assert_eq!(release["because"], "$.ref");
    assert_eq!(release["seen"], "refs/heads/main");
    assert_eq!(release["looked"][0]["held"], false);

    let hidden = of(explanation, "right-password");
    assert_eq!(
        (&hidden["matched"], &hidden["seen"]),
        (&false.into(), &"***".into())
    );
    for (rule, why) in [
        (
            "reviews",
            "the event is push, the rule is about pull_request.*",
        ),
        ("resting", "it is not enabled"),
        (
            "payments",
            "the event is from github, the rule is about stripe",
        ),
        (
            "the-rest",
            "it takes what no other rule matched, and `main-pushed` matched",
        ),
    ] {
        assert_eq!(of(explanation, rule)["why_not"], why);
    }
    assert!(!explanation.to_string().contains("hunter2"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stored_event_is_judged_by_the_rules_of_its_time() {
    let (folder, config) = configured();
    let mut server = Process::start(&config);
    let id = accepted(&server).await;
    let explanation = json(&server.ask(&["explain", &id, "--format", "json"]));
    assert_eq!(explanation["event"], id.as_str());
    assert_eq!(explanation["of_its_time"], true);
    says_why(&explanation);

    folder.write(
        "rules/a.yaml",
        &RULES.replace("refs/heads/main", "refs/heads/trunk"),
    );
    server.wait_for_log("revision 2");
    let again = json(&server.ask(&["explain", &id, "--format", "json"]));
    assert_eq!(again, explanation);
    let now = json(&server.ask(&[
        "explain",
        &id,
        "--now",
        "--rule",
        "main-pushed",
        "--format",
        "json",
    ]));
    assert_eq!(now["of_its_time"], false);
    assert_eq!(now["rules"].as_array().unwrap().len(), 1);
    assert_eq!(of(&now, "main-pushed")["because"], "$.ref");

    refused(
        &server.ask(&["explain", "evt_00000000000000000000000000000000"]),
        "there is no event evt_0000",
    );
    refused(
        &server.ask(&["explain", &id, "--rule", "main-pushd"]),
        "did you mean `main-pushed`",
    );
    assert!(server.stop().success());
    let direct = json(&server.ask(&["explain", &id, "--format", "json"]));
    assert_eq!(direct, explanation);
    let now = text(&server.ask(&["explain", &id, "--now"]));
    assert!(now.contains("judged by today's rules"), "{now}");
}

#[test]
fn a_rule_in_shadow_says_that_it_does_nothing() {
    let (folder, config) = configured();
    let shadow =
        "rules: [{name: trial, mode: shadow, when: {event: push}, actions: [{log: {message: m}}]}]";
    folder.write("rules/b.yaml", shadow);
    let file = folder.write("push.json", BODY);
    let asked = [
        "explain",
        file.to_str().unwrap(),
        "--provider",
        "github",
        "--event",
        "push",
    ];
    let more = ["--rule", "trial", "--config", config.to_str().unwrap()];
    let asked = [&asked[..], &more[..]].concat();
    let shown = text(&run(&asked));
    assert!(
        shown.contains("never performed") && shown.contains("  shadow log"),
        "{shown}"
    );
    assert!(!shown.contains("ready"), "{shown}");
    let explanation = json(&run(&[&asked[..], &["--format", "json"]].concat()));
    assert_eq!(of(&explanation, "trial")["actions"][0]["state"], "shadow");
}

#[test]
fn a_namespace_that_does_not_see_the_source_says_so() {
    let (folder, config) = configured();
    folder.write(
        "rules-acme/a.yaml",
        "rules: [{name: r, when: {event: push}, actions: [{log: {message: m}}]}]",
    );
    let text = std::fs::read_to_string(&config).unwrap();
    let roots = "rules: [rules, {path: rules-acme, namespace: acme, sources: [acme-*, shop], destinations: [], actions: [log]}]";
    std::fs::write(&config, format!("{text}{roots}\n")).unwrap();
    let file = folder.write("push.json", BODY);
    let asked = [
        "explain",
        file.to_str().unwrap(),
        "--provider",
        "github",
        "--event",
        "push",
    ];
    let more = ["--format", "json", "--config", config.to_str().unwrap()];
    let explanation = json(&run(&[&asked[..], &more[..]].concat()));
    assert_eq!(
        of(&explanation, "acme/r")["why_not"],
        "the event came in by github, the namespace acme sees acme-*, shop"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_explained_as_if_it_came_in() {
    let (folder, config) = configured();
    let config = config.to_str().unwrap();
    let file = folder.write("push.json", BODY);
    let file = file.to_str().unwrap();
    let ask = |more: &[&str]| {
        let first = ["explain", file, "--config", config];
        run(&[&first, more].concat())
    };
    let header = ["--provider", "github", "--header", "X-GitHub-Event: push"];
    says_why(&json(&ask(&[&header[..], &["--format", "json"]].concat())));

    let shown = text(&ask(&header));
    for line in [
        "an event that never came in: push from github (github)",
        "matched  main-pushed (",
        "  holds  $.ref equals \"refs/heads/main\", there is \"refs/heads/main\"",
        "    fails  $.forced equals true, nothing is there",
        "  not loud: `$.loud` does not hold, there is false",
        "  ready log",
        "rules/a.yaml:17)",
        "  because `$.ref` does not hold",
        "  reviews: the event is push, the rule is about pull_request.*",
        "  resting: it is not enabled",
    ] {
        assert!(shown.contains(line), "{line}\n{shown}");
    }
    assert!(!shown.contains("hunter2"), "{shown}");

    let named = json(&ask(&[
        "--provider",
        "github",
        "--event",
        "pull_request.opened",
        "--format",
        "json",
    ]));
    assert_eq!(of(&named, "reviews")["matched"], true);
    let unnamed = text(&ask(&["--provider", "github"]));
    assert!(
        unnamed.contains("neither its body nor its headers say"),
        "{unnamed}"
    );

    refused(&ask(&[]), "--provider NAME");
    refused(
        &ask(&["--provider", "gitbub"]),
        "there is no provider `gitbub`",
    );
    refused(
        &ask(&["--provider", "github", "--header", "push"]),
        "X-GitHub-Event: push",
    );
    let missing = run(&["explain", "nothing.json", "--config", config]);
    refused(&missing, "there is no code `nothing.json`");
}

#[test]
fn too_little_proof_is_told_as_the_reason() {
    let folder = Folder::new();
    let config = folder.write(
        "hookrule.yaml",
        "store: memory\nsources: {mail: {provider: mailgun, secrets: [a-secret-for-tests-only]}}\n",
    );
    folder.write(
        "rules/a.yaml",
        "rules:\n  - {name: sealed, when: {event: delivered, proof: signed}, actions: [{log: {message: m}}]}\n",
    );
    let file = folder.write("sent.json", r#"{"event-data": {"event": "delivered"}}"#);
    let (config, file) = (config.to_str().unwrap(), file.to_str().unwrap());
    let ask = |more: &[&str]| {
        let first = [
            "explain",
            file,
            "--config",
            config,
            "--provider",
            "mailgun",
            "--event",
            "delivered",
        ];
        text(&run(&[&first, more].concat()))
    };
    for (more, told) in [
        (
            &[][..],
            "because the event is authenticated, the rule asks for signed",
        ),
        (
            &["--proof", "unsigned"],
            "because the event is unsigned, the rule asks for signed",
        ),
        (&["--proof", "signed"], "matched  sealed ("),
    ] {
        let shown = ask(more);
        assert!(shown.contains(told), "{told}\n{shown}");
    }
    let rules = text(&run(&["rules", "list", "--config", config]));
    assert!(rules.contains("event delivered; proof signed"), "{rules}");
}
