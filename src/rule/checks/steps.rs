//! The steps of a path, as far as checks look at them.

/// A step of a path, as far as it matters here.
pub(super) enum Step<'t> {
    Name(&'t str),
    /// Some item: by its number, a star, a filter.
    Each,
    Other,
}

/// The steps of a path, in order.
pub(super) fn steps(text: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut rest = text.strip_prefix('$').unwrap_or(text);
    while !rest.is_empty() {
        let (step, after) = if let Some(name) = rest.strip_prefix("['") {
            match name.split_once("']") {
                Some((name, after)) => (Step::Name(name), after),
                None => (Step::Other, ""),
            }
        } else if rest.starts_with('[') {
            let end = closing(rest);
            (Step::Each, rest.get(end..).unwrap_or_default())
        } else if let Some(name) = rest.strip_prefix('.').filter(|name| !name.starts_with('.')) {
            let end = name.find(['.', '[']).unwrap_or(name.len());
            let (name, after) = name.split_at(end);
            let step = if name == "*" {
                Step::Each
            } else {
                Step::Name(name)
            };
            (step, after)
        } else {
            (Step::Other, "")
        };
        steps.push(step);
        rest = after;
    }
    steps
}

/// The byte behind the bracket that closes the first one.
fn closing(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, sign) in text.char_indices() {
        match (quote, sign) {
            (Some(open), _) if open == sign => quote = None,
            (None, '\'' | '"') => quote = Some(sign),
            (None, '[') => depth += 1,
            (None, ']') if depth == 1 => return at + 1,
            (None, ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text.len()
}

/// The path with a star for each filter, number and slice.
pub(super) fn unfiltered(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, bracket) = rest.split_at(at);
        let end = closing(bracket);
        let (inside, after) = bracket.split_at(end);
        plain += before;
        plain += if inside.starts_with("['") || inside.starts_with("[\"") {
            inside
        } else {
            "[*]"
        };
        rest = after;
    }
    plain + rest
}
