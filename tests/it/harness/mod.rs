//! What the chapters stand on: folders, receivers, and a running hookrule.

pub mod folder;
pub mod process;
pub mod target;

pub use folder::Folder;
pub use process::Process;
pub use target::{Answer, Connection, Received, Target, request};
