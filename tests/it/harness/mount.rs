//! File systems of a test's own, unmounted when it ends, however it ends.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Something mounted.
pub struct Mount {
    at: PathBuf,
}

impl Mount {
    /// An empty file system in memory, of so many MiB.
    pub fn tmpfs(at: &Path, mebibytes: u32) -> Result<Self, String> {
        let options = format!("size={mebibytes}m,mode=0700");
        Self::make(at, &["-t", "tmpfs", "-o", &options, "tmpfs"])
    }

    /// The ext4 file system in an image. Its journal is written only when somebody asks for it, as if
    /// the power were cut at any moment in between.
    pub fn image(image: &Path, at: &Path) -> Result<Self, String> {
        let image = image.to_str().ok_or("a path that is no text")?;
        Self::make(at, &["-o", "loop,commit=300", image])
    }

    fn make(at: &Path, what: &[&str]) -> Result<Self, String> {
        std::fs::create_dir_all(at).map_err(|error| error.to_string())?;
        run(Command::new("mount").args(what).arg(at))?;
        Ok(Self { at: at.to_owned() })
    }

    /// Nothing on it can be changed from here on.
    pub fn freeze(&self) -> Result<(), String> {
        run(Command::new("mount")
            .args(["-o", "remount,ro"])
            .arg(&self.at))
    }

    pub fn path(&self) -> &Path {
        &self.at
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if run(Command::new("umount").arg(&self.at)).is_err() {
            // Somebody still has it open; it goes when they do.
            let _ = run(Command::new("umount").arg("--lazy").arg(&self.at));
        }
    }
}

/// Makes an image with an empty ext4 file system.
pub fn make_image(image: &Path, mebibytes: u64) -> Result<(), String> {
    let file = std::fs::File::create(image).map_err(|error| error.to_string())?;
    file.set_len(mebibytes * 1024 * 1024)
        .map_err(|error| error.to_string())?;
    // Nothing is left to be written later: what is written is what a test writes.
    let options = "lazy_itable_init=0,lazy_journal_init=0";
    run(Command::new("mkfs.ext4")
        .args(["-q", "-F", "-E", options])
        .arg(image))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    ))
}

/// What a test cannot do without, or none where this machine does not have it: then the test says so
/// and is skipped, unless `HOOKRULE_TEST_REQUIRE` names it.
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the tests, not of hookrule"
)]
pub fn needs<T>(what: &str, made: Result<T, String>) -> Option<T> {
    let required = std::env::var("HOOKRULE_TEST_REQUIRE").unwrap_or_default();
    match made {
        Ok(made) => Some(made),
        Err(why) => {
            assert!(
                !required.split([',', ' ']).any(|word| word == what),
                "`{what}` is required here: {why}"
            );
            eprintln!("skipped, for want of `{what}`: {why}");
            None
        }
    }
}
