//! Posts a message to a Discord channel.
//!
//! Nobody is pinged unless the rule says so, values are escaped for Discord's markdown, and what is
//! too long is cut, so that an event never makes a message that Discord refuses.
//!
//! Source: Discord's developer documentation, "Webhook Resource", "Message", "Rate Limits".

mod answer;
mod embed;
mod limit;
mod mentions;

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::destinations::DiscordSettings;
use crate::diagnostic::{Diagnostics, code};
use crate::expression::shapes::template;
use crate::expression::tree::parse_template;
use crate::expression::{Escape, RenderError, Template};
use crate::runtime::BoxFuture;
use crate::yaml::{self, Demand, Fields, Node, Shape, key};

use super::exchange::{Draft, Redactor, judge, outputs, parsed, reject, settings, unanswered};
use super::{Configured, Context, Kind, Outcome, Preparation};
use answer::peculiar;
use embed::Embed;
use limit::{CONTENT_MAX, EMBEDS_MAX, USERNAME_MAX, cut, web_url};
use mentions::Mentions;

/// Links show no preview: what they lead to is not ours.
const SUPPRESS_EMBEDS: u64 = 1 << 2;
/// No sound, no push.
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

/// The kind.
#[derive(Debug)]
pub struct Discord;

#[derive(Debug)]
struct DiscordAction {
    content: Option<Template>,
    embeds: Vec<Embed>,
    username: Option<Template>,
    avatar_url: Option<Template>,
    thread: Option<Thread>,
    mentions: Mentions,
    silent: bool,
    unfurl: bool,
}

#[derive(Debug)]
enum Thread {
    /// An existing one.
    Id(Template),
    /// A new post in a forum.
    Name(Template),
}

impl Kind for Discord {
    fn name(&self) -> &'static str {
        "discord"
    }

    fn help(&self) -> &'static str {
        "Posts a message to a Discord channel."
    }

    fn shape(&self) -> Shape {
        let thread = Shape::map([
            key(
                "id",
                template(),
                "An existing thread.",
                "1042000000000000000",
            ),
            key(
                "name",
                template(),
                "A new post of a forum.",
                "{{payload.title}}",
            ),
        ])
        .demand(Demand::OneOf(vec!["id", "name"]));
        Shape::map([
            key("content", template(), format!("The text of the message: a template, escaped for Discord's markdown. At most {CONTENT_MAX} characters; the rest is cut."), "{{payload.sender.login}} pushed to {{payload.ref}}"),
            key("embeds", Shape::one_or_list(Embed::shape()), format!("Cards below the text: one, or a list of at most {EMBEDS_MAX}."), json!([{"title": "{{payload.title}}"}])),
            key("username", template(), format!("The name that the message is posted under: 1 to {USERNAME_MAX} characters, without `clyde` or `discord` in it."), "build"),
            key("avatar_url", template(), "The picture beside that name: an http(s) URL.", "https://example.com/build.png"),
            key("thread", Shape::either([template(), thread]), "Which thread it is posted in: an id, or a new post of a forum.", "1042000000000000000").like(json!({"name": "{{payload.title}}"})),
            key("mentions", Mentions::shape(), "Whom the message may ping. Nobody where it is left out.", json!(["users"])).or("none"),
            key("silent", Shape::flag(), "Whether it makes no sound.", true).or(false),
            key("unfurl", Shape::flag(), "Whether links show a preview.", true).or(false),
        ])
        .demand(Demand::Some(vec!["content", "embeds"]))
    }

    fn example(&self) -> Value {
        json!({"destination": "team-chat", "content": "{{payload.sender.login}} pushed to {{payload.ref}}"})
    }

    fn destination_kind(&self) -> Option<&'static str> {
        Some("discord")
    }

    fn parse(
        &self,
        fields: &mut Fields<'_>,
        problems: &mut Diagnostics,
    ) -> Option<Arc<dyn Configured>> {
        let mut template = |key, escape, problems: &mut Diagnostics| {
            let node = fields.optional(key)?;
            parse_template(node, escape, problems).map(|template| (node, template))
        };
        let content = template("content", Escape::Discord, problems);
        let username = template("username", Escape::None, problems);
        let avatar_url = template("avatar_url", Escape::None, problems);
        if let Some((node, content)) = &content {
            limit::check(node, content, CONTENT_MAX, problems);
        }
        if let Some((node, username)) = &username {
            check_username(node, username, problems);
        }
        let embeds = fields
            .optional("embeds")
            .map_or_else(Vec::new, |node| Embed::parse_all(node, problems));
        let thread = fields
            .optional("thread")
            .and_then(|node| Thread::parse(node, problems));
        let mentions = fields
            .optional("mentions")
            .map_or_else(Mentions::default, |node| Mentions::parse(node, problems));
        let mut flag = |key| fields.optional(key).and_then(|node| node.bool(problems));
        let silent = flag("silent").unwrap_or(false);
        let unfurl = flag("unfurl").unwrap_or(false);
        if fields.node().get("content").is_none() && fields.node().get("embeds").is_none() {
            let message = "a message needs `content` or `embeds`";
            problems.push(fields.node().error(code::MISSING_KEY, message));
            return None;
        }
        Some(Arc::new(DiscordAction {
            content: content.map(|(_, template)| template),
            embeds,
            username: username.map(|(_, template)| template),
            avatar_url: avatar_url.map(|(_, template)| template),
            thread,
            mentions,
            silent,
            unfurl,
        }))
    }

    fn perform<'a>(&'a self, context: Context<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move { perform(&context).await.unwrap_or_else(|outcome| outcome) })
    }
}

