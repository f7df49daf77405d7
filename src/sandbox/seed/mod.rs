//! What a tenant holds at first: the format of `sandbox.yaml`.

mod components;
mod dataverse;
mod directory;
mod error;
mod flow;
mod format;
mod make;
mod people;
#[cfg(test)]
mod tests;

pub use error::SeedError;
pub use format::*;
pub(crate) use make::make;

/// The seed that is compiled in: the tenant of the README's example.
pub const fn default_seed() -> &'static str {
    include_str!("seed.yaml")
}
