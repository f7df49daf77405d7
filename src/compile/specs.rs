//! Specs with an environment's variables in them become wants.
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use crate::compile::desired::{
    Assignment, Connection, ConnectionTarget, DesiredEnvironment, EnvironmentRoles, Flow, FlowName, List, Member,
    NamedPrivilege, Placed, Policy, PrincipalName, Role, RoleName, State, TablePrivilege,
};
use crate::finding::{Finding, did_you_mean};
use crate::kinds::principals::{self as written, Principal, User};
use crate::kinds::security_role::spec::{Grant, Inheritance};
use crate::kinds::{flow, policy, role_assignment, security_role};
use crate::ledger::Extent;
use crate::manifest::Document;
use crate::manifest::document::Read;
use crate::manifest::envelope::Kind;
use crate::manifest::node::escape;
use crate::manifest::variables::Variables;
use crate::names::{BuiltInRole, Depth, Membership};
use crate::place::Place;
use crate::rules::Rule;

/// Adds what a document wants of an environment.
pub(super) fn add(
    document: &Document,
    variables: Variables<'_>,
    today: Date,
    wanted: &mut DesiredEnvironment,
    findings: &mut Vec<Finding>,
) {
    let membership = wanted.environment.group_teams.membership;
    let mut compiler = Compiler { document, today, membership, findings };
    match document.kind {
        Kind::Environment => {}
        Kind::SecurityRole => {
            if let Some(read) = compiler.read(variables) {
                wanted.roles.push(compiler.role(&read));
            }
        }
        Kind::RoleAssignment => {
            if let Some(read) = compiler.read(variables) {
                compiler.assignment(&read, wanted);
            }
        }
        Kind::Flow => {
            if let Some(read) = compiler.read(variables) {
                wanted.flows.extend(compiler.flow(&read));
            }
        }
        Kind::Policy => {
            if let Some(read) = compiler.read(variables) {
                wanted.policies.push(compiler.policy(&read));
            }
        }
    }
}

/// From how many days before its last one a thing is said to end.
const DAYS_AHEAD: i32 = 14;

struct Compiler<'run> {
    document: &'run Document,
    today: Date,
    membership: Membership,
    findings: &'run mut Vec<Finding>,
}

