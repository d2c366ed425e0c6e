//! `hookrule test`: what it says of tests that pass and fail, what it writes, and what it counts.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::harness::{Folder, Process, SECRET, github, request, run};

const RULES: &str = "rules:
  - name: big
    when:
      provider: github
      event: push
      conditions:
        - {path: $.size, gte: 10}
        - {path: $.ref, equals: refs/heads/main}
    actions:
      - log: {message: '{{payload.pusher}} pushed {{payload.size}}'}
    tests:
      - name: a big one   # says so
        payload: {size: 12, ref: refs/heads/main, pusher: ann}
        expect: {rendered: {log: {message: ann pushed 12, level: info}}}
      - name: a small one
        payload: {size: 9, ref: refs/heads/main}
        expect: {because: $.size}
";

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The exit code, and what was said on standard output.
#[track_caller]
fn says(folder: &Folder, arguments: &[&str], code: i32) -> String {
    let output = test(folder.path(), arguments);
    let said = text(&output.stdout);
    let whole = format!("{said}{}", text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{whole}");
    said
}

fn test(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = crate::harness::command(&["test"]);
    command.args(arguments).current_dir(folder);
    command.output().unwrap()
}

fn json(folder: &Folder, arguments: &[&str], code: i32) -> Value {
    let arguments = [arguments, &["--format", "json"]].concat();
    serde_json::from_str(&says(folder, &arguments, code)).unwrap()
}

#[test]
fn tests_that_pass_and_tests_that_fail() {
    let folder = Folder::new();
    folder.write("rules/a.yaml", RULES);
    folder.write(
        "rules/a.test.yaml",
        "rule: big\ntests:\n  - {name: elsewhere, payload: {size: 10, ref: refs/heads/dev}, expect: {because: $.ref}}\n",
    );
    assert_eq!(says(&folder, &["rules"], 0), "3 tests: 3 passed\n");
    assert_eq!(says(&folder, &["rules/a.yaml"], 0), "3 tests: 3 passed\n");
    assert_eq!(
        says(&folder, &["rules/a.test.yaml"], 0),
        "1 test: 1 passed\n"
    );
    assert_eq!(
        says(&folder, &["rules", "--filter", "SMALL"], 0),
        "1 test: 1 passed\n"
    );
    // A name that was mistyped must not pass for tests that do.
    let none = ["rules", "--filter", "none", "--filter", "nothing"];
    let output = test(folder.path(), &none);
    assert_eq!(
        (output.status.code(), text(&output.stdout)),
        (Some(2), String::new())
    );
    assert_eq!(
        text(&output.stderr),
        "error: no test and no rule is named like `none` or `nothing`\n"
    );

    folder.write("rules/a.yaml", &RULES.replace("}} pushed", "}} has pushed"));
    let said = says(&folder, &["rules"], 1);
    assert_eq!(
        said,
        "FAIL  big › a big one (rules/a.yaml:12)
  `log` is rendered differently
    message
      - \"ann pushed 12\"
      + \"ann has pushed 12\"

3 tests: 2 passed, 1 failed
"
    );
    let shown = json(&folder, &["rules"], 1);
    assert_eq!(shown["summary"]["failed"], 1);
    let difference = &shown["tests"][0]["failures"][0]["differences"][0];
    assert_eq!(difference["path"], "message");
    assert_eq!(difference["found"], "ann has pushed 12");
    assert_eq!(shown["tests"][1]["outcome"], "passed");
}

#[test]
fn rules_that_cannot_be_read_are_told_and_no_path_is_a_usage_error() {
    let folder = Folder::new();
    folder.write("rules/a.yaml", &RULES.replace("actions", "axtions"));
    let said = says(&folder, &["rules"], 1);
    assert!(said.contains("error[HR0004]: `axtions`"), "{said}");
    assert!(said.ends_with("0 tests: 0 passed\n"), "{said}");
    let output = test(folder.path(), &["nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    let output = test(folder.path(), &[]);
    assert_eq!(output.status.code(), Some(2), "there is no hookrule.yaml");
}

#[test]
fn junit_has_a_suite_for_each_file() {
    let folder = Folder::new();
    folder.write(
        "rules/a.yaml",
        &RULES
            .replace("pushed {{", "<pushed> {{")
            .replace("a small", "a <small>"),
    );
    let xml = says(&folder, &["rules", "--format", "junit"], 1);
    for part in [
        "<testsuites name=\"hookrule\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\">",
        "<testsuite name=\"rules/a.yaml\" tests=\"2\" failures=\"1\"",
        "<testcase classname=\"big\" name=\"a big one\" file=\"rules/a.yaml\" line=\"12\"><failure message=\"`log` is rendered differently\">",
        "&lt;pushed&gt;",
        "name=\"a &lt;small&gt; one\" file=\"rules/a.yaml\" line=\"15\"></testcase>",
    ] {
        assert!(xml.contains(part), "{part}\n{xml}");
    }
    let opened = xml.matches("<testcase").count();
    assert_eq!(opened, xml.matches("</testcase>").count());
}

#[test]
fn coverage_names_what_no_test_saw() {
    let folder = Folder::new();
    folder.write("rules/a.yaml", RULES);
    let said = says(&folder, &["rules", "--coverage"], 0);
    assert_eq!(
        said,
        "coverage
  rules/a.yaml: 80 %
    big: never false: $.ref equals \"refs/heads/main\"
  all: 80 %
2 tests: 2 passed
"
    );
    says(&folder, &["rules", "--coverage-min", "80"], 0);
    let output = test(folder.path(), &["rules", "--coverage-min", "81"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(
        told.contains("the tests see 80 %, and --coverage-min is 81 %"),
        "{told}"
    );
    let shown = json(&folder, &["rules", "--coverage"], 0);
    assert_eq!(shown["coverage"]["files"][0]["rules"][0]["percent"], 80);
}

#[test]
fn update_writes_what_is_rendered_and_nothing_else() {
    let folder = Folder::new();
    let changed = RULES.replace("}} pushed", "}}: pushed");
    let path = folder.write("rules/a.yaml", &changed);
    says(&folder, &["rules", "--update"], 0);
    let written = std::fs::read_to_string(&path).unwrap();
    let wanted = changed.replace("message: ann pushed 12", "message: \"ann: pushed 12\"");
    assert_eq!(written, wanted);

    // So is a text over several lines, and what stands beside it between brackets.
    let changed = RULES
        .replace("'{{payload.pusher}} pushed", "\"{{payload.pusher}}\\npushed")
        .replace("{{payload.size}}'}", "{{payload.size}}\"}")
        .replace(
            "{rendered: {log: {message: ann pushed 12, level: info}}}",
            "\n          rendered:   # as it is told\n            log:\n              message: |-  # who and how much\n                ann pushed\n                13\n              level: info",
        );
    let path = folder.write("rules/a.yaml", &changed);
    says(&folder, &["rules", "--update"], 0);
    let written = std::fs::read_to_string(&path).unwrap();
    let wanted = changed.replace(
        "                ann pushed\n                13",
        "                ann\n                pushed 12",
    );
    assert_eq!(written, wanted);

    // What is not a value that is rendered is left to its author.
    let wrong = RULES
        .replace("because: $.size", "because: $.ref")
        .replace("level: info", "level: info, gone: 1");
    let path = folder.write("rules/a.yaml", &wrong);
    let output = test(folder.path(), &["rules", "--update"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stderr);
    assert!(
        told.contains("rules/a.yaml:12: `gone` is not updated: nothing is rendered there"),
        "{told}"
    );
    assert_eq!(std::fs::read_to_string(&path).unwrap(), wrong);
}

/// A running hookrule that has taken one event, and the event's id.
async fn with_event(folder: &Folder, rules: &str, body: &str) -> (Process, String) {
    let config = format!(
        "listen: 127.0.0.1:0\nstore: data\nrules: [rules]\nsources:\n  hub: {{provider: github, secrets: [{SECRET}]}}\n"
    );
    let config = folder.write("hookrule.yaml", &config);
    folder.write("rules/a.yaml", rules);
    let server = Process::start(&config);
    let body = bytes::Bytes::from(body.to_owned());
    let headers = github("push", "1", &body);
    let (status, _) = request(server.address, "POST", "/webhook/hub", &headers, body).await;
    assert_eq!(status, 202);
    let id = server.event_ids().into_iter().next().unwrap();
    (server, id)
}

const BODY: &str = r#"{"size": 12, "ref": "refs/heads/main", "pusher": "ann@mail.net", "token": "t0ps3cret",
    "commits": [{"author": {"email": "ann@mail.net"}, "ip": "203.0.113.9"}]}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_becomes_a_test_that_passes_and_tells_nothing() {
    let folder = Folder::new();
    let rules = RULES.split("    tests:").next().unwrap();
    let (_server, id) = with_event(&folder, rules, BODY).await;
    says(
        &folder,
        &["add", "--from", &id, "--name", "a push: of ann's"],
        0,
    );
    let tests = std::fs::read_to_string(folder.path().join("rules/a.test.yaml")).unwrap();
    for part in [
        "rule: big",
        "name: \"a push: of ann's\"",
        "event: push",
        "source: hub",
        "person-1@example.com pushed 12",
    ] {
        assert!(tests.contains(part), "{part}\n{tests}");
    }
    let entries = std::fs::read_dir(folder.path().join("rules/payloads")).unwrap();
    let payload = entries.map(|entry| entry.unwrap().path()).next().unwrap();
    let payload = std::fs::read_to_string(payload).unwrap();
    for secret in ["ann@mail.net", "t0ps3cret", "203.0.113.9"] {
        assert!(
            !payload.contains(secret) && !tests.contains(secret),
            "{secret}"
        );
    }
    assert_eq!(payload.matches("person-1@example.com").count(), 2);
    assert_eq!(says(&folder, &[], 0), "1 test: 1 passed\n");

    // The same event again has its test already.
    let output = test(folder.path(), &["add", "--from", &id]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("is there already"));
    let output = test(folder.path(), &["add", "--from", &id, "--rule", "none"]);
    assert!(text(&output.stderr).contains("there is no rule `none`"));
    let none = "evt_01900000000070008000000000000001";
    let output = test(folder.path(), &["add", "--from", none]);
    assert!(text(&output.stderr).contains("there is no event"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_may_take_its_event_from_the_store() {
    let folder = Folder::new();
    let rules = RULES.split("    tests:").next().unwrap();
    let (_server, id) = with_event(&folder, rules, BODY).await;
    let of = |id: &str, size: u32| {
        format!(
            "rule: big\ntests:\n  - name: of the store\n    payload: {{event: {id}}}\n    expect: {{rendered: {{log: {{message: ann@mail.net pushed {size}}}}}}}\n"
        )
    };
    folder.write("rules/b.test.yaml", &of(&id, 12));
    assert_eq!(says(&folder, &[], 0), "1 test: 1 passed\n");
    folder.write("rules/b.test.yaml", &of(&id, 13));
    says(&folder, &[], 1);
    // Elsewhere nobody asks a store, so that nothing goes live or not because of what is in it.
    let checked = run(&[
        "check",
        "--config",
        folder.path().join("hookrule.yaml").to_str().unwrap(),
    ]);
    assert_eq!(checked.status.code(), Some(0), "{}", text(&checked.stdout));
    folder.write(
        "rules/b.test.yaml",
        &of("evt_01900000000070008000000000000001", 12),
    );
    let said = says(&folder, &[], 0);
    assert!(
        said.contains("SKIP  big › of the store") && said.contains("1 skipped"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_has_tests_of_the_events_it_sees() {
    let folder = Folder::new();
    let source = format!("{{provider: github, secrets: [{SECRET}]}}");
    let config = format!(
        "listen: 127.0.0.1:0\nstore: data\nsources: {{acme-hub: {source}, beta-hub: {source}}}\n\
         rules: [{{path: acme, namespace: acme, sources: ['acme-*'], destinations: [], actions: [log]}}]\n"
    );
    let config = folder.write("hookrule.yaml", &config);
    let rules = RULES.split("    tests:").next().unwrap();
    folder.write("acme/team/a.yaml", rules);
    let server = Process::start(&config);
    let mut ids = Vec::new();
    for source in ["acme-hub", "beta-hub"] {
        let body = bytes::Bytes::from(BODY);
        let headers = github("push", source, &body);
        let path = format!("/webhook/{source}");
        let (status, _) = request(server.address, "POST", &path, &headers, body).await;
        assert_eq!(status, 202);
        let new = server.event_ids().into_iter().find(|id| !ids.contains(id));
        ids.extend(new);
    }
    let [seen, unseen] = ids.as_slice() else {
        panic!("{ids:?}")
    };

    says(&folder, &["add", "--from", seen, "--rule", "acme/big"], 0);
    let tests = std::fs::read_to_string(folder.path().join("acme/team/a.test.yaml")).unwrap();
    assert!(tests.contains("rule: big\n"), "{tests}");
    let payloads = || std::fs::read_dir(folder.path().join("acme/team/payloads")).unwrap();
    assert_eq!(payloads().count(), 1);
    assert_eq!(says(&folder, &[], 0), "1 test: 1 passed\n");

    // What its rules cannot receive does not get into its folder, nor into its tests.
    let output = test(
        folder.path(),
        &["add", "--from", unseen, "--rule", "acme/big"],
    );
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        text(&output.stderr),
        "error: `acme/big` is in the namespace `acme`, which does not see the source `beta-hub` of \
         this event\n"
    );
    assert_eq!(payloads().count(), 1);
    let of = |id: &str| {
        format!(
            "rule: big\ntests: [{{name: stored, payload: {{event: {id}}}, expect: {{matched: true}}}}]\n"
        )
    };
    folder.write("acme/team/a.test.yaml", &of(seen));
    assert_eq!(says(&folder, &[], 0), "1 test: 1 passed\n");
    folder.write("acme/team/a.test.yaml", &of(unseen));
    let said = says(&folder, &[], 1);
    assert!(
        said.contains("error[HR0112]: the namespace `acme` does not see the source of this event"),
        "{said}"
    );
    assert!(said.contains("UNREADABLE  acme/big › stored"), "{said}");
}
