//! What a plan means before it is applied: its rails, and the only door to applying it.
pub mod gate;
pub mod rails;
