//! Permissions of Microsoft Power Platform as code.
pub mod cli;
pub mod clock;
pub mod compile;
pub mod finding;
pub mod kinds;
pub mod ledger;
pub mod manifest;
pub mod names;
pub mod place;
pub mod principal;
pub mod problem;
pub mod render;
pub mod request;
pub mod rules;
