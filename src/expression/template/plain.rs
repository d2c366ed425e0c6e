//! Plain templates, which nearly all are: `{{payload.a.b}}` alone, or such paths and calls of helpers
//! among text. They are read many times faster than by the library, to the same.

use std::sync::LazyLock;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, PathSeg, Template};
use serde_json::Value;

use super::super::helpers;
use super::Uses;
use super::advice::root_problem;

/// The path that a template is, with nothing else to it, and where it stands in the text.
pub(super) fn path(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let path = inside.trim_matches(' ');
    let blank = inside.len() - inside.trim_start_matches(' ').len();
    is_path(path).then_some((path, 2 + blank))
}

fn is_path(text: &str) -> bool {
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let plain = |name: &str| {
        let fits = |c: char| letter(c) || c.is_ascii_digit();
        name.starts_with(letter) && name.chars().all(fits) && name != "this"
    };
    text.contains('.') && text.split('.').all(plain)
}

/// Whether such a path begins with something that is there.
pub(super) fn is_sound(path: &str) -> bool {
    let names: Vec<String> = path.split('.').map(str::to_owned).collect();
    root_problem(path, &names).is_none()
}

/// What the library reads such a path as.
pub(super) fn parameter(path: &str) -> Parameter {
    let names = path.split('.').map(|name| PathSeg::Named(name.to_owned()));
    Parameter::Path(Path::Relative((names.collect(), path.to_owned())))
}

/// What such a template reads.
pub(super) fn uses(path: &str, offset: usize) -> Uses {
    Uses {
        paths: vec![(path.to_owned(), offset)],
        ..Uses::default()
    }
}

/// What the library compiles a text to, if all its expressions are plain.
pub(super) fn compile(text: &str) -> Option<Template> {
    if text.contains('\\') {
        return None;
    }
    let mut template = Template::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("{{") {
        let (inside, after) = behind.split_once("}}")?;
        if !before.is_empty() {
            let before = TemplateElement::RawString(before.to_owned());
            template.elements.push(before);
        }
        let expression = TemplateElement::Expression(Box::new(expression(inside)?));
        template.elements.push(expression);
        rest = after;
    }
    if !rest.is_empty() {
        let rest = TemplateElement::RawString(rest.to_owned());
        template.elements.push(rest);
    }
    Some(template)
}

/// One expression of the library, to be filled: it offers no other way to make one.
static EXPRESSION: LazyLock<Option<Box<HelperTemplate>>> = LazyLock::new(|| {
    let template = Template::compile("{{a.b}}").ok()?;
    template.elements.into_iter().find_map(|only| match only {
        TemplateElement::Expression(call) => Some(call),
        _ => None,
    })
});

/// What stands between `{{` and `}}`: a path, or a helper and paths, whole numbers and quoted texts.
fn expression(inside: &str) -> Option<HelperTemplate> {
    let mut expression = HelperTemplate::clone(EXPRESSION.as_deref()?);
    let inside = inside.trim_matches(' ');
    if is_path(inside) {
        expression.name = parameter(inside);
        return Some(expression);
    }
    let (name, mut rest) = inside.split_once(' ')?;
    helpers::find(name)?;
    expression.name = Parameter::Name(name.to_owned());
    while !rest.is_empty() {
        let (argument, after) = argument(rest.trim_start_matches(' '))?;
        expression.params.push(argument);
        rest = after;
    }
    Some(expression)
}

