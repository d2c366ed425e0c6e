//! The plainest templates, `{{payload.a.b}}`, which nearly all are: read many times faster than by the
//! library, to the same.

use handlebars::template::Parameter;
use handlebars::{Path, PathSeg};

use super::Uses;
use super::advice::root_problem;

/// The path that a template is, with nothing else to it, and where it stands in the text.
pub(super) fn path(text: &str) -> Option<(&str, usize)> {
    let inside = text.strip_prefix("{{")?.strip_suffix("}}")?;
    let path = inside.trim_matches(' ');
    let (_, rest) = path.split_once('.')?;
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let plain = |name: &str| {
        let fits = |c: char| letter(c) || c.is_ascii_digit();
        name.starts_with(letter) && name.chars().all(fits) && name != "this"
    };
    let fits = path.split('.').all(plain) && !rest.is_empty();
    fits.then(|| {
        (
            path,
            2 + inside.len() - inside.trim_start_matches(' ').len(),
        )
    })
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

#[cfg(test)]
mod tests {
    use handlebars::template::TemplateElement;
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
}
