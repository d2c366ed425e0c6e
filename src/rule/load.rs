//! Rule files → a rule set.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::{Diagnostics, SourceFile};
use crate::runtime::{Told, nobody};

use super::RuleSet;
use super::files::bytes;
use super::kept::Kept;
use super::loading::Loading;
use super::names::Names;

/// A rule set and what was found on the way.
#[derive(Debug, Default)]
pub struct Loaded {
    /// What is to run.
    pub set: RuleSet,
    /// Everything that was found, in all files.
    pub diagnostics: Diagnostics,
    /// Files whose present text does not run: their last good version does, or nothing.
    pub stale: Vec<PathBuf>,
}

/// What somebody who looked at a rule set says of it.
#[derive(Debug, Default)]
pub struct Verdict {
    /// What was found.
    pub diagnostics: Diagnostics,
    /// The rule files that must not go live as they are.
    pub faulty: BTreeSet<PathBuf>,
}

impl RuleSet {
    /// Builds a rule set without running the tests in its files.
    pub fn load(files: Vec<Arc<SourceFile>>, names: &Names, previous: Option<&RuleSet>) -> Loaded {
        Self::load_judged(files, names, previous, &nobody, &|_, _| Verdict::default())
    }

    /// Builds a rule set. `judge` is shown the whole set and the paths whose present version is in it;
    /// a file that it calls faulty falls back to its last good version as well.
    pub fn load_judged(
        mut files: Vec<Arc<SourceFile>>,
        names: &Names,
        previous: Option<&RuleSet>,
        told: Told<'_>,
        judge: &dyn Fn(&RuleSet, &BTreeSet<PathBuf>) -> Verdict,
    ) -> Loaded {
        files.sort_by(|a, b| bytes(&a.path).cmp(bytes(&b.path)));
        files.dedup_by(|a, b| a.path == b.path);
        let mut loading = Loading::begin(files, names, previous, told);
        loading.check_names(names);
        loading.settle_duplicates();
        loading.tell_duplicates();
        let present = loading.present_paths();
        let set = loading.build();
        let verdict = judge(&set, &present);
        let demoted = loading.demote(&verdict.faulty);
        loading.problems.extend(verdict.diagnostics);
        if !demoted {
            return loading.finish(set);
        }
        loading.settle_duplicates();
        let set = loading.build();
        loading.finish(set)
    }

    /// The text of the files it was made from, in one piece, as stores keep it under [`RuleSet::hash`].
    pub fn text(&self) -> String {
        Kept::of(self.parsed.iter()).text()
    }

