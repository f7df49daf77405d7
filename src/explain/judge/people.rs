//! Requirements about people: who is in the environment, in its security group, and who may talk to an agent.
use uuid::Uuid;

use super::Judge;
use crate::access::{Crowd, Moment, Reach};
use crate::inventory::agents::AgentAccess;
use crate::inventory::section::{Answer, Reading};
use crate::inventory::things::Rights;

impl Judge<'_> {
    pub(super) fn members(&self) -> Crowd {
        match self.moment {
            // Whoever may be in the environment comes in with his first access; whether he may is asked beside this.
            Moment::NextAccess => Crowd::of(self.everybody()),
            Moment::Now => {
                let here = Crowd::of(self.who(|person| person.row.is_some()));
                match self.inventory().users.doubt() {
                    Some(_) => here.or(&Crowd::perhaps(self.who(|person| person.row.is_none()))),
                    None => here,
                }
            }
        }
    }

    pub(super) fn in_security_group(&self) -> (Crowd, Option<&'static str>) {
        let inventory = self.inventory();
        let group = match &inventory.security_group {
            Reading::Read(None) => return (Crowd::of(self.everybody()), None),
            Reading::Read(Some(group)) => *group,
            Reading::NotAsked => {
                let why = "not asked for: name `environmentId` in the Environment document";
                return (Crowd::of(self.everybody()), Some(why));
            }
            Reading::Unreadable(_) => {
                let why = "it could not be read";
                return (Crowd::of(self.everybody()), Some(why));
            }
        };
        (self.in_group(group), None)
    }

    /// The people of an Entra group, those of nested groups included.
    pub(super) fn in_group(&self, group: Uuid) -> Crowd {
        let inventory = self.inventory();
        match inventory.group_members.get(&group) {
            Answer::Found(members) => {
                return Crowd::of(self.who(|person| person.object.is_some_and(|object| members.contains(&object))));
            }
            // A group that is not there has nobody in it.
            Answer::Absent => return Crowd::nobody(),
            Answer::Unreadable(_) | Answer::NotAsked => {}
        }
        let groups = |person: &crate::access::Person| match inventory.user_groups.get(&person.object?) {
            Answer::Found(groups) => Some(groups.contains(&group)),
            Answer::Absent | Answer::Unreadable(_) | Answer::NotAsked => None,
        };
        let certain = Crowd::of(self.who(|person| groups(person) == Some(true)));
        certain.or(&Crowd::perhaps(self.who(|person| groups(person).is_none())))
    }

    /// Whoever may talk to an agent (Learn: share agents; bot table reference, `accesscontrolpolicy`).
    pub(super) fn may_talk_to(&self, id: Uuid) -> Crowd {
        let Answer::Found(agent) = self.inventory().bots.get(&id) else { return self.everybody_if(None) };
        let readers =
            || self.access.reach(Reach { right: Rights::READ, owner: agent.owner, id, holders: &self.agents });
        match agent.access {
            AgentAccess::Anyone | AgentAccess::AnyTenant => Crowd::of(self.everybody()),
            AgentAccess::Readers => readers(),
            AgentAccess::Groups => agent.groups.iter().fold(readers(), |all, group| all.or(&self.in_group(*group))),
            AgentAccess::Other(_) => {
                let known = readers();
                known.or(&self.everybody_if(None))
            }
        }
    }
}
