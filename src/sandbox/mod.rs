//! The embedded tenant: a strict imitation of the services that powergrant speaks to.

pub mod access;
pub mod answer;
pub mod builtin;
pub mod directory;
pub mod fault;
pub mod faults;
pub mod graph;
pub mod multipart;
pub mod odata;
pub mod organization;
mod percent;
pub mod principals;
pub mod rights;
pub mod roles;
pub mod schema;
pub mod seed;
pub mod tenant;
pub mod token;
pub mod variants;
