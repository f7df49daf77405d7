//! What a controller has done and seen so far: what its health and its metrics are made of.
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Mode;
use super::schedule::{self, Last};
use crate::journal::OutcomeWord;
use crate::render::drift::Counts;
use crate::rules::Rule;
use crate::tenant::{Counted, Counts as Requests};

/// How long after its latest moment a round may end before the controller counts as stuck.
const ALLOWANCE: Duration = Duration::from_secs(10 * 60);

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Round {
    /// Whoever's turn it was had it.
    Completed,
    /// The manifests are not sound, so nothing was read or written.
    BadManifests,
    /// The manifests were written to while the round lasted, so nothing was done for what may be half of them.
    Overtaken,
    /// Something of this machine was in the way: the journal cannot be read or written.
    Failed,
    /// A mistake of powergrant's own ended it.
    Panicked,
    /// Somebody asked to stop.
    Stopped,
}

impl Round {
    /// Every way.
    pub const ALL: [Self; 6] =
        [Self::Completed, Self::BadManifests, Self::Overtaken, Self::Failed, Self::Panicked, Self::Stopped];

    /// The way in a word, for labels and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::BadManifests => "bad_manifests",
            Self::Overtaken => "overtaken",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Stopped => "stopped",
        }
    }
}

/// How an environment's turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Turn {
    /// It is as the manifests say.
    InSync,
    /// It differs, and nothing was to be written.
    Differs,
    /// It differed, and everything that was written was read back and held.
    Applied,
    /// Something that the manifests say does not hold: refused, reverted, put off, or given up.
    NotAllHeld,
    /// A rail or a mistake, here or elsewhere, held back what was to be written.
    HeldBack,
    /// Something wanted could not be read.
    Incomplete,
    /// What is wanted cannot be meant here.
    Wrong,
    /// It could not be read at all.
    Unreachable,
    /// A mistake of powergrant's own ended it.
    Panicked,
}

impl Turn {
    /// Every way.
    pub const ALL: [Self; 9] = [
        Self::InSync,
        Self::Differs,
        Self::Applied,
        Self::NotAllHeld,
        Self::HeldBack,
        Self::Incomplete,
        Self::Wrong,
        Self::Unreachable,
        Self::Panicked,
    ];

    /// The way in a word, for labels and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::InSync => "in_sync",
            Self::Differs => "differs",
            Self::Applied => "applied",
            Self::NotAllHeld => "not_all_held",
            Self::HeldBack => "held_back",
            Self::Incomplete => "incomplete",
            Self::Wrong => "wrong",
            Self::Unreachable => "unreachable",
            Self::Panicked => "panicked",
        }
    }

    /// Whether everything was read, and nothing that was to be done is left.
    pub fn is_success(self) -> bool {
        match self {
            Self::InSync | Self::Differs | Self::Applied => true,
            Self::NotAllHeld | Self::HeldBack | Self::Incomplete | Self::Wrong | Self::Unreachable | Self::Panicked => {
                false
            }
        }
    }

    /// Whether the next turn is put off: what was not reached at all is asked less and less often.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Unreachable | Self::Panicked => true,
            Self::InSync
            | Self::Differs
            | Self::Applied
            | Self::NotAllHeld
            | Self::HeldBack
            | Self::Incomplete
            | Self::Wrong => false,
        }
    }
}

/// What is known of the manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manifests {
    /// They were not read yet.
    Unread,
    /// They are sound.
    Sound,
    /// They are not, with so many errors.
    Wrong(usize),
}

/// What a controller has done and seen so far.
#[derive(Clone, Debug)]
pub struct Status {
    /// What it may do.
    pub mode: Mode,
    /// How often it looks.
    pub every: Duration,
    /// What is known of the manifests.
    pub manifests: Manifests,
    /// How many rounds ended in which way.
    pub rounds: BTreeMap<Round, u64>,
    /// When the last round began and ended.
    pub last: Option<(Timestamp, Timestamp)>,
    /// The environments of the manifests, by their names there.
    pub environments: BTreeMap<String, Environment>,
    /// How many requests were answered by whom with which status; none stands for no answer.
    pub requests: BTreeMap<(Counted, Option<u16>), u64>,
}

