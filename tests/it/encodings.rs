//! Packed bodies, through a running hookrule.

use std::io::Write as _;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::harness::{Folder, Process, SECRET, Target, request, signed};

fn gzip(plain: &[u8]) -> Bytes {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap().into()
}

const RULES: &str = "rules:
  - name: r
    when: {event: message.new, proof: signed}
    actions: [{forward: {destination: sink}}]
";

/// Headers as Stream signs a body, and that it is packed.
fn packed(delivery: &str, signed_body: &Bytes) -> Vec<(String, String)> {
    let mut headers = signed(
        "stream",
        SECRET,
        None,
        delivery,
        "application/json",
        signed_body,
    );
    headers.push(("Content-Encoding".to_owned(), "gzip".to_owned()));
    headers
}

/// Stream packs its bodies where its user wants that, and signs the plain ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packed_event_is_the_same_event() {
    let target = Target::start().await;
    let folder = Folder::new();
    let config = format!(
        "listen: 127.0.0.1:0
sources:
  chat: {{provider: stream, secrets: [{SECRET}]}}
  code: {{provider: github, secrets: [{SECRET}]}}
destinations:
  sink: {{http: {{url: \"{}\"}}, allow_private: true}}
",
        target.url("/sink")
    );
    let config = folder.write("hookrule.yaml", &config);
    folder.write("rules/a.yaml", RULES);
    let server = Process::start(&config);
    let post = async |source: &str, headers: &[(String, String)], body: Bytes| {
        let path = format!("/webhook/{source}");
        request(server.address, "POST", &path, headers, body)
            .await
            .0
    };

    let plain = Bytes::from(r#"{"type":"message.new","message":{"text":"ä, so sent"}}"#);
    let headers = packed("id-1", &plain);
    assert_eq!(post("chat", &headers, gzip(&plain)).await, 202);
    let received = target.wait_for(1).await;
    assert_eq!(
        received[0].body, plain,
        "what is passed on is the plain body"
    );
    assert_eq!(received[0].header("content-encoding"), None);

    let unpacked = headers.split_last().unwrap().1;
    let again = post("chat", unpacked, plain.clone()).await;
    assert_eq!(again, 200, "the same event, sent plain");
    let twice = post("chat", &headers, gzip(&gzip(&plain))).await;
    assert_eq!(twice, 401, "what is signed is packed once");
    let over_packed = packed("id-2", &gzip(&plain));
    let over_packed = post("chat", &over_packed, gzip(&plain)).await;
    assert_eq!(over_packed, 401, "a signature over the packed bytes");
    let code = post("code", &headers, gzip(&plain)).await;
    assert_eq!(code, 415, "GitHub never packs");
    // A name that there is none of answers as one of those that there are.
    let nobody = post("nobody", &headers, gzip(&plain)).await;
    assert!([401, 415].contains(&nobody), "{nobody}");
    assert_eq!(server.event_ids().len(), 1);
}
