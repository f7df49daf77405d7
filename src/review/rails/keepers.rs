//! Rails on who keeps what: `protect-self`, `min-admins`, `required-admins` and `protected`.
use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Case, tripped};
use crate::finding::Finding;
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Answer;
use crate::names::EnvironmentRole;
use crate::principal::Principal;
use crate::problem::Problem;
use crate::review::moves::{Move, What};
use crate::review::people::{administrator_role, administrators, routes};
use crate::rules::Rule;

/// Somebody who must not lose anything, and everything through which he holds something.
struct Keeper {
    principal: Principal,
    /// Its own identity and those of its teams.
    identities: BTreeSet<String>,
    roles: BTreeSet<Uuid>,
    /// Why he may hold something through a team that is not known.
    doubt: Option<Problem>,
}

/// How a change concerns a keeper.
enum Concern {
    /// It takes something from him.
    Loses,
    /// It takes something from a team, and nobody knows whether he is in it.
    Unknown(Problem),
}

impl Keeper {
    fn new(case: &Case<'_>, principal: Principal) -> Self {
        let (rows, doubt) = routes(case.before, &principal);
        let roles = rows.iter().flat_map(|row| case.before.roles_of(*row).0).collect();
        let mut identities: BTreeSet<String> =
            rows.iter().map(|row| case.before.principal_of(*row).0.identity()).collect();
        identities.insert(principal.identity());
        Self { principal, identities, roles, doubt }
    }

    fn concern(&self, case: &Case<'_>, loss: &Move<'_>) -> Option<Concern> {
        if let What::Privilege(role, _) = loss.what {
            return self.roles.contains(&role.id).then_some(Concern::Loses);
        }
        let principal = loss.principal?;
        if self.identities.contains(&principal.identity()) {
            return Some(Concern::Loses);
        }
        self.doubt.as_ref()?;
        let Answer::Found(row) = case.before.row_of(principal) else { return None };
        match row {
            PrincipalRow::Team(team) if !matches!(case.before.team_members.get(&team), Answer::Found(_)) => {
                self.doubt.clone().map(Concern::Unknown)
            }
            PrincipalRow::Team(_) | PrincipalRow::User(_) | PrincipalRow::Organization(_) => None,
        }
    }

    /// The first change that takes something from him; else the first of which nobody knows.
    fn loses<'moves>(&self, case: &'moves Case<'_>) -> Option<(&'moves Move<'moves>, Concern)> {
        let concerns = || case.losses().filter_map(|loss| Some((loss, self.concern(case, loss)?)));
        let certain = concerns().find(|(_, concern)| matches!(concern, Concern::Loses));
        certain.or_else(|| concerns().next())
    }

    fn words(&self, loss: &Move<'_>, concern: &Concern) -> String {
        let Self { principal, .. } = self;
        let what = format!("{} of {}", loss.name.trim_end(), loss.heading);
        match concern {
            Concern::Loses if loss.principal.is_some_and(|own| own.identity() == principal.identity()) => {
                format!("{principal} would lose {}", loss.heading)
            }
            Concern::Loses => format!("{principal} would lose {what}"),
            Concern::Unknown(problem) => {
                format!("nobody knows whether {principal} would lose {what}: its members could not be read ({problem})")
            }
        }
    }
}

/// The caller would lose something, or a role of his would (precedent: peribolos' require-self).
pub(super) fn protect_self(case: &Case<'_>) -> Vec<Finding> {
    let Some(first) = case.losses().next() else { return Vec::new() };
    let instead = "name powergrant's identity in the manifest, or run as somebody who keeps the rights";
    let caller = match case.before.caller.known() {
        Ok(caller) => case.before.principal_of(PrincipalRow::User(caller.user)).0,
        // Without Dataverse nobody is somebody's row, and the admin API does not tell who asks.
        Err(_) if case.before.environment.url.is_none() => return Vec::new(),
        Err(problem) => {
            let message = format!(
                "nobody knows whether powergrant would lose something: who it is could not be read ({problem})"
            );
            return vec![tripped(Rule::ProtectSelf, Some(first.place), message, instead)];
        }
    };
    let keeper = Keeper::new(case, caller);
    let found = keeper.loses(case).map(|(loss, concern)| {
        let message = format!("powergrant itself is concerned: {}", keeper.words(loss, &concern));
        tripped(Rule::ProtectSelf, Some(loss.place), message, instead)
    });
    found.into_iter().collect()
}

