//! Deliveries that hold several events, settings that a definition asks for, tokens in the query.

use std::time::Duration;

use super::stage::{Stage, event_id, json, read, rules};
use crate::event::Query;
use crate::intake::Reach;

const LINE: &str = "line: {provider: line, secrets: [thirty-two-bytes-of-test-secret!]}";
const SECRET: &str = "thirty-two-bytes-of-test-secret!";

fn body(ids: &[&str]) -> String {
    let event = |id: &&str| format!("{{\"type\":\"message\",\"webhookEventId\":\"{id}\"}}");
    let events: Vec<_> = ids.iter().map(event).collect();
    format!(
        "{{\"destination\":\"U\",\"events\":[{}]}}",
        events.join(",")
    )
}

#[tokio::test]
async fn each_event_of_a_batch_is_kept_and_known_again() {
    let stage = Stage::start(LINE);
    let send = |ids: &[&str]| stage.send("line", stage.signed("line", SECRET, "", &body(ids)));
    assert_eq!(send(&["1", "2"]).await.status, 202);
    let kept = stage.events().await;
    assert_eq!(kept.len(), 2);
    let again = send(&["1", "2"]).await;
    assert_eq!(
        (again.status, &json(&again)["status"]),
        (200, &"duplicate".into())
    );
    // Some of it is new: that much is accepted.
    assert_eq!(send(&["2", "3"]).await.status, 202);
    assert_eq!(stage.events().await.len(), 3);
}

#[tokio::test]
async fn a_batch_is_answered_for_its_first_event_that_a_rule_answers() {
    let rules = rules(
        "rules: [{name: r, when: {provider: line, conditions: [{path: $..webhookEventId, in: ['2', '3', '4']}]}, \
         respond: {body: '{{event.id}}'}, actions: [{log: {message: hi}}]}]",
    );
    let stage = Stage::start_with(LINE, rules);
    let send = async |ids: &[&str]| {
        let delivery = stage.signed("line", SECRET, "", &body(ids));
        stage.send("line", delivery).await
    };
    // No rule answers the first; the second is answered.
    let answer = send(&["1", "2"]).await;
    let two = String::from_utf8(answer.body.to_vec()).unwrap();
    let kept = async || {
        let events = stage.events().await.into_iter();
        events.map(|event| event.id.to_string()).collect::<Vec<_>>()
    };
    assert!(kept().await.contains(&two), "{two}");
    // It came before, beside one that is new: it is answered as it was, not as an event that never was.
    let answer = send(&["2", "3"]).await;
    assert_eq!(answer.body, two.as_bytes());
    let answer = send(&["1", "3"]).await;
    let three = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(kept().await.contains(&three) && three != two, "{three}");
    // Without a rule that answers, what is new is told.
    let answer = send(&["1", "5"]).await;
    assert_eq!(answer.status, 202);
    assert!(kept().await.contains(&event_id(&answer).to_string()));
}

#[tokio::test]
async fn a_source_may_keep_deliveries_whole() {
    let stage = Stage::start(&LINE.replace('}', ", split: false}"));
    let delivery = stage.signed("line", SECRET, "", &body(&["1", "2"]));
    assert_eq!(stage.send("line", delivery).await.status, 202);
    assert_eq!(stage.events().await.len(), 1);
}

#[tokio::test]
async fn an_empty_batch_is_answered_and_is_no_event() {
    let stage = Stage::start(LINE);
    let delivery = stage.signed("line", SECRET, "", &body(&[]));
    assert_eq!(stage.send("line", delivery).await.status, 200);
    let mut forged = stage.signed("line", SECRET, "", &body(&["1"]));
    forged.body = body(&[]).into();
    assert_eq!(stage.send("line", forged).await.status, 401);
    assert!(stage.events().await.is_empty());
}

