//! Makes the directory of a seed, and finds its principals by the names that the seed uses.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::error::SeedError;
use super::format::{DirectorySeed, GroupSeed};
use crate::sandbox::directory::{Directory, Group, Person, ServicePrincipal};
use crate::sandbox::organization::derived;

/// The directory of a seed and the names in it.
pub(super) struct Names {
    pub(super) directory: Directory,
}

impl Names {
    /// Makes the directory; ids that are missing are derived from the tenant's and the name.
    pub(super) fn of(tenant: Uuid, seed: &DirectorySeed) -> Result<Self, SeedError> {
        let mut names = Self { directory: Directory::default() };
        for user in &seed.users {
            let id = user.id.unwrap_or_else(|| derived(tenant, &format!("user:{}", user.upn)));
            let person = Person {
                upn: user.upn.clone(),
                display_name: user.name.clone(),
                mail: Some(user.upn.clone()).filter(|upn| !upn.contains('#')),
                enabled: user.enabled,
                guest: user.guest,
                plans: user.plans.iter().cloned().collect(),
            };
            names.directory.users.insert(id, person);
        }
        for service_principal in &seed.service_principals {
            let name = &service_principal.name;
            let id = service_principal.id.unwrap_or_else(|| derived(tenant, &format!("servicePrincipal:{name}")));
            let value = ServicePrincipal {
                app_id: service_principal.app_id,
                display_name: name.clone(),
                secret: service_principal.secret.clone(),
            };
            names.directory.service_principals.insert(id, value);
        }
        let id_of = |group: &GroupSeed| group.id.unwrap_or_else(|| derived(tenant, &format!("group:{}", group.name)));
        for group in &seed.groups {
            let value = Group {
                display_name: group.name.clone(),
                mail: None,
                security: group.security,
                members: BTreeSet::new(),
                owners: BTreeSet::new(),
            };
            names.directory.groups.insert(id_of(group), value);
        }
        for group in &seed.groups {
            let place = format!("group `{}`", group.name);
            let members = names.all(&place, &group.members)?;
            let owners = names.all(&place, &group.owners)?;
            if let Some(value) = names.directory.groups.get_mut(&id_of(group)) {
                (value.members, value.owners) = (members, owners);
            }
        }
        if let Some(readers) = &seed.graph_readers {
            names.directory.graph_readers = Some(names.all("graphReaders", readers)?);
        }
        Ok(names)
    }

    fn all(&self, place: &str, names: &[String]) -> Result<BTreeSet<Uuid>, SeedError> {
        let find = |name: &String| {
            self.user(place, name)
                .or_else(|_| self.group(place, name))
                .or_else(|_| self.application(place, name).map(|(id, _)| id))
                .map_err(|_| unknown(place, "principal", name))
        };
        names.iter().map(find).collect()
    }

    /// Finds a user by user principal name.
    pub(super) fn user(&self, place: &str, upn: &str) -> Result<Uuid, SeedError> {
        let found = self.directory.user_by_upn(upn).map(|(id, _)| id);
        found.ok_or_else(|| unknown(place, "user", upn))
    }

    /// Finds a group by name.
    pub(super) fn group(&self, place: &str, name: &str) -> Result<Uuid, SeedError> {
        let mut groups = self.directory.groups.iter();
        let found = groups.find(|(_, group)| group.display_name == name).map(|(id, _)| *id);
        found.ok_or_else(|| unknown(place, "group", name))
    }

    /// Finds a service principal by name; returns object id and application id.
    pub(super) fn application(&self, place: &str, name: &str) -> Result<(Uuid, Uuid), SeedError> {
        let mut all = self.directory.service_principals.iter();
        let found = all.find(|(_, value)| value.display_name == name).map(|(id, value)| (*id, value.app_id));
        found.ok_or_else(|| unknown(place, "service principal", name))
    }
}

/// Says that a name stands for nothing.
pub(super) fn unknown(place: &str, kind: &'static str, name: &str) -> SeedError {
    SeedError::Unknown { place: place.to_owned(), kind, name: name.to_owned() }
}
