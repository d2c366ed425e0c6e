//! An independent validator of JSON Schema.

use boon::{Compiler, SchemaIndex, Schemas};
use serde_json::Value;

const METASCHEMA: &str = "https://json-schema.org/draft/2020-12/schema";

pub(super) struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    pub(super) fn new(schema: Value) -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.add_resource("mem:schema", schema).unwrap();
        let index = compiler
            .compile("mem:schema", &mut schemas)
            .unwrap_or_else(|error| panic!("{error:#}"));
        Self { schemas, index }
    }

    /// Of schemas themselves.
    pub(super) fn of_schemas() -> Self {
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        let index = compiler.compile(METASCHEMA, &mut schemas).unwrap();
        Self { schemas, index }
    }

    pub(super) fn objection(&self, value: &Value) -> Option<String> {
        let judged = self.schemas.validate(value, self.index);
        judged.err().map(|error| format!("{error:#}"))
    }

    pub(super) fn takes(&self, value: &Value) -> bool {
        self.objection(value).is_none()
    }
}
