//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod explain;
mod rails;
mod recordings;
mod snapshot;
