//! Texts that are signed: joined without separators, or with some that values may have too.

use super::{SECRET, Source, URL, delivery, hex, mac};
use crate::crypto::{Algorithm, Encoding, sha256};
use crate::event::{Delivery, Proof, Strength};
use crate::providers::parts::Place;
use crate::providers::reading::Reading;

const FORM: &str = "application/x-www-form-urlencoded";

fn twilio(signed: &str, form: &str) -> (Source, Delivery) {
    let tag = mac(Algorithm::Sha1, Encoding::Base64, &format!("{URL}{signed}"));
    let headers = [("Content-Type", FORM), ("X-Twilio-Signature", &*tag)];
    let source = Source::new("twilio", Some("form"), SECRET);
    (source, delivery(&headers, "", form))
}

#[test]
fn a_sorted_form_can_be_cut_elsewhere_and_so_proves_its_sender_alone() {
    let signed = "BodyHello DearFrom+1415";
    let strength = |form: &str| {
        let (source, delivery) = twilio(signed, form);
        source.verify(&delivery).map(Proof::strength)
    };
    // One signature, three readings: the scheme is the sender's, and none of them is `verified`.
    for form in [
        "Body=Hello+Dear&From=%2b1415",
        "Body=Hello+&Dear=&From=%2B1415",
        "Body=Hello+DearFrom%2B1415",
    ] {
        assert_eq!(strength(form), Ok(Strength::Authenticated), "{form}");
    }
    // Names that no sender's field has would let all of it be one name.
    for form in [
        "Body%48ello+Dear=&From=%2B1415",
        "=BodyHello+DearFrom%2B1415",
        "Body=Hello+Dear&From%2B1415=",
    ] {
        assert!(strength(form).is_err(), "{form}");
    }
}

#[test]
fn other_spellings_are_other_texts() {
    let check = |form: &str| {
        let (source, delivery) = twilio("Bodyé", form);
        source.verify(&delivery).is_ok()
    };
    assert!(check("Body=%C3%A9") && check("Body=%c3%a9") && check("%42ody=é"));
    // Composed and decomposed, Latin-1, and escapes that are left as they are.
    for other in ["Body=e%CC%81", "Body=%E9", "Body=%25C3%25A9", "body=%C3%A9"] {
        assert!(!check(other), "{other}");
    }
}

#[test]
fn the_one_field_of_a_form_is_the_payload() {
    let events = r#"[{"event":"send","_id":"1"}]"#;
    let tag = mac(
        Algorithm::Sha1,
        Encoding::Base64,
        &format!("{URL}mandrill_events{events}"),
    );
    let mandrill = Source::new("mandrill", None, SECRET);
    let with = |form: &str| {
        let headers = [("Content-Type", FORM), ("X-Mandrill-Signature", &*tag)];
        delivery(&headers, "", form)
    };
    let encoded = "mandrill_events=%5B%7B%22event%22%3A%22send%22%2C%22_id%22%3A%221%22%7D%5D";
    let proof = mandrill.verify(&with(encoded)).unwrap();
    assert_eq!(proof.strength(), Strength::Signed);
    let twice = format!("{encoded}&mandrill_events=%5B%5D");
    mandrill.refuses(&with(&twice), "repeated");
    let first = format!("mandrill_events=%5B%5D&{encoded}");
    mandrill.refuses(&with(&first), "repeated");
}

#[test]
fn nobody_signs_what_a_body_is_called() {
    // Anybody can write the title of a pull request.
    let body = r#"{"title":"&payload=%7B%22action%22%3A%22forged%22%7D&x="}"#;
    let tag = format!("sha256={}", hex(body));
    let github = Source::new("github", None, SECRET);
    for called in [FORM, "application/json"] {
        let headers = [("Content-Type", called), ("X-Hub-Signature-256", &*tag)];
        let delivery = delivery(&headers, "", body);
        github.verify(&delivery).unwrap();
        let title = |value: serde_json::Value| value.get("title").is_some();
        let read = github.reads(&delivery);
        assert_eq!(
            read.map(title),
            (called != FORM).then_some(true),
            "{called}"
        );
    }
    let generic = Source::new("generic", None, SECRET);
    for called in ["text/plain", "application/json"] {
        let headers = [("Content-Type", called)];
        let read = generic.reads(&delivery(&headers, "", body)).unwrap();
        assert!(read.is_object(), "{called}");
    }
    let text = generic.reads(&delivery(&[("Content-Type", "text/plain")], "", "{hello}"));
    assert_eq!(text, Some("{hello}".into()));
}

#[test]
fn a_time_does_not_reach_into_the_body() {
    let zendesk = Source::new("zendesk", None, SECRET);
    let signed = "2023-11-14T22:13:20Z[UTC] hello";
    let tag = mac(Algorithm::Sha256, Encoding::Base64, signed);
    let with = |time: &str, body: &str| {
        let headers = [
            ("Content-Type", "text/plain"),
            ("X-Zendesk-Webhook-Signature-Timestamp", time),
            ("X-Zendesk-Webhook-Signature", &*tag),
        ];
        delivery(&headers, "", body)
    };
    assert!(
        zendesk
            .verify(&with("2023-11-14T22:13:20Z", "[UTC] hello"))
            .is_ok()
    );
    zendesk.refuses(&with("2023-11-14T22:13:20Z[UTC]", " hello"), "malformed");
    zendesk.refuses(&with("2023-11-14T22:13:20", "Z[UTC] hello"), "malformed");
}

