//! A principal that holds a role, at the business unit whose copy of the role it holds.
use std::cmp::Ordering;
use std::fmt;

use crate::inventory::Inventory;
use crate::inventory::people::{PrincipalRow, TeamKind, UnitRef};
use crate::inventory::section::{Answer, not_asked};
use crate::ledger::{Key, Reason};
use crate::principal::Principal;
use crate::problem::{Cause, Problem};

/// Why somebody does not come in who has no row and a disabled account.
pub const DISABLED_ACCOUNT: &str =
    "its account is disabled in Entra ID, so nothing brings it in; enable it or take it out";

/// A principal at a business unit.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The principal.
    pub principal: Principal,
    /// The business unit whose copy of the role is held.
    pub unit: UnitRef,
    /// Whether that is the principal's own unit, which goes without saying; no part of the identity.
    pub own: bool,
}

impl Holder {
    /// A principal at its own business unit, or at the one that is named; `Err` when its own is not known.
    pub fn new(inventory: &Inventory, principal: Principal, named: Option<UnitRef>) -> Result<Self, Problem> {
        let own = own_unit(inventory, &principal);
        match (named, own) {
            (Some(unit), own) => Ok(Self { own: own.is_ok_and(|own| own.id == unit.id), principal, unit }),
            (None, own) => Ok(Self { principal, unit: own?, own: true }),
        }
    }

    /// Why a role cannot be given to the holder, if so.
    pub fn hindrance(&self, inventory: &Inventory) -> Option<Reason> {
        if let Answer::Found(row) = inventory.row_of(&self.principal)
            && let Some(reason) = row_hindrance(inventory, row)
        {
            return Some(reason);
        }
        if inventory.cannot_come(&self.principal) {
            return Some(Reason::Refused(DISABLED_ACCOUNT.into()));
        }
        if self.own {
            return None;
        }
        // Without this setting a principal holds only copies of its own unit (Learn: record ownership across business
        // units).
        match inventory.settings.known() {
            Ok(settings) if settings.ownership_across_units => None,
            Ok(_) => Some(Reason::Refused(
                format!("the organisation lets nobody hold roles of another business unit ({})", self.unit).into(),
            )),
            Err(problem) => Some(Reason::Unread(problem)),
        }
    }

    fn identity(&self) -> (&Principal, &UnitRef) {
        (&self.principal, &self.unit)
    }
}

/// Why the roles of a row are not changed, if the service is known to refuse it.
pub(super) fn row_hindrance(inventory: &Inventory, row: PrincipalRow) -> Option<Reason> {
    match row {
        PrincipalRow::User(id) => {
            // `AllowRoleAssignmentOnDisabledUsers` is off where it was recorded; the refusal itself is inferred.
            let allowed = inventory.settings.value().is_some_and(|settings| settings.roles_on_disabled_users);
            let disabled = inventory.users.row(&id).is_some_and(|user| user.disabled);
            (disabled && !allowed).then(|| Reason::Refused("disabled user: Dataverse refuses role changes".into()))
        }
        // 0x80048331 (Learn: Web service error codes).
        PrincipalRow::Team(id) => inventory
            .teams
            .row(&id)
            .is_some_and(|team| team.kind == TeamKind::Access)
            .then(|| Reason::Refused("an access team holds no roles".into())),
        PrincipalRow::Organization(_) => None,
    }
}

/// The business unit that a principal is in, or will be in once it has a row.
fn own_unit(inventory: &Inventory, principal: &Principal) -> Result<UnitRef, Problem> {
    let unknown =
        || Problem::without_request(Cause::Incomplete, "Dataverse", "the root business unit is not known", "");
    let root = || inventory.root_unit().ok_or_else(|| inventory.units.doubt().unwrap_or_else(unknown));
    match (inventory.row_of(principal), principal) {
        (Answer::Found(row), _) => inventory.unit_of(row).map_or_else(root, |unit| Ok(inventory.unit_ref(unit))),
        (Answer::Unreadable(problem), _) => Err(problem),
        (Answer::NotAsked, _) => Err(not_asked()),
        (Answer::Absent, Principal::Group { .. }) => {
            inventory.environment.group_unit.map_or_else(root, |unit| Ok(inventory.unit_ref(unit)))
        }
        (
            Answer::Absent,
            Principal::User { .. }
            | Principal::Application { .. }
            | Principal::Team { .. }
            | Principal::Everyone
            | Principal::Unnamed { .. },
        ) => root(),
    }
}

impl PartialEq for Holder {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for Holder {}

impl PartialOrd for Holder {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Holder {
    fn cmp(&self, other: &Self) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

impl Key for Holder {
    fn key(&self) -> String {
        format!("{}@{}", self.principal.identity(), self.unit.id)
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.own {
            return self.principal.fmt(formatter);
        }
        write!(formatter, "{} @ {}", self.principal, self.unit)
    }
}
