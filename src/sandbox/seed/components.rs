//! Makes connection references, environment variables, flows and agents of a seed, with their shares.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use uuid::Uuid;

use super::dataverse::Maker;
use super::directory::unknown;
use super::error::SeedError;
use super::flow::{Connection, clientdata};
use super::format::{
    AgentSeed, ConnectionReferenceSeed, ConnectionSeed, EnvironmentVariableSeed, FlowSeed, FlowState, Principal,
    ShareSeed,
};
use crate::sandbox::flow_text::usual_columns;
use crate::sandbox::organization::row_of;
use crate::sandbox::principals;
use crate::sandbox::rights::mask_of;
use crate::sandbox::roles::managed_property;
use crate::sandbox::shares;

/// What an editor of an agent may do with it: all but delete it (recorded: `RetrieveSharedPrincipalsAndAccess` of a bot).
const AGENT_EDITOR: u32 = 786_487;

impl Maker<'_> {
    pub(super) fn connection_reference(&mut self, seed: &ConnectionReferenceSeed) -> Result<(), SeedError> {
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

    pub(super) fn environment_variable(&mut self, seed: &EnvironmentVariableSeed) -> Result<(), SeedError> {
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

    pub(super) fn flows(&mut self, seeds: &[FlowSeed]) -> Result<(), SeedError> {
        let keys: BTreeMap<&str, Uuid> = seeds
            .iter()
            .map(|flow| (flow.name.as_str(), flow.id.unwrap_or_else(|| self.key("workflow", &flow.name))))
            .collect();
        // Two flows may have one name; the later ones get ids of their own.
        let mut seen = BTreeSet::new();
        for (number, flow) in seeds.iter().enumerate() {
            let key = match flow.id {
                Some(id) => id,
                None if seen.insert(flow.name.as_str()) => keys[flow.name.as_str()],
                None => self.key("workflow", &format!("{}:{number}", flow.name)),
            };
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
        let mut row = usual_columns(key);
        row.extend(self.owner(&place, &seed.owner)?);
        row.extend(row_of(json!({
            "name": seed.name, "modernflowtype": i64::from(seed.trigger == "Skills"), "statecode": state, "statuscode": status,
            "componentstate": 0, "ismanaged": seed.managed, "solutionid": solution,
            "iscustomizable":
                managed_property("iscustomizableanddeletable", seed.customizable.unwrap_or(!seed.managed)),
            "clientdata": seed.text.clone().unwrap_or_else(|| clientdata(seed, &connections, &children)),
        })));
        self.organization.put("workflow", key, row);
        self.shares(&place, "workflow", key, &seed.shares)
    }

    fn connector(&self, place: &str, connection: &ConnectionSeed) -> Result<String, SeedError> {
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
                "coOwner" => Some(self.co_owner),
                rights => mask_of(rights),
            };
            let Some(mask) = mask else {
                let problem = format!("`{}` is not a list of rights", share.rights);
                return Err(SeedError::Invalid { place: place.to_owned(), problem });
            };
            let (principal, kind) = self.principal(place, &share.principal)?;
            shares::put(&mut self.organization, (table, object), (kind, principal), mask);
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

    pub(super) fn agent(&mut self, seed: &AgentSeed) -> Result<(), SeedError> {
        let place = format!("agent `{}`", seed.name);
        let bot = self.key("bot", &seed.schema_name);
        let owner = self.owner(&place, &seed.owner)?;
        let groups = seed.groups.iter().map(|group| self.names.group(&place, group).map(|id| id.to_string()));
        let groups = groups.collect::<Result<Vec<_>, _>>()?;
        let mut row = owner.clone();
        row.extend(row_of(json!({
            "name": seed.name, "schemaname": seed.schema_name, "accesscontrolpolicy": seed.access.number(), "authenticationmode": 2,
            "authenticationtrigger": 1, "statecode": 0, "statuscode": 1, "ismanaged": false, "componentstate": 0,
            "authorizedsecuritygroupids": (!groups.is_empty()).then(|| groups.join(",")), "publishedon": "2026-01-05T08:00:00Z",
        })));
        self.organization.put("bot", bot, row);
        self.shares(&place, "bot", bot, &seed.shares)?;
        let editors = self.editors(&place, bot, &seed.editors)?;
        for name in &seed.flows {
            let flow = self.organization.named("workflow", name).ok_or_else(|| unknown(&place, "flow", name))?;
            if let Some(team) = editors {
                shares::put(&mut self.organization, ("workflow", flow), ("team", team), self.co_owner);
            }
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

    /// Makes the owner team through which Copilot Studio shares an agent with those who edit it; it is also a co-owner of the
    /// flows that the agent calls (recorded: shares of a bot; field notes).
    fn editors(&mut self, place: &str, bot: Uuid, editors: &[String]) -> Result<Option<Uuid>, SeedError> {
        if editors.is_empty() {
            return Ok(None);
        }
        let name = format!("{bot}_1");
        let team = self.key("team", &name);
        let row = json!({
            "name": name, "teamtype": 0, "membershiptype": 0, "isdefault": false, "systemmanaged": false, "ownerid": team,
            "azureactivedirectoryobjectid": null, "organizationid": self.organization.id,
            "_businessunitid_value": self.organization.root_unit(),
        });
        self.organization.put("team", team, row_of(row));
        for upn in editors {
            let user = self.present(place, upn)?;
            principals::add_member(&mut self.organization, team, user);
        }
        shares::put(&mut self.organization, ("bot", bot), ("team", team), AGENT_EDITOR);
        Ok(Some(team))
    }
}
