//! Namespaces, labels and includes: what a customer's rules reach, and what they do not.

use bytes::Bytes;

use crate::harness::{Folder, Process, SECRET, Target, github, request, run};

fn configure(folder: &Folder, target: &Target) -> std::path::PathBuf {
    let url = target.url("");
    let customer = |name: &str| {
        format!(
            "sources:
  {name}-hub: {{provider: github, secrets: [{SECRET}], labels: {{customer: {name}}}}}
destinations:
  books-{name}: {{http: {{url: \"{url}/{name}\"}}, allow_private: true}}
"
        )
    };
    folder.write("conf.d/acme.yaml", &customer("acme"));
    folder.write("conf.d/beta.yaml", &customer("beta"));
    folder.write(
        "rules/all.yaml",
        "rules:
  - name: books
    when: {event: push}
    actions: [{http: {destination: 'books-{{source.labels.customer}}', path: /all}}]
",
    );
    folder.write(
        "rules-acme/own.yaml",
        "rules:
  - name: books
    when: {event: push}
    actions: [{http: {destination: books-acme, path: /own, body: {by: '{{rule.name}}'}}}]
",
    );
    folder.write(
        "hookrule.yaml",
        "listen: 127.0.0.1:0
include: [conf.d/*.yaml]
rules:
  - rules
  - {path: rules-acme, namespace: acme, sources: [acme-*], destinations: ['*-acme'], actions: [http]}
",
    )
}

async fn push(server: &Process, source: &str, delivery: &str) -> u16 {
    let body = Bytes::from_static(b"{}");
    let headers = github("push", delivery, &body);
    let path = format!("/webhook/{source}");
    request(server.address, "POST", &path, &headers, body)
        .await
        .0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_customer_has_its_own_rules_and_destinations() {
    let target = Target::start().await;
    let folder = Folder::new();
    let config = configure(&folder, &target);
    let server = Process::start(&config);
    assert_eq!(push(&server, "beta-hub", "1").await, 202);
    assert_eq!(target.wait_for(1).await[0].path, "/beta/all");
    assert_eq!(push(&server, "acme-hub", "2").await, 202);
    let received = target.wait_for(3).await;
    let mut paths: Vec<_> = received[1..].iter().map(|r| r.path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/acme/all", "/acme/own"]);
    let own = received.iter().find(|r| r.path == "/acme/own").unwrap();
    assert_eq!(own.json()["by"], "acme/books");

    // A rule that reaches for what is another's does not go live.
    folder.write(
        "rules-acme/own.yaml",
        "rules:
  - name: books
    when: {event: push}
    actions: [{http: {destination: books-beta, path: /stolen}}]
",
    );
    server.wait_for_log("HR0112");
    assert_eq!(push(&server, "acme-hub", "3").await, 202);
    let received = target.wait_for(5).await;
    assert!(received.iter().all(|r| !r.path.contains("stolen")));

    // A customer more is a file more.
    let gamma = std::fs::read_to_string(folder.path().join("conf.d/beta.yaml")).unwrap();
    folder.write("conf.d/gamma.yaml", &gamma.replace("beta", "gamma"));
    server.wait_for_log("revision 2");
    assert_eq!(push(&server, "gamma-hub", "4").await, 202);
    assert_eq!(target.wait_for(6).await[5].path, "/gamma/all");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_says_what_a_namespace_may_not() {
    let target = Target::start().await;
    let folder = Folder::new();
    let config = configure(&folder, &target);
    let check = |paths: &[&str]| {
        let mut arguments = vec!["check", "--config", config.to_str().unwrap()];
        arguments.extend(paths);
        let output = run(&arguments);
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (code, said) = check(&[]);
    assert_eq!(code, Some(0), "{said}");
    let own = folder.write(
        "rules-acme/own.yaml",
        "rules:
  - name: books
    when: {source: beta-hub}
    actions: [{http: {destination: books-beta}}, {log: {message: m}}]
",
    );
    // The same for the whole configuration and for the file alone.
    for paths in [&[][..], &[own.to_str().unwrap()]] {
        let (code, said) = check(paths);
        assert_eq!(code, Some(1), "{said}");
        assert_eq!(said.matches("HR0112]").count(), 3, "{said}");
    }
    // Names that two files give.
    let acme = std::fs::read_to_string(folder.path().join("conf.d/acme.yaml")).unwrap();
    folder.write("conf.d/zulu.yaml", &acme);
    let (code, said) = check(&[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("there is a source `acme-hub` in two files"),
        "{said}"
    );
}
