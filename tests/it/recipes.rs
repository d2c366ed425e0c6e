//! The starter rules, with their destinations played by scripted receivers.

use bytes::Bytes;
use serde_json::json;

use crate::harness::{Answer, Folder, Process, Received, Target, project, request, signed};

const SECRET: &str = crate::harness::SECRET;

struct Starter {
    _folder: Folder,
    server: Process,
    discord: Target,
    notion: Target,
    agent: Target,
}

/// Notion as its documentation shows it: one database with one data source.
fn notion_answer(request: &Received) -> Answer {
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/v1/databases/248104cd477e80fdb757e945d38000bd") => Answer::json(
            200,
            &json!({"object": "database", "data_sources": [{"id": "ds-1", "name": "Invoices"}]}),
        ),
        ("GET", "/v1/data_sources/ds-1") => Answer::json(
            200,
            &json!({"object": "data_source", "properties": {
                "Invoice ID": {"id": "title", "name": "Invoice ID", "type": "title", "title": {}},
                "Amount": {"id": "a", "name": "Amount", "type": "number", "number": {}},
                "Customer": {"id": "b", "name": "Customer", "type": "email", "email": {}},
                "Date": {"id": "c", "name": "Date", "type": "date", "date": {}},
            }}),
        ),
        ("POST", "/v1/data_sources/ds-1/query") => {
            Answer::json(200, &json!({"object": "list", "results": []}))
        }
        ("POST", "/v1/pages") => Answer::json(
            200,
            &json!({"object": "page", "id": "page-1", "url": "https://notion.example/page-1"}),
        ),
        _ => Answer::json(
            404,
            &json!({"object": "error", "code": "object_not_found", "message": "no"}),
        ),
    }
}

impl Starter {
    async fn start() -> Self {
        let (discord, notion, agent) = (
            Target::start().await,
            Target::start().await,
            Target::start().await,
        );
        discord.otherwise(|_| Answer::json(200, &json!({"id": "1100", "channel_id": "2200"})));
        agent.otherwise(|_| Answer::json(200, &json!({"ok": true, "runId": "run-1"})));
        notion.otherwise(notion_answer);
        let folder = Folder::new();
        let rules = project().join("rules");
        let config =
            std::fs::read_to_string(project().join("examples/starter/hookrule.yaml")).unwrap();
        let swap = [
            ("listen: 127.0.0.1:8443", "listen: 127.0.0.1:0".to_owned()),
            ("../../rules", rules.display().to_string()),
            (
                "discord: {url: \"${env:DISCORD_WEBHOOK_URL}\"}",
                format!(
                    "discord: {{url: \"{}\"}}\n    allow_private: true",
                    discord.url("/api/webhooks/1/abc")
                ),
            ),
            (
                "notion: {token: \"${env:NOTION_TOKEN}\"}",
                format!(
                    "notion: {{token: \"${{env:NOTION_TOKEN}}\", url: \"{}\"}}\n    allow_private: true",
                    notion.url("")
                ),
            ),
            ("http://127.0.0.1:18789", agent.url("")),
        ];
        let config = swap.iter().fold(config, |config, (from, to)| {
            assert!(
                config.contains(from),
                "examples/starter/hookrule.yaml has no `{from}`"
            );
            config.replace(from, to)
        });
        let config = folder.write("hookrule.yaml", &config);
        let environment = [
            ("GITHUB_WEBHOOK_SECRET", SECRET),
            ("STRIPE_WEBHOOK_SECRET", SECRET),
            ("SLACK_SIGNING_SECRET", SECRET),
            ("NOTION_TOKEN", "ntn_for_tests_only"),
            ("OPENCLAW_TOKEN", "token-for-tests-only"),
        ];
        let server = Process::start_with(&config, &environment);
        Self {
            _folder: folder,
            server,
            discord,
            notion,
            agent,
        }
    }

    async fn post(
        &self,
        provider: &str,
        event: Option<&str>,
        content_type: &str,
        body: &Bytes,
    ) -> (u16, Bytes) {
        let headers = signed(provider, SECRET, event, "delivery-1", content_type, body);
        request(
            self.server.address,
            "POST",
            &format!("/webhook/{provider}"),
            &headers,
            body.clone(),
        )
        .await
    }

