//! Makes a tenant out of a seed.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::dataverse;
use super::directory::{Names, unknown};
use super::error::SeedError;
use super::format::{Caller, EnvironmentSeed, Principal, Seed};
use crate::sandbox::bap::{
    BapEnvironment, EnvironmentRole, LinkedDataverse, RoleAssignment, SHARING_OFF, SHARING_SETTING,
};
use crate::sandbox::faults::Faults;
use crate::sandbox::flow_service::row::FlowRow;
use crate::sandbox::identity::Identities;
use crate::sandbox::organization::{Organization, derived};
use crate::sandbox::provider::Access;
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
    let caller = match &seed.caller {
        Caller::Application(name) => names.application("caller", name)?.0,
        Caller::User(upn) => names.user("caller", upn)?,
    };
    let identities = identities(seed, &names)?;
    let mut organizations = BTreeMap::new();
    let mut environments = BTreeMap::new();
    let mut personal_flows = BTreeMap::new();
    for environment in &seed.environments {
        let bap_name = dataverse::environment_id(id, environment);
        if let Some(dataverse) = &environment.dataverse {
            let organization = dataverse::make(seed, environment, dataverse, &names)?;
            organizations.insert(environment.name.clone(), organization);
        }
        let linked = organizations.get(&environment.name);
        environments.insert(bap_name.clone(), bap_environment(environment, &bap_name, linked, &names)?);
        personal_flows.insert(bap_name, flows_outside(id, environment, &names)?);
    }
    let mut administrators = BTreeSet::from([caller]);
    for upn in &seed.administrators {
        administrators.insert(names.user("administrators", upn)?);
    }
    Ok(Tenant {
        issuer: Issuer {
            tenant: id,
            domains: BTreeSet::from([seed.tenant.domain.to_lowercase()]),
            key: derived(id, "key").to_string(),
        },
        credentials: Credentials { tenant: id, client, secret },
        directory: names.directory,
        identities,
        organizations,
        environments,
        // The caller is registered as a management application, as its owner had to do.
        access: Access { administrators },
        personal_flows,
        variants: seed.variants.clone(),
        faults: Faults::default(),
        log: Vec::new(),
        requests: 0,
    })
}

fn identities(seed: &Seed, names: &Names) -> Result<Identities, SeedError> {
    let mut identities = Identities::default();
    for principal in &seed.directory.service_principals {
        if let Some(certificate) = &principal.certificate {
            identities.certificates.entry(principal.app_id).or_default().insert(certificate.clone());
        }
        let federated = identities.federated.entry(principal.app_id).or_default();
        federated.extend(principal.federated.iter().cloned());
    }
    let machine = seed.machine.as_ref().map(|name| names.application("machine", name)).transpose()?;
    identities.machine = machine.map(|(_, application)| application);
    identities.person = seed.person.as_ref().map(|upn| names.user("person", upn)).transpose()?;
    Ok(identities)
}

fn bap_environment(
    seed: &EnvironmentSeed,
    name: &str,
    organization: Option<&Organization>,
    names: &Names,
) -> Result<BapEnvironment, SeedError> {
    let place = format!("environment `{}`", seed.name);
    let dataverse = organization.map(|organization| LinkedDataverse {
        organization: organization.id,
        url: format!("https://{}", organization.host),
        security_group: organization.security_group,
    });
    let mut role_assignments = BTreeMap::new();
    for assignment in &seed.role_assignments {
        let role = match assignment.role.as_str() {
            "EnvironmentAdmin" => EnvironmentRole::EnvironmentAdmin,
            "EnvironmentMaker" => EnvironmentRole::EnvironmentMaker,
            other => {
                let problem = format!("`{other}` is neither EnvironmentAdmin nor EnvironmentMaker");
                return Err(SeedError::Invalid { place, problem });
            }
        };
        let principal = match &assignment.principal {
            Principal::User(upn) => names.user(&place, upn)?,
            Principal::Group(group) => names.group(&place, group)?,
            Principal::Application(name) => names.application(&place, name)?.0,
            Principal::Team(name) => return Err(unknown(&place, "principal of the directory", name)),
        };
        let key = derived(principal, &format!("{name}:{}", assignment.role));
        role_assignments.insert(key, RoleAssignment { role, principal });
    }
    let mut extended_settings = BTreeMap::new();
    if seed.managed && !seed.flow_sharing {
        // Recorded: governance settings of a managed environment.
        extended_settings.insert(SHARING_SETTING.to_owned(), SHARING_OFF.to_owned());
    }
    Ok(BapEnvironment {
        name: name.to_owned(),
        display_name: seed.name.clone(),
        sku: seed.sku.clone(),
        is_default: seed.sku == "Default",
        dataverse,
        managed: seed.managed,
        extended_settings,
        role_assignments,
        administrators: BTreeSet::new(),
        requires_licence: false,
    })
}

fn flows_outside(tenant: Uuid, seed: &EnvironmentSeed, names: &Names) -> Result<Vec<FlowRow>, SeedError> {
    seed.personal_flows
        .iter()
        .map(|flow| {
            let creator = names.user(&format!("flow `{}`", flow.name), &flow.owner)?;
            let name = derived(tenant, &format!("flow:{}:{}", seed.name, flow.name)).to_string();
            let display_name = flow.name.clone();
            Ok(FlowRow {
                name,
                display_name,
                state: "Started".to_owned(),
                creator: Some(creator),
                system_user: None,
                grants: Vec::new(),
                workflow: None,
            })
        })
        .collect()
}
