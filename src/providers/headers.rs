//! Which headers of a delivery matter, and how they must be treated.

use std::collections::BTreeSet;

use super::definition::Provider;
use super::parts::{Parts, Place};
use super::schemes::Scheme;

impl Provider {
    /// Headers that carry a credential of ours (tokens, basic), in lower case: never stored or
    /// forwarded.
    pub fn credential_headers(&self) -> Vec<String> {
        let places = self.each_scheme().flat_map(Scheme::credentials);
        let headers = places.filter_map(Place::header);
        headers.map(str::to_ascii_lowercase).collect()
    }

    /// Query parameters that carry a credential of ours: never stored or forwarded.
    pub fn credential_parameters(&self) -> Vec<String> {
        let places = self.each_scheme().flat_map(Scheme::credentials);
        let parameter = |place: &Place| match place {
            Place::Query(name) => Some(name.to_string()),
            _ => None,
        };
        places.filter_map(parameter).collect()
    }

    /// Headers that carry a signature, in lower case: forwarded as they are, masked in every display.
    pub fn signature_headers(&self) -> Vec<String> {
        let places = self
            .each_scheme()
            .filter_map(Scheme::signed)
            .flat_map(|signed| &signed.signature.from);
        let headers = places
            .filter_map(Place::header)
            .map(str::to_ascii_lowercase);
        let distinct: BTreeSet<_> = headers.collect();
        distinct.into_iter().collect()
    }

    /// Every header of this sender's own that its definition reads, in lower case and without those
    /// that carry a credential: what goes along when a delivery is forwarded.
    pub fn own_headers(&self) -> Vec<String> {
        let texts = self.event_names.iter().map(|name| &name.text);
        let texts = texts.chain(&self.delivery_id).flat_map(Parts::headers);
        let signed = self.each_scheme().flat_map(Scheme::headers);
        let recognised = self.recognise.iter().map(String::as_str);
        let all = texts.chain(signed).chain(recognised);
        let mut headers: BTreeSet<_> = all.map(str::to_ascii_lowercase).collect();
        for credential in self.credential_headers() {
            headers.remove(&credential);
        }
        headers.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::registry::Providers;

    #[test]
    fn headers_are_known_for_what_they_are() {
        let gitlab = Providers::builtin().find("gitlab").unwrap();
        assert_eq!(gitlab.credential_headers(), ["x-gitlab-token"]);
        assert_eq!(gitlab.signature_headers(), ["webhook-signature"]);
        let own = gitlab.own_headers();
        assert!(own.contains(&"x-gitlab-event".to_owned()));
        assert!(!own.contains(&"x-gitlab-token".to_owned()));
    }
}
