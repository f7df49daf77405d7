//! The fields of a seed. Ids may be left out: they are derived from names, so that they are the same in every run.

mod components;
mod organization;
mod principal;
mod tenant;

pub use components::*;
pub use organization::*;
pub use principal::Principal;
pub use tenant::*;
