//! Who is in an environment, and who administers one that has no Dataverse.
pub mod members;
pub mod presence;
pub mod roles;
#[cfg(test)]
pub(crate) mod sample;
pub mod spec;
mod wire;
