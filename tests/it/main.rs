//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod export;
mod recordings;
mod snapshot;
