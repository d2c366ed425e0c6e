//! Reading a template: what it uses, and what can be seen to be wrong without rendering it.

use handlebars::template::{BlockParam, HelperTemplate, Parameter, TemplateElement};
use handlebars::{Path, Template};
use serde_json::Value;

use crate::diagnostic::did_you_mean;

use super::super::helpers::{self, Arguments, Helper, Wrong};
use super::super::{ExpressionError, ExpressionErrorKind, quoted};
use super::Uses;
use super::advice::{root_problem, unreadable};
use super::plain;
use super::tags::{NESTING_MAX, Tags};

/// The longest template that is read, in bytes.
pub const TEMPLATE_BYTES_MAX: usize = 64 * 1024;
/// The deepest nesting of `{{#each}}`: each level may multiply the work.
const EACH_DEPTH_MAX: usize = 3;
const BLOCKS: [&str; 4] = ["if", "unless", "each", "with"];
const LOCALS: [&str; 4] = ["index", "key", "first", "last"];

type Read<T = ()> = Result<T, ExpressionError>;

/// Compiles a template and looks through it.
pub(super) fn read(text: &str) -> Read<(Template, Uses)> {
    let tags = Tags::find(text);
    if let Some(offset) = tags.open {
        return Err(ExpressionError::syntax(offset, "`{{` is never closed")
            .len(2)
            .help("close it with `}}`, or write `\\{{` for the braces themselves"));
    }
    if let Some(offset) = tags.too_deep {
        let message = format!("nested more than {NESTING_MAX} deep");
        return Err(ExpressionError::syntax(offset, message));
    }
    let template = match plain::compile(text) {
        Some(template) => template,
        None => Template::compile(text).map_err(|error| unreadable(&error, text, &tags))?,
    };
    let mut reader = Reader {
        text,
        uses: Uses {
            unescaped: tags.unescaped.clone(),
            ..Uses::default()
        },
        tags,
        blocks: Vec::new(),
    };
    reader.template(&template)?;
    reader.uses.paths.sort_by_key(|(_, offset)| *offset);
    reader.uses.helpers.sort_by_key(|(_, offset)| *offset);
    Ok((template, reader.uses))
}

struct Reader<'t> {
    text: &'t str,
    tags: Tags,
    uses: Uses,
    blocks: Vec<Block>,
}

/// A block that the reader is inside of.
struct Block {
    /// `each` and `with` change what plain names mean.
    moves: bool,
    is_each: bool,
    params: Vec<String>,
}

