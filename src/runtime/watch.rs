//! Which files changed: one signal for whatever happens below the watched paths.
//!
//! Comes in: files and folders. Goes out: "something changed", once things are quiet. What changed,
//! and whether it matters, is left to whoever reads the files again: editors rename, truncate, delete
//! and create, Kubernetes swaps a `..data` link, and none of them says what it meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

/// How long it must be quiet before a change is reported, so that a save in several steps is one.
pub const QUIET: Duration = Duration::from_millis(200);
/// The longest a change waits for quiet, so that a busy folder cannot hide it.
pub const PATIENCE: Duration = Duration::from_millis(600);

/// Why files cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("files cannot be watched: {0}")]
pub struct WatchError(#[from] notify::Error);

/// A running watch; it ends when this is dropped.
#[derive(Debug)]
pub struct Changes {
    changed: mpsc::Receiver<()>,
    paths: watch::Sender<Vec<PathBuf>>,
}

impl Changes {
    /// Waits until something changed since the last call, or since the watch began. Never ends where
    /// watching has failed.
    ///
    /// # Cancellation
    /// Safe: a change is reported by the next call.
    pub async fn next(&mut self) {
        if self.changed.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
    }

    /// Watches these paths from here on.
    pub fn set_paths(&self, paths: Vec<PathBuf>) {
        self.paths.send_if_modified(|current| {
            let differs = *current != paths;
            *current = paths;
            differs
        });
    }
}

/// Watches files, and folders with all that is in them. Paths that do not exist yet are reported when
/// they come, as long as the folder that they will stand in exists.
///
/// # Errors
/// Where the system gives no watches at all; paths that cannot be watched are logged.
pub fn watch(paths: Vec<PathBuf>) -> Result<Changes, WatchError> {
    let roots = Arc::new(RwLock::new(BTreeSet::new()));
    let (raw, events) = mpsc::channel(1);
    let watcher = notify::recommended_watcher({
        let roots = Arc::clone(&roots);
        move |event: notify::Result<notify::Event>| {
            if concerns(
                &roots.read().unwrap_or_else(PoisonError::into_inner),
                &event,
            ) {
                // A full channel already holds a change that nobody has seen.
                let _ = raw.try_send(());
            }
        }
    })?;
    let (report, changed) = mpsc::channel(1);
    let (sender, wanted) = watch::channel(paths);
    tokio::spawn(run(Watched { watcher, roots }, wanted, events, report));
    Ok(Changes {
        changed,
        paths: sender,
    })
}

/// Whether an event is about a watched path. Reading a file is no change.
fn concerns(roots: &BTreeSet<PathBuf>, event: &notify::Result<notify::Event>) -> bool {
    let Ok(event) = event else { return true };
    if matches!(event.kind, EventKind::Access(_)) {
        return false;
    }
    event.need_rescan()
        || event.paths.iter().any(|path| {
            // `..data` and its like: Kubernetes swaps them beside the files it mounts.
            let link = path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b".."));
            link || roots
                .iter()
                .any(|root| path.starts_with(root) || root.starts_with(path))
        })
}

struct Watched {
    watcher: RecommendedWatcher,
    roots: Arc<RwLock<BTreeSet<PathBuf>>>,
}

impl Watched {
    /// Sets the watches anew: folders that were replaced since have lost theirs.
    fn set(&mut self, paths: &[PathBuf]) {
        let mut roots = BTreeSet::new();
        for path in paths {
            roots.extend(std::path::absolute(path));
            roots.extend(path.canonicalize());
        }
        let mut folders = BTreeMap::new();
        for root in &roots {
            if let Some(parent) = root.parent() {
                folders
                    .entry(parent.to_owned())
                    .or_insert(RecursiveMode::NonRecursive);
            }
            if root.is_dir() {
                folders.insert(root.clone(), RecursiveMode::Recursive);
            }
        }
        *self.roots.write().unwrap_or_else(PoisonError::into_inner) = roots;
        for (folder, mode) in folders {
            if let Err(error) = self.watch(&folder, mode) {
                tracing::warn!(folder = %folder.display(), %error, "a folder is not watched; its changes are found later");
            }
        }
    }

    fn watch(&mut self, folder: &Path, mode: RecursiveMode) -> notify::Result<()> {
        if !folder.exists() {
            return Ok(());
        }
        self.watcher.watch(folder, mode)
    }
}

