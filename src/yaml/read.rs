//! Text → [`Node`]: `serde_yaml` says what the values are, `saphyr-parser` where they stand.

use std::sync::Arc;

use crate::diagnostic::{Diagnostics, SourceFile};

use super::node::Node;

/// The largest YAML file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 4 * 1024 * 1024;
/// The deepest nesting that is read.
pub const DEPTH_MAX: usize = 64;

/// Reads the one document of a file. Every problem that can be found is reported; what could be read
/// is returned even beside problems, unless there is nothing to return. An empty file is a null node.
pub fn read(_file: &Arc<SourceFile>, _problems: &mut Diagnostics) -> Option<Node> {
    unimplemented!()
}
