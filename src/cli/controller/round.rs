//! One round: read the manifests, look at the environments whose turn it is, judge what was seen.
use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::{FutureExt, StreamExt, stream};
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use super::schedule::{self, Next};
use super::status::{Environment, Manifests, Round, Turn};
use super::{Controller, Ended, Mode, peek, tell};
use crate::cli::chronicle::fingerprints;
use crate::cli::drift::drift;
use crate::cli::manifests::{self, Loaded};
use crate::cli::online::{self, Directories, Planned};
use crate::finding::Severity;
use crate::foreign::inert;
use crate::inventory::section::Reading;
use crate::journal::history::History;
use crate::problem::Problem;
use crate::render::drift::Counts;
use crate::tenant::Tenant;

/// How many environments are read at once.
const ENVIRONMENTS_IN_FLIGHT: usize = 8;

/// What a round begins with.
pub(super) struct Begun {
    /// The manifests.
    pub(super) loaded: Loaded,
    /// All of them as one hash.
    pub(super) fingerprint: String,
    /// What was applied so far.
    pub(super) history: History,
}

/// What was seen of an environment in its turn.
pub(super) struct Seen {
    /// Its name.
    pub(super) name: String,
    /// Who was asked, for the count of requests.
    asked: Option<Tenant>,
    /// What was read and planned; why not, otherwise.
    pub(super) planned: Result<Box<Planned>, Missed>,
    /// How the turn ends, as far as is known.
    pub(super) turn: Turn,
}

/// Why there is no plan of an environment.
pub(super) enum Missed {
    /// There is no way to it.
    Unreachable(Box<Problem>),
    /// A mistake of powergrant's own.
    Panicked,
}

impl Controller {
    /// One round; what panics in here is caught where it is called.
    pub(super) async fn attempt(&mut self) -> (Round, Ended) {
        let loaded = self.load();
        tell::findings(&loaded.findings);
        let errors = loaded.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        if errors > 0 {
            tracing::error!(errors, "the manifests are not sound, so nothing is read or written");
            return self.manifests_are_wrong(errors);
        }
        if loaded.desired.environments.is_empty() {
            tracing::error!("the manifests hold no Environment document, so nothing says what to look at");
            return self.manifests_are_wrong(1);
        }
        let history = match self.history() {
            Ok(history) => history,
            Err(error) => {
                let journal = inert(&self.settings.journal.display().to_string());
                tracing::error!(journal, %error, "the journal cannot be read, so nothing is done");
                return (Round::Failed, Ended::Idle);
            }
        };
        let fingerprint = fingerprint_of(&loaded);
        let turn = self.turn(&loaded, &fingerprint);
        let begun = Begun { loaded, fingerprint, history };
        let stop = self.stop.clone();
        let mut seen = tokio::select! {
            seen = self.look(&begun.loaded, &turn) => seen,
            // Reading leaves nothing half done.
            () = stop.asked() => return (Round::Stopped, Ended::Idle),
        };
        // A folder changes file by file, so a set that is not the same after a while may have been half of one.
        if self.settings.mode == Mode::Enforce && fingerprint_of(&self.load()) != begun.fingerprint {
            tracing::warn!("the manifests changed meanwhile, so nothing is written for what was read of them");
            return (Round::Overtaken, Ended::Idle);
        }
        for one in &mut seen {
            self.note_seen(one, &begun);
        }
        let enforced = match self.settings.mode {
            Mode::Observe => Ok(Ended::Idle),
            Mode::Enforce => self.enforce(&begun, &mut seen).await,
        };
        self.note_turns(&seen, &begun.fingerprint);
        match enforced {
            Ok(_) if !self.stop.is_asked() => (Round::Completed, Ended::Idle),
            Ok(ended) => (Round::Stopped, ended),
            Err(error) => {
                let journal = inert(&self.settings.journal.display().to_string());
                tracing::error!(journal, %error, "the journal cannot be kept");
                (Round::Failed, Ended::Idle)
            }
        }
    }

    /// Reads the manifests as they are now.
    fn load(&self) -> Loaded {
        let today = self.clock.now().to_zoned(TimeZone::system()).date();
        manifests::load(&self.settings.paths, &self.settings.global, today)
    }

