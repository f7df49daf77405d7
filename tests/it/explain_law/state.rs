//! The embedded tenant's rows as an inventory, read without a server and without any of the code that collects: who sees
//! everything sees this.
use std::collections::{BTreeMap, BTreeSet};

use powergrant::clientdata;
use powergrant::inventory::agents::{Agent, AgentAccess, Authentication};
use powergrant::inventory::people::{
    BusinessUnit, DirectoryEntry, DirectoryKind, PrincipalRow, Team, TeamKind, User, UserKind,
};
use powergrant::inventory::section::{Reading, Section};
use powergrant::inventory::things::{
    ConnectionReference, Flow, FlowState, Privilege, Relationship, Rights, Role, Table,
};
use powergrant::inventory::{EnvironmentFacts, Inventory};
use powergrant::names::{Depth, Membership, Operation, Text};
use powergrant::sandbox::access::{privileges_of_role, root_of};
use powergrant::sandbox::odata::Row;
use powergrant::sandbox::organization::Organization;
use powergrant::sandbox::rights;
use powergrant::sandbox::schema::relationships::{MANY_TO_MANY, ONE_TO_MANY};
use powergrant::sandbox::schema::{self, Kind};
use powergrant::sandbox::tenant::Tenant;
use serde_json::Value;
use uuid::Uuid;

use super::{ENVIRONMENT, URL};

/// Everything that there is in the tenant's environment.
pub(crate) fn inventory(tenant: &Tenant) -> Inventory {
    let organization = tenant.organization(ENVIRONMENT).expect("the environment");
    let mut inventory = Inventory::empty(EnvironmentFacts {
        name: ENVIRONMENT.into(),
        organization: Some(organization.id),
        url: Some(URL.into()),
        ..EnvironmentFacts::default()
    });
    inventory.security_group = Reading::Read(organization.security_group);
    metadata(&mut inventory, organization);
    roles(&mut inventory, organization);
    people(&mut inventory, tenant, organization);
    components(&mut inventory, organization);
    inventory
}

fn id(row: &Row, column: &str) -> Option<Uuid> {
    Uuid::try_parse(row.get(column)?.as_str()?).ok()
}

fn text(row: &Row, column: &str) -> Text {
    row.get(column).and_then(Value::as_str).unwrap_or_default().into()
}

fn number(row: &Row, column: &str) -> i64 {
    row.get(column).and_then(Value::as_i64).unwrap_or_default()
}

fn is_set(row: &Row, column: &str) -> bool {
    row.get(column).and_then(Value::as_bool).unwrap_or_default()
}

fn depth(depth: rights::Depth) -> Depth {
    match depth {
        rights::Depth::Basic => Depth::User,
        rights::Depth::Local => Depth::BusinessUnit,
        rights::Depth::Deep => Depth::ParentChildBusinessUnits,
        rights::Depth::Global => Depth::Organization,
    }
}

fn owner(row: &Row) -> PrincipalRow {
    match id(row, "_owningteam_value") {
        Some(team) => PrincipalRow::Team(team),
        None => PrincipalRow::User(id(row, "_owninguser_value").expect("an owner")),
    }
}

fn metadata(inventory: &mut Inventory, organization: &Organization) {
    let table = |table: &schema::Table| {
        let privileges = table.privileges.iter().filter_map(|(verb, depths)| {
            let operation = Operation::ALL.into_iter().find(|operation| operation.word() == verb.word())?;
            let name = table.privilege(*verb)?;
            let depths = depths.iter().map(|own| depth(*own)).collect();
            Some((operation, Privilege { id: organization.privilege_id(&name), name: name.as_str().into(), depths }))
        });
        let row = Table {
            display_name: (&*table.display_name).into(),
            set: (&*table.entity_set).into(),
            privileges: Some(privileges.collect()),
        };
        (Text::from(&*table.logical_name), row)
    };
    inventory.tables = Section::whole(organization.tables().map(table).collect());
    let properties = |table: &schema::Table| {
        let name = &*table.logical_name;
        let mut found: BTreeMap<Text, Relationship> = BTreeMap::new();
        for column in &table.columns {
            if let Kind::Lookup { navigation, targets } = &column.kind {
                for target in targets {
                    found.insert((&**navigation).into(), Relationship::ToOne((&**target).into()));
                }
            }
        }
        for known in ONE_TO_MANY.iter().filter(|known| known.one == name) {
            found.insert(known.navigation.into(), Relationship::ToMany(known.many.into()));
        }
        for known in MANY_TO_MANY.iter().filter(|known| known.sides.iter().any(|(side, _)| *side == name)) {
            let [_, (far, _)] = known.seen_from(name);
            found.insert(known.navigation.into(), Relationship::ManyToMany(far.into()));
        }
        (Text::from(name), found)
    };
    inventory.relationships = Section::whole(organization.tables().map(properties).collect());
    let privilege = |(id, row): (Uuid, &Row)| {
        let flags = ["canbebasic", "canbelocal", "canbedeep", "canbeglobal"].into_iter().zip(Depth::WRITABLE);
        let depths = flags.filter(|(flag, _)| is_set(row, flag)).map(|(_, depth)| depth).collect();
        let name = text(row, "name");
        (Text::from(name.to_lowercase()), Privilege { name, id, depths })
    };
    inventory.privileges = Section::whole(organization.all("privilege").map(privilege).collect());
    let unit = |(id_, row): (Uuid, &Row)| {
        (id_, BusinessUnit { name: text(row, "name"), parent: id(row, "_parentbusinessunitid_value") })
    };
    inventory.units = Section::whole(organization.all("businessunit").map(unit).collect());
}

