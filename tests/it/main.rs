//! Integration tests.
mod architecture;
mod collect;
mod commands;
mod formats;
mod journal;
