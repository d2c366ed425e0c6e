//! hookrule.yaml → settings.
mod environment;
mod fill;
pub use environment::{Environment, ProcessEnvironment};