/// What a controller has done and seen so far in one environment.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    /// How its last turn went, and with which manifests.
    pub last: Option<(Last, String)>,
    /// How many turns ended in which way.
    pub turns: BTreeMap<Turn, u64>,
    /// When a turn last was a success.
    pub success: Option<Timestamp>,
    /// What drifted when it was last read.
    pub drift: Option<Counts>,
    /// What differed when it was last read, line by line.
    pub lines: BTreeSet<String>,
    /// What became of changes.
    pub outcomes: BTreeMap<OutcomeWord, u64>,
    /// How many changes are given up.
    pub given_up: usize,
    /// The rails that stood when it was last planned.
    pub rails: BTreeSet<Rule>,
    /// Whether what is wanted could not be meant when it was last planned.
    pub is_wrong: bool,
}

impl Environment {
    /// What differed was brought about and read back: what is left is not to be changed here, or in no manifest.
    pub fn heal(&mut self) {
        if let Some(counts) = &mut self.drift {
            (counts.outside, counts.not_yet_applied, counts.unknown) = (0, 0, 0);
        }
    }
}

impl Status {
    /// A controller that has done nothing yet.
    pub fn new(mode: Mode, every: Duration) -> Self {
        Self {
            mode,
            every,
            manifests: Manifests::Unread,
            rounds: BTreeMap::new(),
            last: None,
            environments: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
    }

    /// Whether it does its work: the manifests are sound, and the last round ended in time. `Err` says what is wrong.
    ///
    /// An environment that cannot be reached is not the controller's fault; the metrics tell of it.
    pub fn ready(&self, now: Timestamp) -> Result<(), String> {
        match self.manifests {
            Manifests::Unread => return Err("the manifests were not read yet".to_owned()),
            Manifests::Wrong(1) => return Err("the manifests are not sound: 1 error, see the log".to_owned()),
            Manifests::Wrong(errors) => {
                return Err(format!("the manifests are not sound: {errors} errors, see the log"));
            }
            Manifests::Sound => {}
        }
        let Some((_, ended)) = self.last else { return Err("no round has ended yet".to_owned()) };
        let latest = schedule::latest(self.every) + self.every.max(ALLOWANCE);
        let is_late = ended.saturating_add(latest).is_ok_and(|latest| now > latest);
        if is_late { Err(format!("the last round ended at {ended}, and the next one is overdue")) } else { Ok(()) }
    }

    /// Adds the requests of a run.
    pub fn add_requests(&mut self, requests: &Requests) {
        for (key, count) in requests.statuses() {
            *self.requests.entry(key).or_default() += count;
        }
    }

    /// Notes the end of a turn.
    pub fn note_turn(&mut self, name: &str, turn: Turn, ended: Timestamp, manifests: &str) {
        let environment = self.environments.entry(name.to_owned()).or_default();
        *environment.turns.entry(turn).or_default() += 1;
        let failures = environment.last.as_ref().map_or(0, |(last, _)| last.failures);
        let failures = if turn.is_failure() { failures.saturating_add(1) } else { 0 };
        environment.last = Some((Last { ended, failures }, manifests.to_owned()));
        if turn.is_success() {
            environment.success = Some(ended);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn it_is_ready_when_the_manifests_are_sound_and_the_last_round_ended_in_time() {
        let mut status = Status::new(Mode::Observe, Duration::from_secs(900));
        assert_eq!(status.ready(at(0)).unwrap_err(), "the manifests were not read yet");
        status.manifests = Manifests::Sound;
        assert_eq!(status.ready(at(0)).unwrap_err(), "no round has ended yet");
        status.last = Some((at(0), at(10)));
        assert_eq!(status.ready(at(1_900)), Ok(()));
        // 10 s + 15 min + a tenth + 15 min.
        assert_eq!(status.ready(at(10 + 900 + 90 + 900)), Ok(()));
        assert!(status.ready(at(10 + 900 + 90 + 901)).unwrap_err().contains("overdue"));
        status.manifests = Manifests::Wrong(2);
        assert!(status.ready(at(20)).unwrap_err().contains("2 errors"));
    }

    #[test]
    fn failures_in_a_row_are_counted_until_one_turn_is_none() {
        let mut status = Status::new(Mode::Observe, Duration::from_secs(900));
        let mut failures = |turn| {
            status.note_turn("prod", turn, at(5), "m");
            status.environments["prod"].last.as_ref().unwrap().0.failures
        };
        assert_eq!(failures(Turn::Unreachable), 1);
        assert_eq!(failures(Turn::Panicked), 2);
        assert_eq!(failures(Turn::Incomplete), 0);
        assert_eq!(failures(Turn::Unreachable), 1);
        assert_eq!(failures(Turn::InSync), 0);
        assert_eq!(status.environments["prod"].success, Some(at(5)));
    }
}
