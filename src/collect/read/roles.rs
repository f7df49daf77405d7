//! Security roles: the roots, their copies, what they hold and who holds them.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join_all, try_join};
use serde_json::Value;
use uuid::Uuid;

use super::{grouped, only, whole};
use crate::collect::decode::Row;
use crate::collect::decode::roles::{self, Copy};
use crate::collect::source::{Column, Set, Source, is_unknown_there};
use crate::inventory::people::PrincipalRow;
use crate::inventory::section::Section;
use crate::inventory::things::Role;
use crate::names::Depth;
use crate::problem::Problem;

const ROLES: Set<(Uuid, Role)> = Set { name: "roles", select: roles::ROLE, decode: roles::role };
const COPIES: Set<Copy> = Set { name: "roles", select: roles::COPY, decode: roles::copy };
const PRIVILEGES: Set<Option<(Uuid, Uuid, Depth)>> =
    Set { name: "roleprivilegescollection", select: roles::PRIVILEGE, decode: roles::privilege };
const USER_ROLES: Set<(PrincipalRow, Uuid)> =
    Set { name: "systemuserrolescollection", select: "systemuserid,roleid", decode: roles::user_role };
const TEAM_ROLES: Set<(PrincipalRow, Uuid)> =
    Set { name: "teamrolescollection", select: "teamid,roleid", decode: roles::team_role };

/// How many roles one batch asks for: System Administrator's answer alone is a megabyte (reported).
const ROLES_OF_A_BATCH: usize = 10;

/// For each root role, its copy in each business unit.
pub(in crate::collect) type Copies = BTreeMap<Uuid, BTreeMap<Uuid, Uuid>>;

/// Every root role: a root has no parent (three public clients).
pub(in crate::collect) async fn roots(source: Source<'_>) -> Section<Uuid, Role> {
    whole(source.all(ROLES, "_parentroleid_value%20eq%20null").await)
}

/// Some root roles, read again.
pub(in crate::collect) async fn some_roots(source: Source<'_>, ids: &BTreeSet<Uuid>) -> Section<Uuid, Role> {
    only(ids.clone(), source.by_keys(ROLES, Column::Attribute("roleid"), ids, "").await)
}

/// Root roles, and those of the copies that are named by their own ids; and why the latter could not be read, if so.
pub(in crate::collect) async fn with_roots_of(
    source: Source<'_>,
    mut roots: BTreeSet<Uuid>,
    copies: &BTreeSet<Uuid>,
) -> (BTreeSet<Uuid>, Option<Problem>) {
    match source.by_keys(COPIES, Column::Attribute("roleid"), copies, "").await {
        Ok(rows) => {
            roots.extend(rows.into_iter().map(|copy| copy.root));
            (roots, None)
        }
        Err(problem) => (roots, Some(problem)),
    }
}

/// The copies of root roles.
pub(in crate::collect) async fn copies(
    source: Source<'_>,
    roots: &BTreeSet<Uuid>,
) -> Section<Uuid, BTreeMap<Uuid, Uuid>> {
    let rows = source.by_keys(COPIES, Column::Lookup("_parentrootroleid_value"), roots, "").await;
    match rows {
        Ok(rows) => {
            let copies: Copies = grouped(roots, rows.into_iter().map(|copy| (copy.root, (copy.unit, copy.row))));
            Section::only(roots.clone(), copies)
        }
        Err(problem) => Section::Unreadable(problem),
    }
}

/// What root roles hold. Rows exist for root roles alone (a public reader of this set joins on the root).
pub(in crate::collect) async fn privileges(
    source: Source<'_>,
    roots: &BTreeSet<Uuid>,
) -> Section<Uuid, BTreeMap<Uuid, Depth>> {
    match source.by_keys(PRIVILEGES, Column::Attribute("roleid"), roots, "").await {
        Ok(rows) => {
            let pairs = rows.into_iter().flatten().map(|(role, privilege, depth)| (role, (privilege, depth)));
            Section::only(roots.clone(), grouped(roots, pairs))
        }
        // Learn documents the set for the cloud, but no answer of it is recorded; the function is documented and recorded.
        Err(problem) if is_unknown_there(&problem) => {
            match privileges_by_function(source, roots)
                .await
                .into_iter()
                .map(|(role, held)| Ok((role, held?)))
                .collect()
            {
                Ok(rows) => Section::only(roots.clone(), rows),
                Err(problem) => Section::Unreadable(problem),
            }
        }
        Err(problem) => Section::Unreadable(problem),
    }
}

