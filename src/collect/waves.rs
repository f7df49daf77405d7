//! The three waves in which an environment is read.
use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::directory::{Answer, Directory, Question};
use super::gaps::{Sight, Watched, joins};
use super::own::{own, team};
use super::questions::{self, Flows};
use super::read::people::{Teams, Users, Wanted};
use super::read::shares::Shared;
use super::read::{admin, agents, flows, organization, people, roles, shares, side_by_side, tables, when, with_found};
use super::source::{Freshness, Source};
use crate::compile::desired::{ActAs, AddUsers, Environment};
use crate::inventory::people::PrincipalRow;
use crate::inventory::scope::{Scope, Subjects};
use crate::inventory::section::{Reading, Section};
use crate::inventory::{EnvironmentFacts, Inventory};
use crate::principal::Principal;
use crate::problem::Problem;
use crate::tenant::Reader;

/// Reads what is in scope of one environment. Whatever cannot be read says so in the inventory.
pub async fn collect(reader: &Reader, directory: &Directory, environment: &Environment, scope: &Scope) -> Inventory {
    let inventory = Inventory::empty(facts(environment));
    let mut waves = Waves { reader, directory, scope, inventory, doubt: None, answers: BTreeMap::new() };
    if environment.url.is_some() {
        Box::pin(waves.first()).await;
        waves.inventory.environment.group_unit = environment
            .group_teams
            .business_unit
            .as_ref()
            .and_then(|unit| waves.inventory.unit(&unit.value).one())
            .map(|unit| unit.id);
        Box::pin(waves.second()).await;
        Box::pin(waves.of_persons()).await;
        Box::pin(waves.of_agents()).await;
        Box::pin(waves.of_nesting()).await;
        Box::pin(waves.third()).await;
        Box::pin(waves.of_team_groups()).await;
        Box::pin(waves.of_nested_groups()).await;
        Box::pin(waves.of_licences()).await;
        Box::pin(waves.of_uses()).await;
        Box::pin(waves.of_variables()).await;
        Box::pin(waves.of_relationships()).await;
        Box::pin(waves.of_dataverse_itself()).await;
    } else {
        waves.without_dataverse().await;
    }
    waves.inventory
}

/// What is known of an environment before anything in it is read.
fn facts(environment: &Environment) -> EnvironmentFacts {
    EnvironmentFacts {
        name: environment.name.clone(),
        tenant: environment.tenant,
        environment_id: environment.environment_id.as_ref().map(|id| id.value.as_str().into()),
        url: environment.url.as_ref().map(|url| url.value.as_str().into()),
        add_users_by_admin_api: environment.add_users == AddUsers::Bap,
        act_as_owner: environment.act_as == ActAs::Owner,
        group_membership: environment.group_teams.membership,
        ..EnvironmentFacts::default()
    }
}

/// An environment while it is read.
pub(super) struct Waves<'a> {
    pub(super) reader: &'a Reader,
    pub(super) directory: &'a Directory,
    pub(super) scope: &'a Scope,
    pub(super) inventory: Inventory,
    /// Why nobody knows how much the caller sees.
    doubt: Option<Problem>,
    /// What the directory has answered so far.
    pub(super) answers: BTreeMap<Question, Answer>,
}

