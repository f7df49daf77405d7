//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod rails;
mod real_data;
mod recordings;
mod snapshot;
