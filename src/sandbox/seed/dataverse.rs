//! Makes the Dataverse organisation of a seed.

use serde_json::json;
use uuid::Uuid;

use super::directory::{Names, unknown};
use super::error::SeedError;
use super::format::{DataverseSeed, EnvironmentSeed, RoleSeed, Seed, TableOwnership};
use crate::sandbox::organization::{Organization, derived, is_set, row_of};
use crate::sandbox::rights::Depth;
use crate::sandbox::roles::{self, NewRole, managed_property};
use crate::sandbox::schema::{Ownership, Table};

/// Makes an organisation with everything that the seed puts into it.
pub(super) fn make(
    whole: &Seed,
    environment: &EnvironmentSeed,
    seed: &DataverseSeed,
    names: &Names,
) -> Result<Organization, SeedError> {
    let tenant = whole.tenant.id;
    let host = seed.url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let unique_name = seed.unique_name.clone().unwrap_or_else(|| host.split('.').next().unwrap_or_default().to_owned());
    let organization_id =
        seed.organization_id.unwrap_or_else(|| derived(tenant, &format!("organization:{}", environment.name)));
    let bap_name = environment_id(tenant, environment);
    let organization = Organization::new(organization_id, &unique_name, &host, &bap_name);
    let mut maker = Maker { organization, names, co_owner: whole.variants.co_owner_mask.mask() };
    if let Some(group) = &environment.security_group {
        maker.organization.security_group = Some(names.group(&environment.name, group)?);
    }
    for (number, table) in (0..).zip(&seed.custom_tables) {
        let ownership = match table.ownership {
            TableOwnership::User => Ownership::User,
            TableOwnership::Organization => Ownership::Organization,
        };
        let table = Table::custom(&table.logical_name, &table.display_name, ownership, 10_500 + number);
        maker.organization.custom_tables.push(table);
    }
    maker.organization.list_privileges();
    for (name, depths) in &seed.privileges {
        let depths = if depths.is_empty() { Depth::ALL.to_vec() } else { depths.clone() };
        maker.organization.list_privilege(name, 0, &depths);
    }
    maker.organization.hierarchy_security = seed.hierarchy_security;
    maker.organization_row(seed);
    maker.business_units(seed)?;
    roles::make_built_in(&mut maker.organization);
    seed.roles.iter().try_for_each(|role| maker.role(role))?;
    maker.solutions(seed);
    seed.users.iter().try_for_each(|user| maker.member(user))?;
    seed.teams.iter().try_for_each(|team| maker.team(team))?;
    seed.connection_references.iter().try_for_each(|reference| maker.connection_reference(reference))?;
    seed.environment_variables.iter().try_for_each(|variable| maker.environment_variable(variable))?;
    maker.flows(&seed.flows)?;
    seed.agents.iter().try_for_each(|agent| maker.agent(agent))?;
    maker.organization.settle(0, 0);
    Ok(maker.organization)
}

/// Returns the name of an environment in the admin API.
pub(super) fn environment_id(tenant: Uuid, environment: &EnvironmentSeed) -> String {
    environment.id.clone().unwrap_or_else(|| derived(tenant, &format!("environment:{}", environment.name)).to_string())
}

/// What a seed is being made into.
pub(super) struct Maker<'a> {
    pub(super) organization: Organization,
    pub(super) names: &'a Names,
    /// The rights of a co-owner.
    pub(super) co_owner: u32,
}