impl Waves<'_> {
    /// The caller, the organisation, and what is named.
    async fn first(&mut self) {
        let (scope, environment_id) = (self.scope, self.inventory.environment.environment_id.clone());
        let reader = self.reader.with_label("wave 1");
        let source = Source::new(&reader, Freshness::Cached);
        let named = Wanted::named(&scope.principals);
        let all_flows = scope.flows();
        let (solutions, agents) = questions::groups_of_flows(&all_flows);
        let needs_flows = !all_flows.is_empty();
        // Who asks for every flow or every role asks for whatever they belong to and whatever they are about.
        let is_every_flow = all_flows == Subjects::All;
        let is_every_role = scope.role_privileges == Subjects::All;
        let needs_tables = needs_flows || !scope.role_privileges.is_empty();
        let group_names = questions::group_names(&scope.principals);
        let sharing = async {
            match environment_id.as_deref().filter(|_| scope.sharing_limits) {
                Some(id) => admin::limits(source, id).await,
                None => (Reading::NotAsked, Reading::NotAsked),
            }
        };
        let (
            caller,
            settings,
            units,
            roots,
            rows,
            references,
            tables,
            privileges,
            users,
            teams,
            solutions,
            agents,
            sharing,
            answers,
        ) = tokio::join!(
            organization::caller(source),
            when(!scope.holders.is_empty(), organization::settings(source)),
            organization::units(source),
            when(questions::needs_roles(scope), roles::roots(source)),
            when(needs_flows, flows::all(source)),
            when(needs_flows, flows::references(source)),
            async {
                match (is_every_role, needs_tables) {
                    (true, _) => tables::all(source).await,
                    (false, true) => tables::tables(source, &scope.tables).await,
                    (false, false) => Section::NotAsked,
                }
            },
            when(!scope.privileges.is_empty(), tables::privileges(source, &scope.privileges)),
            people::users(source, &named),
            people::teams(source, &named),
            async {
                match (is_every_flow, solutions.is_empty()) {
                    (true, _) => agents::all_solutions(source).await,
                    (false, false) => agents::solutions(source, &solutions).await,
                    (false, true) => Section::NotAsked,
                }
            },
            async {
                match (is_every_flow || !scope.uses.is_empty(), agents.is_empty()) {
                    (true, _) => agents::all_agents(source).await,
                    (false, false) => (agents::agents(source, &agents).await, Section::NotAsked),
                    (false, true) => (Section::NotAsked, Section::NotAsked),
                }
            },
            sharing,
            self.directory.ask(&reader, &group_names),
        );
        (self.inventory.caller, self.doubt) = caller;
        self.inventory.environment.organization = self.inventory.caller.value().map(|caller| caller.organization);
        self.inventory.settings = settings;
        (self.inventory.sharing, self.inventory.security_group) = sharing;
        self.inventory.tables = tables;
        self.inventory.privileges = privileges;
        self.inventory.units = units.with_gap(self.gap(&[Watched::BusinessUnit]));
        self.inventory.roles = roots.with_gap(self.gap(&[Watched::SecurityRole]));
        self.inventory.flows = rows.with_gap(self.gap(&[Watched::Process]));
        self.inventory.references = references.with_gap(self.gap(&[Watched::ConnectionReference]));
        self.inventory.solutions = solutions.with_gap(self.gap(&[Watched::Solution]));
        let gap = self.gap(&[Watched::Agent, Watched::AgentComponent]);
        self.inventory.agents = agents.0.with_gap(gap.clone());
        self.inventory.bots = agents.1.with_gap(gap);
        self.take_users(users, BTreeSet::new());
        self.take_teams(teams, BTreeSet::new());
        self.take_answers(answers);
    }

    /// What the subjects in scope hold, who holds them, with whom they are shared, and what their texts say.
    async fn second(&mut self) {
        let (scope, inventory) = (self.scope, &self.inventory);
        let reader = self.reader.with_label("wave 2");
        let source = Source::new(&reader, Freshness::Cached);
        let privileged = questions::roles(inventory, &scope.role_privileges);
        let held = questions::roles(inventory, &scope.holders);
        let roots: BTreeSet<Uuid> = privileged.union(&held).copied().collect();
        let no_roots = questions::no_roots(inventory, [&scope.role_privileges, &scope.holders]);
        let flow_index = Flows::of(inventory);
        let defined = flow_index.ids(&scope.definitions);
        let shared = flow_index.ids(&scope.shares);
        // Which references a flow has is in its text, which arrives in this wave; all of them are few.
        let references: BTreeSet<Uuid> = inventory.references.rows().map(|(id, _)| *id).collect();
        let reads_references = !scope.readers.is_empty() && !references.is_empty();
        let asked_before = Wanted::named(&scope.principals).groups;
        let groups = questions::groups(inventory, &scope.groups);
        let late = Wanted {
            addresses: questions::addresses(inventory, &scope.principals),
            groups: questions::groups(inventory, &scope.principals).difference(&asked_before).copied().collect(),
            ..Wanted::default()
        };
        let mut asked = questions::missing(inventory, &scope.principals);
        asked.extend(groups.into_iter().map(Question::Members));
        let (copies_and_holders, privileges, definitions, flow_shares, reference_shares, users, teams, answers) = tokio::join!(
            async {
                let (roots, doubt) = roles::with_roots_of(source, roots, &no_roots).await;
                let is_asked = !roots.is_empty() || doubt.is_some();
                let copies = when(is_asked, roles::copies(source, &roots)).await.with_gap(doubt);
                let holders = when(!held.is_empty(), roles::holders(source, &copies, &held)).await;
                (copies, holders)
            },
            when(!privileged.is_empty(), roles::privileges(source, &privileged)),
            when(!defined.is_empty(), flows::definitions(source, &defined)),
            when(!shared.is_empty(), shares::shares(source, Shared::Flows, &shared)),
            when(reads_references, shares::shares(source, Shared::References, &references)),
            people::users(source, &late),
            people::teams(source, &late),
            self.directory.ask(&reader, &asked),
        );
        let (copies, holders) = copies_and_holders;
        let flow_shares = flow_shares.with_gap(self.gap(joins::FLOW_SHARES));
        let reference_shares = reference_shares.with_gap(self.gap(joins::REFERENCE_SHARES));
        self.inventory.shares = side_by_side((shared, flow_shares), (references, reference_shares));
        self.inventory.copies = copies.with_gap(self.gap(&[Watched::SecurityRole]));
        self.inventory.holders = holders.with_gap(self.gap(joins::HOLDERS));
        self.inventory.role_privileges = privileges.with_gap(self.gap(&[Watched::SecurityRole]));
        self.inventory.definitions = definitions.with_gap(self.gap(&[Watched::Process]));
        self.take_users(users, BTreeSet::new());
        self.take_teams(teams, BTreeSet::new());
        self.take_answers(answers);
    }

    /// Users and teams that were met, and what whoever is shared with holds.
    async fn third(&mut self) {
        let (scope, inventory) = (self.scope, &self.inventory);
        let reader = self.reader.with_label("wave 3");
        let source = Source::new(&reader, Freshness::Cached);
        let flow_index = Flows::of(inventory);
        let subjects = flow_index.ids(&scope.flows());
        let mut met = questions::met(inventory, &subjects);
        met.objects = questions::people_of_groups(inventory);
        let groups = questions::rows(inventory, &scope.groups);
        let mut teams_of_groups: BTreeSet<Uuid> = groups.iter().filter_map(|row| team(*row)).collect();
        if scope.holders == Subjects::All {
            teams_of_groups.extend(&met.teams);
            // A group that is named brings all of its teams along, and who is in which team is asked of everybody.
            teams_of_groups.extend(inventory.teams.rows().map(|(team, _)| *team));
        }
        teams_of_groups.extend(questions::administrators(inventory).iter().filter_map(|row| team(*row)));
        let children = flow_index.ids(&scope.parents);
        let every_flow: BTreeSet<Uuid> = inventory.flows.rows().map(|(id, _)| *id).collect();
        let unnamed = questions::unnamed_privileges(inventory, &questions::roles(inventory, &scope.role_privileges));
        let delegates = flow_index.ids(&scope.delegates);
        let owners = delegates.iter().filter_map(|flow| Some(inventory.flows.row(flow)?.owner)).collect();
        let mut sharers = questions::rows(inventory, &scope.principal_roles);
        sharers.extend(questions::teams_to_come(inventory));
        sharers.extend(questions::owners_of_uses(inventory, scope, &flow_index));
        if !scope.holders.is_empty() {
            // Whether powergrant is in a team that loses a role: it must not lock itself out.
            sharers.extend(inventory.caller.value().map(|caller| PrincipalRow::User(caller.user)));
        }
        let outside = flow_index.unknown(&scope.flows());
        let outside_flows = async {
            match inventory.environment.environment_id.as_deref().filter(|_| !outside.is_empty()) {
                Some(id) => admin::outside_flows(source, id, outside.clone()).await,
                None => Section::NotAsked,
            }
        };
        let (users, teams, members, parents, privileges, outside_flows, own) = tokio::join!(
            people::users(source, &met),
            people::teams(source, &met),
            when(!teams_of_groups.is_empty(), people::members(source, &teams_of_groups)),
            when(!children.is_empty(), flows::parents(source, &children, &inventory.definitions, &every_flow)),
            tables::privileges_met(source, &unnamed),
            outside_flows,
            own(source, inventory, &sharers, &owners),
        );
        self.inventory.team_members = members.with_gap(self.gap(joins::MEMBERS));
        self.inventory.parents = parents.with_gap(self.gap(&[Watched::Process]));
        self.inventory.outside_flows = outside_flows;
        self.inventory.user_teams = own.teams.with_gap(self.gap(joins::MEMBERS));
        self.inventory.principal_roles = own.roles.with_gap(self.gap(joins::HOLDERS));
        let privileges_of_sharers = own.privileges.with_gap(self.gap(&[Watched::SecurityRole]));
        self.inventory.role_privileges.refresh(privileges_of_sharers);
        if scope.holders == Subjects::All {
            // Whoever holds a role is among the holders, so nobody holds another one.
            self.inventory.principal_roles = Section::whole(BTreeMap::new()).with_gap(self.inventory.holders.doubt());
        }
        match privileges {
            Ok(rows) if rows.is_empty() => {}
            Ok(rows) => self.inventory.privileges.refresh(Section::only(rows.keys().cloned().collect(), rows)),
            Err(problem) => {
                let known = std::mem::take(&mut self.inventory.privileges);
                self.inventory.privileges = side_by_side(
                    (BTreeSet::new(), known),
                    (BTreeSet::new(), Section::only(BTreeSet::new(), BTreeMap::new()).with_gap(Some(problem))),
                );
            }
        }
        self.take_users(users, met.users);
        self.take_teams(teams, met.teams);
    }

    /// An environment without Dataverse has no roles, users and teams of its own: the directory and the admin API know all.
    async fn without_dataverse(&mut self) {
        let scope = self.scope;
        self.inventory.units = Section::whole(BTreeMap::new());
        self.inventory.users = Section::whole(BTreeMap::new());
        self.inventory.teams = Section::whole(BTreeMap::new());
        let id = self.inventory.environment.environment_id.clone();
        let reader = self.reader.with_label("wave 1");
        let source = Source::new(&reader, Freshness::Cached);
        let mut asked = questions::group_names(&scope.principals);
        asked.extend(questions::missing(&self.inventory, &scope.principals));
        let roles = async {
            match id.as_deref().filter(|_| scope.environment_roles) {
                Some(id) => admin::environment_roles(source, id).await,
                None => Reading::NotAsked,
            }
        };
        let (roles, answers) = tokio::join!(roles, self.directory.ask(&reader, &asked));
        self.take_answers(answers);
        self.inventory.environment_roles = roles;
        name_applications(&mut self.inventory);
    }

    pub(super) fn gap(&self, tables: &[Watched]) -> Option<Problem> {
        gap(&self.inventory, self.doubt.as_ref(), tables)
    }

    pub(super) fn take_users(&mut self, users: Result<Users, Problem>, asked: BTreeSet<Uuid>) {
        let gap = self.gap(&[Watched::User]);
        self.inventory.users.refresh(with_found(users, asked).with_gap(gap));
    }

    pub(super) fn take_teams(&mut self, teams: Result<Teams, Problem>, asked: BTreeSet<Uuid>) {
        let gap = self.gap(&[Watched::Team]);
        self.inventory.teams.refresh(with_found(teams, asked).with_gap(gap));
    }

    pub(super) fn take_answers(&mut self, answers: BTreeMap<Question, Answer>) {
        self.answers.extend(answers);
        let sections = super::directory::sections(&self.answers);
        self.inventory.directory = sections.entries;
        self.inventory.group_members = sections.members;
        self.inventory.user_groups = sections.groups;
        self.inventory.nesting = sections.nesting;
    }
}

