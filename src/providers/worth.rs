//! How far the deliveries of a sender can be shown to be authentic.

use crate::event::Strength;

use super::definition::Provider;
use super::schemes::Scheme;

impl Provider {
    /// What its events may be, the strongest first, whichever scheme a source uses.
    pub fn strengths(&self) -> Vec<Strength> {
        let all = self.each_scheme().flat_map(|scheme| self.of(scheme));
        sorted(all.collect())
    }

    /// What they may be where a source uses the scheme of that name, or the first.
    pub fn strengths_by(&self, scheme: Option<&str>) -> Vec<Strength> {
        let of = |scheme| self.of(scheme);
        sorted(self.scheme(scheme).map(of).unwrap_or_default())
    }

    /// Bodies of one kind may be covered where those of another are not.
    fn of(&self, scheme: &dyn Scheme) -> Vec<Strength> {
        let forms = self.content_types().iter();
        let worth = |covered| {
            if covered {
                Strength::Signed
            } else {
                Strength::Authenticated
            }
        };
        forms
            .map(|form| worth(scheme.covers(Some(form.kind()))))
            .collect()
    }
}

/// Where there is no scheme, nothing is proven.
fn sorted(mut strengths: Vec<Strength>) -> Vec<Strength> {
    strengths.sort_unstable();
    strengths.dedup();
    if strengths.is_empty() {
        strengths.push(Strength::Unsigned);
    }
    strengths
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::fuzz::specimens;
    use super::super::registry::Providers;
    use super::super::verify::verify;
    use crate::event::{Delivery, Proof, Strength};

    /// Every delivery that we can sign or that a definition shows is worth what its scheme is said to be
    /// worth; what is signed holds for no other body.
    #[test]
    fn every_sender_is_worth_what_is_said_of_it() {
        let mut seen = BTreeSet::new();
        for specimen in specimens() {
            let provider = &specimen.provider;
            let name = format!("{} by {}", provider.name(), specimen.scheme);
            let said = provider.strengths_by(Some(&specimen.scheme));
            assert!(said.contains(&specimen.strength), "{name}: {said:?}");
            assert!(!said.contains(&Strength::Unsigned), "{name}: {said:?}");
            let other = Delivery {
                body: [&specimen.delivery.body[..], b" "].concat().into(),
                ..specimen.delivery.clone()
            };
            let scheme = Some(specimen.scheme.as_str());
            let proof = verify(provider, scheme, &specimen.secrets, &other, specimen.now);
            let strength = proof.map(Proof::strength);
            assert_ne!(strength, Ok(Strength::Signed), "{name}");
            seen.insert((provider.name().to_owned(), specimen.strength));
        }
        assert!(seen.len() > 180, "{}", seen.len());
        for (name, strength) in [
            ("github", Strength::Signed),
            ("stripe", Strength::Signed),
            ("mailgun", Strength::Authenticated),
            ("monday", Strength::Authenticated),
            ("google-pubsub", Strength::Authenticated),
        ] {
            assert!(seen.contains(&(name.to_owned(), strength)), "{name}");
        }
    }

    #[test]
    fn who_signs_nothing_proves_nothing() {
        let providers = Providers::builtin();
        let known = providers.names().into_iter();
        let mut open = 0;
        for provider in known.filter_map(|name| providers.find(name)) {
            let unsigned = provider.strengths() == [Strength::Unsigned];
            assert_eq!(unsigned, !provider.signs(), "{}", provider.name());
            open += usize::from(unsigned);
        }
        assert!(open > 0);
    }
}