impl Compiler<'_> {
    fn read<S: DeserializeOwned>(&mut self, variables: Variables<'_>) -> Option<Read<S>> {
        match self.document.spec(Some(variables)) {
            Ok(read) => Some(read),
            Err(mut problems) => {
                self.findings.append(&mut problems);
                None
            }
        }
    }

    fn role(&mut self, read: &Read<security_role::spec::Spec>) -> Role {
        let security_role::spec::Spec {
            role,
            description,
            member_privilege_inheritance,
            solution,
            allow_unmanaged_layer,
            extent,
            allow_empty,
            privileges,
            miscellaneous,
        } = &read.spec;
        let mut on_tables = Vec::new();
        for (table, operations) in privileges {
            let pointer = format!("/privileges/{}", escape(table));
            let table = Placed { value: table.clone(), place: read.key_place(&pointer) };
            for (operation, grant) in &operations.0 {
                let pointer = format!("{pointer}/{operation}");
                let (depth, expires) = self.grant(grant);
                self.say_expiry(&read.key_place(&pointer), expires);
                on_tables.push(TablePrivilege {
                    table: table.clone(),
                    operation: *operation,
                    depth,
                    expires,
                    place: read.key_place(&pointer),
                });
            }
        }
        let mut named = Vec::new();
        for (name, grant) in miscellaneous {
            let place = read.key_place(&format!("/miscellaneous/{}", escape(name)));
            let (depth, expires) = self.grant(grant);
            self.say_expiry(&place, expires);
            let name = Placed { value: name.clone(), place: place.clone() };
            named.push(NamedPrivilege { name, depth, expires, place });
        }
        let extent = extent.map(|extent| Placed { value: extent, place: read.key_place("/extent") });
        let lists_nothing = privileges.values().all(|operations| operations.0.is_empty()) && miscellaneous.is_empty();
        if self.document.state == State::Present && !allow_empty && lists_nothing {
            self.report_empty(extent.as_ref(), extent.as_ref().map(|extent| &extent.place), "removes every privilege");
        }
        Role {
            place: self.document.place.clone(),
            role: Placed { value: role_name(role), place: read.place("/role") },
            state: self.document.state,
            description: description
                .as_ref()
                .map(|text| Placed { value: text.clone(), place: read.place("/description") }),
            member_inheritance: member_privilege_inheritance.map(|inheritance| Placed {
                value: match inheritance {
                    Inheritance::Direct => true,
                    Inheritance::TeamOnly => false,
                },
                place: read.place("/memberPrivilegeInheritance"),
            }),
            solution: solution.clone(),
            allow_unmanaged_layer: *allow_unmanaged_layer,
            extent,
            allow_empty: *allow_empty,
            privileges: on_tables,
            miscellaneous: named,
        }
    }

    fn grant(&self, grant: &Grant) -> (Option<Depth>, Option<Date>) {
        match grant {
            Grant::Depth(depth) => (Some(*depth), None),
            Grant::Until(until) => (Some(until.depth).filter(|_| !self.has_passed(until.expires)), until.expires),
            Grant::State(_) => (None, None),
        }
    }

    fn assignment(&mut self, read: &Read<role_assignment::spec::Spec>, wanted: &mut DesiredEnvironment) {
        let role_assignment::spec::Spec { role, environment_role, business_unit, extent, allow_empty, members } =
            &read.spec;
        let list = self.list(read, "", *extent, *allow_empty, members);
        match (role, environment_role) {
            (Some(role), None) => wanted.assignments.push(Assignment {
                place: self.document.place.clone(),
                role: Placed { value: role_name(role), place: read.place("/role") },
                business_unit: business_unit
                    .as_ref()
                    .map(|unit| Placed { value: unit.clone(), place: read.place("/businessUnit") }),
                members: list,
            }),
            (None, Some(role)) => {
                if business_unit.is_some() {
                    let message = "an environment role has no business unit";
                    let place = read.key_place("/businessUnit");
                    self.findings.push(Finding::error(Rule::Shape, &place, message).hint("remove the line"));
                }
                wanted.environment_roles.push(EnvironmentRoles {
                    place: self.document.place.clone(),
                    role: Placed { value: *role, place: read.place("/environmentRole") },
                    members: list,
                });
            }
            (Some(_), Some(_)) => {
                let message = "`role` and `environmentRole` do not go together";
                self.findings.push(
                    Finding::error(Rule::Shape, &read.key_place("/environmentRole"), message)
                        .also(&read.key_place("/role"), "`role` is here")
                        .hint("`role` where there is Dataverse, `environmentRole` where there is none"),
                );
            }
            (None, None) => {
                let message = "the document has neither `role` nor `environmentRole`";
                self.findings.push(
                    Finding::error(Rule::Shape, &self.document.place, message)
                        .hint("`role` where there is Dataverse, `environmentRole` where there is none"),
                );
            }
        }
    }

    fn flow(&mut self, read: &Read<flow::spec::Spec>) -> Option<Flow> {
        let flow::spec::Spec {
            flow,
            flows,
            allow_unmanaged_layer,
            connections,
            run_only_users,
            owners,
            reference_readers,
        } = &read.spec;
        let name = self.flow_name(read, flow.as_ref(), flows.as_ref());
        let is_present = self.document.state == State::Present;
        let mut lines = Vec::new();
        for (target, mode) in connections {
            let place = read.key_place(&format!("/connections/{}", escape(target)));
            match connection_target(target) {
                Ok(target) if is_present => lines.push(Connection { target, mode: *mode, place }),
                Ok(_) => {}
                Err(finding) => self.findings.push(finding(&place)),
            }
        }
        let mut list = |key: &str, list: &Option<written::List>| {
            let list = list.as_ref()?;
            Some(self.list(read, key, list.extent, list.allow_empty, &list.members))
        };
        let run_only_users = list("/runOnlyUsers", run_only_users);
        let owners = list("/owners", owners);
        let readers = reference_readers
            .as_ref()
            .map(|readers| self.list(read, "/referenceReaders", None, false, &readers.members));
        let read_references = reference_readers.iter().flat_map(|readers| readers.references.iter().enumerate());
        let read_references = read_references.map(|(index, name)| Placed {
            value: name.clone(),
            place: read.place(&format!("/referenceReaders/references/{index}")),
        });
        Some(Flow {
            read_references: read_references.collect(),
            place: self.document.place.clone(),
            flow: name?,
            allow_unmanaged_layer: *allow_unmanaged_layer,
            connections: lines,
            run_only_users,
            owners,
            reference_readers: readers,
        })
    }

    fn flow_name(
        &mut self,
        read: &Read<flow::spec::Spec>,
        flow: Option<&flow::spec::FlowName>,
        flows: Option<&flow::spec::Flows>,
    ) -> Option<Placed<FlowName>> {
        use flow::spec::{FlowName as Written, Flows};
        match (flow, flows) {
            (Some(flow), None) => Some(Placed {
                value: match flow.clone() {
                    Written::Name(name) => FlowName::Name(name),
                    Written::Known(known) => FlowName::Id { id: known.id, name: known.name },
                    Written::InSolution(flow) => FlowName::InSolution { solution: flow.solution, name: flow.name },
                },
                place: read.place("/flow"),
            }),
            (None, Some(flows)) => Some(Placed {
                value: match flows.clone() {
                    Flows::Solution { solution } => FlowName::AllOfSolution(solution),
                    Flows::Agent { agent } => FlowName::AllOfAgent(agent),
                },
                place: read.place("/flows"),
            }),
            (Some(_), Some(_)) => {
                let message = "`flow` and `flows` do not go together";
                let finding = Finding::error(Rule::Shape, &read.key_place("/flows"), message);
                self.findings.push(finding.also(&read.key_place("/flow"), "`flow` is here"));
                None
            }
            (None, None) => {
                let message = "the document has neither `flow` nor `flows`";
                self.findings.push(Finding::error(Rule::Shape, &self.document.place, message));
                None
            }
        }
    }

    fn policy(&mut self, read: &Read<policy::spec::Spec>) -> Policy {
        let policy::spec::Spec { rules, everyone, exceptions, risk } = &read.spec;
        let (membership, place) = (self.membership, |key: &str, index: usize| read.place(&format!("/{key}/{index}")));
        let everyone = everyone.iter().enumerate();
        let everyone = everyone.filter_map(|(index, principal)| {
            member(&principal.clone().into(), &place("everyone", index), membership, self.findings)
        });
        let everyone = everyone.collect();
        let mut excepted = Vec::new();
        for (index, exception) in exceptions.iter().enumerate() {
            let place = place("exceptions", index);
            if self.has_passed(exception.expires) {
                let message = "an exception that has expired holds for nobody";
                self.findings.push(Finding::note(Rule::Expired, &place, message).hint("take it out"));
                continue;
            }
            let found = member(&exception.member.clone().into(), &place, membership, self.findings);
            excepted.extend(found.map(|member| (exception.rule, Member { expires: exception.expires, ..member })));
        }
        Policy { place: self.document.place.clone(), rules: *rules, everyone, exceptions: excepted, risk: risk.clone() }
    }

    /// Says ahead of time when something ends, and that something has.
    fn say_expiry(&mut self, place: &Place, expires: Option<Date>) {
        let Some(expires) = expires.filter(|_| self.document.state == State::Present) else { return };
        let days = (expires - self.today).get_days();
        let finding = match days {
            ..0 => {
                let message = format!("expired on {expires}; it is taken away wherever it is still held");
                Finding::note(Rule::Expired, place, message)
                    .hint("take the line out once that is done, or write a later day")
            }
            0 => Finding::note(Rule::ExpiresSoon, place, "expires today, and is taken away from tomorrow on"),
            1..=DAYS_AHEAD => {
                let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
                let message = format!("expires in {days}, on {expires}, and is taken away from the day after on");
                Finding::note(Rule::ExpiresSoon, place, message)
            }
            _ => return,
        };
        self.findings.push(finding);
    }

    fn list<S>(
        &mut self,
        read: &Read<S>,
        key: &str,
        extent: Option<Extent>,
        allow_empty: bool,
        members: &[written::Member],
    ) -> List {
        let place = if key.is_empty() { read.key_place("/members") } else { read.key_place(key) };
        let extent = extent.map(|extent| Placed { value: extent, place: read.key_place(&format!("{key}/extent")) });
        if self.document.state == State::Present && members.is_empty() && !allow_empty {
            self.report_empty(extent.as_ref(), Some(&read.key_place(&format!("{key}/members"))), "revokes everybody");
        }
        let mut list = Vec::new();
        for (index, written) in members.iter().enumerate() {
            let place = read.place(&format!("{key}/members/{index}"));
            let Some(mut member) = member(written, &place, self.membership, self.findings) else { continue };
            if self.document.state == State::Absent || self.has_passed(member.expires) {
                member.state = State::Absent;
            }
            self.say_expiry(&place, member.expires);
            list.push(member);
        }
        List { place, extent, allow_empty, members: list }
    }

    /// The named day is the last one on which a thing is wanted.
    fn has_passed(&self, expires: Option<Date>) -> bool {
        expires.is_some_and(|expires| self.today > expires)
    }

    fn report_empty(&mut self, extent: Option<&Placed<Extent>>, at: Option<&Place>, effect: &str) {
        let Some(Placed { value: Extent::Exact, place }) = extent else { return };
        let message = format!("an exact list that names nothing {effect}");
        self.findings.push(
            Finding::error(Rule::EmptyExact, at.unwrap_or(place), message)
                .hint("if that is meant, write `allowEmpty: true` beside it"),
        );
    }
}

