//! Environment documents.
pub mod spec;
