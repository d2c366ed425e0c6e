//! Saved files go live; bad ones never replace good ones.

use bytes::Bytes;

use crate::harness::{Folder, Process, SECRET, Target, github, request};

fn rule(name: &str, path: &str) -> String {
    format!(
        "rules:\n  - name: {name}\n    when: {{event: push}}\n    actions: [{{http: {{destination: sink, path: /{path}, body: x}}}}]\n"
    )
}

async fn push(server: &Process, delivery: &str) {
    let body = Bytes::from_static(b"{}");
    let headers = github("push", delivery, &body);
    assert_eq!(
        request(server.address, "POST", "/webhook/github", &headers, body)
            .await
            .0,
        202
    );
}

fn configuration(target: &Target, sources: &str) -> String {
    format!(
        "listen: 127.0.0.1:0\nsources: {{{sources}}}\ndestinations:\n  sink: {{http: {{url: \"{}\"}}, allow_private: true}}\n",
        target.url("")
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_rule_is_live_and_a_bad_one_is_not() {
    let target = Target::start().await;
    let folder = Folder::new();
    let github = format!("github: {{provider: github, secrets: [{SECRET}]}}");
    let config = folder.write("hookrule.yaml", &configuration(&target, &github));
    folder.write("rules/a.yaml", &rule("first", "first"));
    let server = Process::start(&config);
    push(&server, "1").await;
    assert_eq!(target.wait_for(1).await[0].path, "/first");

    folder.write("rules/a.yaml", &rule("second", "second"));
    server.wait_for_log("revision 2");
    push(&server, "2").await;
    assert_eq!(target.wait_for(2).await[1].path, "/second");

    // One bad file keeps its last good version; the other goes live.
    folder.write(
        "rules/a.yaml",
        "rules:\n  - name: broken\n    when: {evnt: push}\n",
    );
    folder.write("rules/b.yaml", &rule("third", "third"));
    server.wait_for_log("stale");
    server.wait_for_log("revision 3");
    push(&server, "3").await;
    let mut paths: Vec<_> = target.wait_for(4).await[2..]
        .iter()
        .map(|r| r.path.clone())
        .collect();
    paths.sort();
    assert_eq!(paths, ["/second", "/third"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broken_file_of_tests_keeps_its_rules_as_they_were() {
    let target = Target::start().await;
    let folder = Folder::new();
    let github = format!("github: {{provider: github, secrets: [{SECRET}]}}");
    let config = folder.write("hookrule.yaml", &configuration(&target, &github));
    folder.write("rules/a.yaml", &rule("first", "first"));
    let tests = |of: &str| {
        format!("rule: {of}\ntests: [{{event: push, payload: {{}}, expect: {{matched: true}}}}]\n")
    };
    folder.write("rules/a.test.yaml", &tests("first"));
    let server = Process::start(&config);

    // Neither a test that nobody can read nor one that fails lets the rules beside it go live.
    folder.write("rules/a.test.yaml", "rule: second\ntests: 5\n");
    server.wait_for_log("HR0006");
    folder.write("rules/a.yaml", &rule("second", "second"));
    folder.write("rules/b.yaml", &rule("third", "third"));
    server.wait_for_log("revision 2");
    push(&server, "1").await;
    let paths = |received: &[crate::harness::Received]| {
        let mut paths: Vec<_> = received.iter().map(|r| r.path.clone()).collect();
        paths.sort();
        paths
    };
    assert_eq!(paths(&target.wait_for(2).await), ["/first", "/third"]);
    folder.write(
        "rules/a.test.yaml",
        &tests("second").replace("true", "false"),
    );
    server.wait_for_log("HR0701");
    push(&server, "2").await;
    assert_eq!(paths(&target.wait_for(4).await[2..]), ["/first", "/third"]);

    folder.write("rules/a.test.yaml", &tests("second"));
    server.wait_for_log("revision 3");
    push(&server, "3").await;
    assert_eq!(paths(&target.wait_for(6).await[4..]), ["/second", "/third"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_source_is_live_and_a_bad_configuration_changes_nothing() {
    let target = Target::start().await;
    let folder = Folder::new();
    let github = format!("github: {{provider: github, secrets: [{SECRET}]}}");
    let config = folder.write("hookrule.yaml", &configuration(&target, &github));
    folder.write("rules/a.yaml", &rule("first", "first"));
    let server = Process::start(&config);

    folder.write(
        "hookrule.yaml",
        &configuration(&target, &format!("{github}, broken: {{provider: nobody}}")),
    );
    server.wait_for_log("HR0104");
    push(&server, "1").await;
    target.wait_for(1).await;

    folder.write(
        "hookrule.yaml",
        &configuration(
            &target,
            &format!("{github}, second: {{provider: github, secrets: [{SECRET}]}}"),
        ),
    );
    server.wait_for_log("revision 2");
    let body = Bytes::from_static(b"{}");
    let headers = crate::harness::github("push", "2", &body);
    assert_eq!(
        request(server.address, "POST", "/webhook/second", &headers, body)
            .await
            .0,
        202
    );
}

/// Pushes with a name in the body.
async fn push_by(server: &Process, delivery: &str, who: &str) {
    let body = Bytes::from(format!("{{\"who\":\"{who}\"}}"));
    let headers = github("push", delivery, &body);
    let answer = request(server.address, "POST", "/webhook/github", &headers, body).await;
    assert_eq!(answer.0, 202);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_list_and_a_saved_template_are_live() {
    let target = Target::start().await;
    let folder = Folder::new();
    let github = format!("github: {{provider: github, secrets: [{SECRET}]}}");
    let config = configuration(&target, &github);
    // The rules are one file: what lies beside it is watched all the same.
    let config = folder.write("hookrule.yaml", &format!("{config}rules: [rules/a.yaml]\n"));
    folder.write(
        "rules/_shared.yaml",
        "templates: {path: '/first/{{payload.who}}'}\n",
    );
    folder.write("rules/lists/vips.txt", "ann\n");
    folder.write(
        "rules/a.yaml",
        "lists: {vips: lists/vips.txt}
rules:
  - name: vips
    when: {event: push, conditions: [{path: $.who, in: {list: vips}}]}
    actions: [{http: {destination: sink, path: '{{> path}}'}}]
",
    );
    let server = Process::start(&config);
    push_by(&server, "1", "bob").await;
    push_by(&server, "2", "ann").await;
    assert_eq!(target.wait_for(1).await[0].path, "/first/ann");

    folder.write("rules/lists/vips.txt", "bob # new\n");
    server.wait_for_log("revision 2");
    push_by(&server, "3", "ann").await;
    push_by(&server, "4", "bob").await;
    assert_eq!(target.wait_for(2).await[1].path, "/first/bob");

    folder.write(
        "rules/_shared.yaml",
        "templates: {path: '/second/{{payload.who}}'}\n",
    );
    server.wait_for_log("revision 3");
    push_by(&server, "5", "bob").await;
    assert_eq!(target.wait_for(3).await[2].path, "/second/bob");

    // A list that cannot be read changes nothing, and is said.
    std::fs::remove_file(folder.path().join("rules/lists/vips.txt")).unwrap();
    server.wait_for_log("the list `lists/vips.txt` cannot be read");
    push_by(&server, "6", "bob").await;
    assert_eq!(target.wait_for(4).await[3].path, "/second/bob");
}