/// Makes a member of what a document writes; one that names nobody is reported.
pub(super) fn member(
    written: &written::Member,
    place: &Place,
    membership: Membership,
    findings: &mut Vec<Finding>,
) -> Option<Member> {
    let (expires, state) = written.standing();
    let mut sync = false;
    let principal = match written.principal() {
        Principal::User { user: User::Name(name) } => PrincipalName::User { name: Some(name), id: None },
        Principal::User { user: User::Known(known) } => PrincipalName::User { name: known.name, id: Some(known.id) },
        Principal::Group { group } => {
            sync = group.sync;
            let membership = group.membership.unwrap_or(membership);
            PrincipalName::Group { name: group.name, id: group.id, membership }
        }
        Principal::Application { application } => {
            PrincipalName::Application { name: application.name, id: application.app_id }
        }
        Principal::Team { team } => {
            PrincipalName::Team { name: team.name, id: team.id, business_unit: team.business_unit }
        }
    };
    let (name, has_id) = match &principal {
        PrincipalName::User { name, id }
        | PrincipalName::Group { name, id, .. }
        | PrincipalName::Team { name, id, .. } => (name, id.is_some()),
        PrincipalName::Application { name, id: _ } => (name, true),
    };
    if name.as_ref().is_some_and(|name| name.trim().is_empty()) || (name.is_none() && !has_id) {
        let message = "a principal without a name and without an id";
        findings.push(Finding::error(Rule::InvalidValue, place, message).hint("give it `id`, `name` or both"));
        return None;
    }
    Some(Member { principal, place: place.clone(), state, expires, sync })
}