impl Reader<'_> {
    fn place(&mut self, word: &str) -> usize {
        self.tags.place(self.text, word)
    }

    fn template(&mut self, template: &Template) -> Read {
        template
            .elements
            .iter()
            .try_for_each(|element| match element {
                TemplateElement::Expression(call) | TemplateElement::HtmlExpression(call) => {
                    self.expression(call)
                }
                TemplateElement::HelperBlock(block) => self.block(block),
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => Ok(()),
                _ => {
                    let offset = self.text.find("{{>").or_else(|| self.text.find("{{#"));
                    let offset = offset.or_else(|| self.text.find("{{*")).unwrap_or(0);
                    let message = "parts of other templates are not taken in like this";
                    let help = "write {{> NAME}}, with NAME under `templates:` of the rule file";
                    Err(ExpressionError::syntax(offset, message).len(3).help(help))
                }
            })
    }

    fn block(&mut self, block: &HelperTemplate) -> Read {
        let name = named(&block.name);
        let offset = self.place(&name);
        if !BLOCKS.contains(&name.as_str()) {
            let message = match helpers::find(&name) {
                Some(_) => format!("`{name}` is not a block"),
                None => format!("there is no block `{name}`"),
            };
            return Err(
                ExpressionError::new(ExpressionErrorKind::Helper, offset, message)
                    .len(name.len())
                    .help("blocks are {{#if}}, {{#unless}}, {{#each}} and {{#with}}"),
            );
        }
        if block.params.len() != 1 {
            let message = format!("`#{name}` takes one value");
            return Err(ExpressionError::syntax(offset, message)
                .len(name.len())
                .help("compare with a helper: {{#if (eq payload.action \"opened\")}}"));
        }
        self.arguments(block)?;
        let is_each = name == "each";
        let around = self.blocks.iter().filter(|block| block.is_each).count();
        if is_each && around >= EACH_DEPTH_MAX {
            let message = format!("more than {EACH_DEPTH_MAX} `#each` stand inside each other");
            return Err(ExpressionError::syntax(offset, message).len(name.len()));
        }
        if let Some(inner) = &block.template {
            self.blocks.push(Block {
                moves: is_each || name == "with",
                is_each,
                params: block_params(block.block_param.as_ref()),
            });
            let inside = self.template(inner);
            self.blocks.pop();
            inside?;
        }
        block
            .inverse
            .as_ref()
            .map_or(Ok(()), |other| self.template(other))
    }

    fn expression(&mut self, call: &HelperTemplate) -> Read {
        if call.params.is_empty() && call.hash.is_empty() {
            return match &call.name {
                Parameter::Path(Path::Relative((_, raw))) if self.is_bare_helper(raw) => {
                    self.call(raw, call)
                }
                name => self.parameter(name),
            };
        }
        self.call(&named(&call.name), call)
    }

    fn is_bare_helper(&self, name: &str) -> bool {
        let is_param = self
            .blocks
            .iter()
            .any(|b| b.params.iter().any(|p| p == name));
        helpers::find(name).is_some() && !is_param && !self.moved()
    }

    fn call(&mut self, name: &str, call: &HelperTemplate) -> Read {
        let offset = self.place(name);
        let Some(helper) = helpers::find(name) else {
            return Err(unknown_helper(name, offset));
        };
        check_call(helper, call, self.text, offset)?;
        self.uses.helpers.push((name.to_owned(), offset));
        self.arguments(call)
    }

    fn arguments(&mut self, call: &HelperTemplate) -> Read {
        let all = call.params.iter().chain(call.hash.values());
        for argument in all {
            self.parameter(argument)?;
        }
        Ok(())
    }

    fn parameter(&mut self, parameter: &Parameter) -> Read {
        match parameter {
            Parameter::Path(Path::Relative((_, raw)) | Path::Local((_, _, raw))) => self.path(raw),
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(call) => self.call(&named(&call.name), call),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    fn moved(&self) -> bool {
        self.blocks.iter().any(|block| block.moves)
    }

    fn path(&mut self, raw: &str) -> Read {
        let offset = self.place(raw);
        let wrong = |message: String| {
            ExpressionError::new(ExpressionErrorKind::Variable, offset, message).len(raw.len())
        };
        let (from_root, rest) = match raw.strip_prefix("@root") {
            Some(rest) => (true, rest.trim_start_matches(['.', '/'])),
            None => (false, raw),
        };
        if let Some(local) = rest.strip_prefix('@') {
            let name = local.trim_start_matches("../");
            if LOCALS.contains(&name) && self.blocks.iter().any(|block| block.is_each) {
                return Ok(());
            }
            let help = "inside {{#each}} there are @index, @key, @first and @last; elsewhere @root";
            return Err(wrong(format!("`{raw}` never exists here")).help(help));
        }
        let here = rest
            .strip_prefix("this.")
            .or_else(|| rest.strip_prefix("./"));
        let plain = here.unwrap_or(rest);
        let ups = plain.matches("../").count();
        let plain = plain.trim_start_matches("../");
        let plain = if plain == "this" { "" } else { plain };
        let names = names(plain);
        let first = names.first().map(String::as_str).unwrap_or_default();
        if !from_root
            && self
                .blocks
                .iter()
                .any(|b| b.params.iter().any(|p| p == first))
        {
            return Ok(());
        }
        let depth = self.blocks.iter().filter(|block| block.moves).count();
        if ups > depth {
            let help = "`../` goes out of one {{#each}} or {{#with}}";
            return Err(wrong(format!("`{raw}` leads out of the template")).help(help));
        }
        if !from_root && ups < depth {
            let meant_root = ["payload", "vars"].contains(&first) && names.len() > 1;
            if meant_root && ups == 0 && here.is_none() {
                let message = format!("inside this block `{raw}` belongs to the item");
                let help = format!("write `@root.{raw}`, or `this.{raw}` if the item has it");
                return Err(wrong(message).help(help));
            }
            return Ok(());
        }
        if let Some((message, help)) = root_problem(raw, &names) {
            return Err(wrong(message).help(help));
        }
        self.uses.paths.push((names.join("."), offset));
        Ok(())
    }
}

fn unknown_helper(name: &str, offset: usize) -> ExpressionError {
    let error = |message: String| {
        ExpressionError::new(ExpressionErrorKind::Helper, offset, message).len(name.len())
    };
    if BLOCKS.contains(&name) {
        let help = format!("write {{{{#{name} …}}}}…{{{{/{name}}}}}");
        return error(format!("`{name}` opens a block")).help(help);
    }
    let known = helpers::LIST.iter().map(|helper| helper.name);
    let help = match did_you_mean(name, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "a helper comes first: {{upper payload.name}}".to_owned(),
    };
    error(format!("there is no helper `{name}`")).help(help)
}

/// What can be said of a call without its values.
fn check_call(helper: &Helper, call: &HelperTemplate, text: &str, offset: usize) -> Read {
    let wrong = |message: String| {
        Err(ExpressionError::syntax(offset, message)
            .len(helper.name.len())
            .help(format!("it is written `{}`", helper.usage)))
    };
    let given = call.params.len();
    if given < helper.least || given > helper.most {
        let name = helper.name;
        let values = if given == 1 { "value" } else { "values" };
        return wrong(format!("`{name}` cannot be called with {given} {values}"));
    }
    if let Some(odd) = call
        .hash
        .keys()
        .find(|key| !helper.named.contains(&key.as_str()))
    {
        return wrong(format!("`{}` knows no `{odd}=`", helper.name));
    }
    match (helper.check)(&literals(call)) {
        Ok(()) => Ok(()),
        Err(problem) => Err(blamed(helper, problem, text, offset)),
    }
}

/// What is written in a call itself.
fn literals(call: &HelperTemplate) -> Arguments<'_> {
    let named = call.hash.iter();
    Arguments {
        values: call.params.iter().map(literal).collect(),
        named: named
            .filter_map(|(name, value)| Some((name.as_str(), literal(value)?)))
            .collect(),
    }
}

