//! What a source looks like in hookrule.yaml, for editors.

use serde_json::json;

use crate::event::ContentEncoding;
use crate::providers::Overrides;
use crate::yaml::shape::Key;
use crate::yaml::{Shape, key};

use super::dedupe::Recognition;
use super::secrets::{self, SECRET};
use super::source::Source;

impl Source {
    /// What one entry of `sources:` looks like.
    pub fn shape() -> Shape {
        Shape::map(keys())
            .and(Overrides::keys_of_source())
            .says("Who may send: its events come in by `POST /webhook/NAME`.")
    }
}

fn keys() -> [Key; 11] {
    let networks = Shape::one_or_list(Shape::text());
    [
        key("provider", Shape::text(), "Who sends: a name from `hookrule providers list`; `generic` fits many others.", "github").required(),
        key("secrets", secrets::shape(), "What the sender signs with: one, or several while one is being replaced.", json!([SECRET])).like(SECRET),
        key("scheme", Shape::text(), "Which of the provider's named schemes it uses, where it has several.", "sha1"),
        key("verify", Shape::choice(["default", "none"]), "`none` takes unsigned events; off loopback only with `allow_unsigned`.", "default").or("default"),
        key("allow_unsigned", Shape::flag(), "Whether unsigned events are taken from the network too.", true).or(false),
        key("body_max", Shape::size(), "The largest body; else what the provider's definition says, else 1MiB.", "2MiB"),
        key("encodings", ContentEncoding::list_shape(), "How bodies may be packed (`Content-Encoding`): they are unpacked before anything else, within the limit of a plain body, and the signature is over the plain one. Else what the provider's definition says; an empty list takes plain bodies only.", json!(["gzip"])).like("deflate"),
        key("labels", Shape::named_by_author("customer", Shape::text()), "Names with texts, for templates and for rules that choose a destination by them.", json!({"customer": "acme"})),
        key("dedupe", Recognition::shape(), "How deliveries that are sent again are recognised: `off`, `id`, `body`, both, or with how long. By the sender's own id for 7d where it is left out.", json!({"by": "body", "for": "5m"})).like("off"),
        key("pairing", Shape::text(), "A file beside this one for the secret that the sender gives in its first request (Asana, Notion).", "secrets/asana"),
        key("allow_from", networks, "Networks that deliveries may come from; any where it is left out.", json!(["203.0.113.0/24"])),
    ]
}
