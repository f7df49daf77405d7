//! How many requests a run sent, to which service and in which wave.
use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::request::Service;

/// What was sent to one service under one label.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Requests on the wire; a `$batch` is one.
    pub requests: u64,
    /// Reads inside of batches.
    pub parts: u64,
    /// Bytes of the answers' bodies, unpacked.
    pub bytes: u64,
}

/// Who is counted: a service, or the place where tokens come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Counted {
    /// Requests to a service.
    Service(Service),
    /// Requests for tokens, which are counted apart.
    SignIn,
}

impl Counted {
    /// The name to print.
    pub fn name(self) -> &'static str {
        match self {
            Self::Service(service) => service.name(),
            Self::SignIn => "sign-in",
        }
    }
}

/// The counts of one run.
#[derive(Debug, Default)]
pub struct Counts(Mutex<BTreeMap<(String, Counted), Count>>, Mutex<Statuses>);

/// How often each status was answered by whom; none stands for no answer.
pub type Statuses = BTreeMap<(Counted, Option<u16>), u64>;

impl Counts {
    /// Every count, by label and then by service.
    pub fn all(&self) -> BTreeMap<(String, Counted), Count> {
        self.0.lock().expect("no holder of this lock panics").clone()
    }

    /// How many requests were sent to services, without those for tokens.
    pub fn requests(&self) -> u64 {
        let is_service = |who: &Counted| matches!(who, Counted::Service(_));
        self.all().iter().filter(|((_, who), _)| is_service(who)).map(|(_, count)| count.requests).sum()
    }

    /// How requests were answered.
    pub fn statuses(&self) -> Statuses {
        self.1.lock().expect("no holder of this lock panics").clone()
    }

    pub(super) fn answered(&self, who: Counted, status: Option<u16>) {
        *self.1.lock().expect("no holder of this lock panics").entry((who, status)).or_default() += 1;
    }

    pub(super) fn request(&self, label: &str, who: Counted) {
        self.change(label, who, |count| count.requests += 1);
    }

    pub(super) fn parts(&self, label: &str, who: Counted, parts: usize) {
        self.change(label, who, |count| count.parts += parts as u64);
    }

    pub(super) fn bytes(&self, label: &str, who: Counted, bytes: usize) {
        self.change(label, who, |count| count.bytes += bytes as u64);
    }

    fn change(&self, label: &str, who: Counted, change: impl FnOnce(&mut Count)) {
        let mut counts = self.0.lock().expect("no holder of this lock panics");
        change(counts.entry((label.to_owned(), who)).or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_counted_apart() {
        let counts = Counts::default();
        counts.request("wave 1", Counted::Service(Service::Dataverse));
        counts.request("wave 2", Counted::Service(Service::Graph));
        counts.request("wave 1", Counted::SignIn);
        counts.parts("wave 1", Counted::Service(Service::Dataverse), 100);
        assert_eq!(counts.requests(), 2);
        let of_wave_1 = counts.all()[&("wave 1".to_owned(), Counted::Service(Service::Dataverse))];
        assert_eq!(of_wave_1, Count { requests: 1, parts: 100, bytes: 0 });
        counts.answered(Counted::SignIn, Some(200));
        counts.answered(Counted::SignIn, Some(200));
        counts.answered(Counted::SignIn, None);
        let statuses = [((Counted::SignIn, None), 1), ((Counted::SignIn, Some(200)), 2)];
        assert_eq!(counts.statuses(), Statuses::from(statuses));
    }
}
