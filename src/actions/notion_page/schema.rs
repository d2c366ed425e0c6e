//! A data source's properties, as Notion describes them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::diagnostic::did_you_mean;

/// What we need to know of a data source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Schema {
    /// Its id.
    pub(super) data_source: String,
    /// Its properties.
    pub(super) properties: Vec<Property>,
}

/// One property.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Property {
    /// As people read it.
    pub(super) name: String,
    /// Stays the same when it is renamed.
    pub(super) id: String,
    /// `title`, `number`, …
    pub(super) kind: String,
    /// A status property's options, which the API cannot add to.
    pub(super) options: Vec<String>,
}

impl Schema {
    /// Reads `GET /v1/data_sources/{id}`.
    pub(super) fn read(data_source: &str, answer: &Value) -> Option<Self> {
        let properties = answer.get("properties")?.as_object()?;
        let property = |(name, value): (&String, &Value)| {
            let kind = value.get("type")?.as_str()?;
            let options = value
                .pointer("/status/options")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
                .filter_map(|option| Some(option.get("name")?.as_str()?.to_owned()));
            Some(Property {
                name: name.clone(),
                id: value
                    .get("id")
                    .and_then(Value::as_str)
                    .unwrap_or(name)
                    .to_owned(),
                kind: kind.to_owned(),
                options: options.collect(),
            })
        };
        Some(Self {
            data_source: data_source.to_owned(),
            properties: properties.iter().filter_map(property).collect(),
        })
    }

    /// A property by its name, its name in another case, its id, or `title` for the one title.
    pub(super) fn find(&self, name: &str) -> Result<&Property, String> {
        let by = |test: &dyn Fn(&Property) -> bool| self.properties.iter().find(|p| test(p));
        by(&|p| p.name == name)
            .or_else(|| by(&|p| p.name.to_lowercase() == name.to_lowercase()))
            .or_else(|| by(&|p| p.id == name))
            .or_else(|| by(&|p| name == "title" && p.kind == "title"))
            .ok_or_else(|| {
                let names = self.properties.iter().map(|p| p.name.as_str());
                let wrong = format!("the database has no property `{name}`");
                if let Some(meant) = did_you_mean(name, names.clone()) {
                    return format!("{wrong}; did you mean `{meant}`?");
                }
                let names: Vec<_> = names.collect();
                format!("{wrong}; it has {}", names.join(", "))
            })
    }
}

/// The one data source of `GET /v1/databases/{id}` that is meant.
pub(super) fn data_source(answer: &Value, wanted: Option<&str>) -> Result<String, String> {
    let text =
        |source: &Value, key: &str| source.get(key).and_then(Value::as_str).map(str::to_owned);
    let sources: Vec<(String, String)> = answer
        .get("data_sources")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|source| {
            Some((
                text(source, "id")?,
                text(source, "name").unwrap_or_default(),
            ))
        })
        .collect();
    let bare = |id: &str| id.replace('-', "").to_lowercase();
    let meant: Vec<_> = sources
        .iter()
        .filter(|(id, name)| wanted.is_none_or(|wanted| name == wanted || bare(id) == bare(wanted)))
        .collect();
    if let [(id, _)] = meant.as_slice() {
        return Ok(id.clone());
    }
    let known = sources.iter().map(|(id, name)| format!("`{name}` ({id})"));
    let known = known.collect::<Vec<_>>().join(", ");
    Err(match wanted {
        Some(wanted) => format!("the database has no data source `{wanted}`; it has {known}"),
        None if sources.is_empty() => "the database has no data source".to_owned(),
        None => {
            format!("the database has several data sources; name one with `data_source`: {known}")
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn properties_by_name_and_id() {
        let schema = Schema::read(
            "ds",
            &json!({"properties": {
                "Invoice ID": {"id": "title", "type": "title", "title": {}},
                "State": {"id": "%3Aab", "type": "status", "status": {"options": [{"name": "Open"}]}},
            }}),
        )
        .unwrap();
        let find = |name: &str| schema.find(name).map(|p| p.name.clone());
        assert_eq!(find("Invoice ID").unwrap(), "Invoice ID");
        assert_eq!(find("invoice id").unwrap(), "Invoice ID");
        assert_eq!(find("title").unwrap(), "Invoice ID");
        assert_eq!(find("%3Aab").unwrap(), "State");
        assert!(
            find("Invoce ID")
                .unwrap_err()
                .contains("did you mean `Invoice ID`")
        );
        assert!(
            find("Customer")
                .unwrap_err()
                .contains("it has Invoice ID, State")
        );
        assert_eq!(schema.find("State").unwrap().options, ["Open"]);
    }

    #[test]
    fn one_data_source_is_meant() {
        let one = json!({"data_sources": [{"id": "a-1", "name": "A"}]});
        let two = json!({"data_sources": [{"id": "a-1", "name": "A"}, {"id": "b-2", "name": "B"}]});
        assert_eq!(data_source(&one, None).unwrap(), "a-1");
        assert_eq!(data_source(&two, Some("B")).unwrap(), "b-2");
        assert_eq!(data_source(&two, Some("A1")).unwrap(), "a-1");
        assert!(
            data_source(&two, None)
                .unwrap_err()
                .contains("`A` (a-1), `B` (b-2)")
        );
        assert!(data_source(&two, Some("C")).is_err());
        assert!(data_source(&json!({}), None).is_err());
    }
}
