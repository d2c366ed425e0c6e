//! Performing: find the data source, know its schema, look for the page, make or update it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::actions::exchange::{outputs, reject};
use crate::actions::{Context, Outcome};
use crate::crypto::{Encoding, sha256};
use crate::net::Response;
use crate::runtime::Timestamp;

use super::api::{Api, Failure, Repeat};
use super::blocks::paragraphs;
use super::coerce::{coerce, equals, page_id};
use super::schema::{Schema, data_source};

/// How long a schema is believed.
const SCHEMA_AGE_MAX: Duration = Duration::from_mins(10);

/// A schema as it is remembered.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    at: Timestamp,
    schema: Schema,
}

/// A page that we have made.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Page {
    id: String,
    url: String,
}

pub(super) async fn perform(context: &Context<'_>) -> Result<Outcome, Outcome> {
    let api = Api::of(context)?;
    // An attempt of this job may have made the page and been cut off before it was recorded.
    if let Some(page) = recall::<Page>(&api, "job", &context.job.to_string()).await {
        return Ok(done(&api, &page, None, "made by an earlier attempt"));
    }
    if let Some(schema) = remembered_schema(&api).await {
        match attempt(&api, &schema).await {
            // The schema we believed may be old: ask again, once.
            Err(Failure::Invalid(_) | Failure::NotFound(_)) => {}
            other => return other.map_err(Outcome::from),
        }
    }
    let schema = fetch_schema(&api).await?;
    attempt(&api, &schema).await.map_err(Outcome::from)
}

async fn attempt(api: &Api<'_>, schema: &Schema) -> Result<Outcome, Failure> {
    let data = api.context.data;
    let properties = properties(schema, data)?;
    let Some(key) = data.get("unique_by").and_then(Value::as_str) else {
        return create(api, schema, &properties, None).await;
    };
    let value = data.get("properties").and_then(|all| all.get(key));
    let property = schema.find(key).map_err(Failure::Invalid)?;
    let filter = equals(property, value.unwrap_or(&Value::Null))
        .map_err(|why| Failure::Invalid(format!("property `{key}` {why}")))?;
    let remembered_as = digest(&[&schema.data_source, &filter.to_string()]);
    match existing(api, schema, &filter, &remembered_as).await? {
        Some(page) => duplicate(api, &page, &properties, &remembered_as).await,
        None => create(api, schema, &properties, Some(&remembered_as)).await,
    }
}

/// What names the schema: the database, and which of its data sources.
fn schema_key(api: &Api<'_>) -> String {
    let text = |key| api.context.data.get(key).and_then(Value::as_str);
    digest(&[
        text("database").unwrap_or_default(),
        text("data_source").unwrap_or_default(),
    ])
}

async fn remembered_schema(api: &Api<'_>) -> Option<Schema> {
    let known: Known = recall(api, "schema", &schema_key(api)).await?;
    (api.context.now.since(known.at) < SCHEMA_AGE_MAX).then_some(known.schema)
}

async fn fetch_schema(api: &Api<'_>) -> Result<Schema, Failure> {
    let fatal = |why: String| Failure::Outcome(reject(why));
    let text = |key| api.context.data.get(key).and_then(Value::as_str);
    let id = match (text("database"), text("data_source")) {
        (Some(database), wanted) => {
            let path = format!("/v1/databases/{database}");
            let (_, answer) = api.call("GET", &path, None, Repeat::Harmless).await?;
            data_source(&answer, wanted).map_err(fatal)?
        }
        (None, Some(id)) => {
            page_id(id).ok_or_else(|| fatal(format!("`{id}` is not a data source's id")))?
        }
        (None, None) => return Err(fatal("the job names no database".to_owned())),
    };
    if !is_id(&id) {
        return Err(fatal("Notion gave an id that is none".to_owned()));
    }
    let path = format!("/v1/data_sources/{id}");
    let (_, answer) = api.call("GET", &path, None, Repeat::Harmless).await?;
    let schema =
        Schema::read(&id, &answer).ok_or_else(|| fatal("Notion gave no properties".to_owned()))?;
    let known = Known {
        at: api.context.now,
        schema: schema.clone(),
    };
    remember(api, "schema", &schema_key(api), &known).await;
    Ok(schema)
}

/// Whether a text can stand in a path of Notion's API.
fn is_id(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn properties(schema: &Schema, data: &Value) -> Result<Value, Failure> {
    let mut properties = Map::new();
    let written = data.get("written").and_then(Value::as_array);
    for (name, value) in data
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let property = schema.find(name).map_err(Failure::Invalid)?;
        let written = written.is_some_and(|all| all.iter().any(|own| own == name.as_str()));
        let value = coerce(property, value, written)
            .map_err(|why| Failure::Invalid(format!("property `{name}` {why}")))?;
        properties.insert(property.name.clone(), value);
    }
    Ok(Value::Object(properties))
}

