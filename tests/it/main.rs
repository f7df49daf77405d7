//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod policy;
mod rails;
mod recordings;
mod snapshot;
