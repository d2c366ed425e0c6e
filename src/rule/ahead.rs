//! The YAML of rule files, read by other threads while the files before are compiled.
//!
//! Reading YAML is about half of the work and asks nothing of other files; all that follows is done in
//! order, so that what comes out does not depend on the number of threads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::{self, Builder, Scope};

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::yaml::{self, Node};

/// So many threads read at most.
const READERS_MAX: usize = 2;
/// So many files each of them may be ahead of the compiling, so that neither waits for the other.
const AHEAD_MAX: usize = 2;

/// A rule file whose YAML has been read.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) file: Arc<SourceFile>,
    /// None where nothing could be made of it.
    pub(super) node: Option<Node>,
    pub(super) problems: Diagnostics,
}

impl Document {
    pub(super) fn read(file: &Arc<SourceFile>) -> Self {
        let mut problems = Diagnostics::new();
        Self {
            file: Arc::clone(file),
            node: yaml::read(file, &mut problems),
            problems,
        }
    }
}

/// Shows each of the files in order, read.
pub(super) fn read_in_order(files: &[Arc<SourceFile>], mut show: impl FnMut(&Document)) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let readers = cores.min(READERS_MAX).min(files.len());
    if files.len() < 2 {
        return files.iter().for_each(|file| show(&Document::read(file)));
    }
    thread::scope(|scope| {
        let reader = |first| Reader::start(scope, files.iter().skip(first).step_by(readers));
        let started: Vec<_> = (0..readers).map(reader).collect();
        for (file, reader) in files.iter().zip(started.iter().cycle()) {
            reader.show(file, &mut show);
        }
    });
}

/// A thread that reads some of the files, in order.
struct Reader {
    read: Receiver<Document>,
    /// Documents go back to be freed by the thread that made them: where rules take the room of YAML
    /// that was freed among other YAML, none of that goes back to the system.
    used: Sender<Document>,
}

impl Reader {
    fn start<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        files: impl Iterator<Item = &'env Arc<SourceFile>> + Send + 'scope,
    ) -> Self {
        let (sender, read) = sync_channel(AHEAD_MAX);
        let (used, returned) = channel();
        let work = move || {
            for file in files {
                if sender.send(Document::read(file)).is_err() {
                    break;
                }
                returned.try_iter().for_each(drop);
            }
            returned.iter().for_each(drop);
        };
        // Without the thread the sender is gone, and the files are read where they are wanted.
        let _ = Builder::new().spawn_scoped(scope, work);
        Self { read, used }
    }

    fn show(&self, file: &Arc<SourceFile>, show: &mut impl FnMut(&Document)) {
        let document = self.read.recv().unwrap_or_else(|_| Document::read(file));
        show(&document);
        // Where nobody takes it, it is freed here.
        let _ = self.used.send(document);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_in_order_and_each_once() {
        for count in [0, 1, 2, 3, 50] {
            let text = |number: usize| match number % 3 {
                0 => "{".to_owned(),
                _ => format!("a: {}", "[x, y]\n".repeat(1 + number % 2)),
            };
            let files = (0..count).map(|n| SourceFile::new(format!("{n}.yaml"), text(n)));
            let files: Vec<_> = files.collect();
            let mut taken = 0;
            read_in_order(&files, |document| {
                assert!(Arc::ptr_eq(&document.file, &files[taken]));
                let alone = Document::read(&files[taken]);
                assert_eq!(document.node, alone.node);
                assert_eq!(document.problems, alone.problems);
                taken += 1;
            });
            assert_eq!(taken, count);
        }
    }
}
