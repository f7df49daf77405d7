//! Permissions of Microsoft Power Platform as code.
pub mod clock;
pub mod finding;
pub mod place;
pub mod problem;
pub mod request;
pub mod rules;
