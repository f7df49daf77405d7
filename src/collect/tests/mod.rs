//! The waves against a scripted tenant, over a real socket.
mod reading;
mod recorded;
mod rows;
mod tenant;
