//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod export;
mod rails;
mod recordings;
mod snapshot;
