//! How far long work has come: one line on standard error, where that is a terminal, and gone at the end.

use std::cell::{Cell, RefCell};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use crate::runtime::{Step, Timestamp};

use super::output::Output;

/// What is done sooner than this is not worth a line.
const QUIET: Duration = Duration::from_millis(500);
/// The line does not change more often than this.
const PAUSE: Duration = Duration::from_millis(100);
/// Columns of the line at most: more than its longest text has, fewer than terminals have.
const COLUMNS: u16 = 79;

const KNOWN: &str = "[{bar:24}] {human_pos} of {human_len}";
const UNKNOWN: &str = "{human_pos}";

/// One line that is written over and over, until this is dropped.
pub(super) struct Progress<'o, 'w> {
    output: RefCell<&'o mut Output<'w>>,
    looked_at: bool,
    begun: Timestamp,
    shown: Cell<Option<Timestamp>>,
    bar: ProgressBar,
    line: Line,
}

impl<'o, 'w> Progress<'o, 'w> {
    /// Begins. Nothing is ever shown beside what programs read, or where no person looks.
    pub(super) fn of(output: &'o mut Output<'w>, for_people: bool) -> Self {
        let line = Line::default();
        let target = ProgressDrawTarget::term_like(Box::new(line.clone()));
        Self {
            looked_at: for_people && output.may_pass(),
            begun: output.clock().now(),
            shown: Cell::new(None),
            bar: ProgressBar::with_draw_target(None, target),
            output: RefCell::new(output),
            line,
        }
    }

    /// Shows a step, if it is time to.
    pub(super) fn tell(&self, step: Step) {
        if !self.looked_at {
            return;
        }
        let now = self.output.borrow().clock().now();
        let taken = now.since(self.begun);
        let just = |shown| now.since(shown) < PAUSE;
        if taken < QUIET || self.shown.get().is_some_and(just) {
            return;
        }
        self.shown.set(Some(now));
        let counted = step.all.map_or(UNKNOWN, |_| KNOWN);
        let template = format!("{counted} {}, {} s", step.what, taken.as_secs());
        if let Ok(style) = ProgressStyle::with_template(&template) {
            self.bar.set_style(style.progress_chars("=> "));
        }
        let number = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
        self.bar.update(|state| {
            if let Some(all) = step.all {
                state.set_len(number(all));
            }
            state.set_pos(number(step.done));
        });
        self.write();
    }

    /// A line that cannot be written stops no work.
    fn write(&self) {
        let _ = self.output.borrow_mut().passing(&self.line.take());
    }
}

impl Drop for Progress<'_, '_> {
    fn drop(&mut self) {
        if self.shown.get().is_some() {
            self.bar.finish_and_clear();
            self.write();
        }
    }
}

/// What is drawn, until it is written.
#[derive(Debug, Clone, Default)]
struct Line(Arc<Mutex<String>>);

impl Line {
    fn drawn(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> String {
        std::mem::take(&mut self.drawn())
    }
}

impl TermLike for Line {
    fn width(&self) -> u16 {
        COLUMNS
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.go(lines, "A");
        Ok(())
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.go(lines, "B");
        Ok(())
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.go(columns, "C");
        Ok(())
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.go(columns, "D");
        Ok(())
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.drawn().extend([text, "\r\n"]);
        Ok(())
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.drawn().push_str(text);
        Ok(())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.drawn().push_str("\r\u{1b}[2K");
        Ok(())
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

impl Line {
    fn go(&self, steps: usize, way: &str) {
        if steps > 0 {
            self.drawn().extend(["\u{1b}[", &steps.to_string(), way]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;
    use crate::commands::World;
    use crate::runtime::Clock;

    /// What standard error gets of steps that come after so many milliseconds each.
    fn shown(err_terminal: bool, for_people: bool, steps: &[(u64, Step)]) -> String {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let clock = Clock::settable(Timestamp::from_seconds(1));
        let world = World {
            out: &mut out,
            err: &mut err,
            terminal: true,
            err_terminal,
            environment: Arc::new(BTreeMap::new()),
            clock: clock.clone(),
        };
        let mut output = Output::new(world, PathBuf::from("hookrule.yaml"));
        let progress = Progress::of(&mut output, for_people);
        for (wait, step) in steps {
            clock.advance(Duration::from_millis(*wait));
            progress.tell(*step);
        }
        drop(progress);
        assert!(out.is_empty());
        String::from_utf8(err).unwrap()
    }

    fn step(done: usize, all: Option<usize>) -> Step {
        let what = "rules checked";
        Step { what, done, all }
    }

    /// What stands on the line at the end, if it is written over from its beginning.
    fn left(text: &str) -> &str {
        text.rsplit("\u{1b}[2K").next().unwrap_or_default()
    }

    #[test]
    fn long_work_is_told_and_the_line_goes_away() {
        let known = [(600, step(2_500, Some(10_000)))];
        let text = shown(true, true, &known);
        assert!(text.contains("[======>"), "{text:?}");
        assert!(
            text.contains("] 2,500 of 10,000 rules checked, 0 s"),
            "{text:?}"
        );
        assert_eq!(left(&text), "", "{text:?}");
        assert!(!text.contains('\n'), "{text:?}");
        let text = shown(true, true, &[(1_600, step(12_345, None))]);
        assert!(text.contains("12,345 rules checked, 1 s"), "{text:?}");
        assert_eq!(left(&text), "", "{text:?}");
    }

    #[test]
    fn one_kind_of_step_follows_the_other() {
        let files = Step {
            what: "rule files read",
            done: 200,
            all: Some(200),
        };
        let steps = [(700, files), (50, step(1, None)), (60, step(7, Some(9)))];
        let text = shown(true, true, &steps);
        assert!(text.contains("200 of 200 rule files read"), "{text:?}");
        assert!(!text.contains("1 rules checked"), "too soon: {text:?}");
        assert!(text.contains("7 of 9 rules checked"), "{text:?}");
    }

    #[test]
    fn nothing_is_told_of_short_work_to_programs_or_to_pipes() {
        assert_eq!(shown(true, true, &[(499, step(9, Some(9)))]), "");
        let long = [(900, step(1, Some(9)))];
        assert_eq!(shown(true, false, &long), "");
        assert_eq!(shown(false, true, &long), "");
        assert_eq!(shown(true, true, &[]), "");
    }
}