    /// What was applied so far; nothing where there is no journal yet.
    fn history(&self) -> std::io::Result<History> {
        match std::fs::read_to_string(&self.settings.journal) {
            Ok(text) => Ok(History::read(&text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(History::default()),
            Err(error) => Err(error),
        }
    }

    /// Whose turn it is; forgets environments that no manifest names any more.
    fn turn(&mut self, loaded: &Loaded, fingerprint: &str) -> BTreeSet<String> {
        let names: BTreeSet<String> =
            loaded.desired.environments.iter().map(|desired| desired.environment.name.to_string()).collect();
        self.clients.retain(&names);
        let last: BTreeMap<_, _> = peek(&self.status, |status| {
            status.manifests = Manifests::Sound;
            status.environments.retain(|name, _| names.contains(name));
            // What stood with other manifests holds nobody back: whoever it was about is planned again in this round.
            let stale =
                |known: &Environment| known.last.as_ref().is_some_and(|(_, manifests)| manifests != fingerprint);
            for known in status.environments.values_mut().filter(|known| stale(known)) {
                known.rails.clear();
                known.is_wrong = false;
            }
            let of = |name: &String| {
                let (last, manifests) = status.environments.get(name)?.last.as_ref()?;
                (manifests == fingerprint).then_some(*last)
            };
            names.iter().map(|name| (name.clone(), of(name))).collect()
        });
        match schedule::next(self.clock.now(), self.settings.every, &last) {
            Next::Now(turn) => turn,
            Next::In(_) => BTreeSet::new(),
        }
    }

    /// Reads and plans the environments whose turn it is.
    async fn look(&mut self, loaded: &Loaded, turn: &BTreeSet<String>) -> Vec<Seen> {
        let directories = Directories::default();
        let mut looks = Vec::new();
        for desired in &loaded.desired.environments {
            let name = desired.environment.name.to_string();
            if !turn.contains(&name) {
                continue;
            }
            let (sandbox, global) = (self.sandbox.as_ref(), &self.settings.global);
            let clock = Arc::clone(&self.clock);
            let client = self
                .clients
                .of(&desired.environment, |environment| online::connect(environment, sandbox, global, clock));
            let (desired, directory) = (desired.clone(), directories.of(desired));
            let asked = client.as_ref().ok().map(|(tenant, _)| tenant.clone());
            looks.push(async move {
                let look = async {
                    let client = client?;
                    online::sign_in(&client).await?;
                    Ok(Box::new(online::look(desired, client, &directory).await))
                };
                let planned = match AssertUnwindSafe(look).catch_unwind().await {
                    Ok(looked) => looked.map_err(|problem: Problem| Missed::Unreachable(Box::new(problem))),
                    Err(_) => Err(Missed::Panicked),
                };
                let turn = judged(&planned);
                Seen { name, asked, planned, turn }
            });
        }
        stream::iter(looks).buffered(ENVIRONMENTS_IN_FLIGHT).collect().await
    }

    /// Notes and tells what was seen of an environment.
    fn note_seen(&mut self, seen: &mut Seen, begun: &Begun) {
        let environment = inert(&seen.name);
        let planned = match &seen.planned {
            Ok(planned) => planned,
            Err(Missed::Unreachable(problem)) => {
                let (problem, next) = (inert(&problem.to_string()), inert(&problem.next));
                tracing::error!(environment, problem, next, "not reached");
                return;
            }
            Err(Missed::Panicked) => {
                tracing::error!(environment, "looking ended in a mistake of powergrant's own");
                return;
            }
        };
        if let Reading::Unreadable(problem) = &planned.inventory.caller {
            let (problem, next) = (inert(&problem.to_string()), inert(&problem.next));
            tracing::error!(environment, problem, next, "not reached");
        }
        tell::findings(&planned.plan.findings);
        let drift = drift(&begun.loaded.sources, planned, &begun.history, &[]);
        let before = peek(&self.status, |status| {
            status.environments.get(&seen.name).map(|known| known.lines.clone()).unwrap_or_default()
        });
        let lines = tell::differences(&seen.name, &drift, &before);
        let counts = Counts::of(&[drift]);
        self.note(&seen.name, |known| {
            known.drift = Some(counts);
            known.lines = lines;
            known.rails = planned.review.tripped.iter().map(|tripped| tripped.rule).collect();
            known.is_wrong = planned.plan.has_errors();
        });
    }

    /// Changes what is known of an environment.
    pub(super) fn note(&self, name: &str, change: impl FnOnce(&mut Environment)) {
        peek(&self.status, |status| change(status.environments.entry(name.to_owned()).or_default()));
    }

    /// Notes and tells how the turns ended.
    fn note_turns(&mut self, seen: &[Seen], fingerprint: &str) {
        let ended = self.clock.now();
        for one in seen {
            if one.turn.is_failure() {
                self.clients.drop_of(&one.name);
            }
            let (drift, given_up) = peek(&self.status, |status| {
                if let Some(tenant) = &one.asked {
                    status.add_requests(tenant.counts());
                }
                status.note_turn(&one.name, one.turn, ended, fingerprint);
                let known = status.environments.entry(one.name.clone()).or_default();
                let found = known.drift;
                if one.turn == Turn::Applied {
                    known.heal();
                }
                (found, known.given_up)
            });
            tell::turn(&one.name, one.turn, drift.as_ref(), given_up);
        }
    }
}

/// How a turn ends in which nothing is written.
fn judged(planned: &Result<Box<Planned>, Missed>) -> Turn {
    let planned = match planned {
        Ok(planned) => planned,
        Err(Missed::Unreachable(_)) => return Turn::Unreachable,
        Err(Missed::Panicked) => return Turn::Panicked,
    };
    let (plan, inventory) = (&planned.plan, &planned.inventory);
    // Whoever cannot be asked who we are answers nothing else either; without Dataverse there is one thing to ask.
    let is_reached = match (&inventory.caller, &inventory.environment_roles) {
        (Reading::Unreadable(_), _) | (Reading::NotAsked, Reading::Unreadable(_)) => false,
        (Reading::Read(_), _) | (Reading::NotAsked, Reading::NotAsked | Reading::Read(_)) => true,
    };
    if !is_reached {
        Turn::Unreachable
    } else if plan.has_errors() {
        Turn::Wrong
    } else if plan.is_incomplete() {
        Turn::Incomplete
    } else if plan.has_differences() {
        Turn::Differs
    } else {
        Turn::InSync
    }
}

/// All manifests as one hash.
fn fingerprint_of(loaded: &Loaded) -> String {
    let all: Vec<String> =
        fingerprints(&loaded.sources).into_iter().map(|(file, hash)| format!("{file}\t{hash}\n")).collect();
    Sha256::digest(all.concat()).iter().map(|byte| format!("{byte:02x}")).collect()
}
