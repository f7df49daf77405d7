//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod explain;
mod explain_law;
mod rails;
mod recordings;
mod snapshot;
