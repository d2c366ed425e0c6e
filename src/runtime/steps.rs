//! How far long work has come, told to whoever shows it.

/// Is told of every step of long work, often: whoever is told chooses what to show.
pub type Told<'t> = &'t dyn Fn(Step);

/// A step of long work is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// What is counted, as it follows a number: `tests`.
    pub what: &'static str,
    /// So many are done.
    pub done: usize,
    /// So many there will be; none where that is not known.
    pub all: Option<usize>,
}

/// For work that nobody looks at.
pub fn nobody(_: Step) {}
