//! Values as people and machines read them: plans, reports, findings.
pub mod findings;
pub mod plan;
