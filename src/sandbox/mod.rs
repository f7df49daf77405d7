//! The embedded tenant: a strict imitation of the services that powergrant speaks to.

pub mod access;
pub mod answer;
pub mod builtin;
pub mod directory;
pub mod fault;
pub mod odata;
pub mod organization;
pub mod rights;
pub mod schema;
pub mod token;
pub mod variants;
