//! What each service knows of query strings.

use super::filter::{Filter, WithinForm};
use crate::sandbox::fault::Fault;

/// How many conditions table definitions take (recorded text: issues of two public tools, which asked through the SDK; that the Web API
/// asks the same engine is inferred).
const OF_METADATA: usize = 300;

/// The service whose rules a query string is read by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Rows of Dataverse tables.
    Dataverse,
    /// Table definitions of Dataverse, which know fewer options.
    Metadata,
    /// Directory objects of Graph.
    Graph,
}

impl Dialect {
    /// Refuses options that it does not know.
    pub(super) fn admit(self, name: &str) -> Result<(), Fault> {
        match (self, name) {
            // Recorded on the table `privileges`.
            (Self::Dataverse, "$skip") => Err(Fault::malformed("Skip Clause is not supported in CRM")),
            // Reported by a public client of the table definitions.
            (Self::Metadata, "$top" | "$skip" | "$orderby" | "$apply" | "$skiptoken") | (Self::Graph, "$apply") => {
                Err(Fault::malformed(format!("The query parameter {name} is not supported.")))
            }
            // Learn: query parameters of Graph; directory objects do not take it.
            (Self::Graph, "$skip") => {
                Err(Fault::new(400, "Request_UnsupportedQuery", "'$skip' is not supported by the service."))
            }
            (Self::Dataverse | Self::Metadata | Self::Graph, _) => Ok(()),
        }
    }

    /// Refuses conditions that it does not know, or so many of them.
    pub(super) fn admit_filter(self, filter: &Filter) -> Result<(), Fault> {
        let (mut refused, mut count) = (None, 0);
        filter.visit(&mut |condition| {
            count += usize::from(!matches!(condition, Filter::And(_) | Filter::Or(_) | Filter::Not(_)));
            if let Filter::Within(within) = condition {
                refused = refused.take().or(match (self, within.form) {
                    (Self::Dataverse, WithinForm::Function) | (Self::Graph, WithinForm::Operator) => None,
                    // The operator is not among those of Dataverse (Learn: filter rows, comparison operators).
                    (Self::Dataverse | Self::Metadata, WithinForm::Operator) => {
                        Some("The 'in' operator is not supported.")
                    }
                    (Self::Metadata | Self::Graph, WithinForm::Function) => {
                        Some("Query functions are not supported here.")
                    }
                });
            }
        });
        if self == Self::Metadata && count > OF_METADATA {
            let text = "Query on Entity has exceeded the hard limit of conditions in a single filter (300).";
            return Err(Fault::new(400, "0x80044183", text));
        }
        refused.map_or(Ok(()), |message| Err(Fault::malformed(message)))
    }
}