fn roles(inventory: &mut Inventory, organization: &Organization) {
    let roots = || organization.all("role").filter(|(key, row)| id(row, "_parentrootroleid_value") == Some(*key));
    let role = |(key, row): (Uuid, &Row)| {
        let role = Role {
            name: text(row, "name"),
            template: id(row, "_roletemplateid_value"),
            description: text(row, "description"),
            reaches_members: number(row, "isinherited") == 1,
            managed: is_set(row, "ismanaged"),
            customizable: true,
            auto_assigned: false,
            unit: id(row, "_businessunitid_value").expect("a unit"),
        };
        (key, role)
    };
    inventory.roles = Section::whole(roots().map(role).collect());
    let held = |(key, _): (Uuid, &Row)| {
        let held = privileges_of_role(organization, key);
        (key, held.into_iter().map(|(privilege, own)| (privilege, depth(own))).collect())
    };
    inventory.role_privileges = Section::whole(roots().map(held).collect());
    let mut holders: BTreeMap<Uuid, BTreeSet<(PrincipalRow, Uuid)>> =
        roots().map(|(key, _)| (key, BTreeSet::new())).collect();
    for (table, column, is_team) in [("systemuserroles", "systemuserid", false), ("teamroles", "teamid", true)] {
        for (_, row) in organization.all(table) {
            let (Some(principal), Some(copy)) = (id(row, column), id(row, "roleid")) else { continue };
            let row = if is_team { PrincipalRow::Team(principal) } else { PrincipalRow::User(principal) };
            let unit = organization.row("role", copy).and_then(|copy| id(copy, "_businessunitid_value"));
            holders.entry(root_of(organization, copy)).or_default().insert((row, unit.expect("a unit")));
        }
    }
    inventory.holders = Section::whole(holders);
    inventory.principal_roles = Section::whole(BTreeMap::new());
    let mut copies: BTreeMap<Uuid, BTreeMap<Uuid, Uuid>> = BTreeMap::new();
    for (key, row) in organization.all("role") {
        let unit = id(row, "_businessunitid_value").expect("a unit");
        copies.entry(root_of(organization, key)).or_default().insert(unit, key);
    }
    inventory.copies = Section::whole(copies);
}

fn people(inventory: &mut Inventory, tenant: &Tenant, organization: &Organization) {
    let user = |(key, row): (Uuid, &Row)| {
        let application = id(row, "applicationid");
        let user = User {
            full_name: text(row, "fullname"),
            upn: text(row, "domainname"),
            mail: text(row, "internalemailaddress"),
            object: id(row, "azureactivedirectoryobjectid"),
            kind: if application.is_some() { UserKind::Application } else { UserKind::Person },
            application,
            disabled: is_set(row, "isdisabled"),
            unit: id(row, "_businessunitid_value").expect("a unit"),
        };
        (key, user)
    };
    inventory.users = Section::whole(organization.all("systemuser").map(user).collect());
    let team = |(key, row): (Uuid, &Row)| {
        let team = Team {
            name: text(row, "name"),
            kind: match number(row, "teamtype") {
                0 => TeamKind::Owner,
                1 => TeamKind::Access,
                2 => TeamKind::SecurityGroup,
                _ => TeamKind::OfficeGroup,
            },
            membership: match number(row, "membershiptype") {
                0 => Membership::MembersAndGuests,
                1 => Membership::Members,
                2 => Membership::Owners,
                _ => Membership::Guests,
            },
            group: id(row, "azureactivedirectoryobjectid"),
            unit: id(row, "_businessunitid_value").expect("a unit"),
            is_default: is_set(row, "isdefault"),
        };
        (key, team)
    };
    inventory.teams = Section::whole(organization.all("team").map(team).collect());
    let mut members: BTreeMap<Uuid, BTreeSet<Uuid>> =
        organization.all("team").map(|(key, _)| (key, BTreeSet::new())).collect();
    for (_, row) in organization.all("teammembership") {
        if let (Some(team), Some(user)) = (id(row, "teamid"), id(row, "systemuserid")) {
            members.entry(team).or_default().insert(user);
        }
    }
    inventory.team_members = Section::whole(members);
    let person = |(key, person): (&Uuid, &powergrant::sandbox::directory::Person)| {
        let entry = DirectoryEntry {
            kind: DirectoryKind::User,
            name: person.upn.as_str().into(),
            mail: person.mail.as_deref().unwrap_or_default().into(),
            application: None,
            enabled: person.enabled,
        };
        (*key, entry)
    };
    inventory.directory = Section::whole(tenant.directory.users.iter().map(person).collect());
    let of_group = |group: &Uuid| {
        let people = tenant.directory.transitive_members(*group);
        (*group, people.into_iter().filter(|object| tenant.directory.users.contains_key(object)).collect())
    };
    inventory.group_members = Section::whole(tenant.directory.groups.keys().map(of_group).collect());
}

