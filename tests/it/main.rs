//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod signing_in;
mod desk;
mod recordings;
mod snapshot;
