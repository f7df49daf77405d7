//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod convergence;
mod desk;
mod pipe;
mod rails;
mod recordings;
mod snapshot;
