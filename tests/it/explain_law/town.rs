//! Random tenants as seeds of the embedded one.
use std::fmt::Write as _;

use super::{ENVIRONMENT, FLOWS, GUEST, PEOPLE, URL};

/// The roles that people and teams may hold.
const ROLES: [&str; 4] = ["R0", "R1", "R2", "Basic User"];

/// A small generator of numbers, so that a tenant is its seed.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    pub(super) fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    pub(super) fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.roll(of.len() as u64)).expect("a small number")]
    }

    /// Some of these, as a list in YAML.
    pub(super) fn some(&mut self, of: &[&str], sides: u64) -> String {
        let kept: Vec<&str> = of.iter().filter(|_| self.one_in(sides)).copied().collect();
        format!("[{}]", kept.join(", "))
    }
}

/// A random tenant.
pub(super) fn seed(dice: &mut Dice) -> String {
    let names: Vec<String> = (0..PEOPLE)
        .map(|person| match person {
            GUEST => format!("p{person}_fabrikam.com#EXT#@contoso.com"),
            _ => format!("p{person}@contoso.com"),
        })
        .collect();
    let people: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut text = String::from(
        "tenant: { id: 11111111-1111-1111-1111-111111111111, domain: contoso.com }\n\
         caller: { application: powergrant }\ndirectory:\n  users:\n    - { name: Owner, upn: owner@contoso.com }\n",
    );
    for (number, person) in (0..).zip(&people) {
        let (enabled, guest) = (!dice.one_in(12), number == GUEST);
        let _ = writeln!(text, "    - {{ name: P{number}, upn: '{person}', enabled: {enabled}, guest: {guest} }}");
    }
    let pick =
        |dice: &mut Dice, sides| -> Vec<&str> { people.iter().filter(|_| dice.one_in(sides)).copied().collect() };
    let (inner, outer, gate) = (pick(dice, 3), pick(dice, 3), pick(dice, 2));
    let nests = dice.one_in(2);
    let list = |first: &[&str], people: &[&str]| {
        let quoted = people.iter().map(|person| format!("'{person}'"));
        format!("[{}]", first.iter().map(|name| (*name).to_owned()).chain(quoted).collect::<Vec<_>>().join(", "))
    };
    let _ = write!(
        text,
        "  groups:\n    - {{ name: SG-Inner, members: {} }}\n    - {{ name: SG-Outer, members: {} }}\n    - {{ name: SG-Gate, members: {} }}\n  servicePrincipals:\n    - {{ name: powergrant, appId: 33333333-3333-3333-3333-333333333333 }}\nenvironments:\n  - name: {ENVIRONMENT}\n    id: 7f3c0a51-5e0f-4c0e-9d0a-2b6c8f1e4d10\n",
        list(&[], &inner),
        list(if nests { &["SG-Inner"] } else { &[] }, &outer),
        // A group's team may only be where its group is in the environment's (Learn: manage group teams).
        list(&["owner@contoso.com", "SG-Outer"], &gate),
    );
    let is_gated = dice.one_in(3);
    if is_gated {
        text += "    securityGroup: SG-Gate\n";
    }
    let is_admitted = |person: &&str| {
        !is_gated || gate.contains(person) || outer.contains(person) || (nests && inner.contains(person))
    };
    let _ = write!(
        text,
        "    dataverse:\n      url: {URL}\n      rootBusinessUnit: Contoso\n      businessUnits: [ {{ name: Sales }} ]\n      customTables:\n        - {{ logicalName: contoso_expense, displayName: Expense, ownership: user }}\n        - {{ logicalName: contoso_center, displayName: Center, ownership: organization }}\n"
    );
    roles(&mut text, dice);
    text += "      users:\n        - { application: powergrant, roles: [System Administrator] }\n";
    let owners = if dice.one_in(3) { dice.some(&ROLES, 2) } else { "[Environment Maker, Delegate]".to_owned() };
    let disabled = dice.one_in(12);
    let _ = writeln!(text, "        - {{ user: owner@contoso.com, disabled: {disabled}, roles: {owners} }}");
    // Nobody without a row can be shared with, or own anything; nobody comes in who is not in the security group.
    let present: Vec<&str> =
        people.iter().copied().filter(|_| !dice.one_in(6)).filter(|person| is_admitted(person)).collect();
    for person in &present {
        let (held, disabled) = (dice.some(&ROLES, 3), dice.one_in(12));
        let unit = if dice.one_in(3) { ", unit: Sales" } else { "" };
        let _ = writeln!(text, "        - {{ user: '{person}', disabled: {disabled}, roles: {held}{unit} }}");
    }
    let (synced, held, kind) = (
        dice.one_in(2),
        dice.some(&ROLES, 2),
        dice.pick(&["membersAndGuests", "membersAndGuests", "members", "guests"]),
    );
    let (crew, crew_roles) = (pick(dice, 3), dice.some(&ROLES, 3));
    let crew: Vec<&str> = crew.into_iter().filter(|person| present.contains(person)).collect();
    let _ = write!(
        text,
        "      teams:\n        - {{ group: SG-Outer, membership: {kind}, synced: {synced}, roles: {held} }}\n        - {{ name: Crew, members: {}, roles: {crew_roles} }}\n",
        list(&[], &crew)
    );
    references(&mut text, dice, &present);
    flows(&mut text, dice, &present);
    agents(&mut text, dice, &present);
    text
}

