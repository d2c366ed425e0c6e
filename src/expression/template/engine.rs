//! The template library, set up once: strict, without logging, and writing within bounds.
//!
//! Every `{{x}}` of a template is turned into a call of a put-helper, so that one place decides how
//! a value becomes text, how it is escaped and what a missing one says.

use std::collections::HashMap;
use std::io;
use std::sync::LazyLock;

use handlebars::template::{HelperTemplate, Parameter, Subexpression, TemplateElement};
use handlebars::{
    Context, Handlebars, Helper as Called, HelperDef, HelperResult, Output, RenderContext,
    RenderError as LibraryError, RenderErrorReason, Renderable, ScopedJson, Template, no_escape,
};
use serde_json::Value;

use super::super::Escape;
use super::super::helpers::{self, Arguments, Helper};

/// The longest text or value that a template may give, in bytes.
pub(in crate::expression) const OUTPUT_BYTES_MAX: usize = 256 * 1024;
/// The most rounds that all `{{#each}}` of one rendering may take together.
const ROUNDS_MAX: usize = 100_000;
/// Called at the start of each round of an `{{#each}}`.
const ROUND: &str = "__round";

static LIBRARY: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut library = Handlebars::new();
    library.set_strict_mode(true);
    library.register_escape_fn(no_escape);
    for off in ["raw", "log"] {
        library.unregister_helper(off);
    }
    for helper in helpers::LIST {
        library.register_helper(helper.name, Box::new(Call(helper)));
    }
    for escape in Escape::ALL {
        library.register_helper(put_name(escape), Box::new(Put(escape)));
    }
    library.register_helper(ROUND, Box::new(Round));
    library
});

fn put_name(escape: Escape) -> &'static str {
    match escape {
        Escape::None => "__put",
        Escape::Url => "__put_url",
        Escape::Header => "__put_header",
        Escape::Discord => "__put_discord",
        Escape::Notion => "__put_notion",
        Escape::Slack => "__put_slack",
    }
}

/// Makes every expression of a template go through the put-helper of its place.
pub(super) fn direct(template: &mut Template, escape: Escape) {
    for element in &mut template.elements {
        match element {
            TemplateElement::Expression(call) => redirect(call, put_name(escape)),
            TemplateElement::HtmlExpression(call) => redirect(call, put_name(Escape::None)),
            TemplateElement::HelperBlock(block) => {
                if let Some(inner) = &mut block.template {
                    direct(inner, escape);
                    if block.name == Parameter::Name("each".to_owned()) {
                        inner.elements.splice(0..0, round());
                    }
                }
                if let Some(inner) = &mut block.inverse {
                    direct(inner, escape);
                }
            }
            _ => {}
        }
    }
}

fn redirect(call: &mut HelperTemplate, put: &str) {
    let value = take(call);
    call.name = Parameter::Name(put.to_owned());
    call.params = vec![value];
}

/// The value that an expression stands for.
pub(super) fn take(call: &mut HelperTemplate) -> Parameter {
    let name = std::mem::replace(&mut call.name, Parameter::Literal(Value::Null));
    let params = std::mem::take(&mut call.params);
    let hash: HashMap<_, _> = std::mem::take(&mut call.hash);
    if params.is_empty() && hash.is_empty() {
        return name;
    }
    Parameter::Subexpression(Subexpression::new(name, params, hash))
}

fn round() -> Vec<TemplateElement> {
    // The library offers no other way to make an element; this text is ours and always reads.
    Template::compile(&format!("{{{{{ROUND} 0}}}}")).map_or_else(|_| Vec::new(), |t| t.elements)
}

/// The value of one expression.
pub(super) fn evaluate(value: &Parameter, context: &Context) -> Result<Value, String> {
    let mut state = RenderContext::new(None);
    let found = value
        .expand(&LIBRARY, context, &mut state)
        .map_err(|error| explain(&error, context))?;
    if found.is_value_missing() {
        return Err(missing(found.relative_path(), context));
    }
    let value = found.value();
    if weight(value, OUTPUT_BYTES_MAX).is_none() {
        return Err(too_long());
    }
    Ok(value.clone())
}

/// The text of a directed template.
pub(super) fn render(template: &Template, context: &Context) -> Result<String, String> {
    let mut output = Bounded::default();
    let mut state = RenderContext::new(None);
    template
        .render(&LIBRARY, context, &mut state, &mut output)
        .map_err(|error| explain(&error, context))?;
    Ok(output.text)
}