/// What root roles hold, asked role by role in batches (Learn: `RetrieveRolePrivilegesRole` function).
pub(in crate::collect) async fn privileges_by_function(
    source: Source<'_>,
    roots: &BTreeSet<Uuid>,
) -> BTreeMap<Uuid, Result<BTreeMap<Uuid, Depth>, Problem>> {
    let roots: Vec<Uuid> = roots.iter().copied().collect();
    let batches = roots.chunks(ROLES_OF_A_BATCH).map(|part| async move {
        let paths = part.iter().map(|role| format!("RetrieveRolePrivilegesRole(RoleId=@r)?@r={role}")).collect();
        let answers = source.several(paths).await;
        part.iter().copied().zip(answers).collect::<Vec<_>>()
    });
    let answers = join_all(batches).await.into_iter().flatten();
    answers.map(|(role, answer)| (role, answer.and_then(|value| listed(&value)))).collect()
}

/// The privileges in an answer of `RetrieveRolePrivilegesRole`.
fn listed(answer: &Value) -> Result<BTreeMap<Uuid, Depth>, Problem> {
    let row = Row::dataverse("RetrieveRolePrivilegesRole", answer);
    let listed = row.list("RolePrivileges")?.iter().map(|value| roles::listed_privilege(row.within(value)));
    listed.map(|privilege| privilege.map(|(id, _, depth)| (id, depth))).collect()
}

/// Who holds a copy of these root roles, and of which business unit.
pub(in crate::collect) async fn holders(
    source: Source<'_>,
    copies: &Section<Uuid, BTreeMap<Uuid, Uuid>>,
    roots: &BTreeSet<Uuid>,
) -> Section<Uuid, BTreeSet<(PrincipalRow, Uuid)>> {
    if let Some(problem) = copies.doubt().filter(|_| !matches!(copies, Section::Read { .. })) {
        return Section::Unreadable(problem);
    }
    let asked = copies.rows().filter(|(root, _)| roots.contains(root));
    let of_copy: BTreeMap<Uuid, (Uuid, Uuid)> =
        asked.flat_map(|(root, units)| units.iter().map(|(unit, copy)| (*copy, (*root, *unit)))).collect();
    let keys = || of_copy.keys();
    let rows = try_join(
        source.by_keys(USER_ROLES, Column::Attribute("roleid"), keys(), ""),
        source.by_keys(TEAM_ROLES, Column::Attribute("roleid"), keys(), ""),
    );
    match rows.await {
        Ok((users, teams)) => {
            let pairs = users.into_iter().chain(teams).filter_map(|(row, copy)| {
                let (root, unit) = of_copy.get(&copy)?;
                Some((*root, (row, *unit)))
            });
            Section::only(roots.clone(), grouped(roots, pairs))
        }
        Err(problem) => Section::Unreadable(problem),
    }
}

/// The root roles that principals hold themselves.
pub(in crate::collect) async fn of_principals(
    source: Source<'_>,
    rows: &BTreeSet<PrincipalRow>,
    roots: &Section<Uuid, Role>,
) -> Section<PrincipalRow, BTreeSet<Uuid>> {
    match held_by(source, rows, roots).await {
        Ok(pairs) => Section::only(rows.clone(), grouped(rows, pairs)),
        Err(problem) => Section::Unreadable(problem),
    }
}

async fn held_by(
    source: Source<'_>,
    rows: &BTreeSet<PrincipalRow>,
    roots: &Section<Uuid, Role>,
) -> Result<Vec<(PrincipalRow, Uuid)>, Problem> {
    let (mut users, mut teams) = (Vec::new(), Vec::new());
    for row in rows {
        match row {
            PrincipalRow::User(id) => users.push(*id),
            PrincipalRow::Team(id) => teams.push(*id),
            PrincipalRow::Organization(_) => {}
        }
    }
    let (mut held, of_teams) = try_join(
        source.by_keys(USER_ROLES, Column::Attribute("systemuserid"), users, ""),
        source.by_keys(TEAM_ROLES, Column::Attribute("teamid"), teams, ""),
    )
    .await?;
    held.extend(of_teams);
    // A root role is its own copy; what is not a root is the copy of one, which has to be asked for.
    let unknown: BTreeSet<Uuid> = held.iter().map(|(_, role)| *role).filter(|role| roots.row(role).is_none()).collect();
    let copies = source.by_keys(COPIES, Column::Attribute("roleid"), &unknown, "").await?;
    let root_of: BTreeMap<Uuid, Uuid> = copies.into_iter().map(|copy| (copy.row, copy.root)).collect();
    Ok(held.into_iter().map(|(row, role)| (row, root_of.get(&role).copied().unwrap_or(role))).collect())
}
