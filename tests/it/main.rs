//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod documents;
mod rails;
mod recordings;
mod signing_in;
mod snapshot;