#[tokio::test]
async fn a_token_in_the_query_is_not_kept() {
    let grid = "grid: {provider: azure-event-grid, secrets: [thirty-two-bytes-of-test-secret!]}";
    let stage = Stage::start(grid);
    let mut delivery = stage.unsigned([("content-type", "application/json")], "[{\"id\":\"1\"}]");
    let query = format!("code={SECRET}&region=eu");
    delivery.query = Query::decode(query.as_bytes());
    delivery.query_text = query;
    assert_eq!(stage.send("grid", delivery).await.status, 202);
    let kept = stage.events().await.remove(0);
    let event = crate::stores::Store::event(&*stage.store, kept.id)
        .await
        .unwrap()
        .unwrap();
    let pairs: Vec<_> = event.query.iter().collect();
    assert_eq!(pairs, [("region", "eu")]);
}

#[test]
fn what_a_definition_asks_for_must_be_there() {
    let check = |source: &str, said: &str| {
        let (_, problems) = read(source, Reach::Loopback);
        let found = problems
            .iter()
            .any(|problem| problem.message.contains(said));
        assert!(found, "{source}: {problems:?}");
    };
    let twilio = "phone: {provider: twilio, secrets: [thirty-two-bytes-of-test-secret!]}";
    check(
        twilio,
        "signs the address that it sends to: write it as `url:`",
    );
    let with = |more: &str| twilio.replace('}', &format!(", {more}}}"));
    check(&with("url: hooks.example.com"), "is not an address");
    check(&with("url: \"https://h/x?a=1\""), "is not an address");
    check(
        &with("url: \"https://h/x\", settings: {a: b}"),
        "`twilio` has no settings",
    );
    check(
        &with("url: \"https://h/x\", split: false"),
        "`split` does not fit",
    );
    let (_, problems) = read(&with("url: \"https://h/x\""), Reach::Loopback);
    assert!(!problems.has_errors(), "{problems:?}");
}

#[tokio::test]
async fn a_key_that_the_sender_does_not_publish_is_asked_for_once_a_minute() {
    let stage = Stage::start("kinde: {provider: kinde, settings: {domain: example.kinde.com}}");
    let token = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIiwidHlwIjoiSldUIn0.eyJ0eXBlIjoidXNlci5jcmVhdGVkIiwiZXZlbnRfaWQiOiJldmVudF8xIiwidGltZXN0YW1wIjoiMjAyMy0xMS0xNFQyMjoxMzoyMFoiLCJzb3VyY2UiOiJ1c2VyIiwiZGF0YSI6eyJ1c2VyIjp7ImlkIjoia3BfMSJ9fX0.nkYQGaRJhcbnkbCIKEozdr4vyt_o6eDMBkv4IgWfZFvbyBXwcuJ7Kb8ny5aYs2YxIc3Rq8UWNgyg4XNQixoovY73tEtvY9c-C2c1dJykZLEPOfYt3hd-mzVqVzBW2mMnjnJMx738nOF-LCLzlPxPyBeJ4lNCZANMvaoZqngpdnameAD9yJX4uyHhnUtsygwzPBIpSywtrpnJZeMiLNoNXPpVbBtDnLxdK-f_XOcV7cbTbEuS_jbUca2f7Lf6uW_Fmie1f6VdOK9YbMslbNHUYEhoyab018GZpRIJesfmmGK4vwL_8mp4cW-fAU2_MOIRZVm8pnr9n-D9oSd3cnEBig";
    let headers = [("content-type", "application/jwt")];
    let send = || stage.send("kinde", stage.unsigned(headers, token));
    for _ in 0..3 {
        assert_eq!(send().await.status, 401);
    }
    assert_eq!(stage.published.asked(), 1);
    stage.clock.advance(Duration::from_secs(61));
    // It may have been published since.
    assert_eq!(send().await.status, 401);
    assert_eq!(send().await.status, 401);
    assert_eq!(stage.published.asked(), 2);
    assert!(stage.events().await.is_empty());
}

