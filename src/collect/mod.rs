//! Reads an environment into an inventory: the one reader of a tenant.
mod decode;
mod gaps;
mod scope;
