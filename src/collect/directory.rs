//! The tenant's directory: people, groups and applications that Microsoft Graph alone knows, read once for all environments.
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;
use uuid::Uuid;

use super::decode::{Row, directory};
use crate::inventory::people::DirectoryEntry;
use crate::inventory::section::Section;
use crate::names::{Text, folded};
use crate::problem::{Cause, Problem};
use crate::request::{Read, Service};
use crate::tenant::Reader;
use crate::tenant::filters::{graph_chunks, graph_in};

/// Rows of a page, the most that Graph gives (Learn: Graph, list users).
const PAGE: u32 = 999;
/// A longer value cannot be compared (Learn: Graph known issues).
const LONGEST_VALUE: usize = 120;

/// What the directory is asked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Question {
    /// A person by user principal name or main address, in lower case.
    UserName(String),
    /// A person by object id.
    User(Uuid),
    /// A group by display name, in lower case.
    GroupName(String),
    /// A group by object id.
    Group(Uuid),
    /// An application by client id.
    Application(Uuid),
    /// The people of a group by its object id, those of nested groups included.
    Members(Uuid),
    /// The groups that a person is in by his object id, those that hold them included.
    GroupsOf(Uuid),
    /// The groups that a person is in directly, by his object id.
    OwnGroups(Uuid),
    /// The groups that a group is in directly, by its object id.
    GroupsOfGroup(Uuid),
}

impl Question {
    /// A person by the name that a manifest says.
    pub(super) fn of_user(name: &str) -> Self {
        Self::UserName(folded(name))
    }

    /// A group by the name that a manifest says.
    pub(super) fn of_group(name: &str) -> Self {
        Self::GroupName(folded(name))
    }

    /// How entries are found that answer the question, and by which value.
    fn ways(&self) -> Vec<(Way, String)> {
        match self {
            // A guest's principal name is not the address that people write.
            Self::UserName(name) => vec![(Way::UserByName, name.clone()), (Way::UserByAddress, name.clone())],
            Self::User(id) => vec![(Way::UserById, id.to_string())],
            Self::GroupName(name) => vec![(Way::GroupByName, name.clone())],
            Self::Group(id) => vec![(Way::GroupById, id.to_string())],
            Self::Application(id) => vec![(Way::ApplicationById, id.to_string())],
            Self::Members(id) => vec![(Way::Members, id.to_string())],
            Self::GroupsOf(id) => vec![(Way::GroupsOf, id.to_string())],
            Self::OwnGroups(id) => vec![(Way::OwnGroups, id.to_string())],
            Self::GroupsOfGroup(id) => vec![(Way::GroupsOfGroup, id.to_string())],
        }
    }

    /// Whether an entry answers the question; one request carries several questions.
    fn is_answered_by(&self, id: Uuid, entry: &DirectoryEntry) -> bool {
        match self {
            Self::UserName(name) => folded(&entry.name) == *name || folded(&entry.mail) == *name,
            Self::GroupName(name) => folded(&entry.name) == *name,
            Self::User(wanted) | Self::Group(wanted) => id == *wanted,
            Self::Application(wanted) => entry.application == Some(*wanted),
            Self::Members(_) | Self::GroupsOf(_) | Self::OwnGroups(_) | Self::GroupsOfGroup(_) => true,
        }
    }
}

/// What the directory answers: the entries by object id, none if there is nobody; or why nobody knows.
pub(super) type Answer = Result<Arc<BTreeMap<Uuid, DirectoryEntry>>, Problem>;

/// What is known of one tenant's directory; environments share it.
#[derive(Debug, Default)]
pub struct Directory {
    known: Mutex<BTreeMap<Question, Answer>>,
}

impl Directory {
    /// Answers questions, and asks Graph for what nobody has asked before.
    ///
    /// Who asks holds the lock until the answers are there, so that environments at work at the same time ask once.
    pub(super) async fn ask(&self, reader: &Reader, questions: &BTreeSet<Question>) -> BTreeMap<Question, Answer> {
        if questions.is_empty() {
            return BTreeMap::new();
        }
        let mut known = self.known.lock().await;
        let new: Vec<Question> = questions.iter().filter(|question| !known.contains_key(question)).cloned().collect();
        let requests = requests(&new);
        let answers = reader.many(requests.iter().map(|request| request.read.clone()).collect()).await;
        let mut found: BTreeMap<Question, Result<Entries, Problem>> = BTreeMap::new();
        for (request, answer) in requests.iter().zip(answers) {
            let entries = answer.and_then(|value| request.way.entries(&value));
            for question in &request.questions {
                let before = found.remove(question).unwrap_or_else(|| Ok(Entries::new()));
                found.insert(question.clone(), before.and_then(|before| merged(before, question, &entries)));
            }
        }
        for question in new {
            let answer = found.remove(&question).unwrap_or_else(|| Err(too_long()));
            known.insert(question, answer.map(Arc::new));
        }
        questions.iter().filter_map(|question| Some((question.clone(), known.get(question)?.clone()))).collect()
    }
}

