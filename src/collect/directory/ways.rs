//! How the directory is asked: by which sets, properties and values.
use std::collections::BTreeMap;

use serde_json::Value;

use super::{Entries, LONGEST_VALUE, Question};
use crate::collect::decode::{Row, directory};
use crate::problem::Problem;
use crate::request::{Read, Service};
use crate::tenant::filters::{graph_chunks, graph_in};

/// Rows of a page, the most that Graph gives (Learn: Graph, list users).
const PAGE: u32 = 999;

/// How entries are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Way {
    UserByName,
    UserByAddress,
    UserById,
    GroupByName,
    GroupById,
    ApplicationById,
    Members,
    OwnMembers,
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
            Self::OwnMembers => ("members", directory::USER, "id"),
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
        // What is around one object is asked of it alone, and comes mixed, each with its type: people, groups and devices
        // (Learn: list group members, list group transitive members); groups, roles and administrative units (Learn: list user
        // transitive memberOf, list group memberOf).
        let of = match self {
            Self::Members | Self::OwnMembers | Self::GroupsOfGroup => Some("groups"),
            Self::GroupsOf | Self::OwnGroups => Some("users"),
            Self::UserByName
            | Self::UserByAddress
            | Self::UserById
            | Self::GroupByName
            | Self::GroupById
            | Self::ApplicationById => None,
        };
        if let Some(of) = of {
            let path = |object: &str| format!("{of}/{object}/{set}?$select={select}");
            return values.into_iter().map(|sought| request(path(&sought.value), vec![sought])).collect();
        }
        graph_chunks(values)
            .into_iter()
            .map(|part| request(format!("{set}?$select={select}&$filter={}", graph_in(property, &part)), part))
            .collect()
    }

    /// The entries of an answer.
    pub(super) fn entries(self, answer: &Value) -> Result<Entries, Problem> {
        let set = self.query().0;
        let rows = Row::graph(set, answer);
        let decode = |value| {
            let row = rows.within(value);
            match self {
                Self::UserByName | Self::UserByAddress | Self::UserById => directory::user(row).map(Some),
                Self::GroupByName | Self::GroupById => directory::group(row).map(Some),
                Self::ApplicationById => directory::application(row).map(Some),
                Self::Members | Self::OwnMembers => directory::member(row),
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

/// One request and the questions that it answers.
pub(super) struct Request {
    pub(super) way: Way,
    pub(super) read: Read,
    pub(super) questions: Vec<Question>,
}

/// The requests that answer questions: fifteen values in each of them, and twenty of them in one batch.
pub(super) fn requests(questions: &[Question]) -> Vec<Request> {
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
