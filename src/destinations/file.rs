//! A folder that actions may write files in.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::diagnostic::Diagnostics;
use crate::yaml::{Fields, Node, Shape, key};

use super::{Kind, Policy, Settings, beside};

/// The kind.
#[derive(Debug)]
pub struct File;

/// A folder. Nothing is written outside it.
#[derive(Debug, Clone)]
pub struct FileSettings {
    /// The folder; made when it is first written to. A relative one lies beside hookrule.yaml.
    pub root: PathBuf,
}

impl Kind for File {
    fn name(&self) -> &'static str {
        "file"
    }

    fn help(&self) -> &'static str {
        "A folder that `file` actions write in."
    }

    /// One at a time, so that lines appended by two jobs never mix.
    fn policy(&self) -> Policy {
        Policy {
            concurrency: 1,
            ..Policy::default()
        }
    }

    fn shape(&self) -> Shape {
        let root = "The folder that files stay in; made when it is first written to. A relative one lies beside this file.";
        Shape::map([key("root", Shape::matching("."), root, "journal").required()])
    }

    fn example(&self) -> Value {
        json!({"root": "journal"})
    }

    fn parse(&self, node: &Node, problems: &mut Diagnostics) -> Option<Settings> {
        let mut fields = Fields::of(node, problems)?;
        let root = fields
            .required("root", problems)
            .and_then(|root| beside(root, problems));
        fields.finish(problems);
        Some(Arc::new(FileSettings { root: root? }))
    }
}
