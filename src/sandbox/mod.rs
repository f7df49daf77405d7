//! The embedded tenant: a strict imitation of the services that powergrant speaks to.

pub mod answer;
pub mod bap;
pub mod directory;
pub mod fault;
pub mod flow_service;
pub mod graph;
pub mod multipart;
pub mod odata;
pub mod percent;
pub mod provider;
pub mod token;
