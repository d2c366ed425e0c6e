//! The text of a program → its syntax tree, within bounds that keep reading it cheap.

use jaq_core::load::lex::{self, StrPart, Tok, Token};
use jaq_core::load::parse::{self, Def, Term};
use jaq_core::load::{Lexer, Parser, span};

use super::super::ExpressionError;
use super::{advice, signs};

/// The longest program, in bytes.
pub(super) const PROGRAM_BYTES_MAX: usize = 4 * 1024;
/// The deepest nesting of brackets.
const BRACKETS_MAX: usize = 32;
/// The most words and signs of a program.
const TOKENS_MAX: usize = 1_000;
/// The most words that open something, with the deepest brackets: reading takes a piece of the thread's
/// stack for each level, and they may all stand inside each other.
const OPENING_MAX: usize = 40;
const OPENING: [&str; 6] = ["def", "if", "try", "label", "reduce", "foreach"];
/// The most signs between values: each may stand inside the one before, which costs less.
const LINKS_MAX: usize = 150;
const LINKS: [&str; 25] = [
    "as", "|", ",", "//", "=", "|=", "+=", "-=", "*=", "/=", "%=", "//=", "+", "-", "*", "/", "%",
    "==", "!=", "<", "<=", ">", ">=", "and", "or",
];

/// Reads a program.
pub(super) fn term(text: &str) -> Result<Term<&str>, ExpressionError> {
    if text.len() > PROGRAM_BYTES_MAX {
        let message = format!("a program is at most {PROGRAM_BYTES_MAX} bytes long");
        return Err(ExpressionError::syntax(0, message));
    }
    let brackets = brackets(text)?;
    let tokens = Lexer::new(text)
        .lex()
        .map_err(|errors| unreadable(text, errors.into_iter().next()))?;
    let mut count = Count::default();
    count.add(&tokens);
    if count.all > TOKENS_MAX || count.opening + brackets > OPENING_MAX || count.links > LINKS_MAX {
        let message = "the program is too long to be read";
        let help = "compute a part of it in a var before, and read it as `$vars.NAME`";
        return Err(ExpressionError::syntax(0, message).help(help));
    }
    if let Some(Token(word, Tok::Word)) = tokens.first()
        && let Some(why) = advice::refused(word)
    {
        return Err(refusal(text, word, why));
    }
    let term = Parser::new(&tokens)
        .parse(Parser::term)
        .map_err(|errors| misplaced(text, errors.into_iter().next()))?;
    signs::unambiguous(text, &tokens)?;
    Ok(term)
}

/// Reads definitions.
pub(super) fn definitions(text: &'static str) -> Option<Vec<Def<&'static str>>> {
    jaq_core::load::parse(text, |parser| parser.defs())
}

/// A name that means nothing to a rule.
pub(super) fn refusal(text: &str, word: &str, why: &str) -> ExpressionError {
    let message = format!("`{word}` cannot be used in a rule");
    ExpressionError::syntax(span(text, word).start, message)
        .len(word.len())
        .help(why)
}

/// The deepest nesting of brackets. Those in texts count too: a program with so many of them is odd
/// enough.
fn brackets(text: &str) -> Result<usize, ExpressionError> {
    let (mut depth, mut deepest) = (0_usize, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > BRACKETS_MAX {
            let message = format!("more than {BRACKETS_MAX} brackets stand inside each other");
            return Err(ExpressionError::syntax(at, message).len(1));
        }
        deepest = deepest.max(depth);
    }
    Ok(deepest)
}

#[derive(Default)]
struct Count {
    all: usize,
    opening: usize,
    links: usize,
}

impl Count {
    fn add(&mut self, tokens: &[Token<&str>]) {
        let mut after_sign = true;
        for Token(text, kind) in tokens {
            self.all += 1;
            let negates = *text == "-" && after_sign;
            self.opening += usize::from(negates || OPENING.contains(text));
            self.links += usize::from(LINKS.contains(text));
            after_sign = matches!(kind, Tok::Sym | Tok::Word);
            match kind {
                Tok::Block(inner) => self.add(inner),
                Tok::Str(parts) => {
                    for part in parts {
                        if let StrPart::Term(inner) = part {
                            self.add(std::slice::from_ref(inner));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

fn unreadable(text: &str, error: Option<lex::Error<&str>>) -> ExpressionError {
    let Some((expected, rest)) = error else {
        return ExpressionError::syntax(0, "the program cannot be read");
    };
    let rest = match expected {
        lex::Expect::Delim(opened) => opened,
        _ => rest,
    };
    let offset = span(text, rest).start;
    let found = rest.chars().next();
    let message = match (&expected, found) {
        (lex::Expect::Delim(_), _) => {
            format!("this is never closed: a {} is missing", expected.as_str())
        }
        (lex::Expect::Token, Some(c)) => format!("`{c}` means nothing in jq"),
        (_, Some(c)) => format!(
            "`{c}` cannot stand here: a {} is missing",
            expected.as_str()
        ),
        (_, None) => format!(
            "the program ends too early: a {} is missing",
            expected.as_str()
        ),
    };
    let error = ExpressionError::syntax(offset, message).len(found.map_or(0, char::len_utf8));
    advice::advise(error, text, rest)
}

fn misplaced(text: &str, error: Option<parse::TError<'_, &str>>) -> ExpressionError {
    let Some((expected, found)) = error else {
        return ExpressionError::syntax(0, "the program cannot be read");
    };
    let wanted = match expected {
        parse::Expect::Nothing => "nothing more".to_owned(),
        parse::Expect::Term => "a value such as `.a` or `1`".to_owned(),
        parse::Expect::Just(word) => format!("`{word}`"),
        other => format!("a {}", other.as_str()),
    };
    let (offset, found) = match found {
        Some(Token(word, _)) => (span(text, word).start, *word),
        None => (text.len(), ""),
    };
    let message = if text.trim().is_empty() {
        "there is no program here".to_owned()
    } else if found.is_empty() {
        format!("the program ends too early: {wanted} is missing")
    } else {
        format!(
            "`{}` cannot stand here: expected {wanted}",
            advice::shortened(found)
        )
    };
    let error = ExpressionError::syntax(offset, message).len(found.len());
    advice::advise(error, text, found)
}
