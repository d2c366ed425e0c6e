//! Handshakes that want something done before they are answered.

use crate::runtime::telemetry::Metric;
use crate::secret::Secret;

use super::judge::Refused;
use super::pairing;
use super::receive::Inner;
use super::source::Source;
use super::{Answer, answers};

impl Inner {
    /// Answers a handshake, after what must be done before.
    pub(super) async fn shake(
        &self,
        source: &Source,
        answer: Answer,
        follow: Option<String>,
        secret: Option<Secret>,
    ) -> Answer {
        let name = source.name();
        if let Some(url) = follow
            && let Err(why) = self.keys.follow(&url).await
        {
            return self.unknown_key(name, &why);
        }
        if let (Some(secret), Some(path)) = (secret, &source.pairing) {
            if let Err(error) = pairing::keep(path, &secret) {
                let reason = format!(
                    "the secret that it gives is not kept in {}: {error}",
                    path.display()
                );
                return self.refuse(name, Refused::unproven("pairing", &reason));
            }
            let file = path.display().to_string();
            tracing::warn!(
                source = name,
                file,
                "the sender's secret is kept; give it as the source's secret, and leave `pairing` out"
            );
        }
        self.parts.telemetry.count(Metric::Handshakes, &[name]);
        answer
    }

    /// Neither proven nor disproven: the sender is asked to come back.
    pub(super) fn unknown_key(&self, source: &str, why: &str) -> Answer {
        let refused = Refused {
            word: "key_missing",
            reason: format!("the key that would prove it is not known: {why}"),
            answer: answers::unavailable(),
        };
        self.refuse(source, refused)
    }
}