/// The first argument of a helper, and what follows it: nothing, or a blank and more.
fn argument(text: &str) -> Option<(Parameter, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (quoted, after) = quoted.split_once('"')?;
        let ends = after.is_empty() || after.starts_with(' ');
        let plain = !quoted.contains(char::is_control);
        let value = Parameter::Literal(Value::String(quoted.to_owned()));
        return (ends && plain).then_some((value, after));
    }
    let end = text.find(' ').unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    if is_path(word) {
        // Behind a helper the library takes these for words of its own.
        let taken = ["as", "else", "true", "false", "null"];
        let first = word.split('.').next().unwrap_or_default();
        return (!taken.contains(&first)).then(|| (parameter(word), after));
    }
    let zero_led = word.len() > 1 && word.starts_with('0');
    let whole = word.len() <= 9 && word.bytes().all(|c| c.is_ascii_digit()) && !zero_led;
    let number: u32 = word.parse().ok().filter(|_| whole)?;
    Some((Parameter::Literal(number.into()), after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{engine, reading};
    use super::*;

    /// Whether a text is read here, and then to what the library makes of it.
    fn is_read_alike(text: &str) -> bool {
        let Some((path, offset)) = path(text).filter(|(path, _)| is_sound(path)) else {
            return false;
        };
        let (mut template, library_uses) = reading::read(text).unwrap();
        let [TemplateElement::Expression(call)] = template.elements.as_mut_slice() else {
            panic!("{text:?} is not one expression");
        };
        assert_eq!(engine::take(call), parameter(path), "{text:?}");
        assert_eq!(library_uses, uses(path, offset), "{text:?}");
        true
    }

    #[test]
    fn which_are_plain() {
        for text in ["{{payload.a}}", "{{ vars.a_1.upper  }}", "{{event.id}}"] {
            assert!(is_read_alike(text), "{text}");
        }
        for text in [
            "{{payload}}",
            "{{payload.this}}",
            "{{payload.a.0}}",
            "{{payload.a }} ",
            "{{{payload.a}}}",
            "{{payload.a-b}}",
            "{{payload..a}}",
            "{{payload.}}",
            "{{~payload.a}}",
            "{{event.nothing}}",
            "{{this.a}}",
            "{{}}",
            "{{}",
        ] {
            assert!(!is_read_alike(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn plain_ones_are_read_as_the_library_reads_them(
            text in "\\{\\{ {0,2}(payload|vars|source|event|else|as|item)(\\.(as|else|true|null|name|id|upper|each|_x|a1|[A-Za-z_0-9-]{1,4})){1,4} {0,2}\\}\\}"
        ) {
            is_read_alike(&text);
        }
    }
    /// Whether a text is compiled here, and then to what the library makes of it.
    fn is_compiled_alike(text: &str) -> bool {
        let Some(template) = compile(text) else {
            return false;
        };
        assert_eq!(
            template.elements,
            Template::compile(text).unwrap().elements,
            "{text:?}"
        );
        true
    }

    #[test]
    fn which_are_compiled_here() {
        for text in [
            "{{payload.a}} and {{ event.id }}",
            "{ {{length payload.a}}} ö\n{{payload.b}}\n",
            "{{math payload.a \"+\"  12 }} ",
            "{{truncate payload.a 200}}{{default payload.b \"no, ö\"}}",
            "  {{payload.a}}\n \n",
            "no expression",
            "",
        ] {
            assert!(is_compiled_alike(text), "{text:?}");
        }
        for text in [
            "{{{payload.a}}} x",
            "{{~payload.a}} x",
            "{{#if payload.a}}x{{/if}}",
            "\\{{payload.a}} {{payload.b}}",
            "{{! {{payload.a}} x",
            "{{payload}} x",
            "{{length payload.a",
            "{{default payload.a \"a\\\"b\"}}",
            "{{default payload.a \"}}\"}}",
            "{{default payload.a \"x\"1}}",
            "{{default payload.a 'x'}}",
            "{{default payload.a -1}}",
            "{{truncate payload.a 012}}",
            "{{concat payload.a (upper payload.b)}}",
            "{{nothing payload.a}} x",
            "{{else}} {{payload.a}}",
            "{{length as.a}} x",
        ] {
            assert!(!is_compiled_alike(text), "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn plain_texts_are_compiled_as_by_the_library(
            text in "([ab\\n {}ö\"']{0,3}\\{\\{ {0,2}((length|upper|default|math|else|as|each)( {1,2}(payload\\.[a-z]{1,2}|as\\.x|else\\.y|true\\.z|1|20|0|007|\"[a +ö|]{0,2}\")){0,3}|payload\\.(as|[a-z]{1,2})) {0,2}\\}\\}[ab\\n {}]{0,2}){1,3}"
        ) {
            is_compiled_alike(&text);
        }
    }
}
