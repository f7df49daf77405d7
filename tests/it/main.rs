//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod convergence;
mod desk;
mod pipe;
mod recordings;
mod snapshot;
