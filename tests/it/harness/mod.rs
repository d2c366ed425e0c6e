//! What the chapters stand on: folders, receivers, and a running hookrule.

pub mod folder;
pub mod load;
pub mod mount;
pub mod process;
pub mod raw;
pub mod sender;
pub mod target;

pub use folder::{Folder, beside, project};
pub use load::{EAGER, Load, arrived, forwarding, repeated};
pub use mount::{Mount, make_image, needs};
pub use process::{Process, command, run};
pub use sender::{SECRET, WHSEC, github, signed, signed_at};
pub use target::{Answer, Connection, Received, Target, request};
