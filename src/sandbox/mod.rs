//! The embedded tenant: a strict imitation of the services that powergrant speaks to.

pub mod answer;
pub mod directory;
pub mod fault;
pub mod graph;
pub mod multipart;
pub mod odata;
pub mod percent;
pub mod token;
