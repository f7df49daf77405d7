//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod desk;
mod drift;
mod formats;
mod journal;
mod pipelines;
mod rails;
mod recordings;
mod snapshot;
