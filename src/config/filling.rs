//! What one `${…}` stands for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Code, Diagnostic, Place, code};
use crate::secret::Secret;

use super::environment::Environment;

/// The largest file that `${file:PATH}` reads, in bytes.
const SECRET_BYTES_MAX: u64 = 64 * 1024;

/// What is filled in.
pub(super) struct Filling {
    pub(super) secret: Secret,
    /// The file that it stands in, where everybody on this machine may read it.
    pub(super) open: Option<PathBuf>,
}

impl Filling {
    fn of(secret: Secret) -> Self {
        Self { secret, open: None }
    }
}

/// What an expression stands for. Files are relative to `folder`, and are added to `files` whether
/// they can be read or not.
///
/// # Errors
/// What is wrong with it, or missing.
pub(super) fn evaluate(
    expression: &str,
    environment: &dyn Environment,
    folder: &Path,
    files: &mut Vec<PathBuf>,
) -> Result<Filling, Problem> {
    let inner = expression
        .strip_prefix("${")
        .and_then(|inner| inner.strip_suffix('}'))
        .ok_or_else(|| Problem::form("`${` is never closed"))?;
    match inner.split_once(':') {
        Some(("env", name)) => variable(name, environment).map(Filling::of),
        Some(("file", "")) => Err(Problem::form("`${file:}` names no file")),
        Some(("file", path)) => {
            let path = folder.join(path);
            files.push(path.clone());
            file(path)
        }
        _ => Err(Problem::form(format!(
            "`{expression}` is nothing that can be filled in"
        ))),
    }
}

fn variable(inner: &str, environment: &dyn Environment) -> Result<Secret, Problem> {
    let (name, default) = match inner.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Problem::form(format!(
            "`{name}` is not the name of an environment variable"
        )));
    }
    let set = environment
        .variable(name)
        .filter(|value| default.is_none() || !value.is_empty());
    match (set, default) {
        (Some(value), _) => value.into_string().map(Secret::new).map_err(|_| Problem {
            code: code::UNSET_VARIABLE,
            message: format!("the environment variable `{name}` is not UTF-8 text"),
            help: "set it to plain text".to_owned(),
        }),
        (None, Some(default)) => Ok(Secret::new(default)),
        (None, None) => Err(Problem {
            code: code::UNSET_VARIABLE,
            message: format!("the environment variable `{name}` is not set"),
            help: format!("set {name} before hookrule starts, or write `${{env:{name}:-default}}`"),
        }),
    }
}

fn file(path: PathBuf) -> Result<Filling, Problem> {
    let unusable = |why: String| Problem {
        code: code::UNSET_VARIABLE,
        message: format!("the file `{}` cannot be used: {why}", path.display()),
        help: "put the credential into that file, as plain text".to_owned(),
    };
    let about = std::fs::metadata(&path).map_err(|error| unusable(error.to_string()))?;
    if !about.is_file() {
        return Err(unusable("it is no regular file".to_owned()));
    }
    if about.len() > SECRET_BYTES_MAX {
        return Err(unusable(format!(
            "it has more than {SECRET_BYTES_MAX} bytes"
        )));
    }
    let text = std::fs::read_to_string(&path).map_err(|error| unusable(error.to_string()))?;
    let line = text.strip_suffix("\r\n").or(text.strip_suffix('\n'));
    Ok(Filling {
        secret: Secret::new(line.unwrap_or(&text)),
        open: readable_by_all(&about).then_some(path),
    })
}

/// Why nothing can be filled in.
pub(super) struct Problem {
    code: Code,
    message: String,
    help: String,
}

impl Problem {
    fn form(message: impl Into<String>) -> Self {
        Self {
            code: code::BAD_VALUE,
            message: message.into(),
            help:
                "write `${env:NAME}`, `${env:NAME:-default}` or `${file:PATH}`; `$${` stands for \
                   `${` itself"
                    .to_owned(),
        }
    }

    /// The finding, at the expression in its string.
    pub(super) fn at(self, expression: &str, place: &Place) -> Diagnostic {
        Diagnostic::error(self.code, part(expression, place), self.message).help(self.help)
    }
}

/// Where an expression stands in its string.
pub(super) fn part(expression: &str, place: &Place) -> Place {
    let text = place.file.text.get(place.span.clone()).unwrap_or_default();
    let span = match text.find(expression) {
        Some(at) => {
            let start = place.span.start + at;
            start..start + expression.len()
        }
        None => place.span.clone(),
    };
    Place {
        file: Arc::clone(&place.file),
        span,
    }
}

#[cfg(unix)]
fn readable_by_all(about: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    about.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn readable_by_all(_about: &std::fs::Metadata) -> bool {
    false
}