/// Adds what one request answers to a question to what other requests answered.
fn merged(mut before: Entries, question: &Question, entries: &Result<Entries, Problem>) -> Result<Entries, Problem> {
    match (entries, question) {
        (Ok(entries), _) => {
            let meant = entries.iter().filter(|(id, entry)| question.is_answered_by(**id, entry));
            before.extend(meant.map(|(id, entry)| (*id, entry.clone())));
            Ok(before)
        }
        (Err(problem), _) => Err(problem.clone()),
    }
}

/// What answers make of an inventory.
pub(super) struct Sections {
    /// Entries by object id.
    pub(super) entries: Section<Uuid, DirectoryEntry>,
    /// The people of each group that was asked for.
    pub(super) members: Section<Uuid, BTreeSet<Uuid>>,
    /// The groups of each person who was asked for.
    pub(super) groups: Section<Uuid, BTreeSet<Uuid>>,
    /// The groups that each person and each group is in directly that was asked for.
    pub(super) nesting: Section<Uuid, BTreeMap<Uuid, Text>>,
}

/// Puts answers into sections.
pub(super) fn sections(answers: &BTreeMap<Question, Answer>) -> Sections {
    let (mut persons, mut memberships, mut person_gap) = (BTreeSet::new(), BTreeMap::new(), None);
    let (mut entries, mut asked, mut gap) = (Entries::new(), BTreeSet::new(), None);
    let (mut people, mut groups, mut group_gap) = (BTreeMap::new(), BTreeSet::new(), None);
    let (mut nested, mut nesting, mut nesting_gap) = (BTreeSet::new(), BTreeMap::new(), None);
    let mut is_asked = false;
    for (question, answer) in answers {
        if let Question::Members(group) = question {
            groups.insert(*group);
            match answer {
                Ok(found) => {
                    people.insert(*group, found.keys().copied().collect());
                    entries.extend(found.iter().map(|(id, entry)| (*id, entry.clone())));
                }
                // There is no such group, so nobody is in it.
                Err(problem) if problem.cause == Cause::Gone => {}
                Err(problem) => group_gap = group_gap.or_else(|| Some(problem.clone())),
            }
            continue;
        }
        if let Question::GroupsOf(person) = question {
            persons.insert(*person);
            match answer {
                Ok(found) => {
                    memberships.insert(*person, found.keys().copied().collect());
                }
                Err(problem) if problem.cause == Cause::Gone => {}
                Err(problem) => person_gap = person_gap.or_else(|| Some(problem.clone())),
            }
            continue;
        }
        if let Question::OwnGroups(member) | Question::GroupsOfGroup(member) = question {
            nested.insert(*member);
            match answer {
                Ok(found) => {
                    let named = found.iter().map(|(id, entry)| (*id, entry.name.clone()));
                    nesting.insert(*member, named.collect());
                }
                Err(problem) if problem.cause == Cause::Gone => {}
                Err(problem) => nesting_gap = nesting_gap.or_else(|| Some(problem.clone())),
            }
            continue;
        }
        is_asked = true;
        if let Question::User(id) | Question::Group(id) = question {
            asked.insert(*id);
        }
        match answer {
            Ok(found) => entries.extend(found.iter().map(|(id, entry)| (*id, entry.clone()))),
            Err(problem) => gap = gap.or_else(|| Some(problem.clone())),
        }
    }
    asked.extend(entries.keys());
    let directory =
        if is_asked || !entries.is_empty() { Section::only(asked, entries).with_gap(gap) } else { Section::NotAsked };
    let members = if groups.is_empty() { Section::NotAsked } else { Section::only(groups, people).with_gap(group_gap) };
    let memberships = Section::only(persons.clone(), memberships).with_gap(person_gap);
    Sections {
        entries: directory,
        members,
        groups: if persons.is_empty() { Section::NotAsked } else { memberships },
        nesting: if nested.is_empty() {
            Section::NotAsked
        } else {
            Section::only(nested, nesting).with_gap(nesting_gap)
        },
    }
}

fn too_long() -> Problem {
    Problem::without_request(
        Cause::Refused,
        Service::Graph.name(),
        format!("the directory cannot compare names of more than {LONGEST_VALUE} characters"),
        "name it by its object id",
    )
}

/// How entries are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    UserByName,
    UserByAddress,
    UserById,
    GroupByName,
    GroupById,
    ApplicationById,
    Members,
    GroupsOf,
    OwnGroups,
    GroupsOfGroup,
}

