//! Fixes made in the tenant's rows: all of one lets its people run the flow, and none of it can be left out.
use powergrant::access::Access;
use powergrant::explain::fix::{self, Grant};
use powergrant::explain::group::of_group;
use powergrant::explain::{Bar, Question, Verdict, explain};
use powergrant::inventory::Inventory;
use powergrant::inventory::section::Answer;
use powergrant::names::{Depth, Ref};
use powergrant::principal::Principal;
use powergrant::sandbox::access::Authority;
use powergrant::sandbox::organization::Organization;
use powergrant::sandbox::tenant::Tenant;
use powergrant::sandbox::{principals, rights};
use serde_json::Value;
use uuid::Uuid;

use super::super::town::Dice;
use super::super::{BARS, ENVIRONMENT, object, started, state};
use super::{Counts, decided};

/// Makes grants in the tenant's rows.
fn grant(tenant: &mut Tenant, inventory: &Inventory, grants: &[Grant]) {
    let organization = tenant.organization_mut(ENVIRONMENT).expect("the environment");
    let row = |principal: &Principal| match inventory.row_of(principal) {
        Answer::Found(row) => Some(row.id()),
        Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => None,
    };
    // Roles come before who holds them, whatever the order.
    for grant in grants {
        if let Grant::NewRole(role) = grant {
            organization.make_role(role.id, &role.name);
        }
    }
    // Shares come last: who holds what decides whether they are made.
    let is_share = |grant: &&Grant| matches!(grant, Grant::Share { .. } | Grant::Reader { .. });
    let (shares, others): (Vec<&Grant>, Vec<&Grant>) = grants.iter().partition(is_share);
    for grant in others.into_iter().chain(shares) {
        match grant {
            Grant::NewRole(_) => {}
            Grant::Privilege { role, privilege, depth } => {
                let depth = match depth {
                    Depth::User => rights::Depth::Basic,
                    Depth::BusinessUnit => rights::Depth::Local,
                    Depth::ParentChildBusinessUnits => rights::Depth::Deep,
                    Depth::Organization => rights::Depth::Global,
                    Depth::RecordFilter => panic!("nobody grants a record filter"),
                };
                organization.set_privilege(role.id, privilege.id, depth);
            }
            Grant::Assign { role, to } => {
                let principal = row(to).expect("who holds something has a row");
                if let Some(copy) = organization.copy_for(principal, role.id) {
                    organization.give_role(principal, copy);
                }
            }
            Grant::Share { flow, with } => {
                let principal = row(with).expect("who is shared with has a row");
                if reads(organization, principal, with, "prvReadWorkflow") {
                    organization.set_share("workflow", flow.id, principal, 1);
                }
            }
            Grant::Reader { reference, with, .. } => {
                let principal = row(with).expect("who is shared with has a row");
                if reads(organization, principal, with, "prvReadconnectionreference") {
                    organization.set_share("connectionreference", reference.id, principal, 1);
                }
            }
        }
    }
}

/// Whether somebody holds Read as the rows stand: apply shares nothing with whoever does not.
fn reads(organization: &Organization, principal: Uuid, with: &Principal, privilege: &str) -> bool {
    let authority = match with {
        Principal::Group { .. } | Principal::Team { .. } => Authority::of_team(organization, principal),
        Principal::User { .. } | Principal::Application { .. } | Principal::Everyone | Principal::Unnamed { .. } => {
            Authority::of(organization, principal)
        }
    };
    authority.holds(organization, privilege)
}