fn components(inventory: &mut Inventory, organization: &Organization) {
    let flow = |(key, row): (Uuid, &Row)| {
        let flow = Flow {
            name: text(row, "name"),
            state: match number(row, "statecode") {
                0 => FlowState::Draft,
                1 => FlowState::Activated,
                _ => FlowState::Suspended,
            },
            managed: is_set(row, "ismanaged"),
            customizable: true,
            owner: owner(row),
        };
        (key, flow)
    };
    inventory.flows = Section::whole(organization.all("workflow").map(flow).collect());
    let facts = |(key, _): (Uuid, &Row)| {
        let text = organization.flow_text(key).expect("a text");
        (key, clientdata::facts(text).expect("a flow's text"))
    };
    inventory.definitions = Section::whole(organization.all("workflow").map(facts).collect());
    let reference = |(key, row): (Uuid, &Row)| {
        let connector = text(row, "connectorid");
        let reference = ConnectionReference {
            logical_name: text(row, "connectionreferencelogicalname"),
            display_name: text(row, "connectionreferencedisplayname"),
            connector: connector.rsplit('/').next().unwrap_or_default().into(),
            bound: !text(row, "connectionid").is_empty(),
            owner: owner(row),
        };
        (key, reference)
    };
    inventory.references = Section::whole(organization.all("connectionreference").map(reference).collect());
    let mut shares: BTreeMap<Uuid, BTreeMap<PrincipalRow, Rights>> = ["workflow", "connectionreference", "bot"]
        .into_iter()
        .flat_map(|table| organization.all(table).map(|(key, _)| (key, BTreeMap::new())))
        .collect();
    for (_, row) in organization.all("principalobjectaccess") {
        let (Some(object), Some(principal)) = (id(row, "objectid"), id(row, "principalid")) else { continue };
        let rights = Rights(u32::try_from(number(row, "accessrightsmask")).expect("a mask"));
        let with = match text(row, "principaltypecode").as_str() {
            "team" => PrincipalRow::Team(principal),
            _ => PrincipalRow::User(principal),
        };
        shares.entry(object).or_default().insert(with, rights);
    }
    inventory.shares = Section::whole(shares);
    let agent = |(key, row): (Uuid, &Row)| {
        let of_agent = organization.all("botcomponent").filter(|(_, part)| id(part, "_parentbotid_value") == Some(key));
        let parts: BTreeSet<Uuid> = of_agent.map(|(part, _)| part).collect();
        let links = organization.all("botcomponent_workflow");
        let links = links.filter(|(_, link)| id(link, "botcomponentid").is_some_and(|part| parts.contains(&part)));
        let groups = text(row, "authorizedsecuritygroupids");
        let agent = Agent {
            name: text(row, "name"),
            schema_name: text(row, "schemaname"),
            owner: owner(row),
            access: AgentAccess::of(number(row, "accesscontrolpolicy")),
            groups: groups.split(',').filter_map(|group| Uuid::try_parse(group).ok()).collect(),
            authentication: Authentication::of(number(row, "authenticationmode")),
            flows: links.filter_map(|(_, link)| id(link, "workflowid")).collect(),
            tools: BTreeSet::new(),
        };
        (key, agent)
    };
    inventory.bots = Section::whole(organization.all("bot").map(agent).collect());
}
