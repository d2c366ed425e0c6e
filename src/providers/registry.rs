//! All provider definitions: the built-in ones, and the user's over them.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::diagnostic::{Diagnostics, SourceFile, code};
use crate::yaml;

use super::builtin;
use super::definition::Provider;
use super::shapes::Shapes;

/// The definitions that sources may name.
#[derive(Debug, Clone, Default)]
pub struct Providers {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
enum Entry {
    /// Read at its first use.
    Builtin {
        text: &'static str,
        read: Arc<OnceLock<Option<Arc<Provider>>>>,
    },
    User(Arc<Provider>, Arc<SourceFile>),
}

impl Entry {
    fn provider(&self, name: &str) -> Option<Arc<Provider>> {
        match self {
            Self::User(provider, _) => Some(Arc::clone(provider)),
            Self::Builtin { text, read } => {
                let parse = || {
                    let file = SourceFile::new(format!("builtin/{name}.yaml"), *text);
                    let node = yaml::read(&file, &mut Diagnostics::new())?;
                    Provider::parse(&node, &mut Diagnostics::new()).map(Arc::new)
                };
                read.get_or_init(parse).clone()
            }
        }
    }
}

impl Providers {
    /// The built-in ones.
    pub fn builtin() -> Self {
        let entry = |(name, text): &(&str, &'static str)| {
            let read = Arc::new(OnceLock::new());
            ((*name).to_owned(), Entry::Builtin { text, read })
        };
        Self {
            entries: builtin::LIST.iter().map(entry).collect(),
        }
    }

    /// Adds or replaces one from a user's file, running its own vectors. With an error it is not
    /// taken.
    pub fn add(&mut self, file: &Arc<SourceFile>, problems: &mut Diagnostics) {
        let mut found = Diagnostics::new();
        let node = yaml::read(file, &mut found);
        let provider = node.as_ref().and_then(|node| {
            let provider = Provider::parse(node, &mut found)?;
            let nodes = node
                .get("vectors")
                .map_or(&[][..], |node| node.one_or_list());
            for (vector, node) in provider.vectors().iter().zip(nodes) {
                if let Err(why) = vector.run(&provider) {
                    let message = format!("vector `{}` fails: {why}", vector.name);
                    found.push(node.error(code::FAILED_VECTOR, message).help("mend the definition, or the vector where the sender does otherwise; `hookrule providers verify FILE` runs them alone"));
                }
            }
            Some(provider)
        });
        let broken = found.has_errors();
        problems.extend(found);
        if let (Some(provider), false) = (provider, broken) {
            let name = provider.name().to_owned();
            self.entries
                .insert(name, Entry::User(Arc::new(provider), Arc::clone(file)));
        }
    }

    /// One by name or alias. A name goes before an alias, a user's alias before a built-in one.
    pub fn find(&self, name: &str) -> Option<Arc<Provider>> {
        if let Some(entry) = self.entries.get(name) {
            return entry.provider(name);
        }
        let own = |(_, entry): &(&String, &Entry)| matches!(entry, Entry::User(..));
        let users = self.entries.iter().filter(own);
        let users = users.filter_map(|(own, entry)| entry.provider(own));
        let builtin = builtin::ALIASES.iter().filter(|(alias, _)| *alias == name);
        let builtin = builtin.filter_map(|(_, own)| self.entries.get(*own)?.provider(own));
        users.chain(builtin).find_map(|provider| {
            let alias = provider.aliases().iter().find(|alias| alias.name == name)?;
            Some(match alias.scheme.clone() {
                None => provider,
                Some(scheme) => Arc::new(Provider::clone(&provider).preferring(&scheme)),
            })
        })
    }

    /// The YAML of one by name, to be read or to begin an own one with.
    pub fn text(&self, name: &str) -> Option<&str> {
        Some(match self.entries.get(name)? {
            Entry::Builtin { text, .. } => text,
            Entry::User(_, file) => &file.text,
        })
    }

    /// What is known of the events of a built-in definition; none where the user has an own one.
    pub fn shapes(&self, name: &str) -> Option<Shapes> {
        match self.entries.get(name)? {
            Entry::Builtin { .. } => Shapes::of(name),
            Entry::User(..) => None,
        }
    }

