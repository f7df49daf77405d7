//! Tenants in which the rule is tried.

use std::fmt::Write as _;

use serde_json::json;
use uuid::Uuid;

use super::super::*;
use super::law::{Held, OWNERS, Owner, SHARES, Share, Unit, Way, World};

/// Makes Ada disabled or not, and gives or takes the role that holds nothing here.
pub(super) fn states(client: &Client, world: World) -> impl Iterator<Item = World> {
    let (ada, empty) = (client.user("ada@contoso.com"), client.role("Empty"));
    let empty = client.with(|organization| organization.copy_for(ada, empty).unwrap());
    let states = [(true, false), (true, true), (false, false), (false, true)];
    states.into_iter().map(move |(is_disabled, has_another_role)| {
        client.with(|organization| {
            organization.change("systemuser", ada, [("isdisabled".to_owned(), json!(is_disabled))]);
            if has_another_role {
                organization.give_role(ada, empty);
            } else {
                organization.take_role(ada, empty);
            }
        });
        World { is_disabled, has_another_role, ..world }
    })
}

/// Makes the tenant of a world.
pub(super) fn tenant(world: World) -> Client {
    let client = sandbox_of(&seed(world));
    if world.way == Way::Elsewhere {
        // Refused where the organisation does not allow roles of other units (see `a_role_of_another_unit_needs_the_setting`).
        let copy = client.with(|organization| {
            let (root, unit) =
                (organization.role("Holder").unwrap(), organization.named("businessunit", "HR").unwrap());
            crate::sandbox::roles::copy_in(organization, root, unit).unwrap()
        });
        assert_eq!(client.assign("ada@contoso.com", copy).status, 204);
    }
    client
}

fn seed(world: World) -> String {
    let World { held, way, team, .. } = world;
    let depth = match held {
        Held::Not => None,
        Held::User => Some("Basic"),
        Held::Unit => Some("Local"),
        Held::Below => Some("Deep"),
        Held::Organization => Some("Global"),
    };
    let mut privileges = String::new();
    for verb in ["Create", "Read", "Write", "Delete", "Append", "AppendTo", "Assign", "Share"] {
        if let Some(depth) = depth {
            let _ = write!(privileges, "prv{verb}Account: {depth}, ");
        }
    }
    let own = if way == Way::Direct { "Empty, Holder" } else { "Empty" };
    let of_team = if matches!(way, Way::Direct | Way::Elsewhere) { "" } else { "Holder" };
    let unit = if team == Unit::Hr { "HR" } else { "Sales" };
    let crew = match way {
        Way::Direct | Way::Elsewhere | Way::Team | Way::TeamOnly => {
            format!("{{ name: SG-Crew, unit: {unit}, members: [ada@contoso.com], roles: [{of_team}] }}")
        }
        Way::Group | Way::Nested | Way::Before => {
            format!("{{ group: SG-Crew, unit: {unit}, synced: {}, roles: [{of_team}] }}", way != Way::Before)
        }
    };
    let member = if way == Way::Nested { "SG-Inner" } else { "ada@contoso.com" };
    let yaml = r"
tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }
caller: { application: powergrant }
directory:
  users:
    - { name: Ada, upn: ada@contoso.com }
    - { name: In sales, upn: sales@contoso.com }
    - { name: In east, upn: east@contoso.com }
    - { name: In root, upn: root@contoso.com }
    - { name: In hr, upn: hr@contoso.com }
  groups: [{ name: SG-Inner, members: [ada@contoso.com] }, { name: SG-Crew, members: [@member] }]
  servicePrincipals: [{ name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }]
environments:
  - name: contoso-prod
    dataverse:
      url: https://contoso.crm4.dynamics.com
      rootBusinessUnit: Contoso
      settings: { EnableOwnershipAcrossBusinessUnits: true }
      businessUnits: [{ name: Sales }, { name: East, parent: Sales }, { name: HR }]
      roles: [{ name: Holder, inherited: @inherited, privileges: { @privileges } }, { name: Empty }]
      users:
        - { application: powergrant, roles: [System Administrator] }
        - { user: ada@contoso.com, unit: Sales, roles: [@own] }
        - { user: sales@contoso.com, unit: Sales }
        - { user: east@contoso.com, unit: East }
        - { user: root@contoso.com }
        - { user: hr@contoso.com, unit: HR }
      teams: [ @crew ]
";
    yaml.replace("@member", member)
        .replace("@inherited", if way == Way::TeamOnly { "false" } else { "true" })
        .replace("@privileges", &privileges)
        .replace("@own", own)
        .replace("@crew", &crew)
}

pub(super) fn owner_of(client: &Client, owner: Owner) -> Uuid {
    match owner {
        Owner::Ada => client.user("ada@contoso.com"),
        Owner::Crew => client.with(|organization| organization.named("team", "SG-Crew").unwrap()),
        Owner::Other(Unit::Sales) => client.user("sales@contoso.com"),
        Owner::Other(Unit::East) => client.user("east@contoso.com"),
        Owner::Other(Unit::Root) => client.user("root@contoso.com"),
        Owner::Other(Unit::Hr) | Owner::Moved => client.user("hr@contoso.com"),
    }
}

/// Makes one row per owner and share.
pub(super) fn rows(client: &Client) -> Vec<(Owner, Share, Uuid)> {
    let (ada, crew) = (owner_of(client, Owner::Ada), owner_of(client, Owner::Crew));
    let mut made = Vec::new();
    for owner in OWNERS {
        let id = owner_of(client, owner);
        let kind = if owner == Owner::Crew { "team" } else { "systemuser" };
        for share in SHARES {
            let key = Uuid::from_u128(0xA000 + made.len() as u128);
            client.with(|organization| {
                let of_owner = crate::sandbox::access::unit_of(organization, kind, id);
                let unit =
                    if owner == Owner::Moved { organization.named("businessunit", "Sales").unwrap() } else { of_owner };
                let row = json!({
                    "name": "row", "_ownerid_value": id, "_owningbusinessunit_value": unit,
                    "_owninguser_value": (kind == "systemuser").then_some(id), "_owningteam_value": (kind == "team").then_some(id),
                });
                organization.put("account", key, crate::sandbox::organization::row_of(row));
            });
            let row = match share {
                Share::Not => None,
                Share::WithAda => Some(("systemuser", ada, 0xF_FFDF)),
                Share::WithCrew => Some(("team", crew, 0xF_FFDF)),
                Share::AnotherRight => Some(("systemuser", ada, 32)),
                Share::Nothing => Some(("systemuser", ada, 0)),
            };
            if let Some((kind, principal, mask)) = row {
                client.with(|organization| {
                    crate::sandbox::shares::put(organization, ("account", key), (kind, principal), mask);
                });
            }
            made.push((owner, share, key));
        }
    }
    made
}
