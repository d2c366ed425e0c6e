//! What hookrule.yaml looks like, for editors: every block comes from the room that reads it.

use serde_json::json;

use crate::destinations::Destination;
use crate::intake::{self, Source};
use crate::yaml::{Shape, key, shape::Key};
use crate::{executor, server};

use super::document::{LISTEN, RULES, STORE, address_shape, paths_shape};
use super::roots;

/// What hookrule.yaml looks like.
pub fn shape() -> Shape {
    let admin = Shape::map([
        key(
            "listen",
            address_shape(),
            "Where it listens; never on the intake listener. Keep it on 127.0.0.1.",
            "127.0.0.1:8444",
        )
        .required(),
        key(
            "token",
            Shape::text(),
            "Nothing on the admin listener asks for a token yet.",
            "${env:HOOKRULE_ADMIN_TOKEN:-a-token-for-examples}",
        ),
    ]);
    let policy = Shape::map(server::Settings::keys())
        .and(intake::Settings::keys())
        .and(executor::Settings::keys());
    let [sources, destinations] = entries();
    Shape::map([
        key("listen", address_shape(), "Where webhooks come in: an IP address and a port.", "0.0.0.0:8443").or(LISTEN.to_string()),
        key("admin", admin, "Where `/healthz`, `/readyz` and `/metrics` are. Nowhere where it is left out.", json!({"listen": "127.0.0.1:8444"})),
        key("store", Shape::matching("."), "A folder for everything that must not be lost; relative to this file.", "/var/lib/hookrule").or(STORE),
        key("rules", roots::shape(), "Folders of rule files, or of one namespace each.", json!(["rules"])).or(json!([RULES])),
        key("providers", paths_shape("providers"), "Folders of your own provider definitions; the same name overrides a built-in one.", json!(["providers"])),
        key("include", paths_shape("conf.d/acme.yaml"), "Files with more sources and destinations, one for each team or customer; `*` in a file's name stands for anything.", json!(["conf.d/*.yaml"])),
        sources,
        destinations,
        key("policy", policy, "Limits and times.", json!({"body_max": "2MiB", "retention": "30d"})),
    ])
    .says("hookrule.yaml: where hookrule listens, who may send, what actions can reach. `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` are filled in after it was read.")
}

/// What a file under `include:` may have.
fn entries() -> [Key; 2] {
    let source = json!({"github": {"provider": "github", "secrets": ["${env:GITHUB_WEBHOOK_SECRET:-a-secret-for-examples}"]}});
    let destination = json!({"ci": {"http": {"url": "https://ci.example.com/hooks"}}});
    [
        key(
            "sources",
            Shape::named_by_author("github", Source::shape()),
            "Who may send, by name: `POST /webhook/NAME`.",
            source,
        ),
        key(
            "destinations",
            Shape::named_by_author("ci", Destination::shape()),
            "What actions can reach, by name.",
            destination,
        ),
    ]
}