fn literal(parameter: &Parameter) -> Option<&Value> {
    match parameter {
        Parameter::Literal(value) => Some(value),
        _ => None,
    }
}

/// What a helper says is wrong with its literals, at the literal if that can be found.
fn blamed(helper: &Helper, problem: Wrong, text: &str, offset: usize) -> ExpressionError {
    let whole = offset..offset + helper.name.len();
    let inside = problem.inside;
    let place = inside.and_then(|(value, range)| quoted::place(text, offset, &value, &range));
    let place = place.unwrap_or(whole);
    let help = problem.help;
    let help = help.unwrap_or_else(|| format!("it is written `{}`", helper.usage));
    let message = format!("`{}` {}", helper.name, problem.message);
    ExpressionError::syntax(place.start, message)
        .len(place.len())
        .help(help)
}

fn named(name: &Parameter) -> String {
    match name {
        Parameter::Name(name) => name.clone(),
        Parameter::Path(Path::Relative((_, raw)) | Path::Local((_, _, raw))) => raw.clone(),
        Parameter::Literal(value) => value.to_string(),
        Parameter::Subexpression(inner) => inner.name().to_owned(),
        _ => String::new(),
    }
}

fn block_params(params: Option<&BlockParam>) -> Vec<String> {
    match params {
        Some(BlockParam::Single(one)) => vec![named(one)],
        Some(BlockParam::Pair((one, other))) => vec![named(one), named(other)],
        _ => Vec::new(),
    }
}

/// The names of a path, without the brackets around odd ones.
fn names(path: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut in_brackets = false;
    for c in path.chars() {
        match c {
            '[' if !in_brackets => in_brackets = true,
            ']' if in_brackets => in_brackets = false,
            '.' | '/' if !in_brackets => names.push(String::new()),
            _ => names.last_mut().into_iter().for_each(|name| name.push(c)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}