    /// Every name, sorted; aliases are not among them.
    pub fn names(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::Vector;
    use super::*;
    use crate::diagnostic::Severity;

    #[test]
    fn the_list_is_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/providers/builtin");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned))
            .collect();
        files.sort();
        let listed: Vec<_> = builtin::LIST.iter().map(|(name, _)| *name).collect();
        assert_eq!(listed, files);
    }

    #[test]
    fn every_built_in_definition_is_sound_and_passes_its_own_vectors() {
        let mut said = Vec::new();
        for (name, text) in builtin::LIST {
            let file = SourceFile::new(format!("{name}.yaml"), *text);
            let mut providers = Providers::default();
            let mut problems = Diagnostics::new();
            providers.add(&file, &mut problems);
            let found = problems.iter();
            said.extend(found.map(|p| format!("{name} {}: {}", p.code.id(), p.message)));
            match providers.find(name) {
                Some(provider) => said.extend(unshown(name, &provider)),
                None => said.push(format!("{name} cannot be read")),
            }
        }
        assert_eq!(said, Vec::<String>::new());
    }

    /// What a definition must show, and this one does not: an acceptance, and ways to be refused.
    fn unshown(name: &str, provider: &Provider) -> Vec<String> {
        let mut said = Vec::new();
        if provider.name() != name || provider.docs().is_empty() || provider.setup().is_empty() {
            said.push(format!("{name} lacks its name, `docs` or `setup`"));
        }
        let kinds: Vec<_> = provider.vectors().iter().map(Vector::refused).collect();
        for kind in [None, Some("missing"), Some("mismatch")] {
            if provider.signs() && !kinds.contains(&kind) {
                said.push(format!("{name} shows no {kind:?}"));
            }
        }
        said
    }

    #[test]
    fn every_alias_is_listed() {
        let providers = Providers::builtin();
        let mut aliases = Vec::new();
        for (name, _) in builtin::LIST {
            let provider = providers.find(name).unwrap();
            let own = provider.aliases().iter();
            aliases.extend(own.map(|alias| (alias.name.clone(), (*name).to_owned())));
        }
        aliases.sort();
        let listed = builtin::ALIASES.iter();
        let listed: Vec<_> = listed
            .map(|(alias, name)| ((*alias).to_owned(), (*name).to_owned()))
            .collect();
        assert_eq!(listed, aliases);
        for (alias, _) in builtin::ALIASES {
            assert!(
                builtin::LIST.iter().all(|(name, _)| name != alias),
                "{alias}"
            );
        }
    }

    #[test]
    fn aliases_find_their_provider_and_scheme() {
        let providers = Providers::builtin();
        for (alias, name, scheme) in [
            ("slack-commands", "slack", "signature"),
            ("discord-interactions", "discord", "signature"),
            ("standard-webhooks-v1a", "standard-webhooks", "v1a"),
            ("standard-webhooks", "standard-webhooks", "v1"),
        ] {
            let provider = providers.find(alias).unwrap();
            assert_eq!((provider.name(), provider.schemes()[0]), (name, scheme));
        }
        assert!(providers.find("nobody").is_none());
        assert!(!providers.names().contains(&"slack-commands"));
    }

    const OWN: &str = "name: github
verify: {scheme: token, from: 'header:X-Token'}
names: ['{json:type}']
delivery_id: none
vectors:
  - {name: good, secrets: [s], headers: {X-Token: s}, expect: valid}
  - {name: bad, secrets: [s], headers: {X-Token: t}, expect: invalid}
";

