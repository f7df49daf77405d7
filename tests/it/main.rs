//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod convergence;
mod desk;
mod documents;
mod drift;
mod export;
mod formats;
mod journal;
mod pipelines;
mod pipe;
mod rails;
mod real_data;
mod recordings;
mod signing_in;
mod snapshot;
