//! Permissions of Microsoft Power Platform as code.
//!
//! Manifests say who may do what; the tenant says who can. Everything between the two is one straight pipe of values:
//!
//! ```text
//! paths ─load→ documents ─compile→ Desired ─‖collect→ Inventory ─resolve→ Wanted ─diff→ Plan ─review→ Review ─gate→ Approved ─‖apply→ Report
//!        yaml            pure, now  by name  reads only          by id          pure       before, after       pure        writes, rounds, read-back
//! ```
//!
//! * [`manifest`] reads YAML into documents that remember their places, [`compile`] makes of them what each environment
//!   shall hold, in names.
//! * [`collect`] reads an environment into one plain value, the [`inventory`], which also knows what was not asked and
//!   what could not be read. It is the only reader, and it cannot write.
//! * [`plan`](mod@plan) resolves names to ids, compares ledger by ledger ([`ledger`], [`kinds`]) and puts the changes in an
//!   order that neither locks anybody out nor lends anybody's connection.
//! * [`review`] judges the plan on the inventory before and after; its gate makes the only value that [`apply`] takes.
//! * [`apply`] writes in rounds and reads everything back; the [`controller`](cli::controller) does all of this again and again, on a clock.
//!
//! Everything but [`collect`] and [`apply`] is pure, and only [`tenant`] opens connections. [`sandbox`] is the embedded
//! tenant: an HTTP server that shares nothing with the rest, so that it can judge it.
pub mod access;
pub mod apply;
pub mod cli;
pub mod clientdata;
pub mod clock;
pub mod collect;
pub mod compile;
pub mod derive;
pub mod explain;
pub mod export;
pub mod finding;
pub mod foreign;
pub mod inventory;
pub mod journal;
pub mod kinds;
pub mod ledger;
pub mod manifest;
pub mod names;
pub mod place;
pub mod plan;
pub mod principal;
pub mod problem;
pub mod render;
pub mod report;
pub mod request;
pub mod review;
pub mod rights;
pub mod rules;
pub mod sandbox;
pub mod tenant;
