//! The tenant: the only module that opens connections to Microsoft's services, or to the embedded tenant in their place.
mod answer;
mod asker;
mod batch;
mod clouds;
mod counts;
mod endpoints;
pub mod filters;
mod hosts;
mod limits;
mod multipart;
mod near;
mod paging;
mod parcel;
mod problem_of;
mod reader;
mod remedies;
mod retry;
mod secret;
mod session;
pub mod sign_in;
#[cfg(test)]
mod tests;
mod token;
mod wire;
mod writer;

use std::sync::Arc;

use uuid::Uuid;

pub use clouds::Cloud;
pub use counts::{Count, Counted, Counts, Statuses};
pub use endpoints::{Endpoints, OVERRIDES, Override};
pub use hosts::{Organisation, Routing};
pub use reader::Reader;
pub use retry::Patience;
pub use secret::Secret;
pub use sign_in::Credentials;
pub use token::Claims;
pub use wire::{Trust, install_tls};
pub use writer::{Sent, WritePermit, Writer};

use crate::clock::{Clock, Stop};
use crate::problem::Problem;
use retry::Budget;
use session::Session;
use sign_in::SignIn;
use wire::Wire;

/// What a connection to a tenant needs to know.
#[derive(Clone)]
pub struct Settings {
    /// The cloud that the tenant is in.
    pub cloud: Cloud,
    /// How its hosts are reached.
    pub routing: Routing,
    /// How to sign in.
    pub credentials: Credentials,
    /// The tenant that tokens must be of.
    pub tenant: Option<Uuid>,
    /// How often and how long to try.
    pub patience: Patience,
    /// The clock that all waiting goes through.
    pub clock: Arc<dyn Clock>,
}

/// How connections are made where it is not the usual way.
#[derive(Clone, Debug)]
pub struct Line {
    /// Addresses and audiences other than the cloud's own.
    pub endpoints: Option<Endpoints>,
    /// Whom to trust besides the machine's own certificate authorities.
    pub trust: Trust,
    /// How a person is told to do something; none is a line of the log.
    pub tell: Option<fn(&str)>,
}

/// One identity in one tenant; cheap to clone. Nothing is sent before something is read.
#[derive(Clone)]
pub struct Tenant {
    endpoints: Endpoints,
    patience: Patience,
    session: Session,
}

impl Tenant {
    /// Makes the client.
    pub fn connect(settings: Settings) -> Result<Self, Problem> {
        Self::connect_by(settings, Line { endpoints: None, trust: Trust::Machine, tell: None })
    }

    /// Makes the client over a line of its own.
    pub fn connect_by(settings: Settings, line: Line) -> Result<Self, Problem> {
        let Settings { cloud, routing, credentials, tenant, patience, clock } = settings;
        let budget = Arc::new(Budget::new(patience, clock.now()));
        let wire = Arc::new(Wire::new(routing, &line.trust, clock)?);
        let endpoints = line.endpoints.unwrap_or_else(|| cloud.into());
        let mut sign_in = SignIn::new(endpoints.clone(), routing, tenant, credentials, Arc::clone(&wire));
        if let Some(tell) = line.tell {
            sign_in = sign_in.telling(tell);
        }
        let (sign_in, counts) = (Arc::new(sign_in), Arc::default());
        let session = Session { wire, sign_in, budget, counts, label: "".into(), stop: Stop::default() };
        Ok(Self { endpoints, patience, session })
    }

    /// The same identity for another run: its tokens and what is known of limits stay, patience and counts begin anew.
    #[must_use]
    pub fn another_run(&self) -> Self {
        let mut tenant = self.clone();
        tenant.session.budget = Arc::new(Budget::new(self.patience, self.session.now()));
        tenant.session.counts = Arc::default();
        tenant
    }

    /// The same run, whose waits end when somebody asks to stop: what the service did not look at is not sent again then, and a
    /// host that asked for silence is asked nothing more.
    #[must_use]
    pub fn until(&self, stop: &Stop) -> Self {
        let mut tenant = self.clone();
        tenant.session.stop = stop.clone();
        tenant
    }

    /// The cloud that the tenant is in.
    pub fn cloud(&self) -> Cloud {
        self.endpoints.cloud()
    }

    /// The organisation at an address, which must be one that this identity's tokens may go to.
    pub fn organisation(&self, address: &str) -> Result<Organisation, Problem> {
        Organisation::parse(&self.endpoints, address)
    }

    /// What reads; without an organisation it has no Dataverse.
    pub fn reader(&self, organisation: Option<Organisation>) -> Reader {
        Reader::new(self.session.clone(), self.endpoints.clone(), organisation)
    }

    /// What writes, for whoever may.
    pub fn writer(&self, organisation: Option<Organisation>, permit: WritePermit) -> Writer {
        Writer::new(self.reader(organisation), permit)
    }

    /// What was sent in this run.
    pub fn counts(&self) -> &Counts {
        &self.session.counts
    }
}
