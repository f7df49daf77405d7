//! The client against a scripted server on loopback, over a real socket and with a clock that jumps.
mod reading;
mod server;
mod signing_in;
mod writing;

/// A certificate and its key, which open nothing anywhere.
pub(super) const PEM: &str = include_str!("identity.pem");
