//! Handshakes that want something done before they are answered.

use crate::event::Delivery;
use crate::runtime::telemetry::Metric;
use crate::secret::Secret;

use super::Answer;
use super::judge::Refused;
use super::pairing;
use super::receive::Inner;
use super::source::Source;

impl Inner {
    /// Does what must be done before a handshake is answered. An answer where that failed.
    pub(super) async fn shake(
        &self,
        source: &Source,
        delivery: &Delivery,
        follow: Option<String>,
        secret: Option<Secret>,
    ) -> Option<Answer> {
        let name = source.name();
        if let Some(url) = follow
            && let Err(why) = self.keys.follow(&url).await
        {
            return Some(self.unknown_key(source, delivery, &why));
        }
        if let (Some(secret), Some(path)) = (secret, &source.pairing) {
            if let Err(error) = pairing::keep(path, &secret) {
                let reason = format!(
                    "the secret that it gives is not kept in {}: {error}",
                    path.display()
                );
                let refused = Refused::unproven("pairing", &reason);
                return Some(self.refuse(source, delivery, refused));
            }
            let file = path.display().to_string();
            tracing::warn!(
                source = name,
                file,
                "the sender's secret is kept; give it as the source's secret, and leave `pairing` out"
            );
        }
        self.parts.telemetry.count(Metric::Handshakes, &[name]);
        None
    }
}
