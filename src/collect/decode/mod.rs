//! Rows of the services become values of the inventory: strictly, purely, and beside the columns that are asked for.
pub(super) mod admin;
pub(super) mod agents;
pub(super) mod directory;
pub(super) mod flows;
pub(super) mod history;
pub(super) mod metadata;
pub(super) mod organization;
pub(super) mod people;
pub(super) mod roles;
mod row;
pub(super) mod shares;
pub(super) mod variables;

pub(super) use row::Row;
