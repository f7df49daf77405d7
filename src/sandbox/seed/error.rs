//! What can be wrong with a seed.

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
