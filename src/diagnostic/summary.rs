//! How many findings there are, as a sentence.

use std::fmt;

use super::{Diagnostic, Severity};

/// How many findings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Findings that stop a file from going live.
    pub errors: usize,
    /// Findings that do not.
    pub warnings: usize,
    /// Files that were looked at.
    pub files: usize,
}

impl Summary {
    /// Counts findings.
    pub fn of(diagnostics: &[Diagnostic], files: usize) -> Self {
        let errors = diagnostics
            .iter()
            .filter(|found| found.severity == Severity::Error)
            .count();
        Self {
            errors,
            warnings: diagnostics.len() - errors,
            files,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |count: usize, name: &str| {
            let plural = if count == 1 { "" } else { "s" };
            format!("{count} {name}{plural}")
        };
        let found = match (self.errors, self.warnings) {
            (0, 0) => "no problems".to_owned(),
            (errors, 0) => counted(errors, "error"),
            (0, warnings) => counted(warnings, "warning"),
            (errors, warnings) => format!(
                "{}, {}",
                counted(errors, "error"),
                counted(warnings, "warning")
            ),
        };
        write!(formatter, "{found} in {}", counted(self.files, "file"))
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn summaries_read_as_sentences() {
        let say = |errors, warnings, files| {
            Summary {
                errors,
                warnings,
                files,
            }
            .to_string()
        };
        assert_eq!(say(2, 1, 3), "2 errors, 1 warning in 3 files");
        assert_eq!(say(1, 0, 1), "1 error in 1 file");
        assert_eq!(say(0, 2, 2), "2 warnings in 2 files");
        assert_eq!(say(0, 0, 0), "no problems in 0 files");
    }
}
