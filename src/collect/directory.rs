//! The tenant's directory: people, groups and applications that Microsoft Graph alone knows, read once for all environments.
mod sections;
mod ways;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::Mutex;
use uuid::Uuid;

use crate::inventory::people::DirectoryEntry;
use crate::names::folded;
use crate::problem::{Cause, Problem};
use crate::request::Service;
use crate::tenant::Reader;

pub(super) use sections::{nested_groups, sections};
use ways::{Way, requests};

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
    /// The people of a group by its object id, those of nested groups included, and those groups.
    Members(Uuid),
    /// The people and groups that are in a group directly, by its object id.
    OwnMembers(Uuid),
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
            Self::OwnMembers(id) => vec![(Way::OwnMembers, id.to_string())],
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
            Self::Members(_)
            | Self::OwnMembers(_)
            | Self::GroupsOf(_)
            | Self::OwnGroups(_)
            | Self::GroupsOfGroup(_) => true,
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

fn too_long() -> Problem {
    Problem::without_request(
        Cause::Refused,
        Service::Graph.name(),
        format!("the directory cannot compare names of more than {LONGEST_VALUE} characters"),
        "name it by its object id",
    )
}

type Entries = BTreeMap<Uuid, DirectoryEntry>;

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
