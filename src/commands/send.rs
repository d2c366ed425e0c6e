//! `hookrule send`: a delivery as its provider would make it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use clap::Args;
use serde_json::{Value, json};
use url::Url;

use crate::config::{Definitions, Document, Sender};
use crate::event::{Delivery, EventId, Headers, MediaKind, Payload};
use crate::net::{Client, Request};
use crate::providers::Provider;
use crate::providers::identify::{identify, media_kind};
use crate::providers::letter::Letter;
use crate::providers::sign::{Draft, sign};
use crate::runtime::Timestamp;
use crate::secret::Secret;

use super::output::{Done, Exit, Failure, Output, printable};
use super::providers::find;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Signs deliveries to a source that verifies nothing: the event's name still travels in a header.
const ANY_SECRET: &str = "whsec_dW5zaWduZWQtdW5zaWduZWQtdW5zaWduZWQ=";

/// Signs a sample as a provider would, and posts it to your hookrule
///
/// The secret is the first one of the source in hookrule.yaml. Without --payload the body is the
/// provider's own sample for that event, or a small one that carries its name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  hookrule send github push
  hookrule send stripe invoice.paid --payload invoice.json
  hookrule send github push --source github-acme --url https://hooks.example.com/webhook/github-acme")]
pub(super) struct Send {
    /// Who it comes from: a name from `hookrule providers list`
    provider: String,
    /// What it says: `push`, `invoice.paid`, `pull_request.opened`
    event: String,
    /// As which source of hookrule.yaml, where several have this provider
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The body, from a file
    #[arg(long, value_name = "FILE")]
    payload: Option<PathBuf>,
    /// Where to post it, if not to the address that hookrule.yaml listens on
    #[arg(long, value_name = "URL")]
    url: Option<Url>,
    /// The sender's id for this delivery; the same one again is a duplicate. Default: a new one
    #[arg(long, value_name = "ID")]
    delivery_id: Option<String>,
}

impl Send {
    pub(super) async fn run(self, output: &mut Output<'_>) -> Done {
        let document = Document::read(output.config())?;
        let environment = output.environment().as_ref();
        let definitions = Definitions::read(&document.providers(environment)?, None);
        let provider = find(&definitions, &self.provider)?;
        let source = self.source(&document, &definitions, provider.name())?;
        let sender = document.sender(&source, environment, &definitions.providers)?;
        if sender.provider.name() != provider.name() {
            let (named, its) = (provider.name(), sender.provider.name());
            let why = format!("the source `{source}` has the provider `{its}`, not `{named}`");
            return Err(Failure::Refused(why));
        }
        let url = match &self.url {
            Some(url) => url.clone(),
            None => own_url(document.listen(environment)?, &source)?,
        };
        let now = output.clock().now();
        let (draft, named) = self.draft(&sender, now)?;
        if !named {
            let (event, provider) = (&self.event, sender.provider.name());
            output.note(&format!(
                "note: this body does not say `{event}`; {provider} names its events in the body: \
                 give one with --payload"
            ))?;
        }
        let delivery = signed(&sender, &draft, now)?;
        let mut url = url;
        for (name, value) in delivery.query.iter() {
            url.query_pairs_mut().append_pair(name, value);
        }
        let request = Request {
            method: delivery.method,
            url,
            headers: pairs(&delivery.headers),
            body: delivery.body,
            timeout: TIMEOUT,
            allow_private: true,
        };
        post(request, output).await
    }

    /// The source it is sent as.
    fn source(
        &self,
        document: &Document,
        definitions: &Definitions,
        provider: &str,
    ) -> Result<String, Failure> {
        if let Some(source) = &self.source {
            return Ok(source.clone());
        }
        match document
            .sources_of(provider, &definitions.providers)
            .as_slice()
        {
            [one] => Ok((*one).to_owned()),
            [] => Err(Failure::Refused(format!(
                "no source in {} has the provider `{provider}`; add one, or name one with --source",
                document.file.path.display()
            ))),
            several => Err(Failure::Refused(format!(
                "several sources have the provider `{provider}`: {}; name one with --source",
                several.join(", ")
            ))),
        }
    }