#[test]
fn what_is_cut_off_a_json_body_is_no_json() {
    // `{timestamp}{body}`, `{url}{body}`, `{body}{url}`: the other cuts of the same text.
    let source = Source::new("square", None, SECRET);
    let body = r#"{"a":"{\"b\":1}","c":["1",{}]}"#;
    let whole = delivery(&[], "", body);
    assert!(source.reads(&whole).is_some());
    for at in 1..body.len() {
        let (front, back) = body.split_at(at);
        for part in [front, back] {
            assert_eq!(source.reads(&delivery(&[], "", part)), None, "{part}");
        }
    }
}

#[test]
fn fields_between_separators_have_none_in_them() {
    let adyen = Source::new("adyen", Some("items"), &"ab".repeat(32));
    let signed = "P1::Acct:R-1:1130:EUR:AUTHORISATION:true";
    let key = hex::decode("ab".repeat(32)).unwrap();
    let tag = crate::crypto::Mac::tag(Algorithm::Sha256, &key, &[signed]);
    let tag = Encoding::Base64.encode(&tag);
    let with = |psp: &str, reference: &str, value: &str, event: &str, success: &str| {
        let item = serde_json::json!({"notificationItems": [{"NotificationRequestItem": {
            "pspReference": psp, "merchantAccountCode": "Acct", "merchantReference": reference,
            "amount": {"value": value, "currency": "EUR"}, "eventCode": event, "success": success,
            "additionalData": {"hmacSignature": tag}}}]});
        delivery(&[], "", &item.to_string())
    };
    assert!(
        adyen
            .verify(&with("P1", "R-1", "1130", "AUTHORISATION", "true"))
            .is_ok()
    );
    // The same text, cut elsewhere.
    let moved = serde_json::json!({"notificationItems": [{"NotificationRequestItem": {
        "pspReference": "P1", "merchantAccountCode": "Acct:R-1", "merchantReference": "1130",
        "amount": {"value": "EUR", "currency": "AUTHORISATION"}, "eventCode": "true",
        "additionalData": {"hmacSignature": tag}}}]});
    assert!(
        adyen
            .verify(&delivery(&[], "", &moved.to_string()))
            .is_err()
    );
    let inside = "P1::Acct:R-1:1:130:EUR:AUTHORISATION:true";
    let tag = Encoding::Base64.encode(&crate::crypto::Mac::tag(Algorithm::Sha256, &key, &[inside]));
    let cut = |reference: &str, value: &str| {
        let item = serde_json::json!({"notificationItems": [{"NotificationRequestItem": {
            "pspReference": "P1", "merchantAccountCode": "Acct", "merchantReference": reference,
            "amount": {"value": value, "currency": "EUR"}, "eventCode": "AUTHORISATION",
            "success": "true", "additionalData": {"hmacSignature": tag}}}]});
        delivery(&[], "", &item.to_string())
    };
    // A reference is free text; an amount is not.
    assert!(adyen.verify(&cut("R-1:1", "130")).is_ok());
    adyen.refuses(&cut("R-1", "1:130"), "malformed");
}

#[test]
fn of_two_keys_of_one_name_signature_and_rules_see_the_same() {
    let body = r#"{"Message":"signed","Message":"forged","n":{"a":1,"a":2}}"#;
    let source = Source::new("square", None, SECRET);
    let delivery = delivery(&[], "", body);
    let kinds = source.provider.content_types();
    let reading = Reading::new(&delivery, kinds);
    let value = source.reads(&delivery).unwrap();
    for (path, pointer) in [("json:Message", "/Message"), ("json:n.a", "/n/a")] {
        let seen = Place::parse(path).unwrap();
        let seen = reading.text(&seen).unwrap();
        let ruled = value.pointer(pointer).unwrap();
        let ruled = ruled.as_str().map_or(ruled.to_string(), str::to_owned);
        assert_eq!(*seen, ruled, "{path}");
    }
}

#[test]
fn a_lengthened_digest_is_the_senders_weakness_and_no_event() {
    // HubSpot's first scheme is SHA-256(secret + body): who has seen one can lengthen the body.
    let hubspot = Source::new("hubspot", Some("v1"), SECRET);
    let body = r#"[{"eventId":1}]"#;
    let length = SECRET.len() + body.len();
    let mut longer = body.as_bytes().to_vec();
    longer.push(0x80);
    longer.resize(longer.len() + (119 - length % 64) % 64, 0);
    longer.extend((length as u64 * 8).to_be_bytes());
    assert_eq!((SECRET.len() + longer.len()) % 64, 0);
    longer.extend(br#",{"eventId":2}]"#);
    let tag = hex::encode(sha256(&[SECRET.as_bytes(), &longer].concat()));
    let mut forged = delivery(&[("X-HubSpot-Signature", &tag)], "", "");
    forged.body = longer.into();
    assert!(hubspot.verify(&forged).is_ok());
    // What lengthens it has bytes that no JSON has.
    assert_eq!(hubspot.reads(&forged), None);
}
