//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod explain;
mod recordings;
mod snapshot;
