//! Makes the Dataverse organisation of a seed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;

use super::directory::{Names, unknown};
use super::flow::{Connection, clientdata};
use super::{
    AgentSeed, ConnectionReferenceSeed, DataverseSeed, EnvironmentSeed, EnvironmentVariableSeed, FlowSeed, FlowState,
    MemberSeed, Principal, RoleSeed, SeedError, ShareSeed, TableOwnership, TeamSeed,
};
use crate::sandbox::access::unit_of;
use crate::sandbox::directory::{Directory, Person};
use crate::sandbox::fault::Fault;
use crate::sandbox::odata::Row;
use crate::sandbox::organization::{Organization, derived, id, is_set, row_of};
use crate::sandbox::principals;
use crate::sandbox::rights::{EVERY_RIGHT, mask_of};
use crate::sandbox::roles::{self, NewRole, managed_property};
use crate::sandbox::schema::{Ownership, Table};

/// Makes an organisation with everything that the seed puts into it.
pub(super) fn make(
    tenant: Uuid,
    environment: &EnvironmentSeed,
    seed: &DataverseSeed,
    names: &Names,
) -> Result<Organization, SeedError> {
    let host = seed.url.trim_start_matches("https://").trim_end_matches('/').to_owned();
    let unique_name = seed.unique_name.clone().unwrap_or_else(|| host.split('.').next().unwrap_or_default().to_owned());
    let organization_id =
        seed.organization_id.unwrap_or_else(|| derived(tenant, &format!("organization:{}", environment.name)));
    let bap_name = environment_id(tenant, environment);
    let mut maker = Maker { organization: Organization::new(organization_id, &unique_name, &host, &bap_name), names };
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
    maker.organization.settle(0);
    Ok(maker.organization)
}

/// Returns the name of an environment in the admin API.
pub(super) fn environment_id(tenant: Uuid, environment: &EnvironmentSeed) -> String {
    environment.id.clone().unwrap_or_else(|| derived(tenant, &format!("environment:{}", environment.name)).to_string())
}

// A user who left the company may still have a row, although nobody could add him today.
fn directory_with(directory: &Directory, object: Uuid) -> Cow<'_, Directory> {
    match directory.users.get(&object) {
        Some(person) if !person.enabled => {
            let mut enabled = directory.clone();
            enabled.users.insert(object, Person { enabled: true, ..person.clone() });
            Cow::Owned(enabled)
        }
        Some(_) | None => Cow::Borrowed(directory),
    }
}

struct Maker<'a> {
    organization: Organization,
    names: &'a Names,
}

