//! Signing a request anew at each attempt, so that its receiver sees a fresh time.
//!
//! Source: <https://www.standardwebhooks.com>, GitHub's "Validating webhook deliveries".

use crate::crypto::{Algorithm, Encoding, Mac};
use crate::destinations::{Sign, standard_key};

use super::Context;

/// The headers that sign a body for one attempt.
pub(in crate::actions) fn signed(
    sign: &Sign,
    context: &Context<'_>,
    body: &[u8],
) -> Vec<(String, String)> {
    match sign {
        Sign::Standard(secret) => {
            let id = context.job.to_string();
            let seconds = context.now.seconds().to_string();
            let key = standard_key(secret).unwrap_or_default();
            let pieces = [id.as_bytes(), b".", seconds.as_bytes(), b".", body];
            let tag = Mac::tag(Algorithm::Sha256, &key, &pieces);
            let signature = format!("v1,{}", Encoding::Base64.encode(&tag));
            vec![
                ("webhook-id".to_owned(), id),
                ("webhook-timestamp".to_owned(), seconds),
                ("webhook-signature".to_owned(), signature),
            ]
        }
        Sign::Github(secret) => {
            let tag = Mac::tag(Algorithm::Sha256, secret.expose().as_bytes(), &[body]);
            let signature = format!("sha256={}", Encoding::Hex.encode(&tag));
            vec![("x-hub-signature-256".to_owned(), signature)]
        }
    }
}