    #[track_caller]
    fn add(text: &str) -> (Providers, Vec<(&'static str, String)>) {
        let mut providers = Providers::builtin();
        let mut problems = Diagnostics::new();
        providers.add(&SourceFile::new("own.yaml", text), &mut problems);
        let errors = problems.iter().filter(|p| p.severity == Severity::Error);
        let errors = errors.map(|p| (p.code.id(), p.message.clone())).collect();
        (providers, errors)
    }

    #[test]
    fn a_users_definition_goes_before_the_built_in_one() {
        let (providers, errors) = add(OWN);
        assert_eq!(errors, []);
        assert_eq!(providers.find("github").unwrap().schemes(), ["token"]);
    }

    #[test]
    fn a_failing_vector_keeps_a_definition_out() {
        let (providers, errors) = add(&OWN.replace("X-Token: t", "X-Token: s"));
        assert_eq!(errors[0].0, "HR0602");
        assert_eq!(errors[0].1, "vector `bad` fails: accepted, but is invalid");
        assert_eq!(providers.find("github").unwrap().schemes()[0], "signature");
    }

    #[track_caller]
    fn check_wrong(from: &str, to: &str, code: &str, said: &str) {
        let (_, errors) = add(&OWN.replace(from, to));
        let found = errors.iter().any(|(c, m)| *c == code && m.contains(said));
        assert!(found, "{to}: {errors:?}");
    }

    #[test]
    fn what_is_wrong_in_a_definition_is_said() {
        for (from, to, code, said) in [
            (
                "scheme: token",
                "scheme: tokn",
                "HR0007",
                "`tokn` is no way of signing",
            ),
            (
                "header:X-Token'",
                "json:token'",
                "HR0601",
                "`token` carries the secret and would be shown",
            ),
            ("from:", "form:", "HR0004", "`form` means nothing here"),
            (
                "name: github",
                "name: Git Hub",
                "HR0007",
                "`Git Hub` cannot be a name here",
            ),
            (
                "delivery_id: none",
                "delivery_id: '{heder:X}'",
                "HR0007",
                "did you mean `header`?",
            ),
            (
                "'{json:type}'",
                "'{sig:t}'",
                "HR0601",
                "looks at the signature",
            ),
            (
                "delivery_id",
                "delivery_ids",
                "HR0004",
                "`delivery_ids` means nothing here",
            ),
            (
                "vectors:",
                "aliases: {x: y}\nvectors:",
                "HR0601",
                "names a scheme `y` that is not",
            ),
            (
                "expect: valid",
                "expect: fine",
                "HR0007",
                "neither `valid` nor `invalid`",
            ),
            (
                "expect: valid",
                "expcet: valid",
                "HR0004",
                "`expcet` means nothing here",
            ),
        ] {
            check_wrong(from, to, code, said);
        }
    }

    #[test]
    fn what_would_prove_nothing_is_an_error() {
        for (from, to, said) in [
            (
                "from: 'header:X-Token'",
                "from: body",
                "a credential stands in a header, the query, a form or the JSON body",
            ),
            (
                "scheme: token, from: 'header:X-Token'",
                "scheme: hash, signature: {from: 'header:X-Token'}",
                "anybody can compute a digest without a secret",
            ),
            (
                "scheme: token, from: 'header:X-Token'",
                "scheme: jwt, from: 'header:X-Token', algorithms: [HS256, RS256]",
                "need a scheme each",
            ),
            (
                "scheme: token, from: 'header:X-Token'",
                "scheme: jwt, from: 'header:X', algorithms: HS256, claims: {a: '{setting:x}'}",
                "`settings` does not say what `x` is",
            ),
            (
                "scheme: token, from: 'header:X-Token'",
                "scheme: hmac, signature: {from: 'header:X'}, bind: {from: 'query:h', equals: x}",
                "`bind` trusts the query parameter h, which is not signed",
            ),
            (
                "scheme: token, from: 'header:X-Token'",
                "scheme: hmac, signature: {from: 'header:X', field: v1, sep: ''}",
                "nothing between signatures",
            ),
            (
                "scheme: token, from: 'header:X-Token'",
                "scheme: hmac, signature: {from: 'header:X', field: v1, list: ','}",
                "cannot stand together",
            ),
            (
                "delivery_id",
                "handshakes: {name: x, signed: false, when: {present: 'query:c'}, reply: {body: '{query:c|hmac}'}}\ndelivery_id",
                "anybody could have the query parameter c signed",
            ),
        ] {
            check_wrong(from, to, "HR0601", said);
        }
    }

    #[test]
    fn the_documented_definition_is_sound() {
        let text = include_str!("../../docs/definitions.md");
        let yaml = text.split("```yaml\n").nth(1).unwrap();
        let (providers, errors) = add(yaml.split("```").next().unwrap());
        assert_eq!(errors, []);
        let acme = providers.find("acme").unwrap();
        assert_eq!(acme.vectors().len(), 2);
        assert!(providers.text("acme").unwrap().starts_with("name: acme"));
        assert!(providers.text("github").unwrap().contains("name: github"));
    }
}
