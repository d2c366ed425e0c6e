//! Credentials that stand in a rule file, which many people may read.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Diagnostics, Place, SourceFile, code};

use super::super::Rule;
use super::{Around, Check};

/// How a known sort of credential begins, how many signs follow at least, and what it is.
type Known = (&'static str, usize, &'static str);

const KNOWN: &[Known] = &[
    ("ghp_", 30, "a credential of GitHub"),
    ("gho_", 30, "a credential of GitHub"),
    ("ghu_", 30, "a credential of GitHub"),
    ("ghs_", 30, "a credential of GitHub"),
    ("github_pat_", 40, "a credential of GitHub"),
    ("glpat-", 20, "a credential of GitLab"),
    ("xoxb-", 20, "a credential of Slack"),
    ("xoxp-", 20, "a credential of Slack"),
    ("xapp-", 20, "a credential of Slack"),
    (
        "hooks.slack.com/services/",
        30,
        "the address of a Slack webhook",
    ),
    (
        "discord.com/api/webhooks/",
        60,
        "the address of a Discord webhook",
    ),
    (
        "discordapp.com/api/webhooks/",
        60,
        "the address of a Discord webhook",
    ),
    ("sk_live_", 20, "a credential of Stripe"),
    ("rk_live_", 20, "a credential of Stripe"),
    ("whsec_", 24, "a secret that webhooks are signed with"),
    ("ntn_", 40, "a credential of Notion"),
    ("AKIA", 16, "a credential of AWS"),
    ("AIza", 35, "a credential of Google"),
    ("sk-ant-", 30, "a credential of Anthropic"),
    ("sk-proj-", 30, "a credential of OpenAI"),
    ("npm_", 36, "a credential of npm"),
    ("dop_v1_", 60, "a credential of DigitalOcean"),
    ("SG.", 60, "a credential of SendGrid"),
];

/// A name that ends so is that of a credential.
const NAMES: [&str; 9] = [
    "token",
    "secret",
    "password",
    "passwd",
    "api_key",
    "api-key",
    "apikey",
    "access_key",
    "authorization",
];

/// Shorter values are hardly credentials.
const VALUE_BYTES_MIN: usize = 16;
/// So many different signs are in no placeholder.
const DIFFERENT_MIN: usize = 8;
/// What is drawn at random has about so much of a surprise for each sign, in bits.
const SURPRISE_MIN: f64 = 3.2;

pub(super) struct WrittenSecret;

impl Check for WrittenSecret {
    fn of_all(&self, rules: &[Arc<Rule>], around: &Around<'_>, problems: &mut Diagnostics) {
        let mut seen: BTreeSet<&Path> = BTreeSet::new();
        for rule in rules {
            let path = &rule.place.file.path;
            if seen.insert(path) && around.only.contains(path) {
                look(&rule.place.file, problems);
            }
        }
    }
}

/// Looks through one file.
pub(in crate::rule) fn look(file: &Arc<SourceFile>, problems: &mut Diagnostics) {
    let mut found = known(&file.text);
    for (span, what) in named(&file.text) {
        let told =
            |known: &(Range<usize>, &str)| known.0.start < span.end && span.start < known.0.end;
        if !found.iter().any(told) {
            found.push((span, what));
        }
    }
    for (span, what) in found {
        let place = Place {
            file: Arc::clone(file),
            span,
        };
        let message = format!("this looks like {what}");
        let help = "credentials stand in hookrule.yaml, as `${env:NAME}` in a destination; one that was \
                    written here should be replaced at its sender";
        let problem = Diagnostic::warning(code::WRITTEN_SECRET, place, message);
        problems.push(problem.help(help).hidden());
    }
}

/// Credentials known by how they begin.
fn known(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    for (from, word) in words(text) {
        for (prefix, least, what) in KNOWN {
            for (start, _) in word.match_indices(prefix) {
                let (before, after) = word.split_at(start);
                let body = after.strip_prefix(prefix).unwrap_or_default();
                let inside = before.ends_with(|c: char| c.is_ascii_alphanumeric());
                if !inside && body.len() >= *least && different(body) >= DIFFERENT_MIN {
                    found.push((from + start..from + word.len(), *what));
                }
            }
        }
    }
    for (start, begin) in text.match_indices("-----BEGIN ") {
        let line = text
            .get(start..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default();
        if line.contains("PRIVATE KEY-----") {
            found.push((start..start + begin.len(), "a private key"));
        }
    }
    found
}

/// What is long enough to hold a credential and made of signs that credentials have, and where it begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let sign =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | '+' | '=');
    let mut start = 0;
    let words = text.split(move |c| !sign(c)).map(move |word| {
        let from = start;
        // What ends a word may be longer than one byte: the next begins behind it.
        start = from + word.len();
        start += text
            .get(start..)
            .and_then(|rest| rest.chars().next())
            .map_or(0, char::len_utf8);
        (from, word)
    });
    words.filter(|(_, word)| word.len() >= VALUE_BYTES_MIN)
}

