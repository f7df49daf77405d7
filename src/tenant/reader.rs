//! The read half of the client: it has no way to send anything that changes something.
use std::collections::BTreeSet;

use reqwest::Url;
use serde_json::{Map, Value};

use super::answer::Answer;
use super::endpoints::Endpoints;
use super::hosts::{Organisation, Target};
use super::paging::{Page, take_next};
use super::parcel::Parcel;
use super::session::Session;
use super::token::Claims;
use crate::problem::{Cause, Problem};
use crate::request::{Read, Service};

/// Reads from the services of one environment; cheap to clone.
#[derive(Clone)]
pub struct Reader {
    pub(super) session: Session,
    endpoints: Endpoints,
    organisation: Option<Organisation>,
}

impl Reader {
    pub(super) fn new(session: Session, endpoints: Endpoints, organisation: Option<Organisation>) -> Self {
        Self { session, endpoints, organisation }
    }

    /// The same reader, whose requests are counted under a label such as `wave 1`.
    #[must_use]
    pub fn with_label(&self, label: &str) -> Self {
        let mut reader = self.clone();
        reader.session.label = label.into();
        reader
    }

    /// The organisation that Dataverse means here.
    pub fn organisation(&self) -> Option<&Organisation> {
        self.organisation.as_ref()
    }

    /// Reads every row of a set, to its last page.
    pub async fn rows(&self, read: &Read) -> Result<Vec<Map<String, Value>>, Problem> {
        let mut all = Vec::new();
        self.pages(read, |mut rows| all.append(&mut rows)).await?;
        Ok(all)
    }

    /// Reads a set page by page and hands each page over, so that nobody holds all of it.
    ///
    /// After an error what was handed over is a part of the set, and no part of a set is an answer.
    pub async fn pages(&self, read: &Read, mut take: impl FnMut(Vec<Map<String, Value>>)) -> Result<(), Problem> {
        let target = self.target(read.service())?;
        let mut parcel = get(&target, read)?;
        let mut seen = BTreeSet::from([parcel.url.clone()]);
        loop {
            let page = self.session.read(&target, &parcel, |answer| Page::of(&parcel.asked, answer)).await?;
            take(page.rows);
            let Some(link) = page.next else { return Ok(()) };
            parcel.url = follow(&target, &parcel, &link, &mut seen)?;
        }
    }

    /// Reads one thing: a row, the answer of a function. Where it is a set, its further pages are in it.
    pub async fn one(&self, read: &Read) -> Result<Value, Problem> {
        let target = self.target(read.service())?;
        let parcel = get(&target, read)?;
        let value = self.session.read(&target, &parcel, |answer| parcel.asked.json(answer)).await?;
        self.completed(&target, parcel, value).await
    }

    /// Reads one row past all caches, together with its version for `If-Match`.
    pub async fn row_with_etag(&self, read: &Read) -> Result<(String, Value), Problem> {
        let target = self.target(read.service())?;
        let parcel = get(&target, &read.clone().strong())?;
        let decode = |answer: &Answer| {
            let value = parcel.asked.json(answer)?;
            let etag = value["@odata.etag"].as_str().or_else(|| answer.header("etag")).map(str::to_owned);
            let etag = etag.ok_or_else(|| {
                parcel.asked.problem(Cause::Malformed, Some(answer.status), "the row has no version (`@odata.etag`)")
            })?;
            Ok((etag, value))
        };
        self.session.read(&target, &parcel, decode).await
    }

    /// Asks for one page, only to learn whether the service lets this identity read it.
    pub async fn is_let_in(&self, read: &Read) -> Result<(), Problem> {
        let target = self.target(read.service())?;
        let parcel = get(&target, read)?;
        self.session.read(&target, &parcel, |answer| parcel.asked.json(answer)).await.map(drop)
    }

    /// What the token for a service says of its bearer; nothing for an opaque token.
    pub async fn signed_in(&self, service: Service) -> Result<Option<Claims>, Problem> {
        let target = self.target(service)?;
        Ok(self.session.token(&target, None).await?.claims)
    }

    /// Adds the further pages to what was the first page of a set.
    pub(super) async fn completed(
        &self,
        target: &Target,
        mut parcel: Parcel,
        mut value: Value,
    ) -> Result<Value, Problem> {
        let mut seen = BTreeSet::from([parcel.url.clone()]);
        let mut next = take_next(&mut value);
        while let Some(link) = next {
            parcel.url = follow(target, &parcel, &link, &mut seen)?;
            let page = self.session.read(target, &parcel, |answer| Page::of(&parcel.asked, answer)).await?;
            let Some(Value::Array(rows)) = value.get_mut("value") else {
                let says = "an answer that goes on without a list `value`";
                return Err(parcel.asked.problem(Cause::Malformed, None, says));
            };
            rows.extend(page.rows.into_iter().map(Value::Object));
            next = page.next;
        }
        Ok(value)
    }

    pub(super) fn target(&self, service: Service) -> Result<Target, Problem> {
        Target::of(&self.endpoints, service, self.organisation.as_ref())
    }
}

/// The request that a read is.
pub(super) fn get(target: &Target, read: &Read) -> Result<Parcel, Problem> {
    let mut url = target.url(read.path())?;
    let mut headers = Vec::new();
    match (read.page_size(), target.service) {
        (None, _) => {}
        (Some(rows), Service::Dataverse) => {
            headers.push(("Prefer".to_owned(), format!("odata.maxpagesize={rows}")));
        }
        // These services take the size of a page from `$top` and still link to the next one (Learn: Graph, paging; connector
        // definition of the admin API).
        (Some(rows), Service::Graph | Service::Admin | Service::Flow) => {
            let query = url.query().map_or_else(|| format!("$top={rows}"), |query| format!("{query}&$top={rows}"));
            url.set_query(Some(&query));
        }
    }
    if read.is_annotated() && target.service == Service::Dataverse {
        headers.push(("Prefer".to_owned(), "odata.include-annotations=\"*\"".to_owned()));
    }
    if read.is_strong() && target.service == Service::Dataverse {
        headers.push(("Consistency".to_owned(), "Strong".to_owned()));
    }
    let mut parcel = Parcel::new(target, "GET", read.path(), url);
    parcel.headers.append(&mut headers);
    Ok(parcel)
}

/// The address of the next page: on the same host, and none that was read already.
fn follow(target: &Target, parcel: &Parcel, link: &str, seen: &mut BTreeSet<Url>) -> Result<Url, Problem> {
    let next = target.next(&parcel.url, link)?;
    if seen.insert(next.clone()) {
        return Ok(next);
    }
    Err(parcel.asked.problem(Cause::Malformed, None, "the pages of this set lead in a circle"))
}
