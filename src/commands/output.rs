//! Where a command writes, and how it ends.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use serde::Serialize;

use crate::config::Environment;
use crate::diagnostic::{Diagnostics, human};
use crate::operator::OperatorError;
use crate::runtime::Clock;

use super::World;

/// How a command ends, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// All is well.
    Fine = 0,
    /// What was looked at has problems.
    Problems = 1,
    /// It could not be done.
    CouldNot = 2,
}

/// Why a command came to no end.
#[derive(Debug)]
pub(super) enum Failure {
    /// Its output cannot be written.
    Write(io::Error),
    /// Files have errors.
    Diagnostics(Diagnostics),
    /// What was asked for is not there or cannot be done.
    Refused(String),
    /// Anything else.
    Other(String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<Diagnostics> for Failure {
    fn from(problems: Diagnostics) -> Self {
        Self::Diagnostics(problems)
    }
}

impl From<OperatorError> for Failure {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Refused(why) => Self::Refused(why),
            OperatorError::Failed(why) => Self::Other(why),
        }
    }
}

/// How a command ends.
pub(super) type Done = Result<Exit, Failure>;

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum Format {
    /// A person.
    #[default]
    Human,
    /// A program.
    Json,
}

/// Where a command writes, and what it may use.
pub(super) struct Output<'w> {
    world: World<'w>,
    config: PathBuf,
    colour: bool,
    /// Whether a line on standard error may be written over.
    passing: bool,
}

impl<'w> Output<'w> {
    pub(super) fn new(world: World<'w>, config: PathBuf) -> Self {
        let set = |name| {
            let value = world.environment.variable(name);
            value.filter(|value| !value.is_empty())
        };
        let dumb = set("TERM").is_some_and(|term| term == "dumb");
        let colour = world.terminal && set("NO_COLOR").is_none() && !dumb;
        let passing = world.err_terminal && !dumb;
        Self {
            world,
            config,
            colour,
            passing,
        }
    }

    /// The path of hookrule.yaml.
    pub(super) fn config(&self) -> &Path {
        &self.config
    }

    pub(super) fn environment(&self) -> &Arc<dyn Environment> {
        &self.world.environment
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.world.clock
    }

    /// Whether colours and other escapes may be written to standard output.
    pub(super) fn colour(&self) -> bool {
        self.colour
    }

    /// Writes a line.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.world.out, "{text}")
    }

    /// Writes text that ends its lines itself.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.world.out.write_all(text.as_bytes())
    }

    /// Writes a line for people, beside the output proper.
    pub(super) fn note(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.world.err, "{text}")
    }

    /// Whether a line on standard error may be written over, because it is a terminal.
    pub(super) fn may_pass(&self) -> bool {
        self.passing
    }

    /// Writes what draws a line on standard error, or takes it away.
    pub(super) fn passing(&mut self, drawn: &str) -> io::Result<()> {
        self.world.err.write_all(drawn.as_bytes())?;
        self.world.err.flush()
    }

    /// Writes one JSON text.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *self.world.out, value)?;
        writeln!(self.world.out)
    }

    /// Writes a table whose columns stand under each other; the first row is its head. The last column
    /// is as wide as it wants.
    pub(super) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
        let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
        let rows: Vec<_> = std::iter::once(head)
            .chain(rows.iter().cloned())
            .map(|row| row.iter().map(|cell| printable(cell)).collect::<Vec<_>>())
            .collect();
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<_> = (0..columns).map(width).collect();
        for (number, row) in rows.iter().enumerate() {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                let padding = width.saturating_sub(cell.chars().count()) + 2;
                line.push_str(cell);
                line.extend(std::iter::repeat_n(' ', padding));
            }
            let line = line.trim_end();
            if number == 0 && self.colour {
                writeln!(self.world.out, "\u{1b}[1m{line}\u{1b}[0m")?;
            } else {
                writeln!(self.world.out, "{line}")?;
            }
        }
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.world.out.flush()
    }

    /// Says why a command came to no end.
    pub(super) fn fail(&mut self, failure: &Failure) -> Exit {
        let (exit, text) = match failure {
            // Whoever read has read enough.
            Failure::Write(error) if error.kind() == ErrorKind::BrokenPipe => return Exit::Fine,
            Failure::Write(error) => (Exit::CouldNot, format!("cannot write: {error}")),
            Failure::Refused(why) => (Exit::Problems, why.clone()),
            Failure::Other(why) => (Exit::CouldNot, why.clone()),
            Failure::Diagnostics(problems) => {
                let shown = human(&problems.clone().sorted(), false);
                let _ = write!(self.world.err, "{shown}");
                return Exit::CouldNot;
            }
        };
        let _ = writeln!(self.world.err, "error: {text}");
        exit
    }
}

/// The text without control characters: what senders chose must not steer the reader's terminal.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Write;

    use super::*;

    struct Closed;

    impl Write for Closed {
        fn write(&mut self, _bytes: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn with<T>(
        out: &mut dyn Write,
        terminal: bool,
        no_color: &str,
        act: impl FnOnce(&mut Output<'_>) -> T,
    ) -> T {
        let environment = BTreeMap::from([("NO_COLOR".to_owned(), no_color.to_owned())]);
        let mut err = Vec::new();
        let world = World {
            out,
            err: &mut err,
            terminal,
            err_terminal: terminal,
            environment: Arc::new(environment),
            clock: Clock::machine(),
        };
        act(&mut Output::new(world, PathBuf::from("hookrule.yaml")))
    }

    #[test]
    fn columns_stand_under_each_other_and_controls_are_gone() {
        let mut out = Vec::new();
        let rows = [
            ["ä".to_owned(), "1".to_owned()],
            ["bbb".to_owned(), "\u{1b}[31m2".to_owned()],
        ];
        with(&mut out, false, "", |output| {
            output.table(&["A", "B"], &rows.map(Vec::from))
        })
        .unwrap();
        let expected = "A    B\nä    1\nbbb   [31m2\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn colour_needs_a_terminal_and_nobody_against_it() {
        for (terminal, no_color, expected) in
            [(true, "", true), (true, "1", false), (false, "", false)]
        {
            let mut out = Vec::new();
            let colour = with(&mut out, terminal, no_color, |output| output.colour());
            assert_eq!(colour, expected, "{terminal} {no_color}");
        }
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_end() {
        with(&mut Closed, false, "", |output| {
            let error = output.line("x").unwrap_err();
            assert_eq!(output.fail(&error.into()), Exit::Fine);
        });
    }
}
