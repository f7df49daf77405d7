//! Values become text.
pub mod findings;
