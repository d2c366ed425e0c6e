//! What a whole hookrule.yaml comes to.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::diagnostic::Diagnostic;

use super::*;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, files: &[(&str, &str)]) -> Self {
        let name = format!("hookrule-config-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        for (name, text) in files {
            let path = path.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(path)
    }

    fn document(&self) -> Document {
        Document::read(&self.0.join("hookrule.yaml")).unwrap()
    }

    fn read(&self) -> (Option<Config>, Vec<Diagnostic>) {
        let document = self.document();
        let folders = document.providers(&environment()).unwrap_or_default();
        let definitions = Definitions::read(&folders, None);
        let mut problems = definitions.problems.clone();
        let providers = &definitions.providers;
        let config = Config::read(&document, &environment(), providers, &mut problems);
        (config, problems.sorted())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn environment() -> BTreeMap<String, String> {
    let pairs = [
        ("SECRET", "a-secret-for-tests"),
        ("URL", "hunter2-hunter2://nowhere"),
    ];
    pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}

#[track_caller]
fn refuse(name: &str, text: &str, expected: &[&str]) {
    let folder = Folder::new(name, &[("hookrule.yaml", text)]);
    let (config, problems) = folder.read();
    let codes: Vec<_> = problems.iter().map(|problem| problem.code.id()).collect();
    assert_eq!(codes, expected, "{problems:#?}");
    assert!(config.is_none());
}

#[test]
fn what_is_not_written_has_its_default() {
    let folder = Folder::new("defaults", &[("hookrule.yaml", "sources: {}\n")]);
    let (config, problems) = folder.read();
    let config = config.unwrap();
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(config.listen.to_string(), "127.0.0.1:8443");
    assert_eq!(config.admin, None);
    assert_eq!(config.store, folder.0.join("data"));
    assert_eq!(config.rules, [folder.0.join("rules")]);
    assert_eq!(config.policy, Policy::default());
}

#[test]
fn blocks_are_read_by_their_rooms_and_names_told() {
    let text = "\
listen: localhost:9000
admin: {listen: 127.0.0.1:9001}
store: state
rules: [one, {path: two}]
include: [conf.d/*.yaml]
policy: {drain_timeout: 5s, body_max: 2MiB, retention: 7d}
sources: {hub: {provider: github, secrets: [\"${env:SECRET}\"]}}
";
    let more = "destinations: {sink: {http: {url: 'https://example.com'}}}\n";
    let folder = Folder::new(
        "blocks",
        &[("hookrule.yaml", text), ("conf.d/team.yaml", more)],
    );
    let (config, problems) = folder.read();
    assert!(problems.is_empty(), "{problems:?}");
    let config = config.unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:9000");
    assert_eq!(config.rules, [folder.0.join("one"), folder.0.join("two")]);
    assert_eq!(config.policy.server.drain_timeout.as_secs(), 5);
    assert_eq!(config.policy.executor.drain_timeout.as_secs(), 5);
    assert_eq!(config.policy.intake.body_bytes_max, 2 * 1024 * 1024);
    assert!(config.watched().contains(&folder.0.join("conf.d")));
    let names = config.names(&crate::providers::Providers::builtin());
    assert_eq!(names.sources.unwrap()["hub"], "github");
    assert_eq!(names.destinations.unwrap()["sink"], "http");
}

#[test]
fn every_problem_is_told_at_once() {
    let text = "\
listen: 9000
stroe: data
sources:
  hub: {provider: github, secrets: [\"${env:NONE}\"]}
  other: {provider: nobody, secrets: [aaaaaaaaaaaaaaaaaaaa]}
policy: {drain_timeout: soon, speed: 9}
";
    refuse(
        "all",
        text,
        &["HR0506", "HR0004", "HR0503", "HR0104", "HR0007", "HR0004"],
    );
}

#[test]
fn addresses_and_stores_that_cannot_be_are_refused() {
    refuse("listen", "listen: example.com:80\n", &["HR0506"]);
    let plain = "admin: 127.0.0.1:8444\n";
    refuse("admin", plain, &["HR0006"]);
    let folder = Folder::new("admin-help", &[("hookrule.yaml", plain)]);
    let help = folder.read().1.remove(0).help;
    let written = "write `admin: {listen: 127.0.0.1:8444}`";
    assert_eq!(help.as_deref(), Some(written));
    refuse("postgres", "store: 'postgres://db/hooks'\n", &["HR0007"]);
    refuse(
        "namespace",
        "rules: [{path: rules, namespace: acme}]\n",
        &["HR0005", "HR0005", "HR0005"],
    );
    refuse("empty", "rules: ['']\n", &["HR0007"]);
    let given = "sources: [], destinations: ['*'], actions: [forward]";
    let twice = format!(
        "rules: [{{path: a, namespace: x, {given}}}, {{path: b, namespace: x, {given}}}]\n"
    );
    refuse("twice", &twice, &["HR0007"]);
    let slash = format!("rules: [{{path: a, namespace: x/y, {given}}}]\n");
    refuse("slash", &slash, &["HR0007"]);
    refuse("alone", "rules: [{path: a, sources: ['*']}]\n", &["HR0007"]);
    let unknown =
        "rules: [{path: a, namespace: x, sources: [], destinations: [], actions: [forwrad]}]\n";
    refuse("actions", unknown, &["HR0401"]);
}

#[test]
fn one_name_in_two_files_is_an_error_in_the_later() {
    let source = "sources: {hub: {provider: github, secrets: [\"${env:SECRET}\"]}}\n";
    let first = format!("include: [more.yaml]\n{source}");
    let folder = Folder::new("twice", &[("hookrule.yaml", &first), ("more.yaml", source)]);
    let (config, problems) = folder.read();
    assert!(config.is_none());
    assert_eq!(problems[0].code.id(), "HR0003");
    assert!(problems[0].place.file.path.ends_with("more.yaml"));
}

#[test]
fn nothing_shows_a_credential() {
    let text = "\
sources: {hub: {provider: github, secrets: [\"${env:SECRET}\"]}}
destinations: {sink: {http: {url: \"${env:URL}\"}}}
";
    let folder = Folder::new("hidden", &[("hookrule.yaml", text)]);
    let (config, problems) = folder.read();
    assert!(config.is_none() && !problems.is_empty());
    let shown = format!(
        "{:?}",
        problems
            .iter()
            .map(|p| (&p.message, &p.help))
            .collect::<Vec<_>>()
    );
    assert!(!shown.contains("hunter2"), "{shown}");

    let good = text.replace("${env:URL}", "https://example.com/");
    fs::write(folder.0.join("hookrule.yaml"), good).unwrap();
    let shown = format!("{:?}", folder.read().0.unwrap());
    assert!(!shown.contains("a-secret-for-tests"), "{shown}");
}

#[test]
fn the_store_and_one_sender_need_no_other_credentials() {
    let text = "\
store: state
sources:
  hub: {provider: github, secrets: [{value: \"${env:SECRET}\"}]}
  shop: {provider: shopify, secrets: [\"${env:NONE}\"]}
";
    let folder = Folder::new("light", &[("hookrule.yaml", text)]);
    let document = folder.document();
    assert_eq!(
        document.store(&environment()).unwrap(),
        folder.0.join("state")
    );
    let providers = crate::providers::Providers::builtin();
    let hub = document.sender("hub", &environment(), &providers).unwrap();
    assert_eq!(hub.secret.unwrap().expose(), "a-secret-for-tests");
    assert_eq!(document.sources_of("shopify", &providers), ["shop"]);
    assert!(document.sender("shop", &environment(), &providers).is_err());
    assert!(document.sender("none", &environment(), &providers).is_err());
    let names = document.names_as_written(&environment(), &providers);
    assert_eq!(names.sources.unwrap()["shop"], "shopify");
}

#[test]
fn a_bad_definition_keeps_its_last_good_version() {
    let good = "name: shop-floor\nverify: none\nnames: [thing]\ndelivery_id: none\n";
    let config = "providers: [own]\n";
    let folder = Folder::new("own", &[("hookrule.yaml", config), ("own/a.yaml", good)]);
    let folders = folder.document().providers(&environment()).unwrap();
    let first = Definitions::read(&folders, None);
    let problems = first.problems.clone().sorted();
    assert!(!first.problems.has_errors(), "{problems:?}");
    assert!(first.providers.find("shop-floor").is_some());

    fs::write(folder.0.join("own/a.yaml"), "name: [\n").unwrap();
    let second = Definitions::read(&folders, Some(&first));
    assert!(second.providers.find("shop-floor").is_some());
    assert_eq!(second.stale, [folder.0.join("own/a.yaml")]);
    assert!(second.problems.has_errors());

    fs::remove_file(folder.0.join("own/a.yaml")).unwrap();
    let third = Definitions::read(&folders, Some(&second));
    assert!(third.providers.find("shop-floor").is_none());
}
