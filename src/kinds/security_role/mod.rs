//! Security roles: what a role can do.
pub mod entry;
pub mod privileges;
pub mod spec;
mod wire;
