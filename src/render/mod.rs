//! Values as people and machines read them: plans, reports, findings.
pub mod findings;
pub mod json;
pub mod plan;
pub mod requests;
pub mod review;
