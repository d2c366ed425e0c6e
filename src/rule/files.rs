//! Rule files on disk: which there are, and their text.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, Place, SourceFile, code};
use crate::yaml::FILE_BYTES_MAX;

/// The most rule files that are read.
const FILES_MAX: usize = 100_000;
/// The deepest folder below a root that is looked into.
const FOLDER_DEPTH_MAX: usize = 32;

/// Why the rule files could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// A root or a folder in it cannot be read.
    #[error("the rules in {} cannot be read: {error}", path.display())]
    Unreadable {
        /// The root or folder.
        path: PathBuf,
        /// What the system says.
        #[source]
        error: io::Error,
    },
    /// More than can be read at once.
    #[error("there are more than {FILES_MAX} rule files in {}", .0.display())]
    TooMany(PathBuf),
}

/// The files of all roots.
#[derive(Debug, Default)]
pub struct Found {
    /// Their text. One that could not be read is there with no text, so that it keeps its last good
    /// version instead of vanishing.
    pub files: Vec<Arc<SourceFile>>,
    /// The `*.test.yaml` files beside them.
    pub tests: Vec<TestFile>,
    /// Why some could not be read.
    pub problems: Diagnostics,
}

/// A `*.test.yaml` file.
#[derive(Debug, Clone)]
pub struct TestFile {
    /// Its text.
    pub file: Arc<SourceFile>,
    /// The one rule file that it was read for: then its tests of other rules are left out.
    pub of: Option<PathBuf>,
}

/// The rule files under a root, sorted by the bytes of their paths; a root may be one file.
///
/// Rule files end in `.yaml` or `.yml`. Hidden entries and `*.test.yaml` are passed over, links to
/// files are followed (Kubernetes mounts them so), links to folders are not.
///
/// # Errors
/// [`FilesError`] if the root, or a folder in it, cannot be listed.
pub fn find_rule_files(root: &Path) -> Result<Vec<PathBuf>, FilesError> {
    find(root, is_rule_file)
}

/// The files under a root whose paths are wanted, as [`find_rule_files`].
fn find(root: &Path, wanted: fn(&Path) -> bool) -> Result<Vec<PathBuf>, FilesError> {
    let unreadable = |path: &Path, error| FilesError::Unreadable {
        path: path.to_owned(),
        error,
    };
    let about = fs::metadata(root).map_err(|error| unreadable(root, error))?;
    if !about.is_dir() {
        return Ok(vec![root.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = fs::read_dir(&folder).map_err(|error| unreadable(&folder, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(&folder, error))?;
            let path = entry.path();
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth < FOLDER_DEPTH_MAX => {
                    folders.push((path, depth + 1));
                }
                Ok(kind) if !kind.is_dir() && wanted(&path) => found.push(path),
                _ => {}
            }
        }
        if found.len() > FILES_MAX {
            return Err(FilesError::TooMany(root.to_owned()));
        }
    }
    found.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    Ok(found)
}

/// The text of every rule file under the roots, each once, in the order they run.
///
/// # Errors
/// As [`find_rule_files`]. A single file that cannot be read is among [`Found::problems`].
pub fn read_rule_files(roots: &[PathBuf]) -> Result<Found, FilesError> {
    let mut paths = Vec::new();
    for root in roots {
        paths.extend(find_rule_files(root)?);
        if root.is_file() {
            paths.extend(shared_in(root.parent().unwrap_or(Path::new(""))));
        }
    }
    paths.sort_by(|a, b| bytes(a).cmp(bytes(b)));
    paths.dedup();
    let mut found = Found::default();
    for path in paths {
        let (file, problem) = read(path);
        found.files.push(file);
        if let Some(problem) = problem {
            found.problems.push(problem);
        }
    }
    for (path, of) in test_files(roots)? {
        match read(path) {
            (file, None) => found.tests.push(TestFile { file, of }),
            (_, Some(problem)) => found.problems.push(problem),
        }
    }
    Ok(found)
}

/// The test files below roots that are folders, and those that are named like a root that is a file.
fn test_files(roots: &[PathBuf]) -> Result<BTreeMap<PathBuf, Option<PathBuf>>, FilesError> {
    let mut found = BTreeMap::new();
    for root in roots {
        if root.is_dir() {
            let below = find(root, is_test_file)?;
            found.extend(below.into_iter().map(|path| (path, None)));
        }
    }
    for root in roots.iter().filter(|root| root.is_file()) {
        for path in tests_of(root).into_iter().filter(|path| path.is_file()) {
            found.entry(path).or_insert_with(|| Some(root.clone()));
        }
    }
    Ok(found)
}

/// The files that hold the tests of one rule file: `a.test.yaml` of `a.yaml`.
pub fn tests_of(rule_file: &Path) -> [PathBuf; 2] {
    ["test.yaml", "test.yml"].map(|ending| rule_file.with_extension(ending))
}

/// What a folder's `_shared.yaml` may be called.
pub(super) const SHARED: [&str; 2] = ["_shared.yaml", "_shared.yml"];

/// The `_shared.yaml` of a folder, if there is one.
fn shared_in(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let paths = SHARED.into_iter().map(|name| folder.join(name));
    paths.filter(|path| path.is_file())
}

/// A file or folder below one of the roots, and the `_shared.yaml` files between that root and it. The
/// path is made absolute where it must be to lead up to its root.
pub fn with_shared_above(path: &Path, roots: &[PathBuf]) -> Vec<PathBuf> {
    let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let whole = absolute(path);
    let holds = |root: &&PathBuf| whole.starts_with(absolute(root)) && whole != absolute(root);
    let root = roots
        .iter()
        .filter(holds)
        .max_by_key(|root| bytes(root).len());
    let Some(root) = root.map(|root| absolute(root)) else {
        return vec![path.to_owned()];
    };
    let is_root = |folder: &Path| !folder.as_os_str().is_empty() && absolute(folder) == root;
    let start = if path.ancestors().any(is_root) {
        path.to_owned()
    } else {
        whole
    };
    let mut found = vec![start.clone()];
    for folder in start.ancestors().skip(1) {
        found.extend(shared_in(folder));
        if is_root(folder) {
            break;
        }
    }
    found
}

/// The bytes of a path, by which files are ordered: `a.yaml` stands before `a/b.yaml`.
pub(super) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// A rule file by its name, and a regular one (a link to a folder or a pipe is none).
fn is_rule_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let named = name.ends_with(".yaml") || name.ends_with(".yml");
    named && !is_named_as_test(path) && may_be_read(path)
}

