//! Makes a tenant out of a seed.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::Names;
use super::{Caller, Seed, SeedError, dataverse};
use crate::sandbox::faults::Faults;
use crate::sandbox::organization::derived;
use crate::sandbox::tenant::{Credentials, Tenant};
use crate::sandbox::token::{Issuer, USER_LOGIN};

/// Makes the tenant that a seed describes.
pub(crate) fn make(seed: &Seed) -> Result<Tenant, SeedError> {
    let id = seed.tenant.id;
    let names = Names::of(id, &seed.directory)?;
    let (client, secret) = match &seed.caller {
        Caller::Application(name) => {
            let (object, application) = names.application("caller", name)?;
            let secret = names.directory.service_principals[&object].secret.clone();
            (application.to_string(), secret)
        }
        Caller::User(upn) => {
            names.user("caller", upn)?;
            (format!("{USER_LOGIN}{upn}"), String::new())
        }
    };
    let mut organizations = BTreeMap::new();
    for environment in &seed.environments {
        if let Some(dataverse) = &environment.dataverse {
            let organization = dataverse::make(id, environment, dataverse, &names)?;
            organizations.insert(environment.name.clone(), organization);
        }
    }
    Ok(Tenant {
        issuer: Issuer {
            tenant: id,
            domains: BTreeSet::from([seed.tenant.domain.to_lowercase()]),
            key: derived(id, "key").to_string(),
        },
        credentials: Credentials { tenant: id, client, secret },
        directory: names.directory,
        organizations,
        variants: seed.variants.clone(),
        faults: Faults::default(),
        log: Vec::new(),
    })
}
