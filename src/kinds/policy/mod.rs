//! Policies: which rules manifests have to keep, and how changes are graded.
pub mod risk;
pub mod spec;
