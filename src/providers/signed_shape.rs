//! The keys that every signature over content has in a definition.

use serde_json::json;

use crate::yaml::shape::Key;
use crate::yaml::{Shape, key};

use super::each::Each;
use super::freshness::Freshness;
use super::signature::{Signature, place_shape};
use super::signed::{Signed, parts_shape};

impl Signed {
    /// The keys that it reads of a scheme.
    pub(super) fn keys() -> [Key; 6] {
        let bound = Shape::map([
            key(
                "from",
                place_shape(),
                "The value that is signed.",
                "header:X-Host",
            )
            .required(),
            key(
                "equals",
                parts_shape(),
                "What it must be; nothing is asked where a setting in it is not given.",
                "{setting:host?}",
            )
            .required(),
        ]);
        [
            key(
                "signature",
                Signature::shape(),
                "Where the signature stands, and how it is written.",
                json!({"from": "header:X-Signature"}),
            )
            .required(),
            key(
                "timestamp",
                Freshness::shape(),
                "The signed time, where the sender signs one. `content` has `{timestamp}` then.",
                json!({"from": "header:X-Time"}),
            ),
            key(
                "content",
                parts_shape(),
                "What is signed.",
                "{header:X-Id}.{body}",
            )
            .or("{body}"),
            key(
                "bind",
                Shape::one_or_list(bound),
                "Signed values that must be something: what is signed for somebody else is refused.",
                json!([{"from": "header:X-Host", "equals": "{setting:host?}"}]),
            ),
            key(
                "each",
                Each::shape(),
                "Where each item of a list in the body is signed for itself.",
                json!({"list": "items"}),
            ),
            key(
                "any_port",
                Shape::flag(),
                "Whether the port may stand in the signed URL, or not.",
                true,
            )
            .or(false),
        ]
    }
}