    async fn post_sample(&self, provider: &str, event: Option<&str>, sample: &str) {
        let body = std::fs::read(project().join("rules/payloads").join(sample)).unwrap();
        let (status, answer) = self
            .post(provider, event, "application/json", &body.into())
            .await;
        assert_eq!(status, 202, "{answer:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_is_told_on_discord_and_handed_to_the_agent() {
    let starter = Starter::start().await;
    starter
        .post_sample("github", Some("push"), "github.push.json")
        .await;

    let told = &starter.discord.wait_for(1).await[0];
    assert_eq!(told.path, "/api/webhooks/1/abc?wait=true");
    let body = told.json();
    assert_eq!(body["allowed_mentions"], json!({"parse": []}));
    let content = body["content"].as_str().unwrap();
    assert!(
        content.contains("example/parcel")
            && content.contains("main")
            && content.contains("2 commits"),
        "{content}"
    );

    let task = &starter.agent.wait_for(1).await[0];
    assert_eq!(task.path, "/hooks/agent");
    assert_eq!(
        task.header("authorization"),
        Some("Bearer token-for-tests-only")
    );
    assert!(task.header("idempotency-key").is_some());
    let message = task.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.starts_with("New GitHub push. Check for breaking changes and report."),
        "{message}"
    );
    assert!(
        message.contains("example/parcel") && message.contains("refs/heads/main"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_request_and_an_issue_are_told_with_their_markdown_as_text() {
    let starter = Starter::start().await;
    starter
        .post_sample(
            "github",
            Some("pull_request"),
            "github.pull_request.opened.json",
        )
        .await;
    let content = starter.discord.wait_for(1).await[0].json()["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        content.contains("#7 opened")
            && content.contains("https://github.com/example/parcel/pull/7"),
        "{content}"
    );
    assert!(
        !content.contains("*grams*") && !content.contains("@everyone"),
        "{content}"
    );
    let review = starter.agent.wait_for(1).await[0].json();
    assert!(
        review["message"]
            .as_str()
            .unwrap()
            .starts_with("A pull request was opened. Review the diff"),
        "{review}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issue_is_told() {
    let starter = Starter::start().await;
    starter
        .post_sample("github", Some("issues"), "github.issues.opened.json")
        .await;
    let content = starter.discord.wait_for(1).await[0].json()["content"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        content.contains("issue #12 opened by tomo") && !content.contains("**lost**"),
        "{content}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_invoice_becomes_a_notion_page_and_a_task() {
    let starter = Starter::start().await;
    starter
        .post_sample("stripe", None, "stripe.invoice.paid.json")
        .await;
    let requests = starter.notion.wait_for(4).await;
    let page = requests
        .iter()
        .find(|r| r.path == "/v1/pages")
        .expect("a page was made");
    assert_eq!(
        page.header("authorization"),
        Some("Bearer ntn_for_tests_only")
    );
    assert_eq!(page.header("notion-version"), Some("2025-09-03"));
    let body = page.json();
    let properties = &body["properties"];
    assert_eq!(
        properties["Invoice ID"]["title"][0]["text"]["content"],
        "in_0001"
    );
    assert_eq!(properties["Amount"]["number"].as_f64(), Some(1205.0));
    assert_eq!(properties["Customer"]["email"], "buyer@example.com");
    assert_eq!(properties["Date"]["date"]["start"], "2023-11-14T22:13:20Z");
    assert!(
        body.to_string().contains("Invoice in_0001 paid: $1205")
            || body.to_string().contains("paid: $1205"),
        "{body}"
    );
    let task = starter.agent.wait_for(1).await[0].json();
    assert!(
        task["message"]
            .as_str()
            .unwrap()
            .contains("buyer@example.com")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slack_is_answered_and_noted() {
    let starter = Starter::start().await;
    let challenge =
        Bytes::from_static(br#"{"token":"t","challenge":"3eZbrw1aB","type":"url_verification"}"#);
    let (status, answer) = starter
        .post("slack", None, "application/json", &challenge)
        .await;
    assert_eq!((status, answer.as_ref()), (200, b"3eZbrw1aB".as_slice()));
    let event = Bytes::from_static(br#"{"type":"event_callback","event_id":"Ev1","team_id":"T0001","event":{"type":"app_mention","text":"hi"}}"#);
    let (status, answer) = starter
        .post("slack", None, "application/json", &event)
        .await;
    assert_eq!(
        (status, answer.len()),
        (200, 0),
        "as Slack's definition says"
    );
    starter
        .server
        .wait_for_log("Slack event app_mention in team T0001");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_rule_takes_is_noted() {
    let starter = Starter::start().await;
    let body = Bytes::from_static(b"{\"zen\":\"Keep it simple\"}");
    assert_eq!(
        starter
            .post("github", Some("ping"), "application/json", &body)
            .await
            .0,
        202
    );
    starter.server.wait_for_log("no rule took ping from github");
    assert!(starter.discord.received().is_empty());
}