/// The page of that key: the one we made, which Notion's index may not know yet, or one it finds.
async fn existing(
    api: &Api<'_>,
    schema: &Schema,
    filter: &Value,
    remembered_as: &str,
) -> Result<Option<Page>, Failure> {
    if let Some(page) = recall::<Page>(api, "page", remembered_as).await {
        let path = format!("/v1/pages/{}", page.id);
        match api.call("GET", &path, None, Repeat::Harmless).await {
            Ok((_, answer)) if !is_trashed(&answer) => return Ok(Some(page)),
            // Somebody has deleted it: it may be made again.
            Ok(_) | Err(Failure::NotFound(_)) => {}
            Err(failure) => return Err(failure),
        }
    }
    let path = format!("/v1/data_sources/{}/query", schema.data_source);
    let body = json!({"filter": filter, "page_size": 1});
    let (_, answer) = api
        .call("POST", &path, Some(&body), Repeat::Harmless)
        .await?;
    let found = answer.get("results").and_then(Value::as_array);
    let found = found.into_iter().flatten().find(|page| !is_trashed(page));
    Ok(found.and_then(page))
}

fn is_trashed(page: &Value) -> bool {
    let says = |key| page.get(key) == Some(&Value::Bool(true));
    says("archived") || says("in_trash")
}

fn page(answer: &Value) -> Option<Page> {
    let text = |key| answer.get(key).and_then(Value::as_str);
    let id = text("id")?;
    let sound = id
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    sound.then(|| Page {
        id: id.to_owned(),
        url: text("url").unwrap_or_default().to_owned(),
    })
}

async fn duplicate(
    api: &Api<'_>,
    page: &Page,
    properties: &Value,
    remembered_as: &str,
) -> Result<Outcome, Failure> {
    remember(api, "page", remembered_as, page).await;
    if api.context.data.get("on_duplicate").and_then(Value::as_str) != Some("update") {
        return Ok(done(api, page, None, "was there already"));
    }
    let path = format!("/v1/pages/{}", page.id);
    let body = json!({"properties": properties});
    let (response, _) = api
        .call("PATCH", &path, Some(&body), Repeat::Harmless)
        .await?;
    Ok(done(api, page, Some(&response), "updated"))
}

async fn create(
    api: &Api<'_>,
    schema: &Schema,
    properties: &Value,
    remembered_as: Option<&str>,
) -> Result<Outcome, Failure> {
    let data = api.context.data;
    let mut body = Map::new();
    let mut set = |key: &str, value: Value| body.insert(key.to_owned(), value);
    let parent = json!({"type": "data_source_id", "data_source_id": schema.data_source});
    set("parent", parent);
    set("properties", properties.clone());
    if let Some(icon) = data.get("icon").and_then(Value::as_str) {
        let link = icon.starts_with("https://");
        set(
            "icon",
            if link {
                json!({"type": "external", "external": {"url": icon}})
            } else {
                json!({"type": "emoji", "emoji": icon})
            },
        );
    }
    let children = data.get("content").and_then(Value::as_str).map(paragraphs);
    if let Some(children) = children.filter(|children| !children.is_empty()) {
        set("children", children.into());
    }
    let body = Value::Object(body);
    let repeat = match remembered_as {
        Some(_) => Repeat::Keyed,
        None => Repeat::Blind,
    };
    let (response, answer) = api.call("POST", "/v1/pages", Some(&body), repeat).await?;
    let page = page(&answer).ok_or_else(|| {
        Failure::Outcome(Outcome::InDoubt {
            note: format!("{}: Notion gave no id of a page", response.status),
        })
    })?;
    if let Some(key) = remembered_as {
        remember(api, "page", key, &page).await;
    }
    remember(api, "job", &api.context.job.to_string(), &page).await;
    Ok(done(api, &page, Some(&response), "made"))
}

fn done(api: &Api<'_>, page: &Page, response: Option<&Response>, what: &str) -> Outcome {
    let own = [("id", json!(page.id)), ("url", json!(page.url))];
    let outputs = match response {
        Some(response) => outputs(response, &own, &api.redactor),
        None => {
            json!({"status": 200, "headers": {}, "body": null, "text": "", "id": page.id, "url": page.url})
        }
    };
    Outcome::Done {
        outputs,
        note: format!("page {} {what}: {}", page.id, page.url),
    }
}

fn digest(parts: &[&str]) -> String {
    Encoding::Hex.encode(&sha256(json!(parts).to_string().as_bytes()))
}

fn key(api: &Api<'_>, what: &str, name: &str) -> String {
    format!("notion_page/{}/{what}/{name}", api.destination())
}

async fn recall<T: for<'de> Deserialize<'de>>(api: &Api<'_>, what: &str, name: &str) -> Option<T> {
    let text = api.context.memory.recall(&key(api, what, name)).await?;
    serde_json::from_str(&text).ok()
}

async fn remember(api: &Api<'_>, what: &str, name: &str, value: &impl Serialize) {
    if let Ok(text) = serde_json::to_string(value) {
        let key = key(api, what, name);
        api.context.memory.remember(&key, &text).await;
    }
}
