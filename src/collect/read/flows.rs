//! Cloud flows: their rows, what their texts say, who calls them, and connection references.
use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::try_join_all;
use uuid::Uuid;

use super::{only, whole};
use crate::clientdata::Facts;
use crate::collect::decode::flows::{self, IS_FLOW};
use crate::collect::source::{Column, Set, Source, paths};
use crate::inventory::section::Section;
use crate::inventory::things::{ConnectionReference, Flow};
use crate::problem::{Cause, Problem};

const FLOWS: Set<(Uuid, Flow)> = Set { name: "workflows", select: flows::FLOW, decode: flows::flow };
const TEXTS: Set<(Uuid, Result<Facts, Problem>)> =
    Set { name: "workflows", select: flows::TEXT, decode: flows::definition };
const REFERENCES: Set<(Uuid, ConnectionReference)> =
    Set { name: "connectionreferences", select: flows::REFERENCE, decode: flows::reference };

/// Rows of a page that carries texts. Public texts have 12 KB on average and real ones megabytes; a public connector
/// keeps pages small "to avoid Internal Server exceptions due to data size".
const TEXTS_OF_A_PAGE: u32 = 250;
/// The smallest page that is tried when the service fails over larger ones.
const FEWEST_TEXTS: u32 = 15;
/// Flows that one request looks for the parents of: each is a search through every flow's text.
const SEARCHES: usize = 50;

/// Every cloud flow, without its text.
pub(in crate::collect) async fn all(source: Source<'_>) -> Section<Uuid, Flow> {
    whole(source.all(FLOWS, IS_FLOW).await)
}

/// Some cloud flows, read again.
pub(in crate::collect) async fn some(source: Source<'_>, ids: &BTreeSet<Uuid>) -> Section<Uuid, Flow> {
    only(ids.clone(), source.by_keys(FLOWS, Column::Attribute("workflowid"), ids, "").await)
}

/// Every connection reference.
pub(in crate::collect) async fn references(source: Source<'_>) -> Section<Uuid, ConnectionReference> {
    whole(source.all(REFERENCES, "").await)
}

/// What the texts of flows say. A flow whose text cannot be read is missing from the section, with the reason.
pub(in crate::collect) async fn definitions(source: Source<'_>, ids: &BTreeSet<Uuid>) -> Section<Uuid, Facts> {
    let paths = paths(TEXTS, Column::Attribute("workflowid"), ids.iter().map(ToString::to_string), "");
    match texts(source, paths).await {
        Ok((facts, trouble)) => Section::only(ids.clone(), facts).with_gap(trouble),
        Err(problem) => Section::Unreadable(problem),
    }
}

/// The flows that call these flows as their children.
///
/// `definitions` holds what is read of texts already; `every` are all flows there are. Searching texts on the server and
/// reading the remaining ones answer the same question, so the way with fewer requests is taken.
pub(in crate::collect) async fn parents(
    source: Source<'_>,
    wanted: &BTreeSet<Uuid>,
    definitions: &Section<Uuid, Facts>,
    every: &BTreeSet<Uuid>,
) -> Section<Uuid, BTreeSet<Uuid>> {
    let rest: BTreeSet<Uuid> = every.iter().filter(|flow| definitions.row(flow).is_none()).copied().collect();
    let searches = wanted.len().div_ceil(SEARCHES);
    let pages = rest.len().div_ceil(TEXTS_OF_A_PAGE as usize);
    let found = if searches < pages { search(source, wanted).await.ok() } else { None };
    let read = if let Some(read) = found {
        Ok(read)
    } else {
        // A server that does not search texts, or gives up over it, still hands them out.
        let keys = rest.iter().map(ToString::to_string);
        texts(source, paths(TEXTS, Column::Attribute("workflowid"), keys, "")).await
    };
    match read {
        Ok((facts, trouble)) => {
            let known = definitions.rows().chain(&facts);
            let pairs: BTreeSet<(Uuid, Uuid)> =
                known.flat_map(|(parent, facts)| facts.children.iter().map(|child| (*child, *parent))).collect();
            Section::only(wanted.clone(), super::grouped(wanted, pairs)).with_gap(trouble)
        }
        Err(problem) => Section::Unreadable(problem),
    }
}

/// What texts say, and why one of them could not be read.
type Texts = (BTreeMap<Uuid, Facts>, Option<Problem>);

/// Lets the service search the texts of all flows for the ids of children.
async fn search(source: Source<'_>, wanted: &BTreeSet<Uuid>) -> Result<Texts, Problem> {
    let wanted: Vec<Uuid> = wanted.iter().copied().collect();
    let paths = wanted.chunks(SEARCHES).map(|part| {
        let searches: Vec<String> = part.iter().map(|flow| format!("contains(clientdata,%27{flow}%27)")).collect();
        format!("{}?$select={}&$filter={IS_FLOW}%20and%20({})", TEXTS.name, TEXTS.select, searches.join("%20or%20"))
    });
    texts(source, paths.collect()).await
}

/// Reads texts page by page and keeps what they say; pages get smaller when the service fails over them.
async fn texts(source: Source<'_>, paths: Vec<String>) -> Result<Texts, Problem> {
    let parts = try_join_all(paths.into_iter().map(|path| async move {
        let mut size = TEXTS_OF_A_PAGE;
        loop {
            match source.pages(TEXTS, path.clone(), size).await {
                Err(problem) if matches!(problem.cause, Cause::Failed | Cause::Incomplete) && size > FEWEST_TEXTS => {
                    size /= 2;
                }
                answer => return answer,
            }
        }
    }))
    .await?;
    let (mut facts, mut trouble) = (BTreeMap::new(), None);
    for (flow, read) in parts.into_iter().flatten() {
        match read {
            Ok(read) => _ = facts.insert(flow, read),
            Err(problem) => trouble = trouble.or(Some(problem)),
        }
    }
    Ok((facts, trouble))
}