impl Maker<'_> {
    fn key(&self, kind: &str, name: &str) -> Uuid {
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
            "organizationid": self.organization.id,
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

    fn unit_named(&self, place: &str, name: Option<&String>) -> Result<Uuid, SeedError> {
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
            if self.organization.row("privilege", privilege).is_none() {
                return Err(unknown(&place, "privilege", name));
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
    fn component(
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

    fn member(&mut self, seed: &MemberSeed) -> Result<(), SeedError> {
        let unit = self.unit_named("users", seed.unit.as_ref())?;
        let (place, user) = match (&seed.user, &seed.application) {
            (Some(upn), None) => {
                let place = format!("user `{upn}`");
                let object = self.names.user(&place, upn)?;
                let added = principals::add_user(
                    &mut self.organization,
                    &directory_with(&self.names.directory, object),
                    object,
                );
                (place.clone(), refused(&place, added)?)
            }
            (None, Some(name)) => {
                let place = format!("application `{name}`");
                let (_, application) = self.names.application(&place, name)?;
                let added =
                    principals::add_application(&mut self.organization, &self.names.directory, application, unit);
                (place.clone(), refused(&place, added)?)
            }
            (Some(_), Some(_)) | (None, None) => {
                let problem = "a user has either `user` or `application`".to_owned();
                return Err(SeedError::Invalid { place: "users".to_owned(), problem });
            }
        };
        let columns = [
            ("_businessunitid_value".to_owned(), json!(unit)),
            ("isdisabled".to_owned(), json!(seed.disabled || !self.is_enabled(user))),
        ];
        self.organization.change("systemuser", user, columns);
        self.assign(&place, "systemuser", user, &seed.roles)
    }

    fn is_enabled(&self, user: Uuid) -> bool {
        let object = self.organization.row("systemuser", user).and_then(|row| id(row, "azureactivedirectoryobjectid"));
        object.and_then(|object| self.names.directory.users.get(&object)).is_none_or(|person| person.enabled)
    }

    fn assign(&mut self, place: &str, table: &str, principal: Uuid, names: &[String]) -> Result<(), SeedError> {
        let unit = unit_of(&self.organization, table, principal);
        let (intersect, column) =
            if table == "team" { ("teamroles", "teamid") } else { ("systemuserroles", "systemuserid") };
        for name in names {
            let role = roles::root_named(&self.organization, name)
                .and_then(|root| roles::copy_in(&self.organization, root, unit))
                .ok_or_else(|| unknown(place, "role", name))?;
            let joint = self.organization.joint_id(intersect, principal, role);
            self.organization.put(intersect, joint, row_of(json!({ column: principal, "roleid": role })));
        }
        Ok(())
    }

    fn team(&mut self, seed: &TeamSeed) -> Result<(), SeedError> {
        let place = format!("team `{}`", seed.name.as_ref().or(seed.group.as_ref()).map_or("", String::as_str));
        let unit = self.unit_named(&place, seed.unit.as_ref())?;
        let mut columns = row_of(json!({ "_businessunitid_value": unit }));
        if let Some(name) = &seed.name {
            columns.insert("name".into(), json!(name));
        }
        let team = if let Some(group) = &seed.group {
            let group = self.names.group(&place, group)?;
            let added = principals::add_group_team(
                &mut self.organization,
                &self.names.directory,
                group,
                seed.membership.number(),
                columns,
            );
            refused(&place, added)?
        } else {
            let name = seed.name.clone().unwrap_or_default();
            let key = self.key("team", &name);
            columns.extend(row_of(json!({
                "teamtype": 0, "membershiptype": 0, "isdefault": false, "systemmanaged": false, "ownerid": key,
                "azureactivedirectoryobjectid": null, "organizationid": self.organization.id,
            })));
            self.organization.put("team", key, columns);
            for upn in &seed.members {
                let user = self.present(&place, upn)?;
                principals::add_member(&mut self.organization, key, user);
            }
            key
        };
        if seed.synced {
            principals::sync_team(&mut self.organization, &self.names.directory, team);
        }
        self.assign(&place, "team", team, &seed.roles)
    }

    fn present(&self, place: &str, upn: &str) -> Result<Uuid, SeedError> {
        let object = self.names.user(place, upn)?;
        principals::user_of(&self.organization, object).ok_or_else(|| unknown(place, "user of the environment", upn))
    }

    /// Returns the columns that say who owns a row: a user, or a team by name.
    fn owner(&self, place: &str, name: &str) -> Result<Row, SeedError> {
        let (owner, table) = match self.organization.named("team", name) {
            Some(team) => (team, "team"),
            None => (self.present(place, name)?, "systemuser"),
        };
        let is_team = table == "team";
        Ok(row_of(json!({
            "_ownerid_value": owner,
            "_owninguser_value": (!is_team).then_some(owner),
            "_owningteam_value": is_team.then_some(owner),
            "_owningbusinessunit_value": unit_of(&self.organization, table, owner),
            "_createdby_value": (!is_team).then_some(owner),
            "_modifiedby_value": (!is_team).then_some(owner),
        })))
    }

    fn connection_reference(&mut self, seed: &ConnectionReferenceSeed) -> Result<(), SeedError> {
        let place = format!("connection reference `{}`", seed.name);
        let key = self.key("connectionreference", &seed.name);
        // Component type of connection references: differs between organisations, this one was seen.
        let solution = self.component(&place, seed.solution.as_ref(), key, 10_091)?;
        let mut row = self.owner(&place, &seed.owner)?;
        row.extend(row_of(json!({
            "connectionreferencelogicalname": seed.name,
            "connectionreferencedisplayname": seed.display_name.as_ref().unwrap_or(&seed.name),
            "connectorid": format!("/providers/Microsoft.PowerApps/apis/{}", seed.connector),
            "connectionid": seed.connection, "promptingbehavior": 0, "statecode": 0, "statuscode": 1,
            "ismanaged": seed.managed, "componentstate": 0, "solutionid": solution,
            "iscustomizable": managed_property("iscustomizableanddeletable", true),
        })));
        self.organization.put("connectionreference", key, row);
        self.shares(&place, "connectionreference", key, &seed.shares)
    }

    fn environment_variable(&mut self, seed: &EnvironmentVariableSeed) -> Result<(), SeedError> {
        let place = format!("environment variable `{}`", seed.name);
        let key = self.key("environmentvariabledefinition", &seed.name);
        let mut row = self.owner(&place, &seed.owner)?;
        row.extend(row_of(json!({
            "schemaname": seed.name, "displayname": seed.display_name.as_ref().unwrap_or(&seed.name),
            "defaultvalue": seed.default, "type": 100_000_000, "isrequired": false, "statecode": 0, "statuscode": 1,
            "ismanaged": false, "componentstate": 0, "solutionid": self.key("solution", "Active"),
            "iscustomizable": managed_property("iscustomizableanddeletable", true),
        })));
        self.organization.put("environmentvariabledefinition", key, row);
        if let Some(value) = &seed.value {
            let row = json!({
                "schemaname": seed.name, "value": value, "_environmentvariabledefinitionid_value": key, "statecode": 0,
                "statuscode": 1, "ismanaged": false, "componentstate": 0,
            });
            let value_key = self.key("environmentvariablevalue", &seed.name);
            self.organization.put("environmentvariablevalue", value_key, row_of(row));
        }
        Ok(())
    }

    fn flows(&mut self, seeds: &[FlowSeed]) -> Result<(), SeedError> {
        let keys: BTreeMap<&str, Uuid> = seeds
            .iter()
            .map(|flow| (flow.name.as_str(), flow.id.unwrap_or_else(|| self.key("workflow", &flow.name))))
            .collect();
        // Two flows may have one name; each has its own place in the list.
        for (number, flow) in seeds.iter().enumerate() {
            let is_first = seeds.iter().position(|other| other.name == flow.name) == Some(number);
            let key = flow.id.unwrap_or_else(|| {
                if is_first {
                    keys[flow.name.as_str()]
                } else {
                    self.key("workflow", &format!("{}:{number}", flow.name))
                }
            });
            self.flow(flow, key, &keys)?;
        }
        Ok(())
    }

    fn flow(&mut self, seed: &FlowSeed, key: Uuid, keys: &BTreeMap<&str, Uuid>) -> Result<(), SeedError> {
        let place = format!("flow `{}`", seed.name);
        let children = seed
            .child_flows
            .iter()
            .map(|name| {
                let found = keys.get(name.as_str()).copied();
                found.map(|id| (name.as_str(), id)).ok_or_else(|| unknown(&place, "flow", name))
            })
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        let mut connections = Vec::new();
        for (name, connection) in &seed.connections {
            let connector = self.connector(&place, connection)?;
            let reference = connection.reference.as_deref();
            connections.push(Connection { key: name, connector, reference, mode: connection.mode });
        }
        // Component type 29 is Workflow (Learn: table solutioncomponent).
        let solution = self.component(&place, seed.solution.as_ref(), key, 29)?;
        let (state, status) = match seed.state {
            FlowState::Off => (0, 1),
            FlowState::On => (1, 2),
            FlowState::Suspended => (2, 3),
        };
        let mut row = self.owner(&place, &seed.owner)?;
        row.extend(row_of(json!({
            "name": seed.name, "category": 5, "type": 1, "modernflowtype": i64::from(seed.trigger == "Skills"),
            "statecode": state, "statuscode": status, "scope": 4, "runas": 1, "mode": 0, "primaryentity": "none",
            "ondemand": false, "subprocess": false, "componentstate": 0, "ismanaged": seed.managed, "solutionid": solution,
            "workflowidunique": derived(key, "unique"), "introducedversion": "1.0",
            "iscustomizable":
                managed_property("iscustomizableanddeletable", seed.customizable.unwrap_or(!seed.managed)),
            "clientdata": clientdata(seed, &connections, &children),
        })));
        self.organization.put("workflow", key, row);
        self.shares(&place, "workflow", key, &seed.shares)
    }

    fn connector(&self, place: &str, connection: &super::ConnectionSeed) -> Result<String, SeedError> {
        if let Some(connector) = &connection.connector {
            return Ok(connector.clone());
        }
        let Some(name) = &connection.reference else {
            let problem = "an unbound connection has to say its `connector`".to_owned();
            return Err(SeedError::Invalid { place: place.to_owned(), problem });
        };
        let wanted = json!(name);
        let connector = self
            .organization
            .find("connectionreference", "connectionreferencelogicalname", &wanted)
            .find_map(|(_, row)| row.get("connectorid").and_then(Value::as_str)?.rsplit('/').next().map(str::to_owned));
        connector.ok_or_else(|| unknown(place, "connection reference", name))
    }

    fn shares(&mut self, place: &str, table: &str, object: Uuid, shares: &[ShareSeed]) -> Result<(), SeedError> {
        for share in shares {
            let mask = match share.rights.as_str() {
                "runOnly" => Some(1),
                "coOwner" => Some(EVERY_RIGHT),
                rights => mask_of(rights),
            };
            let Some(mask) = mask else {
                let problem = format!("`{}` is not a list of rights", share.rights);
                return Err(SeedError::Invalid { place: place.to_owned(), problem });
            };
            let (principal, kind) = self.principal(place, &share.principal)?;
            put_share(&mut self.organization, (table, object), (kind, principal), mask);
        }
        Ok(())
    }

    fn principal(&self, place: &str, principal: &Principal) -> Result<(Uuid, &'static str), SeedError> {
        match principal {
            Principal::User(upn) => Ok((self.present(place, upn)?, "systemuser")),
            Principal::Application(name) => {
                let (_, application) = self.names.application(place, name)?;
                let user = principals::application_user(&self.organization, application);
                Ok((user.ok_or_else(|| unknown(place, "application user", name))?, "systemuser"))
            }
            Principal::Team(name) => {
                let team = self.organization.named("team", name);
                Ok((team.ok_or_else(|| unknown(place, "team", name))?, "team"))
            }
            Principal::Group(name) => {
                let group = self.names.group(place, name)?;
                let team = (0..4).find_map(|kind| principals::group_team(&self.organization, group, kind));
                Ok((team.ok_or_else(|| unknown(place, "group team", name))?, "team"))
            }
        }
    }

    fn agent(&mut self, seed: &AgentSeed) -> Result<(), SeedError> {
        let place = format!("agent `{}`", seed.name);
        let bot = self.key("bot", &seed.schema_name);
        let owner = self.owner(&place, &seed.owner)?;
        let mut row = owner.clone();
        row.extend(row_of(json!({
            "name": seed.name, "schemaname": seed.schema_name, "accesscontrolpolicy": 1, "authenticationmode": 2,
            "authenticationtrigger": 1, "statecode": 0, "statuscode": 1, "ismanaged": false, "componentstate": 0,
            "authorizedsecuritygroupids": null, "publishedon": "2026-01-05T08:00:00Z",
        })));
        self.organization.put("bot", bot, row);
        for name in &seed.flows {
            let flow = self.organization.named("workflow", name).ok_or_else(|| unknown(&place, "flow", name))?;
            let component = self.key("botcomponent", &format!("{}:{name}", seed.schema_name));
            let mut row = owner.clone();
            row.extend(row_of(json!({
                "name": name, "schemaname": format!("{}.action.{}", seed.schema_name, name.replace(' ', "")),
                "componenttype": 9, "_parentbotid_value": bot, "statecode": 0, "statuscode": 1, "ismanaged": false,
                "componentstate": 0,
                "data": format!("kind: TaskDialog\naction:\n  kind: InvokeFlowTaskAction\n  flowId: {flow}\n"),
            })));
            self.organization.put("botcomponent", component, row);
            let joint = self.organization.joint_id("botcomponent_workflow", component, flow);
            let row = row_of(json!({ "botcomponentid": component, "workflowid": flow }));
            self.organization.put("botcomponent_workflow", joint, row);
        }
        Ok(())
    }
}

/// Writes a share row.
pub(crate) fn put_share(
    organization: &mut Organization,
    (table, object): (&str, Uuid),
    (kind, principal): (&str, Uuid),
    mask: u32,
) {
    let joint = organization.joint_id("principalobjectaccess", object, principal);
    let row = json!({
        "objectid": object, "objecttypecode": table, "principalid": principal, "principaltypecode": kind,
        "accessrightsmask": mask, "inheritedaccessrightsmask": 0, "changedon": "2026-01-05T08:00:00Z",
    });
    organization.put("principalobjectaccess", joint, row_of(row));
}

fn refused(place: &str, added: Result<Uuid, Fault>) -> Result<Uuid, SeedError> {
    added.map_err(|fault| SeedError::Invalid { place: place.to_owned(), problem: fault.message })
}
