//! Many regular expressions over one text, matched together.

use std::sync::OnceLock;

use regex::RegexSet;

/// So many patterns are compiled into one automaton.
const TOGETHER_MAX: usize = 64;

/// Patterns by number, in the order they were added, each of them compiled when it is first needed.
#[derive(Debug, Default)]
pub struct PatternSet(Vec<Group>);

#[derive(Debug, Default)]
struct Group {
    patterns: Vec<Box<str>>,
    compiled: OnceLock<Option<RegexSet>>,
}

impl PatternSet {
    /// Adds a pattern that is known to compile.
    pub fn add(&mut self, pattern: &str) {
        let full = |group: &Group| group.patterns.len() >= TOGETHER_MAX;
        if self.0.last().is_none_or(full) {
            self.0.push(Group::default());
        }
        if let Some(group) = self.0.last_mut() {
            group.patterns.push(pattern.into());
            group.compiled = OnceLock::new();
        }
    }

    /// The numbers of the patterns that find something in a text. Patterns that together are too large
    /// to compile are among them, whatever the text.
    pub fn find(&self, text: &str) -> impl Iterator<Item = usize> {
        let groups = (0..).step_by(TOGETHER_MAX).zip(&self.0);
        groups
            .flat_map(move |(first, group)| group.find(text).into_iter().map(move |at| first + at))
    }
}

impl Group {
    fn find(&self, text: &str) -> Vec<usize> {
        let compile = || RegexSet::new(&self.patterns).ok();
        match self.compiled.get_or_init(compile) {
            Some(set) => set.matches(text).into_iter().collect(),
            None => (0..self.patterns.len()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_its_number() {
        let mut set = PatternSet::default();
        assert_eq!(set.find("").count(), 0);
        for number in 0..150 {
            set.add(&format!("^n{number}( |$)"));
        }
        let found: Vec<_> = set.find("n149 n2").collect();
        assert_eq!(found, [149]);
        let found: Vec<_> = set.find("n2").collect();
        assert_eq!(found, [2]);
        set.add("n");
        let found: Vec<_> = set.find("n2").collect();
        assert_eq!(found, [2, 150]);
    }

    #[test]
    fn what_is_too_large_together_is_always_found() {
        let mut set = PatternSet::default();
        for _ in 0..TOGETHER_MAX {
            set.add("[\\pL\\pN]{400}");
        }
        assert_eq!(set.find("a").count(), TOGETHER_MAX);
    }
}