    /// The delivery before signing, and whether it says the event that was asked for.
    fn draft(&self, sender: &Sender, now: Timestamp) -> Result<(Draft, bool), Failure> {
        let id = match &self.delivery_id {
            Some(id) => id.clone(),
            None => EventId::generate().to_string().replace("evt_", ""),
        };
        let draft = |headers: Vec<(String, String)>, body: Bytes| Draft {
            headers: Headers::new(headers),
            body,
            event: Some(self.event.clone()),
            delivery_id: id.clone(),
        };
        let candidates = match &self.payload {
            Some(path) => {
                let body = std::fs::read(path).map_err(|error| {
                    Failure::Other(format!("{} cannot be read: {error}", path.display()))
                })?;
                let json = serde_json::from_slice::<serde::de::IgnoredAny>(&body).is_ok();
                vec![draft(content_type(json), body.into())]
            }
            None => self.samples(&sender.provider, draft),
        };
        let says = |draft: &Draft| says(sender, draft, &self.event, now);
        match candidates.iter().position(says) {
            Some(at) => Ok((candidates.into_iter().nth(at), true)),
            None => Ok((candidates.into_iter().next(), false)),
        }
        .and_then(|(draft, named)| {
            let none = || Failure::Other("there is nothing to send".to_owned());
            Ok((draft.ok_or_else(none)?, named))
        })
    }

    /// Bodies that may say the event: the provider's own samples first.
    fn samples(
        &self,
        provider: &Provider,
        draft: impl Fn(Vec<(String, String)>, Bytes) -> Draft,
    ) -> Vec<Draft> {
        let own = provider.samples().iter().filter(|sample| {
            let more = sample.event.strip_prefix(self.event.as_str());
            more.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        });
        let own = own.map(|sample| {
            let mut headers = sample.headers.clone();
            headers.push(("content-type".to_owned(), sample.content_type.clone()));
            draft(headers, sample.body.clone())
        });
        let last = self.event.rsplit('.').next().unwrap_or_default();
        let small = [
            json!({}),
            json!({"action": last}),
            json!({"type": self.event}),
            json!({"event": self.event}),
            json!({"event": {"type": self.event}}),
        ];
        let small = small.map(|body: Value| draft(content_type(true), body.to_string().into()));
        own.chain(small).collect()
    }
}

fn content_type(json: bool) -> Vec<(String, String)> {
    if json {
        vec![("content-type".to_owned(), "application/json".to_owned())]
    } else {
        Vec::new()
    }
}

/// What its provider would send for a draft.
fn signed(sender: &Sender, draft: &Draft, now: Timestamp) -> Result<Delivery, Failure> {
    let any = Secret::new(ANY_SECRET);
    let secret = sender.secret.as_ref().unwrap_or(&any);
    match sign(
        &sender.provider,
        sender.scheme.as_deref(),
        secret,
        draft,
        now,
    ) {
        Ok(delivery) => Ok(delivery),
        // A source that verifies nothing takes it without a signature.
        Err(_) if sender.unsigned => Ok(Letter::new(&sender.provider, secret, draft).delivery(now)),
        Err(why) if !sender.provider.can_be_sent(sender.scheme.as_deref()) => {
            let name = sender.provider.name();
            Err(Failure::Refused(format!(
                "{why}; to try rules, run `hookrule explain FILE --provider {name}`, or send to a source \
                 on 127.0.0.1 with `verify: none`"
            )))
        }
        Err(why) => Err(Failure::Refused(why)),
    }
}

/// Whether intake will read this event's name in it.
fn says(sender: &Sender, draft: &Draft, event: &str, now: Timestamp) -> bool {
    let Ok(delivery) = signed(sender, draft, now) else {
        return false;
    };
    let kind = media_kind(&sender.provider, &delivery).unwrap_or(MediaKind::Json);
    Payload::new(delivery.body.clone(), kind).is_ok_and(|payload| {
        let names = identify(&sender.provider, &delivery, &payload).names;
        names.iter().any(|name| name == event)
    })
}

fn pairs(headers: &Headers) -> Vec<(String, String)> {
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    headers.iter().map(pair).collect()
}

/// The intake's URL for a source, as this machine reaches it.
fn own_url(listen: SocketAddr, source: &str) -> Result<Url, Failure> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    if listen.port() == 0 {
        let why = "`listen` has port 0, so nobody knows where it is: give --url";
        return Err(Failure::Refused(why.to_owned()));
    }
    let text = format!(
        "http://{}/webhook/{source}",
        SocketAddr::new(ip, listen.port())
    );
    Url::parse(&text).map_err(|error| Failure::Other(format!("{text}: {error}")))
}

async fn post(request: Request, output: &mut Output<'_>) -> Done {
    let url = request.url.clone();
    let client = Client::new().map_err(|error| Failure::Other(error.to_string()))?;
    let answer = client.send(request).await.map_err(|error| {
        Failure::Other(format!(
            "{url}: {error}; is `hookrule serve` running there?"
        ))
    })?;
    let body = String::from_utf8_lossy(&answer.body);
    let said = format!("{} {}", answer.status, printable(body.trim()));
    output.line(said.trim_end())?;
    Ok(match answer.status {
        200..=299 => Exit::Fine,
        _ => Exit::Problems,
    })
}
