//! Cloud flows: whose connections they use, who may run and edit them, and who may read their connection references.
pub mod connections;
pub mod readers;
pub mod share;
pub mod shares;
pub mod spec;
