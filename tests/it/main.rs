//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod convergence;
mod derive;
mod desk;
mod documents;
mod export;
mod formats;
mod journal;
mod pipe;
mod rails;
mod recordings;
mod signing_in;
mod snapshot;
