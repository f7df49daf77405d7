//! Who may do what: privileges of roles, reach by depth and business unit, teams, owners and shares.

mod authority;
mod decision;
mod hierarchy;
mod reach;
mod refusals;
#[cfg(test)]
mod tests;

pub use authority::{Authority, Grant, Privilege, Through, joined, privileges_of_role, root_of, unit_of};
pub use hierarchy::reports;
pub use reach::Reach;
pub use refusals::{missing_privilege, no_role};
