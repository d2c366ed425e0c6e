//! The files of a git revision, as the git program gives them.
//!
//! They are written to a folder of their own, through an index of its own: the repository, its index
//! and its work tree stay as they are.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use crate::diagnostic::{Diagnostics, Place, SourceFile};
use crate::event::EventId;

/// A folder with files of one revision; it goes with the value.
#[derive(Debug)]
pub(super) struct Checkout {
    revision: String,
    /// Everything.
    folder: PathBuf,
    /// The top of the repository.
    top: PathBuf,
    /// Where the configuration stands below it.
    prefix: PathBuf,
    /// The same folder as it was named.
    base: PathBuf,
}

impl Checkout {
    /// Writes out what a revision has in the folder of the configuration, and at other paths.
    pub(super) fn of(revision: &str, base: &Path, paths: &[PathBuf]) -> Result<Self, String> {
        let base = if base.as_os_str().is_empty() {
            Path::new(".")
        } else {
            base
        };
        let top = said(git(base).args(["rev-parse", "--show-toplevel"]))?;
        let prefix = said(git(base).args(["rev-parse", "--show-prefix"]))?;
        let tree = format!("{revision}^{{tree}}");
        let verify = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &tree,
        ];
        let tree = said(git(base).args(verify));
        let tree = tree.map_err(|_| format!("git knows no revision `{revision}` here"))?;
        let checkout = Self {
            revision: revision.to_owned(),
            folder: private_folder()?,
            top: top.into(),
            prefix: prefix.into(),
            base: base.to_owned(),
        };
        checkout.write(&tree, paths)?;
        Ok(checkout)
    }

    fn write(&self, tree: &str, paths: &[PathBuf]) -> Result<(), String> {
        let index = self.folder.join("index");
        let own = |command: &mut Command| {
            command
                .env("GIT_INDEX_FILE", &index)
                .env("GIT_LITERAL_PATHSPECS", "1");
        };
        let mut read = git(&self.top);
        own(&mut read);
        said(read.args(["read-tree", tree]))?;

        let mut list = git(&self.top);
        own(&mut list);
        list.args(["ls-files", "-z", "--"]);
        for path in paths.iter().chain([&self.base.clone()]) {
            let below = self.below(path)?;
            let is_top = below.as_os_str().is_empty();
            list.arg(if is_top { Path::new(".") } else { &below });
        }
        let names = output(&mut list, b"")?;

        let mut write = git(&self.top);
        own(&mut write);
        let mut to = self.files().into_os_string();
        to.push("/");
        let mut prefix = OsStr::new("--prefix=").to_owned();
        prefix.push(to);
        write.args(["checkout-index", "-z", "--stdin"]).arg(prefix);
        output(&mut write, &names).map(drop)
    }

    /// Where the revision's files are.
    fn files(&self) -> PathBuf {
        self.folder.join("files")
    }

    /// Where a path of the configuration stands in the checkout.
    pub(super) fn path_of(&self, path: &Path) -> Result<PathBuf, String> {
        let below = self.below(path)?;
        let found = self.files().join(&below);
        if found.exists() {
            return Ok(found);
        }
        let (revision, below) = (&self.revision, below.display());
        Err(format!("revision {revision} has no {below}"))
    }

    /// A path of the configuration, from the top of the repository on.
    fn below(&self, path: &Path) -> Result<PathBuf, String> {
        let outside = || {
            let (path, top) = (path.display(), self.top.display());
            format!("{path} is not in the repository {top}, so no revision has it")
        };
        let relative = if self.base == Path::new(".") && path.is_relative() {
            Some(path)
        } else {
            path.strip_prefix(&self.base).ok()
        };
        let steps = match relative {
            Some(relative) => self.prefix.join(relative),
            None => path
                .strip_prefix(&self.top)
                .map_err(|_| outside())?
                .to_owned(),
        };
        let mut below = PathBuf::new();
        for step in steps.components() {
            match step {
                Component::Normal(name) => below.push(name),
                Component::CurDir => {}
                Component::ParentDir if below.pop() => {}
                _ => return Err(outside()),
            }
        }
        Ok(below)
    }

    /// Findings as they would read if the checkout lay at `REVISION:`.
    pub(super) fn renamed(&self, problems: Diagnostics) -> Diagnostics {
        let files = self.files();
        let place = |place: &mut Place| {
            if let Ok(below) = place.file.path.strip_prefix(&files) {
                let name = format!("{}:{}", self.revision, below.display());
                place.file = SourceFile::new(name, place.file.text.as_str());
            }
        };
        let written = format!("{}/", files.display());
        let mut renamed = Diagnostics::new();
        for mut problem in problems.sorted() {
            place(&mut problem.place);
            for also in &mut problem.also {
                place(&mut also.place);
            }
            let shown = format!("{}:", self.revision);
            problem.message = problem.message.replace(&written, &shown);
            renamed.push(problem);
        }
        renamed
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// An empty folder that only this user can look into.
fn private_folder() -> Result<PathBuf, String> {
    use std::os::unix::fs::DirBuilderExt as _;
    // An event's id is a name that nothing has yet.
    let name = format!("hookrule-plan-{}", EventId::generate());
    let folder = std::env::temp_dir().join(name);
    let made = fs::DirBuilder::new().mode(0o700).create(&folder);
    made.map_err(|error| format!("{} cannot be made: {error}", folder.display()))?;
    Ok(folder)
}

fn git(folder: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder);
    command
}

/// The one line that git says.
fn said(command: &mut Command) -> Result<String, String> {
    let text = output(command, b"")?;
    let text = String::from_utf8(text).map_err(|_| "git says what is no text".to_owned())?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// What git writes when it reads this.
fn output(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, String> {
    let cannot = |error: std::io::Error| format!("git cannot be run: {error}");
    command.stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(cannot)?;
    if let Some(mut stdin) = child.stdin.take() {
        // What reads names writes nothing until it has them all. One that ends early says why itself.
        let _ = stdin.write_all(input);
    }
    let done = child.wait_with_output().map_err(cannot)?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let why = String::from_utf8_lossy(&done.stderr);
    let why = why.trim().trim_start_matches("fatal: ");
    Err(format!("git refuses: {why}"))
}