/// A protected principal would lose something, or a protected role would (precedent: cf-mgmt's protected users).
pub(super) fn protected(case: &Case<'_>) -> Vec<Finding> {
    let rails = &case.desired.environment.rails;
    let Some(first) = case.losses().next() else { return Vec::new() };
    let instead = "leave it in the manifest, or take it from `rails.protected` of the Environment document";
    let mut found = Vec::new();
    for principal in case.principals(&rails.protected) {
        match principal {
            Ok(principal) => {
                let keeper = Keeper::new(case, principal);
                found.extend(keeper.loses(case).map(|(loss, concern)| {
                    let message = format!("a protected principal: {}", keeper.words(loss, &concern));
                    tripped(Rule::Protected, Some(loss.place), message, instead)
                }));
            }
            Err(member) => {
                let message =
                    format!("whoever is protected here is not to be found, and {} would lose something", first.heading);
                let instead = "mend the name, or write `id:` with the Entra object id";
                found.push(tripped(Rule::Protected, Some(&member.place), message, instead));
            }
        }
    }
    for role in &rails.protected_roles {
        let Some(id) = case.before.role(&role.value).one().map(|role| role.id) else {
            let message = format!(
                "the role that is protected here is not to be found, and {} would lose something",
                first.heading
            );
            found.push(tripped(Rule::Protected, Some(&role.place), message, "mend its name, or write its `id`"));
            continue;
        };
        let loss = case.losses().find(|loss| match loss.what {
            What::Privilege(role, _) | What::Assignment(role, _) => role.id == id,
            What::Member(_) | What::EnvironmentRole(..) | What::Connection(..) | What::Reader(..) | What::Share(..) => {
                false
            }
        });
        found.extend(loss.map(|loss| {
            let message = format!("a protected role: {} would lose {}", loss.heading, loss.name.trim_end());
            tripped(Rule::Protected, Some(loss.place), message, instead)
        }));
    }
    found
}

/// The changes to who is administrator.
fn administrator_moves<'moves>(case: &'moves Case<'_>) -> impl Iterator<Item = &'moves Move<'moves>> {
    let role = administrator_role(case.before);
    case.moves.iter().filter(move |one| match one.what {
        What::Assignment(of, _) => Some(of.id) == role,
        What::EnvironmentRole(of, _) => of == EnvironmentRole::Admin,
        What::Privilege(..) | What::Member(_) | What::Connection(..) | What::Reader(..) | What::Share(..) => false,
    })
}

/// Fewer enabled human administrators than required would be left (precedent: peribolos' min-admins).
pub(super) fn min_admins(case: &Case<'_>) -> Vec<Finding> {
    let Some(loss) = administrator_moves(case).find(|one| one.is_loss()) else { return Vec::new() };
    let (required, left) = (case.desired.environment.rails.min_admins, administrators(case.after));
    let count = left.known.len();
    if count >= usize::try_from(required).unwrap_or(usize::MAX) {
        return Vec::new();
    }
    let administrators = if count == 1 { "administrator" } else { "administrators" };
    let mut message = format!("{count} enabled human {administrators} would be left; {required} are required");
    if !left.unknown.is_empty() {
        let unknown: Vec<_> = left.unknown.iter().map(String::as_str).collect();
        message += "; there may be more, who could not be counted: ";
        message += &unknown.join(", ");
    }
    let instead = "name another person as administrator first, or lower `rails.min-admins` in the Environment document";
    vec![tripped(Rule::MinAdmins, Some(loss.place), message, instead)]
}

/// A required administrator would not be one any more (precedent: peribolos' required-admins).
pub(super) fn required_admins(case: &Case<'_>) -> Vec<Finding> {
    let Some(first) = administrator_moves(case).next() else { return Vec::new() };
    let after = administrators(case.after);
    let role = administrator_role(case.after);
    let mut found = Vec::new();
    for member in &case.desired.environment.rails.required_admins {
        let instead = "name it among the members of the administrator's role, or take it from `rails.required-admins` of the Environment document";
        let Some(principal) = case.after.principal(&member.principal).one() else {
            let message = "a required administrator is not to be found";
            found.push(tripped(Rule::RequiredAdmins, Some(&member.place), message.to_owned(), "mend its name"));
            continue;
        };
        let holds = |row| role.is_some_and(|role| case.after.roles_of(row).0.contains(&role));
        let own = match case.after.row_of(&principal) {
            Answer::Found(row) => holds(row),
            Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => false,
        };
        let of_environment = case.after.environment_roles.value().is_some_and(|roles| {
            let holders = roles.get(&EnvironmentRole::Admin).into_iter().flat_map(|holders| holders.keys());
            holders.map(Principal::identity).any(|identity| identity == principal.identity())
        });
        let through_a_group = matches!(principal, Principal::User { id, .. } if after.known.contains(&id));
        if !own && !of_environment && !through_a_group {
            let message = format!("{principal} is a required administrator and would not be one");
            let finding = tripped(Rule::RequiredAdmins, Some(first.place), message, instead);
            found.push(finding.also(&member.place, "required here"));
        }
    }
    found
}