    /// The rule set that a [`RuleSet::text`] was made of; none where it is no such text. Names of
    /// sources and destinations are not looked at.
    pub fn of_text(text: &str) -> Option<Loaded> {
        let mut loading = Loading::rebuild(&Kept::read(text)?);
        loading.settle_duplicates();
        let set = loading.build();
        Some(loading.finish(set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Diagnostic, code};

    fn rule(name: &str) -> String {
        format!(
            "  - {{name: {name}, when: {{conditions: [{{path: $.{name}, exists: true}}]}}, actions: [{{log: {{message: m}}}}]}}\n"
        )
    }

    fn text(names: &[&str]) -> String {
        if names.is_empty() {
            return "rules: []\n".to_owned();
        }
        format!(
            "rules:\n{}",
            names.iter().map(|n| rule(n)).collect::<String>()
        )
    }

    fn load(files: &[(&str, &str)], previous: Option<&RuleSet>) -> Loaded {
        let files = files
            .iter()
            .map(|(path, text)| SourceFile::new(*path, *text));
        RuleSet::load(files.collect(), &Names::default(), previous)
    }

    /// The rules that run, the codes of what was found by file, and the stale files.
    #[track_caller]
    fn check(loaded: &Loaded, rules: &[&str], found: &[(&str, &str)], stale: &[&str]) {
        let running: Vec<_> = loaded
            .set
            .rules
            .iter()
            .map(|rule| rule.name.as_str())
            .collect();
        assert_eq!(running, rules, "{:#?}", loaded.diagnostics);
        let told = |d: &Diagnostic| (d.place.file.path.display().to_string(), d.code.id());
        let told: Vec<_> = loaded.diagnostics.iter().map(told).collect();
        let told: Vec<_> = told
            .iter()
            .map(|(path, code)| (path.as_str(), *code))
            .collect();
        assert_eq!(told, found);
        let paths: Vec<_> = stale.iter().map(PathBuf::from).collect();
        assert_eq!(loaded.stale, paths);
    }

    #[test]
    fn rules_run_by_the_bytes_of_their_paths() {
        let (x, y, z) = (text(&["x", "w"]), text(&["y"]), text(&["z"]));
        let loaded = load(&[("a/b.yaml", &x), ("a.yaml", &y), ("B.yaml", &z)], None);
        check(&loaded, &["z", "y", "x", "w"], &[], &[]);
    }

    #[test]
    fn a_broken_file_keeps_its_last_good_version() {
        let (a, b) = (text(&["a"]), text(&["b"]));
        let first = load(&[("a.yaml", &a), ("b.yaml", &b)], None);
        check(&first, &["a", "b"], &[], &[]);
        let broken = b.replace("actions", "axtions");
        let b2 = text(&["b", "b2"]);
        let second = load(&[("a.yaml", &broken), ("b.yaml", &b2)], Some(&first.set));
        check(
            &second,
            &["a", "b", "b2"],
            &[("a.yaml", "HR0004"), ("a.yaml", "HR0101")],
            &["a.yaml"],
        );
        assert_ne!(second.set.hash, first.set.hash);
        assert_eq!(second.set.files[&PathBuf::from("a.yaml")].text, a);
        for emptied in ["", "rules:\n", "rules:\n  - {name: a, wh"] {
            let loaded = load(&[("a.yaml", emptied), ("b.yaml", &b)], Some(&second.set));
            let running: Vec<_> = loaded
                .set
                .rules
                .iter()
                .map(|rule| rule.name.as_str())
                .collect();
            assert_eq!(running, ["a", "b"], "{emptied}");
            assert_eq!(loaded.stale, [PathBuf::from("a.yaml")]);
            assert_eq!(loaded.set.hash, first.set.hash);
        }
        let mended = load(
            &[("a.yaml", &text(&["a3"])), ("b.yaml", &b)],
            Some(&second.set),
        );
        check(&mended, &["a3", "b"], &[], &[]);
    }

    #[test]
    fn a_file_that_was_never_good_is_left_out() {
        let (good, broken) = (text(&["a"]), text(&["b"]).replace("when", "wenn"));
        let loaded = load(&[("a.yaml", &good), ("b.yaml", &broken)], None);
        check(&loaded, &["a"], &[("b.yaml", "HR0004")], &["b.yaml"]);
    }

    #[test]
    fn a_removed_file_takes_its_rules_with_it() {
        let first = load(
            &[("a.yaml", &text(&["a"])), ("b.yaml", &text(&["b"]))],
            None,
        );
        check(
            &load(&[("a.yaml", &text(&["a"]))], Some(&first.set)),
            &["a"],
            &[],
            &[],
        );
        check(&load(&[], Some(&first.set)), &[], &[], &[]);
    }

    #[test]
    fn of_two_files_with_one_name_the_later_is_at_fault() {
        let (a, b) = (text(&["x", "a"]), text(&["b", "x"]));
        let loaded = load(&[("b.yaml", &b), ("a.yaml", &a)], None);
        check(&loaded, &["x", "a"], &[("b.yaml", "HR0101")], &["b.yaml"]);
        let twice = load(&[("a.yaml", &text(&["x", "x"]))], None);
        check(&twice, &[], &[("a.yaml", "HR0101")], &["a.yaml"]);
    }

    #[test]
    fn a_running_rule_is_not_pushed_out_by_a_new_one_of_its_name() {
        let b = text(&["b", "x"]);
        let first = load(&[("b.yaml", &b)], None);
        let second = load(
            &[("a.yaml", &text(&["x"])), ("b.yaml", &b)],
            Some(&first.set),
        );
        check(&second, &["b", "x"], &[("a.yaml", "HR0101")], &["a.yaml"]);
    }

    #[test]
    fn a_rule_can_move_to_another_file_but_not_out_of_a_broken_one() {
        let (a, b) = (text(&["a"]), text(&["b", "x"]));
        let first = load(&[("a.yaml", &a), ("b.yaml", &b)], None);
        let (a2, b2) = (text(&["a", "x"]), text(&["b"]));
        let moved = load(&[("a.yaml", &a2), ("b.yaml", &b2)], Some(&first.set));
        check(&moved, &["a", "x", "b"], &[], &[]);
        let broken = load(
            &[("a.yaml", &a2), ("b.yaml", "rules: 1\n")],
            Some(&first.set),
        );
        let found = [("b.yaml", "HR0006"), ("a.yaml", "HR0101")];
        check(&broken, &["a", "b", "x"], &found, &["a.yaml", "b.yaml"]);
    }

    #[test]
    fn a_destination_that_went_away_stops_no_running_rule() {
        let text = "rules: [{name: a, when: {}, actions: [{forward: {destination: ci}}]}]\n";
        let files = || vec![SourceFile::new("a.yaml", text)];
        let kinds = [("ci".to_owned(), "http".to_owned())];
        let with = Names {
            destinations: Some(kinds.into()),
            ..Names::default()
        };
        let without = Names {
            destinations: Some(std::collections::BTreeMap::new()),
            ..Names::default()
        };
        let first = RuleSet::load(files(), &with, None);
        check(&first, &["a"], &[], &[]);
        let second = RuleSet::load(files(), &without, Some(&first.set));
        check(&second, &["a"], &[("a.yaml", "HR0402")], &["a.yaml"]);
        check(
            &RuleSet::load(files(), &without, None),
            &[],
            &[("a.yaml", "HR0402")],
            &["a.yaml"],
        );
    }

    #[test]
    fn the_judge_sees_the_set_and_decides_by_file() {
        let judge = |set: &RuleSet, present: &BTreeSet<PathBuf>| {
            let mut verdict = Verdict::default();
            for rule in set.rules.iter().filter(|rule| rule.name.starts_with("bad")) {
                assert!(present.contains(&rule.place.file.path));
                let place = rule.place.clone();
                verdict.faulty.insert(place.file.path.clone());
                let found = Diagnostic::error(code::FAILED_TEST, place, "it fails");
                verdict.diagnostics.push(found);
            }
            verdict
        };
        let judged = |text: &str, previous| {
            let files = vec![SourceFile::new("a.yaml", text)];
            RuleSet::load_judged(files, &Names::default(), previous, &nobody, &judge)
        };
        let first = judged(&text(&["good"]), None);
        check(&first, &["good"], &[], &[]);
        let second = judged(&text(&["bad"]), Some(&first.set));
        check(&second, &["good"], &[("a.yaml", "HR0701")], &["a.yaml"]);
        check(
            &judged(&text(&["bad"]), None),
            &[],
            &[("a.yaml", "HR0701")],
            &["a.yaml"],
        );
    }

    #[test]
    fn the_kept_text_gives_the_same_set() {
        let set = load(
            &[("a.yaml", &text(&["a"])), ("b.yaml", &text(&["b"]))],
            None,
        )
        .set;
        let again = RuleSet::of_text(&set.text()).unwrap().set;
        assert_eq!(again.hash, set.hash);
        assert_eq!(again.rules.len(), 2);
        assert_eq!(set.hash.len(), 64);
        assert!(RuleSet::of_text("{").is_none());
    }

    #[test]
    fn many_reloads_keep_what_runs() {
        let a = text(&["a"]);
        let mut loaded = load(&[("a.yaml", &a), ("b.yaml", &text(&["b"]))], None);
        for n in 0..250 {
            let b = if n % 2 == 0 {
                "rules: 1\n".to_owned()
            } else {
                text(&["b"])
            };
            loaded = load(&[("a.yaml", &a), ("b.yaml", &b)], Some(&loaded.set));
            assert_eq!(loaded.set.rules.len(), 2);
        }
    }
}
