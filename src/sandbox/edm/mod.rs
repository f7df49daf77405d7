//! The entity data model of a service: what `$metadata` says, and what requests are checked against.

mod check;
mod complex;
mod dataverse;
mod graph;
mod model;
mod operations;
mod published;
#[cfg(test)]
mod tests;
mod write;

pub(super) use check::{arguments, body};
pub(super) use dataverse::dataverse;
pub(super) use graph::graph;
pub(super) use operations::{Call, Operation, find};