/// Makes a role's name of what a document writes; the names of built-in roles differ between organisations, the role does not.
pub(super) fn role_name(written: &security_role::spec::RoleName) -> RoleName {
    match written.clone() {
        security_role::spec::RoleName::Name(name) => {
            BuiltInRole::named(&name).map_or(RoleName::Name(name), RoleName::BuiltIn)
        }
        security_role::spec::RoleName::BuiltIn(role) => RoleName::BuiltIn(role.built_in),
        security_role::spec::RoleName::Known(known) => RoleName::Id { id: known.id, name: known.name },
    }
}

/// Reads `*`, `connector:…`, `key:…` or a logical name.
fn connection_target(written: &str) -> Result<ConnectionTarget, impl FnOnce(&Place) -> Finding> {
    let words = ["connector", "key"];
    let (message, hint) = match written.split_once(':') {
        None if written == "*" => return Ok(ConnectionTarget::All),
        None if !written.is_empty() && !written.contains(['*', ' ']) => {
            return Ok(ConnectionTarget::LogicalName(written.to_owned()));
        }
        Some(("connector", name)) if !name.is_empty() && !name.contains(['*', ' ']) => {
            return Ok(ConnectionTarget::Connector(name.to_owned()));
        }
        Some(("key", name)) if !name.is_empty() && !name.contains(['*', ' ']) => {
            return Ok(ConnectionTarget::Key(name.to_owned()));
        }
        Some((word, rest)) if !words.contains(&word) && !rest.is_empty() => {
            let hint = did_you_mean(word, words).map(|meant| format!("did you mean `{meant}:{rest}`?"));
            (format!("`{word}:` is no way to name a connection"), hint)
        }
        None | Some(_) => (format!("`{written}` names no connection"), None),
    };
    let hint = hint.unwrap_or_else(|| GRAMMAR.to_owned());
    Err(move |place: &Place| Finding::error(Rule::InvalidValue, place, message).hint(hint))
}

const GRAMMAR: &str = "a logical name such as `contoso_sharepoint`, `key:shared_x_1`, `connector:shared_x`, or `*`";
