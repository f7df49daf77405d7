//! Everything that manifests give, subject by subject, and where they say so.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::paper::{Extended, Name, Paper, Reach};
use super::words::{connection_words, flow_words, identity, role_words};
use crate::compile::desired::{
    Connection, ConnectionTarget, Desired, DesiredEnvironment, Flow, FlowName, List, Role, State, UnmanagedLayer,
};
use crate::ledger::{Held, Level, Want};
use crate::names::{ConnectionMode, folded};
use crate::place::Place;

/// Something that manifests give, and where they say so.
pub(super) struct Given {
    level: Extended,
    place: Place,
}

impl Given {
    pub(super) fn want(&self) -> Want<Paper> {
        Want { level: Some(self.level.clone()), place: self.place.clone(), blocked: None, at_most: false }
    }

    pub(super) fn held(&self) -> Held<Paper> {
        Held { level: self.level.clone(), reason: None }
    }
}

pub(super) type Paperwork = BTreeMap<Name, BTreeMap<Name, Given>>;

/// Everything that manifests give in every environment.
pub(super) fn given(desired: &Desired) -> Paperwork {
    let mut paper = Writer::default();
    for environment in &desired.environments {
        paper.environment(environment);
    }
    paper.work
}

#[derive(Default)]
struct Writer {
    work: Paperwork,
    /// The environment that is written about.
    environment: String,
}

impl Writer {
    fn give(&mut self, subject: &str, entry: String, what: Reach, until: Option<Date>, place: &Place) {
        let subject = Name(format!("{}, {subject}", self.environment));
        let level = Extended { what, until };
        let entries = self.work.entry(subject).or_default();
        // Said twice, the further one counts. Two that cannot be compared are a contradiction, which is an error by itself.
        match entries.get(&Name(entry.clone())) {
            Some(known) if known.level.reach(&level).is_some_and(Ordering::is_ge) => {}
            Some(_) | None => _ = entries.insert(Name(entry), Given { level, place: place.clone() }),
        }
    }

    fn environment(&mut self, desired: &DesiredEnvironment) {
        let DesiredEnvironment { today: _, environment, roles, assignments, environment_roles, flows, policies: _ } =
            desired;
        let address = environment.url.as_ref().or(environment.environment_id.as_ref());
        let address = address.map(|address| folded(&address.value)).unwrap_or_default();
        self.environment = format!("{} ({address})", environment.name);
        self.rails(desired);
        for role in roles.iter().filter(|role| role.state == State::Present) {
            self.role(role);
        }
        for assignment in assignments {
            let unit = assignment.business_unit.as_ref().map(|unit| format!(" in {}", folded(&unit.value)));
            let subject = format!("role assignment {}{}", role_words(&assignment.role.value), unit.unwrap_or_default());
            self.list(&subject, &assignment.members);
        }
        for roles in environment_roles {
            self.list(&format!("environment role {}", roles.role.value), &roles.members);
        }
        for flow in flows {
            self.flow(flow, flows);
        }
    }

    fn role(&mut self, role: &Role) {
        let subject = format!("security role {}", role_words(&role.role.value));
        self.give(&subject, "the role".to_owned(), Reach::Given, None, &role.role.place);
        if role.allow_unmanaged_layer {
            self.give(&subject, "an unmanaged layer".to_owned(), Reach::Given, None, &role.place);
        }
        if let Some(inheritance) = role.member_inheritance.as_ref().filter(|inheritance| inheritance.value) {
            self.give(&subject, "reaching members".to_owned(), Reach::Given, None, &inheritance.place);
        }
        for privilege in &role.privileges {
            if let Some(depth) = privilege.depth {
                let entry = format!("{} on {}", privilege.operation, folded(&privilege.table.value));
                self.give(&subject, entry, Reach::Depth(depth), privilege.expires, &privilege.place);
            }
        }
        for privilege in &role.miscellaneous {
            if let Some(depth) = privilege.depth {
                let entry = folded(&privilege.name.value);
                self.give(&subject, entry, Reach::Depth(depth), privilege.expires, &privilege.place);
            }
        }
    }

