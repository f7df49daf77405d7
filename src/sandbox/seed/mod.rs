//! What a tenant holds at first: the format of `sandbox.yaml`.

mod components;
mod dataverse;
mod directory;
mod flow;
mod format;
mod format_dataverse;
mod make;
#[cfg(test)]
mod tests;

pub(crate) use components::put_share;
pub use format::*;
pub use format_dataverse::*;
pub(crate) use make::make;

/// The seed that is compiled in: the tenant of the README's example.
pub const fn default_seed() -> &'static str {
    include_str!("seed.yaml")
}

/// What is wrong with a seed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedError {
    /// It is not YAML of this format.
    #[error("the seed cannot be read: {0}")]
    Format(String),
    /// It names something that it does not hold.
    #[error("{place} names the {kind} `{name}`, which the seed does not hold")]
    Unknown {
        /// Where the name stands.
        place: String,
        /// What it should name.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// A value is not one of those that are allowed there.
    #[error("{place}: {problem}")]
    Invalid {
        /// Where the value stands.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl Seed {
    /// Reads a seed.
    pub fn parse(yaml: &str) -> Result<Self, SeedError> {
        serde_yaml::from_str(yaml).map_err(|error| SeedError::Format(error.to_string()))
    }
}