impl Way {
    /// The set, the properties that are read, and the property that values are compared with.
    fn query(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::UserByName => ("users", directory::USER, "userPrincipalName"),
            Self::UserByAddress => ("users", directory::USER, "mail"),
            Self::UserById => ("users", directory::USER, "id"),
            Self::GroupByName => ("groups", directory::GROUP, "displayName"),
            Self::GroupById => ("groups", directory::GROUP, "id"),
            Self::ApplicationById => ("servicePrincipals", directory::APPLICATION, "appId"),
            Self::Members => ("transitiveMembers", directory::USER, "id"),
            Self::GroupsOf => ("transitiveMemberOf", directory::GROUP, "id"),
            Self::OwnGroups | Self::GroupsOfGroup => ("memberOf", directory::GROUP, "id"),
        }
    }

    /// The reads that find entries by these values.
    fn requests(self, values: Vec<Sought>) -> Vec<Request> {
        let (set, select, property) = self.query();
        let request = |path: String, values: Vec<Sought>| Request {
            way: self,
            read: Read::get(Service::Graph, path).page(PAGE),
            questions: values.into_iter().map(|sought| sought.question).collect(),
        };
        if self == Self::Members {
            // People, groups and devices come mixed, each with its type (Learn: list group transitive members).
            let path = |group: &str| format!("groups/{group}/{set}?$select={select}");
            return values.into_iter().map(|sought| request(path(&sought.value), vec![sought])).collect();
        }
        // Groups, roles and administrative units come mixed, each with its type (Learn: list user transitive memberOf, list
        // group memberOf).
        let of = match self {
            Self::GroupsOf | Self::OwnGroups => Some("users"),
            Self::GroupsOfGroup => Some("groups"),
            Self::UserByName
            | Self::UserByAddress
            | Self::UserById
            | Self::GroupByName
            | Self::GroupById
            | Self::ApplicationById
            | Self::Members => None,
        };
        if let Some(of) = of {
            let path = |member: &str| format!("{of}/{member}/{set}?$select={select}");
            return values.into_iter().map(|sought| request(path(&sought.value), vec![sought])).collect();
        }
        graph_chunks(values)
            .into_iter()
            .map(|part| request(format!("{set}?$select={select}&$filter={}", graph_in(property, &part)), part))
            .collect()
    }

    /// The entries of an answer.
    fn entries(self, answer: &Value) -> Result<Entries, Problem> {
        let set = self.query().0;
        let rows = Row::graph(set, answer);
        let decode = |value| {
            let row = rows.within(value);
            match self {
                Self::UserByName | Self::UserByAddress | Self::UserById => directory::user(row).map(Some),
                Self::GroupByName | Self::GroupById => directory::group(row).map(Some),
                Self::ApplicationById => directory::application(row).map(Some),
                Self::Members => directory::member(row),
                Self::GroupsOf | Self::OwnGroups | Self::GroupsOfGroup => directory::membership(row),
            }
        };
        rows.list("value")?.iter().map(decode).filter_map(Result::transpose).collect()
    }
}

/// A value and the question that it answers.
struct Sought {
    value: String,
    question: Question,
}

impl AsRef<str> for Sought {
    fn as_ref(&self) -> &str {
        &self.value
    }
}

type Entries = BTreeMap<Uuid, DirectoryEntry>;

/// One request and the questions that it answers.
struct Request {
    way: Way,
    read: Read,
    questions: Vec<Question>,
}

/// The requests that answer questions: fifteen values in each of them, and twenty of them in one batch.
fn requests(questions: &[Question]) -> Vec<Request> {
    let mut sought: BTreeMap<Way, Vec<Sought>> = BTreeMap::new();
    for question in questions {
        for (way, value) in question.ways() {
            if value.chars().count() <= LONGEST_VALUE {
                sought.entry(way).or_default().push(Sought { value, question: question.clone() });
            }
        }
    }
    sought.into_iter().flat_map(|(way, values)| way.requests(values)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fifteen_names_are_one_request_and_a_longer_name_than_the_directory_compares_is_none() {
        let mut questions: Vec<Question> = (0..16).map(|number| Question::of_group(&format!("SG {number}"))).collect();
        questions.push(Question::of_group(&"x".repeat(121)));
        let requests = requests(&questions);
        assert_eq!(requests.iter().map(|request| request.questions.len()).collect::<Vec<_>>(), [15, 1]);
        assert!(
            requests[0]
                .read
                .path()
                .starts_with("groups?$select=id,displayName,mail&$filter=displayName%20in%20(%27sg%200%27,")
        );
    }

    #[test]
    fn a_guest_is_found_by_his_address() {
        let answer = json!({"value": [{
            "id": Uuid::from_u128(1), "userPrincipalName": "eve_fabrikam.com#EXT#@contoso.com", "displayName": "Eve",
            "mail": "Eve@fabrikam.com", "accountEnabled": true
        }]});
        let entries = Way::UserByAddress.entries(&answer);
        let question = Question::of_user("eve@Fabrikam.com");
        assert_eq!(merged(Entries::new(), &question, &entries).unwrap().len(), 1);
        assert_eq!(merged(Entries::new(), &Question::of_user("ada@contoso.com"), &entries).unwrap().len(), 0);
    }

    #[test]
    fn one_way_that_fails_leaves_the_question_open() {
        let refused = Problem::without_request(Cause::Forbidden, "Microsoft Graph", "no", "");
        let question = Question::of_user("ada@contoso.com");
        assert_eq!(merged(Entries::new(), &question, &Err(refused.clone())), Err(refused));
    }
}
