//! Integration tests.
mod addresses;
mod architecture;
mod audit;
mod azure;
mod bad_input;
mod client;
mod clouds;
mod collect;
mod commands;
mod controller;
mod controller_process;
mod convergence;
mod derive;
mod derive_law;
mod desk;
mod documents;
mod drift;
mod expiring;
mod explain;
mod explain_errors;
mod explain_law;
mod export;
mod formats;
mod hostile;
#[cfg(unix)]
mod identities;
#[cfg(unix)]
mod interrupt;
mod journal;
#[cfg(unix)]
mod killed;
mod ledgers;
mod offline;
mod pipe;
mod pipelines;
mod policy;
mod proxied;
mod proxy;
mod rails;
mod read_back;
mod real_data;
mod recordings;
#[cfg(unix)]
mod refusals;
#[cfg(unix)]
mod secrets;
mod signing_in;
mod snapshot;
mod traps;
mod trouble;
#[cfg(unix)]
mod ways;
mod who_can;
mod whoami;
