//! Integration tests.
mod architecture;
mod collect;
mod commands;