/// Values beside the name of a credential that look drawn at random.
fn named(text: &str) -> Vec<(Range<usize>, &'static str)> {
    let mut found = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let (before, after) = text.split_at(colon);
        let name = before.trim_end_matches(['"', '\'']);
        let named = |known: &&str| {
            let end = name
                .len()
                .checked_sub(known.len())
                .and_then(|at| name.get(at..));
            end.is_some_and(|end| end.eq_ignore_ascii_case(known))
        };
        if !NAMES.iter().any(named) {
            continue;
        }
        let line = after.lines().next().unwrap_or_default();
        let value = line.get(1..).unwrap_or_default();
        let quoted = value.trim_start_matches([' ', '"', '\'']);
        let bare = ["Bearer ", "Basic ", "token "]
            .iter()
            .find_map(|scheme| quoted.strip_prefix(scheme))
            .unwrap_or(quoted);
        let end = bare.find(|c: char| c.is_whitespace() || "\"',}]".contains(c));
        let value = bare.get(..end.unwrap_or(bare.len())).unwrap_or_default();
        if random(value) {
            let start = colon + line.len() - bare.len();
            found.push((start..start + value.len(), "a credential"));
        }
    }
    found
}

/// Whether a text looks drawn at random: long, of letters and digits, hardly repeating itself.
fn random(text: &str) -> bool {
    let has = |sign: fn(&char) -> bool| text.chars().any(|c| sign(&c));
    text.len() >= VALUE_BYTES_MIN
        && !text.contains(['{', '$', ':'])
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && different(text) >= DIFFERENT_MIN
        && surprise(text) >= SURPRISE_MIN
}

fn different(text: &str) -> usize {
    text.chars().collect::<BTreeSet<_>>().len()
}

/// The entropy of a text's signs, in bits for each.
fn surprise(text: &str) -> f64 {
    let mut counts: HashMap<char, f64> = HashMap::new();
    for sign in text.chars() {
        *counts.entry(sign).or_default() += 1.0;
    }
    let all: f64 = counts.values().sum();
    counts
        .values()
        .map(|count| -(count / all) * (count / all).log2())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut problems = Diagnostics::new();
        look(&SourceFile::new("a.yaml", text), &mut problems);
        let shown = |d: &Diagnostic| text[d.place.span.clone()].to_owned();
        let found: Vec<_> = problems.iter().map(shown).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn credentials_are_found() {
        let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
        check(&format!("- note: {token}, please"), &[&token]);
        let address = format!("discord.com/api/webhooks/{}", "123/aZ09-_x8bQ".repeat(6));
        check(&format!("url: https://{address}\n"), &[&address]);
        check(
            "{password: \"tr0ub4dor-and-3-horses\"}",
            &["tr0ub4dor-and-3-horses"],
        );
        check("X-Api-Key: 9f8e7d6c5b4a39281706", &["9f8e7d6c5b4a39281706"]);
        check(
            "\"Authorization\": 'Bearer 9f8e7d6c5b4a39281706'}",
            &["9f8e7d6c5b4a39281706"],
        );
        check(&format!("ä: ö,{token};ü"), &[&token]);
        check("-----BEGIN RSA PRIVATE KEY-----\nabc", &["-----BEGIN "]);
    }

    #[test]
    fn placeholders_and_prose_are_not() {
        check("ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", &[]);
        check("token: \"{{payload.token_of_the_month_2026}}\"", &[]);
        check("token: ${env:TOKEN_9f8e7d6c5b4a39281706}", &[]);
        check("secret: changeme-changeme", &[]);
        check("password: aaaaaaaaaaaaaaaa1", &[]);
        check("secret: the sender must know it", &[]);
        check("commit: 6113728f27ae82c7b1a177c8d03f9e96e0adf246", &[]);
    }
}