    fn flow(&mut self, flow: &Flow, all: &[Flow]) {
        let subject = flow_words(&flow.flow.value);
        if flow.allow_unmanaged_layer {
            self.give(&subject, "an unmanaged layer".to_owned(), Reach::Given, None, &flow.place);
        }
        // Saying that a connection is the caller's own gives nobody anything, but where a broader line would lend it.
        for line in flow.connections.iter().filter(|line| line.mode != ConnectionMode::ProvidedByRunOnlyUser) {
            let lent = Reach::Lent(exceptions(flow, line, all));
            self.give(&subject, connection_words(&line.target), lent, None, &line.place);
        }
        let references: BTreeSet<String> = flow.read_references.iter().map(|name| folded(&name.value)).collect();
        let readers = if references.is_empty() {
            "readers".to_owned()
        } else {
            format!("readers of {}", references.into_iter().collect::<Vec<_>>().join(", "))
        };
        let lists = [
            ("run-only", &flow.run_only_users),
            ("co-owners", &flow.owners),
            (readers.as_str(), &flow.reference_readers),
        ];
        for (name, list) in lists {
            if let Some(list) = list {
                self.list(&format!("{subject}, {name}"), list);
            }
        }
    }

    fn list(&mut self, subject: &str, list: &List) {
        for member in list.members.iter().filter(|member| member.state == State::Present) {
            self.give(subject, identity(member), Reach::Given, member.expires, &member.place);
        }
    }

    /// What lets more through without giving anybody anything by itself.
    fn rails(&mut self, desired: &DesiredEnvironment) {
        let environment = &desired.environment;
        let (rails, place) = (&environment.rails, &environment.place);
        let subject = "what may be given";
        for (what, value) in [
            ("tenant", environment.tenant.map(|tenant| tenant.to_string()).unwrap_or_default()),
            ("credentials", environment.credentials.clone().unwrap_or_default()),
        ] {
            self.give(subject, what.to_owned(), Reach::Exactly(value), None, place);
        }
        self.give(subject, "rail max-audience".to_owned(), Reach::UpTo(rails.max_audience), None, place);
        for member in &rails.privileged_grant {
            self.give(
                subject,
                format!("rail privileged-grant for {}", identity(member)),
                Reach::Given,
                None,
                &member.place,
            );
        }
        match rails.unmanaged_layer {
            UnmanagedLayer::Refused => {}
            UnmanagedLayer::Allowed => self.give(subject, "rail unmanaged-layer".to_owned(), Reach::Given, None, place),
        }
    }
}

/// The more specific lines that take back what a line lends: of the same flow, and of others where it is one of several.
fn exceptions(flow: &Flow, line: &Connection, all: &[Flow]) -> BTreeSet<String> {
    let several = match &flow.flow.value {
        FlowName::AllOfSolution(_) | FlowName::AllOfAgent(_) => true,
        FlowName::Name(_) | FlowName::Id { .. } | FlowName::InSolution { .. } => false,
    };
    let mut exceptions = BTreeSet::new();
    for other in all.iter().filter(|other| several || other.flow.value == flow.flow.value) {
        let own = other.flow.value == flow.flow.value;
        let restricted = other.connections.iter().filter(|other| {
            other.mode == ConnectionMode::ProvidedByRunOnlyUser && rank(&other.target) >= rank(&line.target)
        });
        let words = restricted.filter(|other| other.target != line.target || !own);
        exceptions.extend(words.map(|other_line| {
            let words = connection_words(&other_line.target);
            if own { words } else { format!("{words} of {}", flow_words(&other.flow.value)) }
        }));
    }
    exceptions
}

/// How specific a line is; the more specific one counts.
fn rank(target: &ConnectionTarget) -> u8 {
    match target {
        ConnectionTarget::All => 0,
        ConnectionTarget::Connector(_) => 1,
        ConnectionTarget::LogicalName(_) => 2,
        ConnectionTarget::Key(_) => 3,
    }
}
