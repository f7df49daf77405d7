//! Reads an environment into an inventory: the one reader of a tenant.
//!
//! Three waves, the requests of each at the same time; what a wave asks for is what the one before has found. A part
//! that cannot be read is a part of the answer, and never keeps the others from being read.
pub mod audit;
mod confirm;
mod decode;
mod directory;
mod environments;
mod gaps;
mod identity;
mod nesting;
mod official;
mod own;
mod persons;
mod questions;
mod read;
mod refresh;
mod scope;
mod source;
mod surroundings;
#[cfg(test)]
mod tests;
mod waves;

pub use confirm::confirm;
pub use directory::Directory;
pub use environments::{AT_A_TIME, Job, collect_all};
pub use identity::identity;
pub use refresh::refresh;
pub use waves::collect;