/// Why a set that joins these tables may lack rows.
pub(super) fn gap(inventory: &Inventory, doubt: Option<&Problem>, tables: &[Watched]) -> Option<Problem> {
    let privileges = match (doubt, inventory.caller.known()) {
        (Some(problem), _) => Err(problem.clone()),
        (None, Ok(caller)) => Ok(&caller.privileges),
        (None, Err(problem)) => Err(problem),
    };
    Sight::of(privileges).gap(tables)
}

/// Puts applications in the place of service principals whose object ids the directory knows: manifests say client ids.
pub(super) fn name_applications(inventory: &mut Inventory) {
    let Reading::Read(roles) = &mut inventory.environment_roles else { return };
    for assignments in roles.values_mut() {
        let named = std::mem::take(assignments).into_iter().map(|(principal, assignment)| {
            let entry = match &principal {
                Principal::Unnamed { row, .. } => inventory.directory.row(row),
                Principal::User { .. }
                | Principal::Group { .. }
                | Principal::Application { .. }
                | Principal::Team { .. }
                | Principal::Everyone => None,
            };
            let application = entry.and_then(|entry| Some((entry.name.clone(), entry.application?)));
            let principal = application.map_or(principal, |(name, id)| Principal::Application { name, id });
            (principal, assignment)
        });
        *assignments = named.collect();
    }
}
