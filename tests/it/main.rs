//! Integration tests.
mod architecture;
mod commands;
