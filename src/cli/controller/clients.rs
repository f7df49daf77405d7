//! The clients of the environments, kept between rounds so that tokens and what is known of limits are.
use std::collections::{BTreeMap, BTreeSet};

use crate::cli::online::Client;
use crate::compile::desired::Environment;
use crate::problem::Problem;

/// The clients of the environments, by name, each with the document that it was made for.
#[derive(Default)]
pub(super) struct Clients(BTreeMap<String, (Environment, Client)>);

impl Clients {
    /// The client of an environment for another run; it is made anew where there is none, or the document is another one.
    pub(super) fn of(
        &mut self,
        environment: &Environment,
        connect: impl FnOnce(&Environment) -> Result<Client, Problem>,
    ) -> Result<Client, Problem> {
        let name = environment.name.to_string();
        if let Some((document, (tenant, organisation))) = self.0.get(&name)
            && document == environment
        {
            return Ok((tenant.another_run(), organisation.clone()));
        }
        let client = connect(environment)?;
        self.0.insert(name, (environment.clone(), client.clone()));
        Ok(client)
    }

    /// Drops a client: what it signs in with may be read anew, and a lock that a panic broke goes with it.
    pub(super) fn drop_of(&mut self, environment: &str) {
        self.0.remove(environment);
    }

    /// Drops the clients of environments that are not wanted any more.
    pub(super) fn retain(&mut self, names: &BTreeSet<String>) {
        self.0.retain(|name, _| names.contains(name));
    }
}
