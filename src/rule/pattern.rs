//! Which names a word with stars stands for: globs over plain names, patterns over dotted ones.

/// Whether a glob names `text`: `*` stands for any run of characters, also none.
pub fn glob(pattern: &str, text: &str) -> bool {
    let pattern = pattern.as_bytes();
    let text = text.as_bytes();
    runs(pattern, text, |byte| *byte == b'*', |p, t| p == t)
}

/// Whether a pattern names a dotted event name: `*` is one part (or a piece of one), a final `.*` one
/// part or more, `**` any number of parts, also none.
pub(super) fn event(pattern: &str, name: &str) -> bool {
    if is_literal(pattern) {
        return pattern == name;
    }
    let mut parts: Vec<&str> = pattern.split('.').collect();
    if parts.len() > 1 && parts.last() == Some(&"*") {
        parts.push("**");
    }
    let name: Vec<&str> = name.split('.').collect();
    runs(&parts, &name, |part| *part == "**", |p, n| glob(p, n))
}

/// Whether a name or pattern stands for itself only.
pub(super) fn is_literal(pattern: &str) -> bool {
    !pattern.contains('*')
}

/// Matches items one by one, where a star stands for any run of them. When something does not fit,
/// only the last star is given one item more, so the work is bounded by the product of the lengths.
fn runs<P, T>(
    pattern: &[P],
    text: &[T],
    is_star: impl Fn(&P) -> bool,
    fits: impl Fn(&P, &T) -> bool,
) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(item) = text.get(at_text) {
        match pattern.get(at_pattern) {
            Some(wanted) if is_star(wanted) => {
                at_pattern += 1;
                star = Some((at_pattern, at_text));
            }
            Some(wanted) if fits(wanted, item) => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                let Some((after_star, taken)) = star else {
                    return false;
                };
                star = Some((after_star, taken + 1));
                (at_pattern, at_text) = (after_star, taken + 1);
            }
        }
    }
    pattern
        .get(at_pattern..)
        .is_some_and(|rest| rest.iter().all(is_star))
}

/// The dotted form of an event name in its sender's own spelling; none if it is dotted already.
///
/// Shopify writes `orders/create`, Bitbucket `repo:push`, GitLab `Merge Request Hook`, Slack's users
/// `/deploy`. Letters keep their case: some names hold an id of the sender's.
pub(super) fn dotted(name: &str) -> Option<String> {
    let plain = name.trim();
    if let Some(command) = plain.strip_prefix('/') {
        return Some(format!("slash_command.{command}"));
    }
    let (plain, is_title) = match plain.strip_suffix(" Hook") {
        Some(title) => (title, true),
        None => (plain, plain.contains(' ')),
    };
    let dotted = plain
        .replace(['/', ':'], ".")
        .replace(char::is_whitespace, "_");
    let dotted = if is_title {
        dotted.to_lowercase()
    } else {
        dotted
    };
    (dotted != name).then_some(dotted)
}

/// The spelling with small letters of a name that begins with a capital (`PullRequest.Opened`), which
/// few senders use and many people write.
pub(super) fn lower_case(name: &str) -> Option<String> {
    if !name.starts_with(|c: char| c.is_uppercase()) {
        return None;
    }
    let mut lower = String::with_capacity(name.len() + 4);
    let mut before = '.';
    for character in name.chars() {
        if character.is_uppercase() && before.is_lowercase() {
            lower.push('_');
        }
        lower.extend(character.to_lowercase());
        before = character;
    }
    Some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (pattern, text, expected) in [
            ("github", "github", true),
            ("github", "github2", false),
            ("acme-*", "acme-shop", true),
            ("acme-*", "acme", false),
            ("*", "", true),
            ("*-eu", "shop-eu", true),
            ("*-eu", "shop-eu-1", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn event_patterns() {
        for (pattern, name, expected) in [
            ("invoice.paid", "invoice.paid", true),
            ("invoice.paid", "invoice", false),
            ("invoice.paid", "invoice.paid.twice", false),
            ("invoice.*", "invoice.paid", true),
            ("invoice.*", "invoice.a.b", true),
            ("invoice.*", "invoice", false),
            ("invoice.*", "invoices.paid", false),
            ("*.created", "charge.created", true),
            ("*.created", "customer.source.created", false),
            ("**.created", "customer.source.created", true),
            ("**.created", "created", true),
            ("*", "push", true),
            ("*", "invoice.paid", false),
            ("**", "invoice.paid", true),
            ("a.*.c", "a.b.c", true),
            ("a.*.c", "a.b.b.c", false),
            ("a.**.c", "a.b.b.c", true),
            ("a.**.c", "a.c", true),
            ("check_*", "check_run", true),
            ("check_*", "check_run.completed", false),
            ("check_*.*", "check_run.completed", true),
        ] {
            assert_eq!(event(pattern, name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn many_stars_do_not_explode() {
        let pattern = "**.a.".repeat(200) + "b";
        let name = "a.".repeat(20_000) + "c";
        assert!(!event(&pattern, &name));
        assert!(!glob(&"*a".repeat(200), &"a".repeat(150)));
    }

    #[test]
    fn foreign_spellings() {
        for (name, expected) in [
            ("orders/create", Some("orders.create")),
            ("repo:push", Some("repo.push")),
            ("Push Hook", Some("push")),
            ("/deploy", Some("slash_command.deploy")),
            ("Merge Request Hook", Some("merge_request")),
            ("push hook", Some("push_hook")),
            ("block_actions.Approve", None),
            ("pull_request.opened", None),
            ("invoice.*", None),
        ] {
            assert_eq!(dotted(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn capitals() {
        for (name, expected) in [
            ("PullRequest.Opened", Some("pull_request.opened")),
            ("Push", Some("push")),
            ("block_actions.Approve", None),
        ] {
            assert_eq!(lower_case(name).as_deref(), expected, "{name}");
        }
    }
}