/// The notification of the shared vectors, signed with the key that is published here.
const SNS: &str = "{\"Type\":\"Notification\",\"MessageId\":\"m1\",\"TopicArn\":\"arn:aws:sns:us-east-1:1:t\",\"Message\":\"hi\",\"Timestamp\":\"2023-11-14T22:13:20.000Z\",\"SignatureVersion\":\"2\",\"Signature\":\"fZxxcA2pUEdjoypBb4uXZENvaHecmbVmIp/9FkOBLLWWVhR01MD1I/Xg0PgGy/+88j+GS6862qJj5v0FzguACHzm+lfnpXiiTKOdDTWRQ92TcfhxUSzYJrrIq8+wuI2x14rvXDJei737ODexvr96O4DADxrLBbzhTiEchFAf96/unIWMqw/bx3eGeCzoecUSjIH7X7xPSgnfn1BlN1xTFPnADPKSoekksGSXufdtDmveBcyGcAkJ/lJXuNiV/oATyH2atg+tjhmUwjp+obaKLifC2Bd0t61UmDFvz2voMIxZs8M5Go22VEjMnrtd60vFkKPKb7rAoq3Tg3GrhTKLLQ==\",\"SigningCertURL\":\"https://sns.us-east-1.amazonaws.com/x.pem\"}";

#[tokio::test]
async fn a_published_key_is_fetched() {
    let sns = |topic| format!("sns: {{provider: aws-sns, settings: {{topic: {topic}}}}}");
    let stage = Stage::start(&sns("\"arn:aws:sns:us-east-1:1:t\""));
    let headers = [("content-type", "text/plain; charset=UTF-8")];
    let send = |body: &str| stage.send("sns", stage.unsigned(headers, body));
    assert_eq!(send(SNS).await.status, 202);
    assert_eq!(stage.events().await.len(), 1);
    assert_eq!(send(&SNS.replace("\"hi\"", "\"ho\"")).await.status, 401);
    // A key that is not there: not proven, not disproven.
    assert_eq!(send(&SNS.replace("x.pem", "y.pem")).await.status, 503);
    for elsewhere in [
        "https://evil.example/x.pem",
        "http://sns.us-east-1.amazonaws.com/x.pem",
    ] {
        let body = SNS.replace("https://sns.us-east-1.amazonaws.com/x.pem", elsewhere);
        assert_eq!(send(&body).await.status, 401, "{elsewhere}");
    }
    // The same keys sign for everybody's topics.
    let other = Stage::start(&sns("\"arn:aws:sns:us-east-1:2:other\""));
    let delivery = other.unsigned(headers, SNS);
    assert_eq!(other.send("sns", delivery).await.status, 401);
}

#[tokio::test]
async fn a_senders_secret_is_kept_once() {
    let folder = std::env::temp_dir().join(format!("hookrule-pairing-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("asana");
    let path = file.display();
    let stage = Stage::start(&format!("asana: {{provider: asana, pairing: \"{path}\"}}"));
    let send = |secret| stage.send("asana", stage.unsigned([("X-Hook-Secret", secret)], ""));
    let answer = send("the-secret-that-asana-gives").await;
    assert_eq!(answer.status, 200);
    let echoed = (
        "x-hook-secret".to_owned(),
        "the-secret-that-asana-gives".to_owned(),
    );
    assert!(answer.headers.contains(&echoed));
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "the-secret-that-asana-gives"
    );
    assert_eq!(send("another").await.status, 401);
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        "the-secret-that-asana-gives"
    );
    std::fs::remove_dir_all(&folder).unwrap();
    let closed =
        Stage::start("asana: {provider: asana, secrets: [thirty-two-bytes-of-test-secret!]}");
    let delivery = closed.unsigned([("X-Hook-Secret", "another")], "");
    assert_eq!(closed.send("asana", delivery).await.status, 401);
}
