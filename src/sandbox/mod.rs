//! The embedded tenant: a strict, stateful imitation of the services that powergrant speaks to.
//!
//! It uses nothing else of this crate, so that it can judge the rest: what a service means by a mask, a depth or a batch is
//! written here a second time.

pub mod access;
pub mod alternatives;
pub mod answer;
pub mod bap;
pub mod builtin;
mod by_hand;
pub mod claims;
mod control;
mod dataverse;
pub mod directory;
mod discovery;
mod edm;
pub mod fault;
pub mod faults;
pub mod flow_service;
mod flow_text;
mod front;
pub mod graph;
mod hold;
mod hosts;
pub mod identity;
mod incoming;
mod instances;
pub mod multipart;
pub mod odata;
pub mod organization;
pub mod percent;
mod powerapps;
pub mod principals;
pub mod provider;
pub mod rights;
pub mod roles;
mod run;
pub mod schema;
pub mod seed;
mod server;
mod service;
mod shared;
mod shares;
mod store;
pub mod tenant;
#[cfg(test)]
mod tests;
pub mod token;
pub mod variants;

pub use front::{AuthorityError, Front};
pub use hold::Hold;
pub use server::{Options, Place, Running, StartError, start};
pub use store::StoreError;
