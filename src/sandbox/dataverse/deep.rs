//! Rows inside the body of a new row: made with it, or joined to it (Learn: create related rows in one operation, associate on create).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::Session;
use super::request::Request;
use crate::sandbox::fault::Fault;
use crate::sandbox::schema::Kind;
use crate::sandbox::schema::relationships::{ManyToMany, OneToMany, many_to_many, one_to_many};

/// What a body has of other rows, by the collection that they belong to.
pub(super) struct Within {
    to: Joined,
    made: Vec<Value>,
    bound: Vec<String>,
}

#[derive(Clone, Copy)]
enum Joined {
    ByLookup(&'static OneToMany),
    ByTable(&'static ManyToMany),
}

impl Session<'_> {
    /// Takes the rows of collections out of a body, and makes those that lookups of the new row are to lead to.
    pub(super) fn take_within(
        &mut self,
        request: &Request<'_>,
        table: &str,
        body: &mut Map<String, Value>,
    ) -> Result<Vec<Within>, Fault> {
        let mut within = Vec::new();
        for name in body.keys().cloned().collect::<Vec<_>>() {
            let navigation = name.strip_suffix("@odata.bind").unwrap_or(&name);
            let joined = one_to_many(table, navigation)
                .map(Joined::ByLookup)
                .or_else(|| many_to_many(table, navigation).filter(|found| found.is_writable).map(Joined::ByTable));
            if let (Some(to), Some(Value::Array(list))) = (joined, body.get(&name).cloned()) {
                body.remove(&name);
                if navigation == name {
                    within.push(Within { to, made: list, bound: Vec::new() });
                } else {
                    let bound: Option<Vec<String>> = list.iter().map(|one| one.as_str().map(str::to_owned)).collect();
                    let bound = bound
                        .ok_or_else(|| Fault::malformed(format!("The value of '{name}' is no list of addresses.")))?;
                    within.push(Within { to, made: Vec::new(), bound });
                }
            } else if let (Some(target), Some(Value::Object(_))) = (self.only_target(table, &name), body.get(&name)) {
                let inner = body.remove(&name).unwrap_or_default();
                let key = self.make(request, &target, &inner)?;
                let set = &self.table(&target)?.entity_set;
                body.insert(format!("{name}@odata.bind"), json!(format!("/{set}({key})")));
            }
        }
        Ok(within)
    }

    /// Makes and joins what was taken out of the body, now that its row is there.
    pub(super) fn put_within(
        &mut self,
        request: &Request<'_>,
        table: &str,
        key: Uuid,
        within: Vec<Within>,
    ) -> Result<(), Fault> {
        let own = format!("/{}({key})", self.table(table)?.entity_set);
        for Within { to, made, bound } in within {
            for mut inner in made {
                match to {
                    Joined::ByLookup(relationship) => {
                        let lookup = self.lookup_of(relationship)?;
                        if let Some(inner) = inner.as_object_mut() {
                            inner.insert(format!("{lookup}@odata.bind"), json!(own));
                        }
                        self.make(request, relationship.many, &inner)?;
                    }
                    Joined::ByTable(relationship) => {
                        let far = relationship.seen_from(table)[1].0;
                        let other = self.make(request, far, &inner)?;
                        self.associate(relationship, table, key, other, true)?;
                    }
                }
            }
            for address in bound {
                let (found, other) = self.referred(&address)?;
                let far = match to {
                    Joined::ByLookup(relationship) => relationship.many,
                    Joined::ByTable(relationship) => relationship.seen_from(table)[1].0,
                };
                if found != far {
                    return Err(Fault::malformed(format!("A node of this type is not expected: '{address}'.")));
                }
                match to {
                    Joined::ByLookup(relationship) => {
                        let lookup = self.lookup_of(relationship)?;
                        self.bind(request, far, other, &lookup, &json!(own))?;
                    }
                    Joined::ByTable(relationship) => {
                        self.associate(relationship, table, key, other, true)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn lookup_of(&self, relationship: &OneToMany) -> Result<String, Fault> {
        let column = self.table(relationship.many)?.column(relationship.column);
        Ok(column.and_then(|column| column.navigation()).unwrap_or_default().to_owned())
    }

    /// The one table that a lookup leads to.
    fn only_target(&self, table: &str, navigation: &str) -> Option<String> {
        let column = self.organization.table(table)?.lookup(navigation)?;
        let Kind::Lookup { targets, .. } = &column.kind else { return None };
        let [only] = targets.as_slice() else { return None };
        Some(only.to_string())
    }

    /// Makes a row by a request of its own; returns its key.
    fn make(&mut self, request: &Request<'_>, table: &str, body: &Value) -> Result<Uuid, Fault> {
        let headers = BTreeMap::from([("content-type".to_owned(), "application/json".to_owned())]);
        let text = body.to_string();
        let inner = Request { method: "POST", query: "", headers: &headers, body: &text, ..*request };
        let answer = self.create(&inner, table)?;
        let address = answer.headers.get(super::ENTITY_ID).map(String::as_str).unwrap_or_default();
        let (_, key) = self.referred(address)?;
        Ok(key)
    }
}
