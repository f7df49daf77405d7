//! Permissions of Microsoft Power Platform as code.
pub mod clientdata;
pub mod clock;
pub mod compile;
pub mod finding;
pub mod inventory;
pub mod kinds;
pub mod ledger;
pub mod names;
pub mod place;
pub mod plan;
pub mod principal;
pub mod problem;
pub mod render;
pub mod report;
pub mod request;
pub mod review;
pub mod rules;
