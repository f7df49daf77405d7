//! Integration tests.
mod architecture;
