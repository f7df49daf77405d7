//! `SecurityRole` documents.
pub mod spec;