/// A file of tests by its name, and a regular one.
fn is_test_file(path: &Path) -> bool {
    is_named_as_test(path) && may_be_read(path)
}

/// Whether a file's name says that it holds tests.
pub fn is_named_as_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".test.yaml") || name.ends_with(".test.yml")
}

/// A link that leads nowhere counts, so that reading it says what is wrong.
fn may_be_read(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |about| about.is_file())
}

fn read(path: PathBuf) -> (Arc<SourceFile>, Option<Diagnostic>) {
    let problem = match text(&path) {
        Ok(text) => return (SourceFile::new(path, text), None),
        Err(problem) => problem,
    };
    let file = SourceFile::new(path, "");
    let place = Place {
        file: Arc::clone(&file),
        span: 0..0,
    };
    let (code, why) = problem;
    let help = if code == code::TOO_LARGE {
        "split it"
    } else {
        "save it as UTF-8, and see that the user who runs hookrule may read it"
    };
    let problem = Diagnostic::error(code, place, format!("this file {why}"));
    (file, Some(problem.help(help)))
}

/// The text of a file, or why it cannot be read, in words that follow its name.
pub(super) fn text(path: &Path) -> Result<String, (Code, String)> {
    let unreadable = |error: io::Error| {
        let message = format!("cannot be read: {error}");
        (code::UNREADABLE, message)
    };
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    let mut file = File::open(path).map_err(unreadable)?.take(limit);
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > FILE_BYTES_MAX {
        let message = format!("is larger than {FILE_BYTES_MAX} bytes");
        return Err((code::TOO_LARGE, message));
    }
    String::from_utf8(bytes).map_err(|error| (code::UNREADABLE, not_utf8(&error)))
}

/// What a file is that is not UTF-8, in words that follow its name.
fn not_utf8(error: &FromUtf8Error) -> String {
    let bytes = error.as_bytes();
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return "is UTF-16 text".to_owned();
    }
    let before = bytes.iter().take(error.utf8_error().valid_up_to());
    let line = 1 + before.filter(|byte| **byte == b'\n').count();
    format!("is not UTF-8 text: line {line} has a byte that is no part of it")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of its own, gone at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let name = format!("hookrule-{}-{name}", std::process::id());
            let path = std::env::temp_dir().join(name);
            fs::create_dir_all(&path).unwrap();
            Self(path)
        }

        fn write(&self, path: &str, bytes: &[u8]) {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn which_files_are_rule_files() {
        let folder = Folder::new("which");
        for path in [
            "b.yaml",
            "a.yml",
            "a/z.yaml",
            "..data/x.yaml",
            ".hidden.yaml",
            "c.test.yaml",
            "d.txt",
            "payloads/p.json",
            "folder.yaml/e.yaml",
        ] {
            folder.write(path, b"rules: []\n");
        }
        std::os::unix::fs::symlink("..data/x.yaml", folder.0.join("x.yaml")).unwrap();
        std::os::unix::fs::symlink("a", folder.0.join("linked")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.0.join("y.yaml")).unwrap();
        let found = find_rule_files(&folder.0).unwrap();
        let names = found
            .iter()
            .map(|path| path.strip_prefix(&folder.0).unwrap());
        let names: Vec<_> = names.map(|name| name.to_str().unwrap()).collect();
        let expected = [
            "a.yml",
            "a/z.yaml",
            "b.yaml",
            "folder.yaml/e.yaml",
            "x.yaml",
            "y.yaml",
        ];
        assert_eq!(names, expected);
        let one = folder.0.join("b.yaml");
        assert_eq!(find_rule_files(&one).unwrap(), std::slice::from_ref(&one));
        let read = read_rule_files(&[folder.0.clone(), one]).unwrap();
        assert_eq!(read.files.len(), expected.len());
        assert_eq!(
            read.problems.iter().count(),
            1,
            "the link that leads nowhere"
        );
    }

    #[test]
    fn a_missing_root_is_an_error() {
        let error = find_rule_files(Path::new("/nowhere/rules")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/rules"), "{error}");
    }

    #[test]
    fn files_that_cannot_be_read_are_there_without_text() {
        let folder = Folder::new("text");
        folder.write("large.yaml", &vec![b'#'; FILE_BYTES_MAX + 1]);
        folder.write("latin.yaml", b"rules: [] # \xe9\n");
        let found = read_rule_files(std::slice::from_ref(&folder.0)).unwrap();
        assert!(found.files.iter().all(|file| file.text.is_empty()));
        let codes: Vec<_> = found.problems.iter().map(|d| d.code.id()).collect();
        assert_eq!(codes, ["HR0008", "HR0001"]);
        folder.write("latin.yaml", b"rules: []\n# \xe9\n");
        folder.write("wide.yaml", b"\xff\xfer\0");
        let why = |name| text(&folder.0.join(name)).unwrap_err().1;
        assert!(why("latin.yaml").contains("line 2"));
        assert_eq!(why("wide.yaml"), "is UTF-16 text");
    }
}
