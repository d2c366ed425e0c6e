//! A power cut under load: every acknowledged event is there on what the disk had got by then.
//!
//! kill -9 cannot show this, for the kernel keeps what a process wrote. Here the store lies on a file
//! system in an image whose journal is written only on demand; a copy of the image is what a disk
//! would hold after a cut at that moment.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rusqlite::Connection;

use crate::harness::{
    Answer, EAGER, Folder, Load, Mount, Process, Target, arrived, forwarding, make_image, needs,
    repeated,
};

const ROUNDS: usize = 3;
const SENDERS: usize = 16;
const IMAGE_MEBIBYTES: u64 = 64;

/// How the moment of a cut is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The process is killed, and the image copied at once.
    Killed,
    /// The process is stopped while the image is copied, and goes on.
    Running,
}

/// A mounted file system and the image it lies in.
struct Disk {
    image: PathBuf,
    mount: Mount,
}

impl Disk {
    fn new(folder: &Folder, name: &str) -> Result<Self, String> {
        let image = folder.path().join(format!("{name}.img"));
        make_image(&image, IMAGE_MEBIBYTES)?;
        let mount = Mount::image(&image, &folder.path().join(name))?;
        Ok(Self { image, mount })
    }

    /// The image as it is now, not yet mounted.
    fn cut(&self, folder: &Folder) -> PathBuf {
        let copy = folder.path().join("copy.img");
        std::fs::copy(&self.image, &copy).expect("a copy of the image");
        copy
    }
}

/// What came of some rounds.
#[derive(Default)]
struct Tally {
    acknowledged: usize,
    lost: usize,
    duplicated: usize,
}

/// A server under load on a disk of its own, a cut, and another server on what is left.
async fn round(cut: Cut, enough: usize, next: &Arc<AtomicU64>) -> Option<Tally> {
    let folder = Folder::new();
    let disk = needs("loop", Disk::new(&folder, "disk"))?;
    // Nothing is done before the cut, so that everything must be done after it.
    let down = Target::start().await;
    down.otherwise(|_| Answer::status(503));
    let store = format!("store: {}\n", disk.mount.path().join("store").display());
    let config = forwarding(&folder, &down.url("/sink"), &store, EAGER);
    let mut server = Process::start(&config);
    let load = Load::start(server.address, SENDERS, 100, next);
    load.answered(202, enough).await;
    let (image, acknowledged) = match cut {
        Cut::Killed => {
            server.kill();
            let image = disk.cut(&folder);
            (image, load.end().await.acknowledged)
        }
        Cut::Running => {
            server.signal("STOP");
            server.wait_until_stopped();
            let image = disk.cut(&folder);
            let acknowledged = load.acknowledged();
            server.signal("CONT");
            load.end().await;
            server.kill();
            (image, acknowledged)
        }
    };

    let after = Folder::new();
    let mount = Mount::image(&image, &after.path().join("disk")).expect("what was mounted once");
    let up = Target::start().await;
    let store = format!("store: {}\n", mount.path().join("store").display());
    let mut survivor = Process::start(&forwarding(&after, &up.url("/sink"), &store, EAGER));
    let tally = judge(&survivor, &up, acknowledged).await;
    assert!(survivor.stop().success(), "it drains and leaves");
    Some(tally)
}

async fn judge(survivor: &Process, up: &Target, acknowledged: BTreeMap<u64, String>) -> Tally {
    let stored = survivor.event_ids();
    let lost = acknowledged.values().filter(|id| !stored.contains(*id));
    let lost = lost.count();
    assert_eq!(
        lost,
        0,
        "acknowledged and not on disk, of {}",
        acknowledged.len()
    );
    arrived(up, &acknowledged).await;
    Tally {
        acknowledged: acknowledged.len(),
        lost,
        duplicated: repeated(up),
    }
}

async fn rounds(cut: Cut, name: &str) {
    let next = Arc::new(AtomicU64::new(0));
    let mut sum = Tally::default();
    for number in 0..ROUNDS {
        let Some(tally) = round(cut, 40 + 120 * number, &next).await else {
            return;
        };
        sum.acknowledged += tally.acknowledged;
        sum.lost += tally.lost;
        sum.duplicated += tally.duplicated;
    }
    println!(
        "{{\"test\":\"{name}\",\"rounds\":{ROUNDS},\"acknowledged\":{},\"lost\":{},\"duplicated\":{}}}",
        sum.acknowledged, sum.lost, sum.duplicated
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_acknowledged_is_lost_to_a_power_cut() {
    rounds(Cut::Killed, "A2").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_taken_while_it_runs_holds_all_that_was_acknowledged() {
    rounds(Cut::Running, "A2-running").await;
}

/// How many of so many commits are left after a cut.
fn commits_left(synchronous: &str, commits: u32) -> Option<u32> {
    let folder = Folder::new();
    let disk = needs("loop", Disk::new(&folder, "disk"))?;
    let open = |mount: &Mount| Connection::open(mount.path().join("rows.db")).unwrap();
    let database = open(&disk.mount);
    database.pragma_update(None, "journal_mode", "WAL").unwrap();
    database.pragma_update(None, "synchronous", "FULL").unwrap();
    database.execute("CREATE TABLE rows (number)", []).unwrap();
    database
        .pragma_update(None, "synchronous", synchronous)
        .unwrap();
    for number in 0..commits {
        database
            .execute("INSERT INTO rows VALUES (?1)", [number])
            .unwrap();
    }
    let image = disk.cut(&folder);
    let after = Folder::new();
    let mount = Mount::image(&image, &after.path().join("disk")).expect("what was mounted once");
    let left = open(&mount).query_row("SELECT count(*) FROM rows", [], |row| row.get(0));
    Some(left.unwrap())
}

/// Without this nobody knows whether the cuts above cut anything.
#[test]
fn a_store_that_does_not_sync_loses_by_the_same_cut() {
    const COMMITS: u32 = 100;
    let (Some(full), Some(normal)) = (
        commits_left("FULL", COMMITS),
        commits_left("NORMAL", COMMITS),
    ) else {
        return;
    };
    println!(
        "{{\"test\":\"A2-control\",\"commits\":{COMMITS},\"lost_full\":{},\"lost_normal\":{}}}",
        COMMITS - full,
        COMMITS - normal
    );
    assert_eq!(full, COMMITS);
    assert!(normal < COMMITS, "the cut cuts nothing");
}