fn check_username(node: &Node, template: &Template, problems: &mut Diagnostics) {
    if template.is_literal() && !limit::is_username(template.text()) {
        let message = format!(
            "Discord takes names of 1 to {USERNAME_MAX} characters without `clyde` or `discord` in them"
        );
        problems.push(node.error(code::BAD_VALUE, message).help("write another name, or leave `username:` out: the message has the webhook's own name then"));
    }
}

impl Thread {
    fn parse(node: &Node, problems: &mut Diagnostics) -> Option<Self> {
        if !matches!(node.value, yaml::Value::Map(_)) {
            return parse_template(node, Escape::None, problems).map(Self::Id);
        }
        let mut fields = Fields::of(node, problems)?;
        let id = fields.optional("id");
        let name = fields.optional("name");
        fields.finish(problems);
        match (id, name) {
            (Some(id), None) => parse_template(id, Escape::None, problems).map(Self::Id),
            (None, Some(name)) => parse_template(name, Escape::None, problems).map(Self::Name),
            _ => {
                let message = "a thread has an `id`, or a `name` where it is a new one of a forum";
                problems.push(
                    node.error(code::BAD_VALUE, message)
                        .help("write one of them: `thread: {id: \"…\"}` or `thread: {name: …}`"),
                );
                None
            }
        }
    }
}

impl Configured for DiscordAction {
    fn templates(&self) -> Vec<&Template> {
        let thread = self.thread.iter().map(|thread| match thread {
            Thread::Id(template) | Thread::Name(template) => template,
        });
        let own = [&self.content, &self.username, &self.avatar_url];
        let embeds = self.embeds.iter().flat_map(Embed::templates);
        own.into_iter()
            .flatten()
            .chain(thread)
            .chain(embeds)
            .collect()
    }

    fn prepare(&self, event: &Preparation<'_>) -> Result<Value, RenderError> {
        let scope = event.scope;
        let render = |template: &Option<Template>| match template {
            Some(template) => template.render(scope).map(Some),
            None => Ok(None),
        };
        let mut data = Map::new();
        if let Some(content) = render(&self.content)? {
            data.insert("content".to_owned(), cut(&content, CONTENT_MAX).into());
        }
        let embeds = self.embeds.iter().map(|embed| embed.render(scope));
        let embeds: Vec<_> = embeds.collect::<Result<_, _>>()?;
        let embeds = limit::embeds(embeds);
        if !embeds.is_empty() {
            data.insert("embeds".to_owned(), embeds.into());
        }
        if let Some(username) = render(&self.username)?.filter(|name| limit::is_username(name)) {
            data.insert("username".to_owned(), username.into());
        }
        if let Some(url) = render(&self.avatar_url)?.filter(|url| web_url(url)) {
            data.insert("avatar_url".to_owned(), url.into());
        }
        match &self.thread {
            Some(Thread::Id(id)) => {
                data.insert("thread_id".to_owned(), thread_id(id, &id.render(scope)?)?);
            }
            Some(Thread::Name(name)) => {
                data.insert(
                    "thread_name".to_owned(),
                    cut(&name.render(scope)?, 100).into(),
                );
            }
            None => {}
        }
        data.insert("allowed_mentions".to_owned(), self.mentions.value());
        let preview = self.unfurl || !self.embeds.is_empty();
        let flags = if preview { 0 } else { SUPPRESS_EMBEDS }
            | if self.silent {
                SUPPRESS_NOTIFICATIONS
            } else {
                0
            };
        if flags != 0 {
            data.insert("flags".to_owned(), flags.into());
        }
        Ok(Value::Object(data))
    }
}

fn thread_id(template: &Template, id: &str) -> Result<Value, RenderError> {
    if !id.is_empty() && id.len() <= 20 && id.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(id.into());
    }
    Err(RenderError {
        template: template.text().to_owned(),
        message: "a thread's id is a number".to_owned(),
    })
}

async fn perform(context: &Context<'_>) -> Result<Outcome, Outcome> {
    let (destination, discord) = settings::<DiscordSettings>(context)?;
    let mut body = context.data.clone();
    let mut query = vec![("wait".to_owned(), "true".to_owned())];
    let thread = body
        .as_object_mut()
        .and_then(|body| body.remove("thread_id"));
    if let Some(id) = thread.as_ref().and_then(Value::as_str) {
        query.push(("thread_id".to_owned(), id.to_owned()));
    }
    let url = discord
        .address
        .join("", &query)
        .ok_or_else(|| reject("the webhook's URL cannot be used"))?;
    let redactor = Redactor::new(discord.address.credentials());
    let response = Draft::json("POST", url, &body)
        .send(context, destination)
        .await
        .map_err(|error| unanswered(&error))?;
    let answer = parsed(&response);
    if let Some(outcome) = peculiar(&response, answer.as_ref(), &redactor, context.now) {
        return Err(outcome);
    }
    judge(&response, &destination.policy, &redactor, context.now)?;
    let own = |key: &'static str| Some((key, answer.as_ref()?.get(key)?.clone()));
    let own: Vec<_> = [own("id"), own("channel_id")]
        .into_iter()
        .flatten()
        .collect();
    let note = match answer.as_ref().and_then(|answer| answer.get("id")) {
        Some(id) => format!(
            "{}: message {}",
            response.status,
            redactor.text(&super::request::text_of(id))
        ),
        None => format!(
            "{} without a message's id: is this a Discord webhook?",
            response.status
        ),
    };
    Ok(Outcome::Done {
        outputs: outputs(&response, &own, &redactor),
        note,
    })
}
