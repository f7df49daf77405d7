//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod derive;
mod desk;
mod documents;
mod export;
mod formats;
mod journal;
mod rails;
mod recordings;
mod signing_in;
mod snapshot;
