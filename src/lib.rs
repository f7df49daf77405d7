//! Permissions of Microsoft Power Platform as code.

pub mod sandbox;
