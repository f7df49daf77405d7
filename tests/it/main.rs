//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod documents;
mod recordings;
mod signing_in;
mod snapshot;
