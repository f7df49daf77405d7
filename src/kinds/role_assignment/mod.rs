//! `RoleAssignment` documents.
pub mod spec;
