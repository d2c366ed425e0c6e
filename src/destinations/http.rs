//! Any HTTP receiver.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::crypto::Encoding;
use crate::diagnostic::{Diagnostics, code};
use crate::net::{header_name, is_header_value};
use crate::secret::Secret;
use crate::yaml::{Demand, Fields, Node, Shape, key};

use super::address::url_key;
use super::{Address, Kind, Settings, credential};

/// The kind.
#[derive(Debug)]
pub struct Http;

/// A receiver of HTTP requests.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Where requests go.
    pub address: Address,
    /// Added to every request; names in lower case.
    pub headers: Vec<(String, Secret)>,
    /// How requests are signed.
    pub sign: Option<Sign>,
}

/// How requests are signed: anew at each attempt.
#[derive(Debug, Clone)]
pub enum Sign {
    /// Standard Webhooks: `whsec_` and base64. Source: <https://www.standardwebhooks.com>
    Standard(Secret),
    /// `X-Hub-Signature-256`, as GitHub signs.
    Github(Secret),
}

impl HttpSettings {
    /// What must not be shown when the receiver repeats it.
    pub fn credentials(&self) -> Vec<String> {
        let mut found = self.address.credentials();
        for (_, value) in &self.headers {
            found.push(value.expose().to_owned());
            let words = value.expose().split_whitespace().map(str::to_owned);
            found.extend(words.filter(|word| word.len() >= 8));
        }
        if let Some(Sign::Standard(secret) | Sign::Github(secret)) = &self.sign {
            found.push(secret.expose().to_owned());
        }
        found
    }
}

impl Kind for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn help(&self) -> &'static str {
        "Any receiver of HTTP requests; for `forward` and `http` actions."
    }

    fn shape(&self) -> Shape {
        let sign = Shape::map([
            key(
                "standard",
                Shape::text(),
                "As Standard Webhooks has it: the secret is base64, with or without `whsec_`.",
                "${env:CI_WHSEC:-whsec_c2VjcmV0LWZvci1leGFtcGxlcw==}",
            ),
            key(
                "github",
                Shape::text(),
                "As GitHub has it: `X-Hub-Signature-256` with this secret.",
                "${env:CI_SECRET:-a-secret-for-examples}",
            ),
        ])
        .demand(Demand::OneOf(vec!["standard", "github"]));
        Shape::map([
            url_key("https://ci.example.com/hooks").required(),
            key(
                "headers",
                Shape::headers(Shape::text()),
                "Set on every request, over the rule's. Credentials stand here.",
                json!({"Authorization": "Bearer ${env:CI_TOKEN:-none}"}),
            ),
            key(
                "sign",
                sign,
                "How requests are signed, anew at each attempt.",
                json!({"standard": "${env:CI_WHSEC:-whsec_c2VjcmV0LWZvci1leGFtcGxlcw==}"}),
            ),
        ])
    }

    fn example(&self) -> Value {
        json!({"url": "https://ci.example.com/hooks"})
    }

    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings> {
        let mut fields = Fields::of(node, problems)?;
        let address = fields
            .required("url", problems)
            .and_then(|url| Address::parse(url, problems));
        let headers = fields
            .optional("headers")
            .map_or_else(Vec::new, |headers| self::headers(headers, problems));
        let sign = fields
            .optional("sign")
            .and_then(|sign| Sign::parse(sign, problems));
        fields.finish(problems);
        Some(Arc::new(HttpSettings {
            address: address?,
            headers,
            sign,
        }))
    }

    fn address<'s>(&self, settings: &'s Settings) -> Option<&'s Address> {
        Some(&settings.downcast_ref::<HttpSettings>()?.address)
    }
}

fn headers(node: &Node, problems: &mut Diagnostics) -> Vec<(String, Secret)> {
    let mut headers = Vec::new();
    for (key, value) in node.map(problems).unwrap_or_default() {
        let name = header_name(&key.text).map_err(|error| {
            problems.push(
                value
                    .error(code::BAD_VALUE, error.to_string())
                    .help("a header's name is letters, digits and `-`"),
            );
        });
        let Some(text) = value.text(problems) else {
            continue;
        };
        if !is_header_value(text) {
            let message = format!("header `{}` cannot carry control characters", key.text);
            problems.push(
                value
                    .error(code::BAD_VALUE, message)
                    .help("write it on one line"),
            );
            continue;
        }
        if let Ok(name) = name {
            headers.push((name, Secret::new(text)));
        }
    }
    headers
}

impl Sign {
    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, problems)?;
        let standard = fields.optional("standard");
        let github = fields.optional("github");
        fields.finish(problems);
        match (standard, github) {
            (Some(node), None) => {
                let secret = credential(node, problems)?;
                if standard_key(&secret).is_none() {
                    let message = "a Standard Webhooks secret is base64, with or without `whsec_`";
                    problems.push(
                        node.error(code::BAD_VALUE, message)
                            .help("copy the secret as the receiver shows it, such as `whsec_…`"),
                    );
                    return None;
                }
                Some(Self::Standard(secret))
            }
            (None, Some(node)) => credential(node, problems).map(Self::Github),
            _ => {
                let message = "`sign` needs one of `standard` and `github`";
                problems.push(node.error(code::BAD_VALUE, message).help("write `sign: {standard: \"${env:NAME}\"}` or `sign: {github: \"${env:NAME}\"}`"));
                None
            }
        }
    }
}

/// The key in a Standard Webhooks secret.
pub fn standard_key(secret: &Secret) -> Option<Vec<u8>> {
    let text = secret.expose();
    let key = Encoding::Base64.decode(text.strip_prefix("whsec_").unwrap_or(text))?;
    (!key.is_empty()).then_some(key)
}
