//! Where a file may lie: under the operator's folder, through real folders only.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The longest path, in bytes, and the longest name in it.
const PATH_BYTES_MAX: usize = 1024;
const NAME_BYTES_MAX: usize = 200;

/// The names in a relative path, or what is wrong with it.
pub(super) fn parts(path: &str) -> Result<Vec<String>, String> {
    if path.len() > PATH_BYTES_MAX {
        return Err(format!("the path is longer than {PATH_BYTES_MAX} bytes"));
    }
    let parts: Vec<_> = path.split('/').map(str::to_owned).collect();
    for part in &parts {
        let shown = part.escape_debug();
        if part.is_empty() {
            return Err("the path is relative, each name in it at least one character".to_owned());
        }
        if part.starts_with('.') {
            return Err(format!("no name may begin with a dot: `{shown}`"));
        }
        if part.len() > NAME_BYTES_MAX {
            return Err(format!("a name is longer than {NAME_BYTES_MAX} bytes"));
        }
        if part.chars().any(|c| c.is_control() || c == '\\') {
            return Err(format!("`{shown}` has a character that no name may have"));
        }
    }
    Ok(parts)
}

/// The path of the file; folders on the way are made.
///
/// # Errors
/// Where a part of it is a link, or a file where a folder must be.
pub(super) fn open(root: &Path, parts: &[String]) -> io::Result<PathBuf> {
    fs::create_dir_all(root)?;
    // The root itself is the operator's word and may be a link.
    let mut place = root.canonicalize()?;
    let (name, folders) = parts
        .split_last()
        .ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    for folder in folders {
        place.push(folder);
        match fs::create_dir(&place) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        if !fs::symlink_metadata(&place)?.is_dir() {
            return Err(refused(&place, "is not a folder"));
        }
    }
    place.push(name);
    match fs::symlink_metadata(&place) {
        Ok(found) if !found.is_file() => Err(refused(&place, "is not a plain file")),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(place),
    }
}

pub(super) fn refused(place: &Path, why: &str) -> io::Error {
    let message = format!("{} {why}", place.display());
    io::Error::new(io::ErrorKind::PermissionDenied, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_the_folder() {
        for bad in [
            "",
            "/etc/passwd",
            "../x",
            "a/../x",
            "a//b",
            "a/",
            "./a",
            "a/.ssh/b",
            ".hidden",
            "a\0b",
            "a\nb",
            "a\\b",
            &"x".repeat(201),
            &"x/".repeat(600),
        ] {
            assert!(parts(bad).is_err(), "{bad:?}");
        }
        assert_eq!(parts("a/b c/ä.txt").unwrap(), ["a", "b c", "ä.txt"]);
    }
}
