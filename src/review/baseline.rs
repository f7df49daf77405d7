//! Whether anybody could gain anything that another set of manifests does not give: compared offline, names as identities.
//!
//! The comparison is conservative: what cannot be told to be the same counts as new. A group that is named by id here and
//! by name there is another group; an environment with another address is another environment.
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;

use super::policy::words;
use crate::compile::desired::{
    ConnectionTarget, Desired, DesiredEnvironment, FlowName, List, Member, RoleName, State, UnmanagedLayer,
};
use crate::finding::Finding;
use crate::ledger::{
    Claim, Effect, Entries, Extent, Held, Key, Ledger, Level, Sight, Standing, Verdict, Want, Wanted, diff,
};
use crate::names::{ConnectionMode, Depth, folded};
use crate::place::Place;
use crate::principal::PrincipalName;
use crate::rules::Rule;

/// Says of everything that `now` gives and `baseline` does not.
pub fn new_access(baseline: &Desired, now: &Desired) -> Vec<Finding> {
    let (before, after) = (given(baseline), given(now));
    let mut findings = Vec::new();
    for (subject, entries) in &after {
        let wanted = Wanted::<Paper> {
            extent: Extent::Named,
            entries: entries.iter().map(|(entry, given)| (entry.clone(), given.want())).collect(),
            place: Place::start_of(""),
            unresolved: Vec::new(),
            layer: false,
        };
        let held: Entries<Paper> =
            before.get(subject).into_iter().flatten().map(|(entry, given)| (entry.clone(), given.held())).collect();
        let sight = Sight::Found { entries: held, standing: None, gap: None };
        let Verdict::Compared { changes, .. } = diff(&wanted, sight) else { continue };
        for change in changes {
            let message = match (change.effect(), &change.from) {
                (Effect::Narrows, _) => continue,
                (_, None) => format!("{subject}: {} is new", change.entry),
                (_, Some(from)) => {
                    let to = change.to.as_ref().map(ToString::to_string).unwrap_or_default();
                    format!("{subject}: {} is `{to}`, and `{from}` in the baseline", change.entry)
                }
            };
            findings.push(Finding::error(Rule::NewAccess, &change.place, message));
        }
    }
    findings
}

/// What manifests give on paper: subject → entry : level, by names.
#[derive(Clone, Debug, PartialEq)]
struct Paper;

/// A name that is its own identity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Name(String);

impl Key for Name {
    fn key(&self) -> String {
        self.0.clone()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// How far something is given, and until when.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Extended {
    what: Reach,
    until: Option<Date>,
}

/// How far something is given.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reach {
    /// It is given.
    Given,
    /// At a depth.
    Depth(Depth),
    /// With a mode.
    Mode(ConnectionMode),
    /// Up to a number.
    UpTo(u32),
    /// With a value that has no order.
    Exactly(String),
}

impl Level for Extended {
    /// Without a last day it reaches furthest; more of one and less of the other is neither more nor less.
    fn reach(&self, other: &Self) -> Option<Ordering> {
        let what = match (&self.what, &other.what) {
            (Reach::Given, Reach::Given) => Some(Ordering::Equal),
            (Reach::Depth(own), Reach::Depth(other)) => crate::kinds::security_role::entry::RoleLevel::Depth(*own)
                .reach(&crate::kinds::security_role::entry::RoleLevel::Depth(*other)),
            (Reach::Mode(own), Reach::Mode(other)) => own.reach(other),
            (Reach::UpTo(own), Reach::UpTo(other)) => Some(own.cmp(other)),
            (Reach::Exactly(own), Reach::Exactly(other)) => (own == other).then_some(Ordering::Equal),
            (Reach::Given | Reach::Depth(_) | Reach::Mode(_) | Reach::UpTo(_) | Reach::Exactly(_), _) => None,
        }?;
        let until = match (self.until, other.until) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(own), Some(other)) => own.cmp(&other),
        };
        match (what, until) {
            (same, Ordering::Equal) | (Ordering::Equal, same) => Some(same),
            (one, other) => (one == other).then_some(one),
        }
    }

    fn word(&self) -> String {
        self.to_string()
    }
}

impl fmt::Display for Extended {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Reach::Given => formatter.write_str("given")?,
            Reach::Depth(depth) => formatter.write_str(depth.key())?,
            Reach::Mode(mode) => formatter.write_str(mode.key())?,
            Reach::UpTo(most) => write!(formatter, "{most}")?,
            Reach::Exactly(value) => formatter.write_str(value)?,
        }
        match self.until {
            Some(day) => write!(formatter, " until {day}"),
            None => Ok(()),
        }
    }
}

impl Ledger for Paper {
    const NAME: &'static str = "manifests";
    type Subject = Name;
    type Entry = Name;
    type Level = Extended;
    type Extent = Extent;

    fn claim(extent: &Extent, _: &Name, _: Option<&Extended>, standing: &Standing) -> Claim {
        standing.claim(*extent)
    }
}

/// Something that manifests give, and where they say so.
struct Given {
    level: Extended,
    place: Place,
}

impl Given {
    fn want(&self) -> Want<Paper> {
        Want { level: Some(self.level.clone()), place: self.place.clone(), blocked: None }
    }

    fn held(&self) -> Held<Paper> {
        Held { level: self.level.clone(), reason: None }
    }
}

