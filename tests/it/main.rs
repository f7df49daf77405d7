//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod export;
mod formats;
mod journal;
mod rails;
mod recordings;
mod snapshot;
