//! What is known of one provider, a line each.

use super::super::definition::Provider;
use super::super::handshake::Handshake;
use super::super::media::BodyForm;
use super::super::parts::{Parts, Place};
use super::super::schemes::Scheme;
use super::{Fact, Value, standing};

/// Bytes in a MiB.
const MEBIBYTE: u64 = 1024 * 1024;
/// A longer text that is signed is told by its parts, in bytes.
const CONTENT_BYTES_MAX: usize = 80;
/// Longer answers are not shown, in characters.
const SHOWN_CHARS_MAX: usize = 60;

/// Everything that is known; what does not apply is left out.
pub(super) fn facts(provider: &Provider) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    facts.names(
        "also called",
        provider.aliases().iter().map(|alias| match &alias.scheme {
            None => alias.name.clone(),
            Some(scheme) => format!("{} (scheme {scheme})", alias.name),
        }),
    );
    facts.names("known by", provider.recognise().iter().cloned());
    proofs(provider, &mut facts);
    events(provider, &mut facts);
    let kinds = provider.content_types().iter().map(BodyForm::to_string);
    facts.names("bodies", kinds);
    let encodings = provider.encodings().iter();
    facts.names("packed by", encodings.map(|one| one.word().to_owned()));
    facts.words("largest body", size(provider));
    if let Some(batch) = provider.batch() {
        facts.words("several events", batch.about());
    }
    facts.names("masked", provider.sensitive().iter().cloned());
    answers(provider, &mut facts);
    let confidence = standing(provider.confidence());
    facts.words("facts", format!("{confidence}: {}", provider.docs()));
    facts.0
}

struct Facts(Vec<Fact>);

impl Facts {
    fn words(&mut self, about: &str, words: impl Into<String>) {
        let (about, value) = (about.to_owned(), Value::Words(words.into()));
        self.0.push(Fact { about, value });
    }

    fn names(&mut self, about: &str, names: impl Iterator<Item = String>) {
        let names: Vec<_> = names.collect();
        if !names.is_empty() {
            let (about, value) = (about.to_owned(), Value::Names(names));
            self.0.push(Fact { about, value });
        }
    }
}

/// How it signs, and what that proves.
fn proofs(provider: &Provider, facts: &mut Facts) {
    if !provider.signs() {
        facts.words("signs", "nothing: anybody who knows the address can send");
        return;
    }
    let several = provider.schemes().len() > 1;
    let schemes = provider.schemes().into_iter().zip(provider.each_scheme());
    for (number, (name, scheme)) in schemes.enumerate() {
        let about = match (several, number) {
            (false, _) => "signs".to_owned(),
            (true, 0) => format!("scheme {name}, the first"),
            (true, _) => format!("scheme {name}"),
        };
        scheme_facts(provider, &about, scheme, facts);
    }
}

fn scheme_facts(provider: &Provider, about: &str, scheme: &dyn Scheme, facts: &mut Facts) {
    let how = scheme.hint().split_once("it: ");
    let how = how.map_or(scheme.hint(), |(_, how)| how);
    match scheme.signed().map(|signed| &signed.content) {
        Some(content) if content.as_str().len() > CONTENT_BYTES_MAX => {
            let written = format!("{:?}", content.as_str());
            facts.names(about, std::iter::once(how.replace(&written, "…")));
            let mut places: Vec<_> = content.places().map(short).collect();
            places.dedup();
            facts.words("  over", places.join(", "));
        }
        _ => facts.names(about, std::iter::once(how.to_owned())),
    }
    if let Some(freshness) = scheme.signed().and_then(|signed| signed.freshness.as_ref()) {
        let age = freshness.tolerance.map_or_else(
            || "of any age, unless the source says `tolerance`".to_owned(),
            |tolerance| format!("at most {} s old", tolerance.as_secs()),
        );
        facts.words("  time", format!("{}, {age}", freshness.from));
    }
    facts.words("  proves", proves(provider, scheme));
    facts.words("  secret", secret(scheme));
}

/// A place, without saying each time that it is in the body.
fn short(place: &Place) -> String {
    match place {
        Place::Json(path, _) => path.to_string(),
        place => place.to_string(),
    }
}

fn proves(provider: &Provider, scheme: &dyn Scheme) -> String {
    let kinds = provider.content_types().iter();
    let (covered, others): (Vec<_>, Vec<_>) =
        kinds.partition(|form| scheme.covers(Some(form.kind())));
    let listed = |forms: &[&BodyForm]| {
        let forms = forms.iter().map(ToString::to_string);
        forms.collect::<Vec<_>>().join(", ")
    };
    match (covered.as_slice(), others.as_slice()) {
        (_, []) => "who sent it and what it says: signed".to_owned(),
        ([], _) => "who sent it, and not what it says: authenticated".to_owned(),
        (covered, others) => format!(
            "who sent it; and what it says where the body is {} (signed), not where it is {} (authenticated)",
            listed(covered),
            listed(others)
        ),
    }
}

fn secret(scheme: &dyn Scheme) -> String {
    if scheme.fetches() {
        return "none is needed: the sender publishes its keys, and they are fetched".to_owned();
    }
    scheme.secret_is()
}