/// A value as people read it: null is nothing, lists and objects are JSON.
pub(in crate::expression) fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The rough size of a value in bytes, or none if it passes a bound.
pub(in crate::expression) fn weight(value: &Value, max: usize) -> Option<usize> {
    let own = match value {
        Value::Null | Value::Bool(_) => 4,
        Value::Number(number) => number.as_str().len(),
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().try_fold(2_usize, |sum, item| {
            Some(sum + weight(item, max.checked_sub(sum)?)?)
        })?,
        Value::Object(members) => members.iter().try_fold(2_usize, |sum, (name, item)| {
            let sum = sum + name.len() + 4;
            Some(sum + weight(item, max.checked_sub(sum)?)?)
        })?,
    };
    (own <= max).then_some(own)
}

fn too_long() -> String {
    format!("the result is longer than {OUTPUT_BYTES_MAX} bytes")
}

fn missing(path: Option<&String>, context: &Context) -> String {
    let Some(path) = path else {
        return "a value is not there".to_owned();
    };
    let found = path
        .split('.')
        .try_fold(context.data(), |value, name| value.get(name));
    if found.is_some() {
        return format!("`{path}` is not there inside this block: write `@root.{path}`");
    }
    format!("`{path}` is not there")
}

fn explain(error: &LibraryError, context: &Context) -> String {
    match error.reason() {
        RenderErrorReason::Other(message) => message.clone(),
        RenderErrorReason::IOError(error) => error.to_string(),
        // Only blocks still raise this: what `each` and `with` are to go through.
        RenderErrorReason::MissingVariable(path) => {
            let why = missing(path.as_ref(), context);
            format!("{why}, or there is nothing in it to go through; the block has no {{{{else}}}}")
        }
        RenderErrorReason::InvalidJsonIndex(name) => {
            format!("`{name}` is asked of a list, whose items have numbers")
        }
        other => other.to_string(),
    }
}

fn failure(message: String) -> LibraryError {
    RenderErrorReason::Other(message).into()
}

/// A helper as the library calls it.
struct Call(&'static Helper);

impl HelperDef for Call {
    fn call_inner<'reg: 'rc, 'rc>(
        &self,
        called: &Called<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
    ) -> Result<ScopedJson<'rc>, LibraryError> {
        let there = |argument: &handlebars::PathAndJson<'rc>| !argument.is_value_missing();
        let all = || called.params().iter().chain(called.hash().values());
        if !self.0.takes_missing
            && let Some(gone) = all().find(|argument| !there(argument))
        {
            return Err(failure(missing(gone.relative_path(), context)));
        }
        let params = called.params().iter();
        let hash = called.hash().iter();
        let arguments = Arguments {
            values: params.map(|p| there(p).then(|| p.value())).collect(),
            named: hash.map(|(name, p)| (*name, p.value())).collect(),
        };
        let value = (self.0.call)(&arguments).map_err(|problem| {
            let Helper { name, usage, .. } = self.0;
            failure(format!("`{name}` {problem} (it is written `{usage}`)"))
        })?;
        if weight(&value, OUTPUT_BYTES_MAX).is_none() {
            return Err(failure(too_long()));
        }
        Ok(ScopedJson::Derived(value))
    }
}

/// Writes one value as text, escaped for its place.
struct Put(Escape);

impl HelperDef for Put {
    fn call<'reg: 'rc, 'rc>(
        &self,
        called: &Called<'rc>,
        _: &'reg Handlebars<'reg>,
        context: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        let Some(value) = called.param(0) else {
            return Ok(());
        };
        if value.is_value_missing() {
            return Err(failure(missing(value.relative_path(), context)));
        }
        if weight(value.value(), OUTPUT_BYTES_MAX).is_none() {
            return Err(failure(too_long()));
        }
        let text = text_of(value.value());
        let escaped = self.0.apply(&text).map_err(|why| {
            failure(match value.relative_path() {
                Some(path) => format!("`{path}`: {why}"),
                None => why,
            })
        })?;
        Ok(output.write(&escaped)?)
    }
}

/// Counts a round of a loop, so that loops that write nothing end too.
struct Round;

impl HelperDef for Round {
    fn call<'reg: 'rc, 'rc>(
        &self,
        _: &Called<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        output: &mut dyn Output,
    ) -> HelperResult {
        Ok(output.write("")?)
    }
}

/// Text that stops growing at its bound.
#[derive(Default)]
struct Bounded {
    text: String,
    rounds: usize,
}

impl Output for Bounded {
    fn write(&mut self, text: &str) -> io::Result<()> {
        if text.is_empty() {
            self.rounds += 1;
        }
        if self.rounds > ROUNDS_MAX {
            let message = format!("the loops take more than {ROUNDS_MAX} rounds");
            return Err(io::Error::other(message));
        }
        if self.text.len() + text.len() > OUTPUT_BYTES_MAX {
            return Err(io::Error::other(too_long()));
        }
        self.text.push_str(text);
        Ok(())
    }
}