/// The tenant after some grants and after people have opened the environment.
pub(super) fn opened(before: &Tenant, inventory: &Inventory, grants: &[Grant], people: &[Uuid]) -> Tenant {
    let mut tenant = before.clone();
    // Whoever is granted something comes in first, as apply brings him in.
    for grant in grants {
        let who = match grant {
            Grant::Assign { to, .. } => object(to),
            Grant::Share { with, .. } | Grant::Reader { with, .. } => object(with),
            Grant::NewRole(_) | Grant::Privilege { .. } => None,
        };
        if let Some(who) = who {
            let directory = tenant.directory.clone();
            let organization = tenant.organization_mut(ENVIRONMENT).expect("the environment");
            // Who may not come in does not, and the tenant says so when he runs something.
            let _ = principals::add_user(organization, &directory, who);
        }
    }
    let with_rows = state::inventory(&tenant);
    let known = if grants.is_empty() { inventory } else { &with_rows };
    grant(&mut tenant, known, grants);
    for person in people {
        tenant.open(ENVIRONMENT, *person);
    }
    tenant
}

/// All of a fix lets the people run the flow, and every part of it is needed for one of them.
fn a_fix(
    before: &Tenant,
    inventory: &Inventory,
    question: &Question,
    word: &str,
    people: &[Uuid],
    number: u64,
) -> Option<usize> {
    let grants = fix::find(inventory, question, &[])?;
    for left_out in std::iter::once(None).chain((0..grants.len()).map(Some)) {
        // A role that is not made cannot be assigned.
        if left_out.is_some_and(|at| matches!(grants[at], Grant::NewRole(_))) {
            continue;
        }
        let some: Vec<Grant> =
            grants.iter().enumerate().filter(|(at, _)| Some(*at) != left_out).map(|(_, grant)| grant.clone()).collect();
        let after = opened(before, inventory, &some, people);
        let refused: Vec<Value> = people
            .iter()
            .map(|person| decided(&after, *person, question.flow.id, question.agent, word))
            .filter(|run| !started(run))
            .collect();
        assert_eq!(
            refused.is_empty(),
            left_out.is_none(),
            "tenant {number}: {} of {}, {word}, without {left_out:?} of {grants:#?}\n{refused:#?}",
            question.person,
            question.flow
        );
    }
    Some(grants.len())
}

pub(super) fn fixes(before: &Tenant, inventory: &Inventory, dice: &mut Dice, number: u64, counts: &mut Counts) {
    let access = Access::of(inventory);
    let flows: Vec<Ref<_>> = inventory.flows.rows().map(|(id, flow)| Ref::new(flow.name.clone(), *id)).collect();
    let flow = flows[usize::try_from(dice.roll(flows.len() as u64)).expect("a small number")].clone();
    let (bar, word) = BARS[usize::try_from(dice.roll(3)).expect("a small number")];
    let people: Vec<&Principal> =
        access.people().iter().map(|person| &person.principal).filter(|person| object(person).is_some()).collect();
    let person = people[usize::try_from(dice.roll(people.len() as u64)).expect("a small number")].clone();
    let question = Question { person, flow: flow.clone(), agent: None, bar };
    let explanation = explain(inventory, &question).expect("he is known");
    let user = object(&question.person).expect("a person");
    if explanation.verdict != Verdict::Can
        && let Some(grants) = a_fix(before, inventory, &question, word, &[user], number)
    {
        counts.fixes += 1;
        counts.grants += grants;
    }
    let Some((group, team)) = inventory.teams.rows().find_map(|(_, team)| Some((team.group?, team))) else { return };
    let person = Principal::Group { name: team.name.clone(), id: group, membership: team.membership };
    let question = Question { person, flow, agent: None, bar: Bar::Documented };
    let alike = of_group(inventory, &question).expect("the group is known");
    let members: Vec<Uuid> = alike.iter().flat_map(|alike| &alike.people).filter_map(object).collect();
    for alike in &alike {
        for person in &alike.people {
            let one = Question { person: person.clone(), ..question.clone() };
            assert_eq!(
                explain(inventory, &one).expect("he is known").verdict,
                alike.verdict,
                "tenant {number}: {person}"
            );
        }
    }
    if alike.iter().any(|alike| alike.verdict != Verdict::Can)
        && a_fix(before, inventory, &question, "documented", &members, number).is_some()
    {
        counts.group_fixes += 1;
    }
}
