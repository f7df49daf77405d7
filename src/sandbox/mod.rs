//! The embedded tenant: a strict imitation of the services that powergrant speaks to.

pub mod answer;
pub mod fault;
pub mod odata;
