//! `include:`: more sources and destinations, one file for each team or customer.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Diagnostics, code};
use crate::yaml::Node;

use super::document::paths;

/// The files that an `include:` list names, in its order; `*` in a file's name stands for anything.
pub(super) fn files(node: &Node, folder: &Path, problems: &mut Diagnostics) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for pattern in paths(node, problems).unwrap_or_default() {
        let pattern = folder.join(pattern);
        let name = pattern.file_name().and_then(|name| name.to_str());
        let Some(name) = name.filter(|name| name.contains('*')) else {
            found.push(pattern);
            continue;
        };
        match matching(pattern.parent().unwrap_or(Path::new("")), name) {
            Ok(files) => found.extend(files),
            Err(error) => {
                let message = format!("`{}` cannot be looked up: {error}", pattern.display());
                problems.push(node.error(code::UNREADABLE, message));
            }
        }
    }
    found
}

fn matching(folder: &Path, pattern: &str) -> std::io::Result<Vec<PathBuf>> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if name.is_some_and(|name| !name.starts_with('.') && fits(pattern, name)) && path.is_file()
        {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// Whether a name fits a pattern in which `*` stands for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut name) = name.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<_> = rest.split('*').collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = name.find(part) else {
            return false;
        };
        name = name.get(at + part.len()..).unwrap_or_default();
    }
    name.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn a_star_stands_for_anything() {
        for (pattern, name) in [("*.yaml", "a.yaml"), ("a*b*.yml", "a-b-.yml"), ("*", "x")] {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [
            ("*.yaml", "a.yml"),
            ("a*a", "a"),
            ("x", "xy"),
            ("a*b*c", "acb"),
        ] {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }
}
