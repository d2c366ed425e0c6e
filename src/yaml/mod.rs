//! YAML text → values that know where they stand.
//!
//! Comes in: the text of one file. Goes out: [`Node`]s with byte ranges, and a diagnostic for every
//! duplicate key, wrong type or unknown key. What a key means is left to the room that owns it: it
//! reads a map through [`Fields`] and calls [`Fields::finish`].

mod alike;
mod comments;
mod fields;
mod inside;
mod looks;
mod node;
mod offsets;
mod raw;
mod read;
mod scalar;
pub mod shape;
mod spot;
mod syntax;
mod walk;
mod zip;

pub use comments::comments;
pub use fields::Fields;
pub use inside::within_quotes;
pub use node::{Key, Node, Value};
pub use read::{DEPTH_MAX, FILE_BYTES_MAX, VALUES_MAX, read};
pub use scalar::{parse_duration, parse_size};
pub use shape::{Demand, Shape, key};