/// What events are called, and how one that is sent again is known.
fn events(provider: &Provider, facts: &mut Facts) {
    let names = provider.event_names().iter();
    facts.names("names", names.map(|name| name.text.as_str().to_owned()));
    match provider.events() {
        Some(events) if !events.names.is_empty() => {
            let about = if events.open {
                "events, and others"
            } else {
                "events"
            };
            facts.names(about, events.names.iter().cloned());
        }
        Some(_) => facts.words("events", "what its users call them"),
        None => {}
    }
    let samples = provider.samples().iter();
    facts.names("samples", samples.map(|sample| sample.event.clone()));
    let ids = provider.delivery_id().iter().map(Parts::as_str);
    facts.names("delivery id", ids.map(str::to_owned));
    if provider.delivery_id().is_empty() {
        let timed = |scheme: &dyn Scheme| scheme.signed().is_some_and(|s| s.freshness.is_some());
        facts.words(
            "delivery id",
            if provider.each_scheme().next().is_some_and(timed) {
                "none; what was signed, with its time, is known again"
            } else {
                "none; nothing is known again unless the source says `dedupe: {by: body, for: 5m}`"
            },
        );
    }
}

fn size(provider: &Provider) -> String {
    match provider.body_bytes_max() {
        Some(bytes) if bytes.is_multiple_of(MEBIBYTE) => format!("{} MiB", bytes / MEBIBYTE),
        Some(bytes) => format!("{bytes} bytes"),
        None => "1 MiB".to_owned(),
    }
}

/// What the sender is answered.
fn answers(provider: &Provider, facts: &mut Facts) {
    let handshakes = provider.handshakes().iter().map(handshake);
    let handshakes: Vec<_> = handshakes.collect();
    if !handshakes.is_empty() {
        facts.words("handshakes", handshakes.join("; "));
    }
    let acks = provider.acks().iter().map(|ack| {
        let reply = ack.reply();
        let what = match reply.body.chars().count() {
            0 => "nothing in it".to_owned(),
            1..=SHOWN_CHARS_MAX => format!("`{}`", reply.body),
            _ => "a document of its own".to_owned(),
        };
        let when = if ack.always() { "" } else { " for some" };
        format!("{} with {what}{when}", reply.status)
    });
    let acks: Vec<_> = acks.collect();
    facts.words(
        "is answered",
        if acks.is_empty() {
            "202".to_owned()
        } else {
            acks.join("; ")
        },
    );
    if let Some(wait) = provider.response() {
        facts.words("waits", format!("{} s for an answer", wait.as_secs()));
    }
}

fn handshake(handshake: &Handshake) -> String {
    let how = match (handshake.pairs(), handshake.is_signed()) {
        (true, _) => "while the source says `pairing`",
        (false, true) => "once it is verified",
        (false, false) => "before anything is verified",
    };
    format!("{} ({how})", handshake.name)
}

#[cfg(test)]
mod tests {
    use super::super::super::registry::Providers;
    use super::*;

    #[track_caller]
    fn check(provider: &str, about: &str, expected: &str) {
        let provider = Providers::builtin().find(provider).unwrap();
        let facts = facts(&provider);
        let found = facts.iter().find(|fact| fact.about == about);
        let found = found.map(|fact| match &fact.value {
            Value::Words(words) => words.clone(),
            Value::Names(names) => names.join(", "),
        });
        assert_eq!(found.as_deref(), Some(expected));
    }

    #[test]
    fn what_is_known_is_told() {
        for (provider, about, expected) in [
            ("github", "also called", "github-sha1-legacy (scheme sha1)"),
            (
                "github",
                "scheme sha1",
                "X-Hub-Signature: sha1=HEX(HMAC-SHA1(secret, body))",
            ),
            ("github", "largest body", "25 MiB"),
            ("github", "bodies", "json, form:payload"),
            (
                "slack",
                "  time",
                "X-Slack-Request-Timestamp, at most 300 s old",
            ),
            ("slack", "  proves", "who sent it and what it says: signed"),
            (
                "mailgun",
                "  proves",
                "who sent it, and not what it says: authenticated",
            ),
            (
                "aws-sns",
                "  secret",
                "none is needed: the sender publishes its keys, and they are fetched",
            ),
            (
                "discord",
                "  secret",
                "the sender's public key, in hex digits",
            ),
            (
                "docker-hub",
                "signs",
                "nothing: anybody who knows the address can send",
            ),
            ("adyen", "is answered", "200 with `[accepted]`"),
            (
                "asana",
                "handshakes",
                "the secret (while the source says `pairing`); heartbeat (once it is verified)",
            ),
        ] {
            check(provider, about, expected);
        }
    }

    #[test]
    fn a_proof_that_depends_on_the_body_says_so() {
        let gitea = Providers::builtin().find("gitea").unwrap();
        let form = gitea.scheme(Some("form")).unwrap();
        assert_eq!(
            proves(&gitea, form),
            "who sent it; and what it says where the body is form:payload (signed), not where it is json \
             (authenticated)"
        );
        check(
            "twilio",
            "  proves",
            "who sent it, and not what it says: authenticated",
        );
    }

    #[test]
    fn what_does_not_apply_is_left_out() {
        let generic = Providers::builtin().find("generic").unwrap();
        let facts = facts(&generic);
        for about in ["waits", "handshakes", "masked", "several events"] {
            assert!(facts.iter().all(|fact| fact.about != about), "{about}");
        }
    }
}