async fn run(
    mut watched: Watched,
    mut wanted: watch::Receiver<Vec<PathBuf>>,
    mut events: mpsc::Receiver<()>,
    report: mpsc::Sender<()>,
) {
    loop {
        // Watches first, then the report: whatever happens after the reading is seen again.
        let paths = wanted.borrow_and_update().clone();
        let set = tokio::task::spawn_blocking(move || {
            watched.set(&paths);
            watched
        });
        let Ok(back) = set.await else { return };
        watched = back;
        // The first round reports too: a file may have changed before its watch stood.
        let _ = report.try_send(());
        tokio::select! {
            more = events.recv() => if more.is_none() { return },
            more = wanted.changed() => if more.is_err() { return },
            () = report.closed() => return,
        }
        quiet(&mut events).await;
    }
}

/// Waits until no event has come for [`QUIET`], at most [`PATIENCE`].
async fn quiet(events: &mut mpsc::Receiver<()>) {
    let started = Instant::now();
    loop {
        let due = (Instant::now() + QUIET).min(started + PATIENCE);
        tokio::select! {
            biased;
            () = sleep_until(due) => return,
            more = events.recv() => if more.is_none() { return },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    /// A folder that is gone when the value is.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("hookrule-watch-{name}-{}", std::process::id());
            let path = std::env::temp_dir().join(name);
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn file(&self, name: &str, text: &str) -> PathBuf {
            let path = self.0.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    async fn reported(changes: &mut Changes, what: &str) {
        let report = tokio::time::timeout(Duration::from_secs(30), changes.next());
        assert!(report.await.is_ok(), "{what} was not reported");
    }

    #[tokio::test]
    async fn every_way_of_saving_is_seen() {
        let folder = Folder::new("saving");
        let file = folder.file("hookrule.yaml", "a");
        let mut changes = watch(vec![file.clone()]).unwrap();
        reported(&mut changes, "the beginning").await;

        fs::write(&file, "b").unwrap();
        reported(&mut changes, "truncate and write").await;

        let beside = folder.file("hookrule.yaml~", "c");
        fs::rename(beside, &file).unwrap();
        reported(&mut changes, "rename over").await;

        fs::remove_file(&file).unwrap();
        reported(&mut changes, "delete").await;
        fs::write(&file, "d").unwrap();
        reported(&mut changes, "create").await;
    }

    #[tokio::test]
    async fn folders_are_watched_with_what_is_in_them() {
        let folder = Folder::new("folders");
        folder.file("rules/a.yaml", "a");
        let mut changes = watch(vec![folder.0.join("rules")]).unwrap();
        reported(&mut changes, "the beginning").await;

        folder.file("rules/team/b.yaml", "b");
        reported(&mut changes, "a file in a new folder").await;
        folder.file("rules/team/b.yaml", "c");
        reported(&mut changes, "a change in that folder").await;

        fs::remove_dir_all(folder.0.join("rules")).unwrap();
        reported(&mut changes, "the folder's end").await;
        folder.file("rules/a.yaml", "d");
        reported(&mut changes, "the folder's return").await;
        folder.file("rules/a.yaml", "e");
        reported(&mut changes, "a change after its return").await;
    }

    #[tokio::test]
    async fn a_swapped_link_is_seen() {
        let folder = Folder::new("links");
        folder.file("..1/rule.yaml", "a");
        symlink("..1", folder.0.join("..data")).unwrap();
        symlink("..data/rule.yaml", folder.0.join("rule.yaml")).unwrap();
        let mut changes = watch(vec![folder.0.join("rule.yaml")]).unwrap();
        reported(&mut changes, "the beginning").await;

        folder.file("..2/rule.yaml", "b");
        symlink("..2", folder.0.join("..data_tmp")).unwrap();
        fs::rename(folder.0.join("..data_tmp"), folder.0.join("..data")).unwrap();
        reported(&mut changes, "the swap").await;
        let text = fs::read_to_string(folder.0.join("rule.yaml")).unwrap();
        assert_eq!(text, "b");
    }

    #[test]
    fn reading_and_strangers_are_no_change() {
        let roots = BTreeSet::from([PathBuf::from("/etc/hookrule/rules")]);
        let event = |kind, path: &str| Ok(notify::Event::new(kind).add_path(path.into()));
        let modify = EventKind::Modify(notify::event::ModifyKind::Any);
        let read = EventKind::Access(notify::event::AccessKind::Any);
        assert!(concerns(&roots, &event(modify, "/etc/hookrule/rules/a")));
        assert!(concerns(&roots, &event(modify, "/etc/hookrule/..data")));
        assert!(!concerns(&roots, &event(read, "/etc/hookrule/rules/a")));
        assert!(!concerns(&roots, &event(modify, "/etc/hookrule/data")));
    }
}
