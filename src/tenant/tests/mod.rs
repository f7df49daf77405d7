//! The client against a scripted server on loopback, over a real socket and with a clock that jumps.
mod reading;
mod server;
mod signing_in;
mod writing;
