//! Who holds which security role.
pub mod assignments;
pub mod holder;
pub mod spec;