type Paperwork = BTreeMap<Name, BTreeMap<Name, Given>>;

/// Everything that manifests give in every environment.
fn given(desired: &Desired) -> Paperwork {
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
        for assignment in assignments {
            let unit = assignment.business_unit.as_ref().map(|unit| format!(" in {}", folded(&unit.value)));
            let subject = format!("role assignment {}{}", role_words(&assignment.role.value), unit.unwrap_or_default());
            self.list(&subject, &assignment.members);
        }
        for roles in environment_roles {
            self.list(&format!("environment role {}", roles.role.value), &roles.members);
        }
        for flow in flows {
            let subject = flow_words(&flow.flow.value);
            if flow.allow_unmanaged_layer {
                self.give(&subject, "an unmanaged layer".to_owned(), Reach::Given, None, &flow.place);
            }
            for connection in &flow.connections {
                let entry = match &connection.target {
                    ConnectionTarget::All => "every other connection".to_owned(),
                    ConnectionTarget::Connector(name) => format!("connections of connector {}", folded(name)),
                    ConnectionTarget::LogicalName(name) => format!("connection {}", folded(name)),
                    ConnectionTarget::Key(name) => format!("connection with key {name}"),
                };
                // Saying that a connection is the caller's own gives nobody anything.
                if connection.mode != ConnectionMode::ProvidedByRunOnlyUser {
                    self.give(&subject, entry, Reach::Mode(connection.mode), None, &connection.place);
                }
            }
            let lists =
                [("run-only", &flow.run_only_users), ("co-owners", &flow.owners), ("readers", &flow.reference_readers)];
            for (name, list) in lists {
                if let Some(list) = list {
                    self.list(&format!("{subject}, {name}"), list);
                }
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

/// A principal by its id, and by its name only where there is none; a group by its membership type too.
fn identity(member: &Member) -> String {
    let words = words(&member.principal);
    match &member.principal {
        PrincipalName::Group { id: Some(id), membership, .. } => format!("{words} ({id}, {})", membership.key()),
        PrincipalName::Group { id: None, membership, .. } => format!("{} ({})", folded(&words), membership.key()),
        PrincipalName::User { id: Some(id), .. } | PrincipalName::Team { id: Some(id), .. } => {
            format!("{words} ({id})")
        }
        PrincipalName::Application { id, .. } => format!("application {id}"),
        PrincipalName::Team { id: None, business_unit: Some(unit), .. } => {
            format!("{} in {}", folded(&words), folded(unit))
        }
        PrincipalName::User { id: None, .. } | PrincipalName::Team { id: None, business_unit: None, .. } => {
            folded(&words)
        }
    }
}

fn role_words(role: &RoleName) -> String {
    match role {
        RoleName::Name(name) => folded(name),
        RoleName::BuiltIn(role) => role.names()[0].to_owned(),
        RoleName::Id { id, .. } => id.to_string(),
    }
}

fn flow_words(flow: &FlowName) -> String {
    match flow {
        FlowName::Name(name) => format!("flow {}", folded(name)),
        FlowName::Id { id, .. } => format!("flow {id}"),
        FlowName::InSolution { solution, name } => format!("flow {} of solution {}", folded(name), folded(solution)),
        FlowName::AllOfSolution(solution) => format!("flows of solution {}", folded(solution)),
        FlowName::AllOfAgent(agent) => format!("flows of agent {}", folded(agent)),
    }
}

/// The lists of a baseline that are exact and are not any more: what is clicked into them stays from now on.
pub fn no_longer_exact(baseline: &Desired, now: &Desired) -> Vec<Finding> {
    let (before, after) = (exact(baseline), exact(now));
    let found = before.difference(&after).map(|(environment, list)| {
        let message =
            format!("{environment}, {list}: exact in the baseline and not any more, so what is clicked into it stays");
        let place = now.environments.iter().find(|other| other.environment.name.as_str() == environment);
        Finding::new(
            crate::finding::Severity::Warning,
            Rule::NewAccess,
            place.map(|other| other.environment.place.clone()),
            message,
        )
    });
    found.collect()
}

fn exact(desired: &Desired) -> BTreeSet<(String, String)> {
    let mut lists = BTreeSet::new();
    for wanted in &desired.environments {
        let environment = wanted.environment.name.to_string();
        let is_exact = |list: &List| list.extent.as_ref().is_some_and(|extent| extent.value == Extent::Exact);
        for assignment in wanted.assignments.iter().filter(|assignment| is_exact(&assignment.members)) {
            lists.insert((environment.clone(), format!("role assignment {}", role_words(&assignment.role.value))));
        }
        for roles in wanted.environment_roles.iter().filter(|roles| is_exact(&roles.members)) {
            lists.insert((environment.clone(), format!("environment role {}", roles.role.value)));
        }
        for role in &wanted.roles {
            if role.extent.as_ref().is_some_and(|extent| extent.value == Extent::Exact) {
                lists.insert((environment.clone(), format!("security role {}", role_words(&role.role.value))));
            }
        }
        for flow in &wanted.flows {
            for (name, list) in [("run-only", &flow.run_only_users), ("co-owners", &flow.owners)] {
                if list.as_ref().is_some_and(is_exact) {
                    lists.insert((environment.clone(), format!("{}, {name}", flow_words(&flow.flow.value))));
                }
            }
        }
    }
    lists
}

#[cfg(test)]
mod tests;