impl Maker<'_> {
    pub(super) fn key(&self, kind: &str, name: &str) -> Uuid {
        derived(self.organization.id, &format!("{kind}:{name}"))
    }

    fn organization_row(&mut self, seed: &DataverseSeed) {
        let settings: Vec<String> =
            seed.settings.iter().map(|(name, value)| format!("<{name}>{value}</{name}>")).collect();
        let row = json!({
            "name": self.organization.unique_name, "languagecode": 1033,
            "orgdborgsettings": format!("<OrgSettings>{}</OrgSettings>", settings.concat()),
        });
        let key = self.organization.id;
        self.organization.put("organization", key, row_of(row));
    }

    fn business_units(&mut self, seed: &DataverseSeed) -> Result<(), SeedError> {
        let root_name = seed.root_business_unit.clone().unwrap_or_else(|| self.organization.unique_name.clone());
        let root = self.key("businessunit", &root_name);
        self.unit(root, &root_name, None);
        for unit in &seed.business_units {
            let parent = match &unit.parent {
                Some(parent) => self.unit_named(&unit.name, Some(parent))?,
                None => root,
            };
            let key = self.key("businessunit", &unit.name);
            self.unit(key, &unit.name, Some(parent));
        }
        Ok(())
    }

    fn unit(&mut self, key: Uuid, name: &str, parent: Option<Uuid>) {
        let row = json!({
            "name": name, "_parentbusinessunitid_value": parent, "isdisabled": false,
            "_organizationid_value": self.organization.id,
        });
        self.organization.put("businessunit", key, row_of(row));
        // Every unit has its default team (Learn: manage teams).
        let team = json!({
            "name": name, "teamtype": 0, "isdefault": true, "systemmanaged": true, "membershiptype": 0,
            "azureactivedirectoryobjectid": null, "_businessunitid_value": key, "organizationid": self.organization.id,
        });
        let team_key = self.key("defaultteam", name);
        let mut row = row_of(team);
        row.insert("ownerid".into(), json!(team_key));
        self.organization.put("team", team_key, row);
    }

    pub(super) fn unit_named(&self, place: &str, name: Option<&String>) -> Result<Uuid, SeedError> {
        let Some(name) = name else { return Ok(self.organization.root_unit()) };
        self.organization.named("businessunit", name).ok_or_else(|| unknown(place, "business unit", name))
    }

    fn role(&mut self, seed: &RoleSeed) -> Result<(), SeedError> {
        let place = format!("role `{}`", seed.name);
        let unit = self.unit_named(&place, seed.unit.as_ref())?;
        let root = seed.id.unwrap_or_else(|| self.key("role", &seed.name));
        let is_customizable = seed.customizable.unwrap_or(!seed.managed);
        let columns = json!({
            "name": seed.name, "isinherited": i64::from(seed.inherited), "ismanaged": seed.managed,
            "description": seed.description,
            "iscustomizable": managed_property("iscustomizableanddeletable", is_customizable),
        });
        roles::create(&mut self.organization, NewRole { id: root, unit, columns: row_of(columns) });
        roles::give_defaults(&mut self.organization, root);
        for (name, depth) in &seed.privileges {
            let privilege = self.organization.privilege_id(name);
            let Some(row) = self.organization.row("privilege", privilege) else {
                return Err(unknown(&place, "privilege", name));
            };
            if !is_set(row, depth.column()) {
                let problem = format!("the privilege `{name}` cannot be held at {depth}");
                return Err(SeedError::Invalid { place, problem });
            }
            roles::set_privilege(&mut self.organization, root, privilege, *depth);
        }
        Ok(())
    }

    fn solutions(&mut self, seed: &DataverseSeed) {
        let known =
            [("Active", "Active Solution", false), ("System", "System", true), ("Default", "Default Solution", false)];
        for (name, display_name, is_managed) in known {
            self.solution(name, display_name, is_managed);
        }
        for solution in &seed.solutions {
            let display_name = solution.display_name.as_ref().unwrap_or(&solution.name);
            self.solution(&solution.name, display_name, solution.managed);
        }
    }

    fn solution(&mut self, name: &str, display_name: &str, is_managed: bool) {
        let row = json!({
            "uniquename": name, "friendlyname": display_name, "ismanaged": is_managed, "isvisible": true, "version": "1.0.0.0",
        });
        let key = self.key("solution", name);
        self.organization.put("solution", key, row_of(row));
    }

    /// Puts a row into a solution; the component type is the table's (Learn: table solutioncomponent).
    pub(super) fn component(
        &mut self,
        place: &str,
        solution: Option<&String>,
        object: Uuid,
        kind: i64,
    ) -> Result<Uuid, SeedError> {
        let Some(solution) = solution else { return Ok(self.key("solution", "Active")) };
        let key = self.key("solution", solution);
        if self.organization.row("solution", key).is_none() {
            return Err(unknown(place, "solution", solution));
        }
        let joint = self.organization.joint_id("solutioncomponent", key, object);
        let row =
            json!({ "objectid": object, "componenttype": kind, "_solutionid_value": key, "rootcomponentbehavior": 0 });
        self.organization.put("solutioncomponent", joint, row_of(row));
        // What is unmanaged belongs to the active layer, whatever solutions it is in (Learn: solution layers).
        let is_managed = self.organization.row("solution", key).is_some_and(|row| is_set(row, "ismanaged"));
        Ok(if is_managed { key } else { self.key("solution", "Active") })
    }
}
