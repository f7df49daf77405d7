//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod documents;
mod explain;
mod explain_law;
mod formats;
mod journal;
mod rails;
mod recordings;
mod signing_in;
mod snapshot;
