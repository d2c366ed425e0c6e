//! Every sample payload, signed and posted as its provider would: what it was taken for, which rules
//! matched, and that the forwarded body is the received one, byte for byte.
//!
//! The repository's own samples always; those in `shared/payloads` beside the project where they are.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::harness::{Folder, Process, SECRET, Target, WHSEC, beside, project, request, signed};

/// One sample and what must become of it.
struct Sample {
    provider: &'static str,
    /// What the provider sends in its event header, where it has one.
    header: Option<String>,
    content_type: &'static str,
    body: Bytes,
    /// The names the event must have.
    names: Vec<String>,
    file: PathBuf,
}

fn sample(provider: &'static str, file: &Path) -> Option<Sample> {
    let body = Bytes::from(std::fs::read(file).unwrap());
    let form = file.extension().is_some_and(|e| e == "form");
    let stem = file.file_name()?.to_str()?.split('.').next()?.to_owned();
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |pointer: &str| {
        json.pointer(pointer)
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    let (header, names) = match provider {
        "github" => {
            let mut names = vec![stem.clone()];
            names.extend(text("/action").map(|action| format!("{stem}.{action}")));
            (Some(stem), names)
        }
        "stripe" => (None, vec![text("/type")?]),
        "shopify" => {
            if file.to_str()?.contains("api-wrapped") {
                return None; // An answer of Shopify's API, not a delivery.
            }
            let topic = file
                .file_name()?
                .to_str()?
                .trim_end_matches(".json")
                .to_owned();
            (Some(topic.clone()), vec![topic])
        }
        "bitbucket" => (Some("repo.push".into()), vec!["repo.push".into()]),
        "slack" => {
            if file.to_str()?.contains("url_verification")
                || (file.to_str()?.contains("interactive") && !form)
            {
                return None; // A handshake, and the decoded twin of a form.
            }
            (None, Vec::new())
        }
        "gitlab" => (Some(stem), Vec::new()),
        _ => return None,
    };
    let content_type = if form {
        "application/x-www-form-urlencoded"
    } else {
        "application/json"
    };
    Some(Sample {
        provider,
        header,
        content_type,
        body,
        names,
        file: file.to_owned(),
    })
}

fn samples() -> Vec<Sample> {
    let mut found = Vec::new();
    let own = project().join("rules/payloads");
    for entry in std::fs::read_dir(own).unwrap() {
        let file = entry.unwrap().path();
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let (provider, rest) = name.split_once('.').unwrap();
        let provider = if provider == "github" {
            "github"
        } else {
            "stripe"
        };
        let mut sample = sample(provider, &file).unwrap();
        if provider == "github" {
            let event = rest.split('.').next().unwrap().to_owned();
            let action = rest.split('.').nth(1).filter(|action| *action != "json");
            sample.names = vec![event.clone()];
            sample
                .names
                .extend(action.map(|action| format!("{event}.{action}")));
            sample.header = Some(event);
        }
        found.push(sample);
    }
    if let Some(folder) = beside("payloads") {
        for provider in [
            "github",
            "gitlab",
            "slack",
            "stripe",
            "shopify",
            "bitbucket",
        ] {
            for entry in std::fs::read_dir(folder.join(provider)).unwrap() {
                found.extend(sample(provider, &entry.unwrap().path()));
            }
        }
    } else {
        println!("shared/payloads is not here: only the repository's own samples were posted");
    }
    found.sort_by(|a, b| a.file.cmp(&b.file));
    found
}

fn configuration(target: &Target) -> String {
    format!(
        "listen: 127.0.0.1:0
destinations:
  sink: {{http: {{url: \"{}\"}}, allow_private: true}}
sources:
  github: {{provider: github, secrets: [{SECRET}]}}
  slack: {{provider: slack, secrets: [{SECRET}]}}
  stripe: {{provider: stripe, secrets: [{SECRET}]}}
  shopify: {{provider: shopify, secrets: [{SECRET}]}}
  bitbucket: {{provider: bitbucket, secrets: [{SECRET}]}}
  gitlab: {{provider: gitlab, secrets: [\"{WHSEC}\"]}}
",
        target.url("/sink")
    )
}

const RULES: &str = "rules:
  - name: pass-on
    when: {event: '**'}
    actions:
      - forward: {destination: sink}
      - name: copy
        http: {destination: sink, path: /copy, body: {event: '{{event.name}}', payload: '{{payload}}'}}
  - name: never
    when: {provider: [discord, generic], event: '**'}
    actions: [{log: {message: never}}]
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_sample_is_taken_for_what_it_is_and_passed_on_untouched() {
    let samples = samples();
    assert!(samples.len() >= 4);
    for sample in &samples {
        post(sample).await;
    }
    println!("{} samples posted, each into a fresh store", samples.len());
}

async fn post(sample: &Sample) {
    let shown = sample.file.display();
    let target = Target::start().await;
    let folder = Folder::new();
    let config = folder.write("hookrule.yaml", &configuration(&target));
    folder.write("rules/pass-on.yaml", RULES);
    let server = Process::start(&config);

    let secret = if sample.provider == "gitlab" {
        WHSEC
    } else {
        SECRET
    };
    let event = sample.header.as_deref();
    let headers = signed(
        sample.provider,
        secret,
        event,
        "delivery-1",
        sample.content_type,
        &sample.body,
    );
    let path = format!("/webhook/{}", sample.provider);
    let (status, answer) =
        request(server.address, "POST", &path, &headers, sample.body.clone()).await;
    assert!(matches!(status, 200 | 202), "{shown}: {status} {answer:?}");

    let received = target.wait_for(2).await;
    let forwarded = received
        .iter()
        .find(|r| r.path == "/sink")
        .expect("it was forwarded");
    assert_eq!(forwarded.body, sample.body, "{shown}: byte for byte");
    for (name, value) in headers.iter().filter(|(name, _)| {
        ["signature", "event", "content-type"]
            .iter()
            .any(|part| name.contains(part))
    }) {
        assert_eq!(
            forwarded.header(name),
            Some(value.as_str()),
            "{shown}: {name}"
        );
    }
    let copied = received
        .iter()
        .find(|r| r.path == "/sink/copy")
        .expect("it was copied")
        .json();
    if sample.content_type == "application/json" {
        let sent: Value = serde_json::from_slice(&sample.body).unwrap();
        assert_eq!(copied["payload"], sent, "{shown}: every value kept");
    }

    let listed = server.ask(&["events", "list", "--format", "json"]);
    let events: Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(events[0]["matched"], json!(["pass-on"]), "{shown}");
    let names = events[0]["names"].as_array().unwrap();
    if sample.names.is_empty() {
        assert_ne!(names[0], "unknown", "{shown}");
    } else {
        assert_eq!(events[0]["names"], json!(sample.names), "{shown}");
    }
    assert_eq!(copied["event"], *names.last().unwrap(), "{shown}");
}
