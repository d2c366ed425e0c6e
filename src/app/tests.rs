//! A whole hookrule in one process: it starts, reloads and leaves.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::operator::{Answer, Operator as _, Question, Remote};
use crate::runtime::Clock;
use crate::runtime::shutdown::Shutdown;

use super::{App, Options, Reloaded, StartError};

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("hookrule-app-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        let folder = Self(path);
        folder.write("hookrule.yaml", &config("github"));
        folder.write("rules/a.yaml", &rule("first"));
        folder
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn options(&self) -> Options {
        let environment = BTreeMap::from([("SECRET".to_owned(), "a-secret-for-tests".to_owned())]);
        Options {
            config: self.0.join("hookrule.yaml"),
            clock: Clock::machine(),
            environment: Arc::new(environment),
            shutdown: Shutdown::new(),
            skip_bad_rules: false,
        }
    }

    async fn start(&self) -> App {
        App::start(self.options()).await.unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn config(provider: &str) -> String {
    format!(
        "listen: 127.0.0.1:0\nadmin: {{listen: 127.0.0.1:0}}\n\
         sources: {{hub: {{provider: {provider}, secrets: [\"${{env:SECRET}}\"]}}}}\n"
    )
}

fn rule(name: &str) -> String {
    format!(
        "rules: [{{name: {name}, when: {{event: push}}, actions: [{{log: {{message: x}}}}]}}]\n"
    )
}

async fn running_rules(folder: &Path) -> Vec<String> {
    let remote = Remote::connect(&folder.join("data")).await.unwrap();
    match remote.unwrap().ask(Question::Rules).await.unwrap() {
        Answer::Rules(rules) => rules.into_iter().map(|rule| rule.name).collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_leaves_its_store_free_for_the_next() {
    let folder = Folder::new("restart");
    for _ in 0..3 {
        let app = folder.start().await;
        assert_ne!(app.listen_addr().port(), 0);
        assert!(app.admin_addr().is_some());
        assert_eq!(running_rules(&folder.0).await, ["first"]);
        app.drain().await;
        assert!(!folder.0.join("data/hookrule.sock").exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_one_is_told_who_has_the_store() {
    let folder = Folder::new("second");
    let app = folder.start().await;
    match App::start(folder.options()).await {
        Err(StartError::Operational(why)) => {
            assert!(why.contains(&std::process::id().to_string()), "{why}");
        }
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("two processes had one store"),
    }
    // The first one's socket is still answered.
    assert_eq!(running_rules(&folder.0).await, ["first"]);
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn good_files_go_live_and_bad_ones_change_nothing() {
    let folder = Folder::new("reload");
    // Without its own watch, so that only this test reloads.
    let app = folder.start().await;
    app.reloader.abort();
    assert_eq!(app.reload().await, Reloaded::Unchanged);

    folder.write("rules/a.yaml", &rule("second"));
    assert_eq!(app.reload().await, Reloaded::Changed { revision: 2 });
    assert_eq!(running_rules(&folder.0).await, ["second"]);

    folder.write("rules/a.yaml", "rules: [{name: broken}]\n");
    assert_eq!(app.reload().await, Reloaded::Kept);
    assert_eq!(running_rules(&folder.0).await, ["second"]);

    // A bad configuration stays out, and does not keep a good rule file out.
    folder.write("hookrule.yaml", &config("nobody"));
    folder.write("rules/a.yaml", &rule("third"));
    assert_eq!(app.reload().await, Reloaded::Changed { revision: 3 });
    assert_eq!(running_rules(&folder.0).await, ["third"]);
    let sources = app.live.outlets.sources.borrow().clone();
    assert_eq!(sources.get("hub").unwrap().provider(), "github");

    folder.write("hookrule.yaml", &config("shopify"));
    assert_eq!(app.reload().await, Reloaded::Changed { revision: 4 });
    let sources = app.live.outlets.sources.borrow().clone();
    assert_eq!(sources.get("hub").unwrap().provider(), "shopify");

    fs::remove_dir_all(folder.0.join("rules")).unwrap();
    assert_eq!(app.reload().await, Reloaded::Kept);
    assert_eq!(running_rules(&folder.0).await, ["third"]);
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_saved_file_goes_live_by_itself() {
    let folder = Folder::new("saved");
    let app = folder.start().await;
    let mut rules = app.live.outlets.rules.subscribe();
    folder.write("rules/b.yaml", &rule("second"));
    let seen = rules.wait_for(|rules| rules.lookup("second").is_some());
    let seen = tokio::time::timeout(std::time::Duration::from_secs(30), seen).await;
    assert!(seen.is_ok(), "the change was not seen");
    app.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_file_stops_the_start_unless_it_may_be_skipped() {
    let folder = Folder::new("start");
    folder.write("rules/b.yaml", "rules: [{name: broken}]\n");
    let refused = App::start(folder.options()).await;
    assert!(matches!(refused, Err(StartError::Diagnostics(_))));

    let mut options = folder.options();
    options.skip_bad_rules = true;
    let app = App::start(options).await.unwrap();
    assert_eq!(running_rules(&folder.0).await, ["first"]);
    app.drain().await;

    folder.write("hookrule.yaml", &config("nobody"));
    let mut options = folder.options();
    options.skip_bad_rules = true;
    let refused = App::start(options).await;
    assert!(matches!(refused, Err(StartError::Diagnostics(_))));
}
