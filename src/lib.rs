//! Permissions of Microsoft Power Platform as code.
pub mod clientdata;
pub mod clock;
pub mod collect;
pub mod compile;
pub mod finding;
pub mod inventory;
pub mod ledger;
pub mod names;
pub mod place;
pub mod principal;
pub mod problem;
pub mod request;
pub mod rules;
