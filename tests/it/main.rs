//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod convergence;
mod pipe;
