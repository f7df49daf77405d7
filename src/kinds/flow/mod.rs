//! Flow documents.
pub mod spec;
