//! What is wrong with a text that is no path, and what was probably meant.

use jsonpath_rust::parser::errors::JsonPathError;
use jsonpath_rust::parser::parse_json_path;

use super::super::ExpressionError;

/// The library's complaint, with the place it points at.
pub(super) fn unreadable(error: &JsonPathError, text: &str) -> ExpressionError {
    let JsonPathError::PestError(error) = error else {
        return complaint(&error.to_string(), text);
    };
    // The library does not re-export the type of `location`; its debug form is `Pos(7)` or
    // `Span((3, 7))`.
    let offset = format!("{:?}", error.location)
        .split(|c: char| !c.is_ascii_digit())
        .find_map(|digits| digits.parse().ok())
        .unwrap_or(0);
    if let Some(open) = open_bracket(text) {
        let message = "this `[` is never closed";
        return ExpressionError::syntax(open, message).len(1);
    }
    let message = match text.get(offset..).filter(|rest| !rest.is_empty()) {
        Some(rest) => format!("the path cannot be read from `{}` on", shortened(rest)),
        None => "the path ends too early".to_owned(),
    };
    let sign = text.get(offset..).and_then(|rest| rest.chars().next());
    ExpressionError::syntax(offset.min(text.len()), message).len(sign.map_or(0, char::len_utf8))
}

/// The first bracket that nothing closes; those between quotes do not count.
fn open_bracket(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut quote = None;
    for (at, sign) in text.char_indices() {
        match (quote, sign) {
            (Some(quoted), _) if sign == quoted => quote = None,
            (None, '\'' | '"') => quote = Some(sign),
            (None, '[') => open.push(at),
            (None, ']') => {
                open.pop();
            }
            (Some(_) | None, _) => {}
        }
    }
    open.first().copied()
}

/// What the library finds after reading the grammar; some of it quotes what it means.
fn complaint(said: &str, text: &str) -> ExpressionError {
    if said.ends_with("is not comparable") {
        let at = ["match(", "search("]
            .iter()
            .find_map(|name| text.find(name));
        let message = "`match` and `search` give true or false, which nothing is compared with";
        return ExpressionError::syntax(at.unwrap_or(0), message)
            .help("use them by themselves: `[?match(@.name, 'a.*')]`");
    }
    let quoted = said.split('`').nth(1).unwrap_or_default();
    match text.find(quoted).filter(|_| !quoted.is_empty()) {
        Some(at) => {
            let message = format!("`{}` cannot stand in a path", shortened(quoted));
            ExpressionError::syntax(at, message).len(quoted.len())
        }
        None => ExpressionError::syntax(0, format!("the path cannot be read: {said}")),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(24) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Adds what to write instead: the plain reading of the text, if that is a path.
pub(super) fn advise(error: ExpressionError, text: &str) -> ExpressionError {
    if error.help.is_some() {
        return error;
    }
    if text.ends_with("()") {
        return error.help("a path has no methods: {{length payload.items}} counts in a template");
    }
    if text.contains('?') {
        let single =
            text.contains('=') && !["==", "!=", "<=", ">="].iter().any(|s| text.contains(s));
        return match () {
            () if text.contains("=~") => error.help("write `[?match(@.name, 'pattern')]`"),
            () if single => error.help("two values are compared with `==`"),
            () => error.help("a filter is written `[?@.name == 'value']`"),
        };
    }
    match respelled(text).filter(|path| path != text && parse_json_path(path).is_ok()) {
        Some(path) => error.help(format!("write `{path}`")),
        None => error.help("paths look like `$.pull_request.labels[0].name`"),
    }
}

/// What was probably meant by `a.0`, `payload.a`, `/a/0`, `{{payload.a-b}}`, `$a`.
fn respelled(text: &str) -> Option<String> {
    let text = text
        .trim()
        .trim_start_matches('{')
        .trim_end_matches('}')
        .trim();
    let pointer = text.starts_with('/');
    let text = text.trim_start_matches(['$', '@', '/', '.']);
    let text = ["payload.", "body."]
        .iter()
        .find_map(|root| text.strip_prefix(root))
        .unwrap_or(text);
    let mut path = "$".to_owned();
    let between = if pointer { '/' } else { '.' };
    for step in text.split(between) {
        let (name, brackets) = step.find('[').map_or((step, ""), |at| step.split_at(at));
        if name.is_empty() && brackets.is_empty() {
            return None;
        }
        path += &child(name)?;
        let inner = brackets.trim_start_matches('[').trim_end_matches(']');
        let is_name = is_plain(inner) && inner.parse::<i64>().is_err();
        if is_name {
            path += "['";
            path += inner;
            path += "']";
        } else {
            path += brackets;
        }
    }
    Some(path)
}

fn is_plain(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    !name.is_empty() && name.chars().all(plain)
}

/// One step down, as it is spelled.
fn child(name: &str) -> Option<String> {
    Some(match name {
        "" => String::new(),
        "*" => "[*]".to_owned(),
        _ if name.bytes().all(|b| b.is_ascii_digit()) => format!("[{name}]"),
        _ if is_plain(name) && !name.starts_with(|c: char| c.is_ascii_digit()) => {
            format!(".{name}")
        }
        _ if name.contains(['\'', '\\']) => return None,
        _ => format!("['{name}']"),
    })
}
