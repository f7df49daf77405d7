//! One folder per kind of document, one file per ledger.
pub mod environment;
pub mod flow;
pub mod principals;
pub mod role_assignment;
pub mod security_role;