fn roles(text: &mut String, dice: &mut Dice) {
    *text += "      roles:\n";
    for role in 0..3 {
        let inherited = !dice.one_in(4);
        let mut privileges = Vec::new();
        for (name, sides) in [
            ("prvReadWorkflow", 2),
            ("prvReadconnectionreference", 2),
            ("prvReadEnvironmentVariableDefinition", 2),
            ("prvReadWorkflowSession", 2),
            ("prvReadAsyncOperation", 2),
            ("prvReadUser", 2),
            ("prvAppendUser", 3),
            ("prvAppendTeam", 3),
            ("prvReadbot", 2),
            ("prvCreatecontoso_expense", 2),
            ("prvReadcontoso_expense", 2),
            ("prvAppendcontoso_expense", 2),
            ("prvSharecontoso_expense", 2),
            ("prvActOnBehalfOfAnotherUser", 3),
        ] {
            if dice.one_in(sides) {
                let depth = dice.pick(&["Basic", "Basic", "Local", "Deep", "Global"]);
                let depth = match name {
                    "prvActOnBehalfOfAnotherUser" => "Global",
                    "prvReadUser" | "prvAppendUser" | "prvAppendTeam" if depth == "Basic" => "Local",
                    _ => depth,
                };
                privileges.push(format!("{name}: {depth}"));
            }
        }
        for name in ["prvFlow", "prvReadcontoso_center", "prvAppendTocontoso_center"] {
            if dice.one_in(2) {
                privileges.push(format!("{name}: Global"));
            }
        }
        let list = privileges.join(", ");
        let _ = writeln!(text, "        - {{ name: R{role}, inherited: {inherited}, privileges: {{ {list} }} }}");
    }
}

fn shares(dice: &mut Dice, present: &[&str], rights: &[&str]) -> String {
    let mut list = Vec::new();
    for person in present {
        if dice.one_in(3) {
            list.push(format!("{{ user: '{person}', rights: {} }}", dice.pick(rights)));
        }
    }
    if dice.one_in(3) {
        list.push("{ group: SG-Outer, rights: runOnly }".to_owned());
    }
    if dice.one_in(5) {
        list.push("{ team: Crew, rights: runOnly }".to_owned());
    }
    format!("[{}]", list.join(", "))
}

fn references(text: &mut String, dice: &mut Dice, present: &[&str]) {
    *text += "      connectionReferences:\n";
    for (name, connector) in [("c_site", "shared_sharepointonline"), ("c_data", "shared_commondataserviceforapps")] {
        let bound = if dice.one_in(6) { "" } else { ", connection: shared-1" };
        let owner = if dice.one_in(6) { "Crew" } else { "owner@contoso.com" };
        let list = shares(dice, present, &["runOnly"]);
        let _ = writeln!(
            text,
            "        - {{ name: {name}, connector: {connector}, owner: {owner}{bound}, shares: {list} }}"
        );
    }
}

/// Actions in Dataverse; what each needs, both sides are to agree upon.
const ACTIONS: [&str; 7] = [
    "{ operation: CreateRecord, connection: data, parameters: { entityName: contoso_expenses } }",
    "{ operation: ListRecords, connection: data, parameters: { entityName: contoso_centers } }",
    "{ operation: GetItem, connection: data, parameters: { entityName: contoso_expenses } }",
    "{ operation: CreateRecord, connection: data, parameters: { entityName: contoso_expenses, item/contoso_Center@odata.bind: 'contoso_centers(1)' } }",
    "{ operation: ListRecords, connection: data, parameters: { entityName: systemusers, $expand: 'businessunitid($select=name),teammembership_association' } }",
    "{ operation: AssociateEntities, connection: data, parameters: { entityName: systemusers, recordId: '1', associationEntityRelationship: teammembership_association } }",
    "{ operation: PerformUnboundAction, connection: data, parameters: { actionName: GrantAccess, item/Target/@odata.type: Microsoft.Dynamics.CRM.contoso_expense } }",
];

fn flows(text: &mut String, dice: &mut Dice, present: &[&str]) {
    *text += "      flows:\n";
    for flow in (0..FLOWS).rev() {
        let state = if dice.one_in(8) { "off" } else { "on" };
        let trigger = dice.pick(&["Skills", "Skills", "Button", "PowerAppV2", "Recurrence"]);
        let site = dice.pick(&["embedded", "invoker"]);
        let data = dice.pick(&["embedded", "impersonated"]);
        let children = if flow == 0 && dice.one_in(3) { "[Flow 2]" } else { "[]" };
        let owner = match dice.roll(8) {
            0 => "Crew",
            1 => present.first().copied().unwrap_or("owner@contoso.com"),
            _ => "owner@contoso.com",
        };
        let list = shares(dice, present, &["runOnly", "runOnly", "coOwner"]);
        let actions: Vec<&str> = ACTIONS.into_iter().filter(|_| dice.one_in(4)).collect();
        let _ = writeln!(
            text,
            "        - {{ name: Flow {flow}, owner: '{owner}', state: {state}, trigger: {trigger}, childFlows: {children}, connections: {{ site: {{ reference: c_site, mode: {site} }}, data: {{ reference: c_data, mode: {data} }} }}, actions: [{}], shares: {list} }}",
            actions.join(", ")
        );
    }
}

fn agents(text: &mut String, dice: &mut Dice, present: &[&str]) {
    *text += "      agents:\n";
    for agent in 0..2 {
        let access = dice.pick(&["anyone", "readers", "groups"]);
        let list = shares(dice, present, &["runOnly"]);
        let _ = writeln!(
            text,
            "        - {{ name: Agent {agent}, schemaName: contoso_agent{agent}, owner: owner@contoso.com, access: {access}, groups: [SG-Inner], flows: [Flow 0, Flow 1], shares: {list} }}"
        );
    }
}
