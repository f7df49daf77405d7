//! Which principal a row is and which row a principal has, and where both belong.
use uuid::Uuid;

use crate::inventory::people::{PrincipalRow, TeamKind, User, UserKind};
use crate::inventory::section::Answer;
use crate::inventory::{Inventory, section};
use crate::names::{Ref, Text, Unit, folded};
use crate::principal::Principal;
use crate::problem::Problem;

impl Inventory {
    /// The root business unit.
    pub fn root_unit(&self) -> Option<Ref<Unit>> {
        self.units.rows().find(|(_, unit)| unit.parent.is_none()).map(|(id, unit)| Ref::new(unit.name.clone(), *id))
    }

    /// A business unit by its id, under its name if that is known.
    pub fn unit_ref(&self, id: Uuid) -> Ref<Unit> {
        Ref::new(self.units.row(&id).map_or_else(|| id.to_string().into(), |unit| unit.name.clone()), id)
    }

    /// The id that a new role gets: derived from organisation and name, so that identity exists before the thing.
    pub fn derived_role_id(&self, name: &str) -> Uuid {
        let namespace = self.environment.organization.unwrap_or(Uuid::NAMESPACE_OID);
        Uuid::new_v5(&namespace, format!("role:{}", folded(name)).as_bytes())
    }

    /// The id under which a row stands that does not exist yet.
    pub fn derived_row_id(&self, principal: &Principal) -> Uuid {
        let namespace = self.environment.organization.unwrap_or(Uuid::NAMESPACE_OID);
        Uuid::new_v5(&namespace, principal.identity().as_bytes())
    }

    /// The principal that a row is, and why its own row could not be read, if so.
    pub fn principal_of(&self, row: PrincipalRow) -> (Principal, Option<Problem>) {
        let unknown = |what: &str, answer_problem| {
            let name = Text::from(format!("{what} {}", row.id()));
            (Principal::Unnamed { name, row: row.id() }, Some(answer_problem))
        };
        match row {
            PrincipalRow::User(id) => match self.users.get(&id) {
                Answer::Found(user) => (user.principal(id), None),
                Answer::Absent => (Principal::Unnamed { name: "deleted user".into(), row: id }, None),
                Answer::Unreadable(problem) => unknown("user", problem),
                Answer::NotAsked => unknown("user", section::not_asked()),
            },
            PrincipalRow::Team(id) => match self.teams.get(&id) {
                Answer::Found(team) => (team.principal(id), None),
                Answer::Absent => (Principal::Unnamed { name: "deleted team".into(), row: id }, None),
                Answer::Unreadable(problem) => unknown("team", problem),
                Answer::NotAsked => unknown("team", section::not_asked()),
            },
            PrincipalRow::Organization(_) => (Principal::Everyone, None),
        }
    }

    /// The row of a principal in this environment.
    pub fn row_of(&self, principal: &Principal) -> Answer<PrincipalRow> {
        let users = |wanted: &dyn Fn(&User) -> bool| match (
            self.users.rows().find(|(_, user)| wanted(user)),
            self.users.doubt(),
        ) {
            (Some((id, _)), _) => Answer::Found(PrincipalRow::User(*id)),
            (None, Some(problem)) => Answer::Unreadable(problem),
            (None, None) => Answer::Absent,
        };
        match principal {
            Principal::User { id, .. } => users(&|user| user.object == Some(*id) && user.kind == UserKind::Person),
            Principal::Application { id, .. } => users(&|user| user.application == Some(*id)),
            Principal::Group { id, membership, .. } => {
                let team = self.teams.rows().find(|(_, team)| {
                    team.group == Some(*id)
                        && team.membership == *membership
                        && matches!(team.kind, TeamKind::SecurityGroup | TeamKind::OfficeGroup)
                });
                match (team, self.teams.doubt()) {
                    (Some((id, _)), _) => Answer::Found(PrincipalRow::Team(*id)),
                    (None, Some(problem)) => Answer::Unreadable(problem),
                    (None, None) => Answer::Absent,
                }
            }
            Principal::Team { id, .. } => match self.teams.get(id) {
                Answer::Found(_) => Answer::Found(PrincipalRow::Team(*id)),
                Answer::Absent => Answer::Absent,
                Answer::Unreadable(problem) => Answer::Unreadable(problem),
                Answer::NotAsked => Answer::NotAsked,
            },
            Principal::Everyone | Principal::Unnamed { .. } => Answer::Absent,
        }
    }

    /// The business unit of a principal's row.
    pub fn unit_of(&self, row: PrincipalRow) -> Option<Uuid> {
        match row {
            PrincipalRow::User(id) => self.users.row(&id).map(|user| user.unit),
            PrincipalRow::Team(id) => self.teams.row(&id).map(|team| team.unit),
            PrincipalRow::Organization(_) => None,
        }
    }

    /// Whether a principal's row is there and disabled.
    pub fn is_disabled(&self, principal: &Principal) -> bool {
        match self.row_of(principal) {
            Answer::Found(PrincipalRow::User(id)) => self.users.row(&id).is_some_and(|user| user.disabled),
            Answer::Found(PrincipalRow::Team(_) | PrincipalRow::Organization(_))
            | Answer::Absent
            | Answer::Unreadable(_)
            | Answer::NotAsked => false,
        }
    }

    /// Whether a person has no row here and a disabled account, which neither Dataverse nor the admin API brings in.
    pub fn cannot_come(&self, principal: &Principal) -> bool {
        let Principal::User { id, .. } = principal else { return false };
        let disabled = self.directory.row(id).is_some_and(|entry| !entry.enabled);
        disabled && matches!(self.row_of(principal), Answer::Absent)
    }
}
