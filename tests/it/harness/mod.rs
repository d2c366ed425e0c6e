//! What the chapters stand on: folders, receivers, and a running hookrule.

pub mod folder;
pub mod process;
pub mod sender;
pub mod target;

pub use folder::{Folder, beside, project};
pub use process::{Process, run};
pub use sender::{SECRET, WHSEC, github, signed};
pub use target::{Answer, Connection, Received, Target, request};
