//! Documents and the day they are read on become `Desired`.
pub mod desired;
