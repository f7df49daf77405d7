//! The metrics: a pure function of the status.
//!
//! Labels hold names of environments, as manifests have them, and words of our own; no name of a person, a group or a flow.
use jiff::Timestamp;

use super::exposition::{Family, Kind, Sample, write_all};
use super::status::{Environment, Manifests, Round, Status, Turn};
use crate::journal::OutcomeWord;

pub use super::exposition::Format;

/// Writes all metrics.
pub fn text(status: &Status, format: Format) -> String {
    write_all(of_controller(status).into_iter().chain(of_environments(status)), format)
}

/// A moment in seconds since 1970.
#[expect(clippy::cast_precision_loss, reason = "milliseconds since 1970 stay below 2^53 for long enough")]
fn seconds(at: Timestamp) -> f64 {
    at.as_millisecond() as f64 / 1_000.0
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody counts exactly")]
fn counted(count: u64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "beyond 2^53 nobody counts exactly")]
fn sized(count: usize) -> f64 {
    count as f64
}

fn plain(value: f64) -> Vec<Sample> {
    vec![(Vec::new(), value)]
}

fn of_controller(status: &Status) -> Vec<Family> {
    let gauge = |name, unit, help, samples| Family { name, kind: Kind::Gauge, unit, help, samples };
    let counter = |name, help, samples| Family { name, kind: Kind::Counter, unit: None, help, samples };
    let about = vec![("version", env!("CARGO_PKG_VERSION").to_owned()), ("mode", status.mode.word().to_owned())];
    let rounds = Round::ALL.map(|round| {
        let count = status.rounds.get(&round).copied().unwrap_or_default();
        (vec![("result", round.word().to_owned())], counted(count))
    });
    let last = status.last.map(|(began, ended)| (ended.duration_since(began).as_secs_f64(), seconds(ended)));
    let requests = status.requests.iter().map(|((who, answer), count)| {
        let answer = answer.map_or_else(|| "none".to_owned(), |status| status.to_string());
        (vec![("service", who.name().to_owned()), ("status", answer)], counted(*count))
    });
    let is_sound = status.manifests == Manifests::Sound;
    vec![
        gauge(
            "powergrant_build_info",
            None,
            "The version of powergrant and the controller's mode; always 1.",
            vec![(about, 1.0)],
        ),
        gauge(
            "powergrant_interval_seconds",
            Some("seconds"),
            "How often the controller looks.",
            plain(status.every.as_secs_f64()),
        ),
        gauge(
            "powergrant_manifests_sound",
            None,
            "Whether the manifests were read and hold no error.",
            plain(f64::from(u8::from(is_sound))),
        ),
        counter("powergrant_rounds", "Rounds, by how they ended.", rounds.to_vec()),
        gauge(
            "powergrant_last_round_duration_seconds",
            Some("seconds"),
            "How long the last round took.",
            last.map_or_else(Vec::new, |(took, _)| plain(took)),
        ),
        gauge(
            "powergrant_last_round_timestamp_seconds",
            Some("seconds"),
            "When the last round ended, since 1970.",
            last.map_or_else(Vec::new, |(_, ended)| plain(ended)),
        ),
        counter(
            "powergrant_requests",
            "Requests, by the service and the HTTP status that it answered; none for no answer.",
            requests.collect(),
        ),
    ]
}

/// Samples of every environment: for each, labels beside its name, and a value.
fn each(status: &Status, of: impl Fn(&Environment) -> Vec<(Option<(&'static str, String)>, f64)>) -> Vec<Sample> {
    let all = status.environments.iter().flat_map(|(name, environment)| {
        of(environment).into_iter().map(move |(label, value)| {
            let labels = [("environment", name.clone())].into_iter().chain(label).collect();
            (labels, value)
        })
    });
    all.collect()
}

fn of_environments(status: &Status) -> Vec<Family> {
    let gauge = |name, unit, help, samples| Family { name, kind: Kind::Gauge, unit, help, samples };
    let counter = |name, help, samples| Family { name, kind: Kind::Counter, unit: None, help, samples };
    let turns = each(status, |of| {
        let count = |turn| counted(of.turns.get(&turn).copied().unwrap_or_default());
        Turn::ALL.map(|turn| (Some(("result", turn.word().to_owned())), count(turn))).to_vec()
    });
    let failures = each(status, |of| vec![(None, f64::from(of.last.as_ref().map_or(0, |(last, _)| last.failures)))]);
    let success = each(status, |of| of.success.map(|at| (None, seconds(at))).into_iter().collect());
    let drift = each(status, |of| of.drift.as_ref().map(drift).unwrap_or_default());
    let changes = each(status, |of| {
        let count = |word| counted(of.outcomes.get(&word).copied().unwrap_or_default());
        OutcomeWord::ALL.map(|word| (Some(("outcome", word.label().to_owned())), count(word))).to_vec()
    });
    let given_up = each(status, |of| vec![(None, sized(of.given_up))]);
    let rails = each(status, |of| of.rails.iter().map(|rail| (Some(("rail", rail.id().to_owned())), 1.0)).collect());
    vec![
        counter("powergrant_environment_turns", "Turns of an environment, by how they ended.", turns),
        gauge(
            "powergrant_environment_failures",
            None,
            "Turns in a row in which the environment could not be reached.",
            failures,
        ),
        gauge(
            "powergrant_environment_last_success_timestamp_seconds",
            Some("seconds"),
            "When the environment was last read whole with nothing left that was to be done, since 1970.",
            success,
        ),
        gauge(
            "powergrant_drift",
            None,
            "Lines that are not as the manifests say, by where they come from, as last read.",
            drift,
        ),
        counter("powergrant_changes", "Changes, by what became of them.", changes),
        gauge(
            "powergrant_given_up",
            None,
            "Changes that a service refused or reverted, and that are not tried again as they are.",
            given_up,
        ),
        gauge(
            "powergrant_rail_standing",
            None,
            "Rails that stood when the environment was last planned; 1 for each.",
            rails,
        ),
    ]
}

fn drift(counts: &crate::render::drift::Counts) -> Vec<(Option<(&'static str, String)>, f64)> {
    let classes = [
        ("changed_outside", counts.outside),
        ("not_yet_applied", counts.not_yet_applied),
        ("unknown", counts.unknown),
        ("blocked", counts.blocked),
        ("unreadable", counts.unreadable),
        ("unmanaged", counts.unmanaged),
    ];
    classes.into_iter().map(|(class, count)| (Some(("class", class.to_owned())), sized(count))).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::cli::controller::Mode;
    use crate::render::drift::Counts;
    use crate::request::Service;
    use crate::rules::Rule;
    use crate::tenant::Counted;

    fn status(name: &str) -> Status {
        let mut status = Status::new(Mode::Enforce, Duration::from_secs(900));
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap();
        status.manifests = Manifests::Sound;
        status.rounds.insert(Round::Completed, 3);
        status.last = Some((at(1_000_000), at(1_002_500)));
        status.requests.insert((Counted::Service(Service::Dataverse), Some(200)), 41);
        status.requests.insert((Counted::SignIn, None), 1);
        status.note_turn(name, Turn::Applied, at(1_002_500), "m");
        let environment = status.environments.get_mut(name).unwrap();
        environment.drift = Some(Counts { outside: 2, ..Counts::default() });
        environment.outcomes.insert(OutcomeWord::Held, 2);
        environment.rails.insert(Rule::MaxRemovals);
        status
    }

    #[test]
    fn the_example_lists_every_metric() {
        let head = "| metric | kind | labels | says |\n|---|---|---|---|\n".to_owned();
        let status = status("prod");
        let rows = of_controller(&status).into_iter().chain(of_environments(&status)).map(|family| {
            let (kind, suffix) = match family.kind {
                Kind::Counter => ("counter", "_total"),
                Kind::Gauge => ("gauge", ""),
            };
            let labels = family.samples.first().map_or_else(Vec::new, |(labels, _)| labels.clone());
            let labels: Vec<String> = labels.iter().map(|(name, _)| format!("`{name}`")).collect();
            format!("| `{}{suffix}` | {kind} | {} | {} |\n", family.name, labels.join(", "), family.help)
        });
        let table = head + &rows.collect::<String>();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/controller/README.md");
        let readme = std::fs::read_to_string(path).expect("there is one").replace("\r\n", "\n");
        assert!(readme.contains(&table), "put this between the marks of the example's README:\n{table}");
    }

    #[test]
    fn both_formats_say_the_same_in_their_own_way() {
        let prometheus = text(&status("prod"), Format::Prometheus);
        assert!(prometheus.contains("# TYPE powergrant_rounds_total counter\n"), "{prometheus}");
        assert!(!prometheus.contains("# UNIT") && !prometheus.contains("# EOF"), "{prometheus}");
        let open = text(&status("prod"), Format::OpenMetrics);
        assert!(open.contains("# TYPE powergrant_rounds counter\n") && open.ends_with("# EOF\n"), "{open}");
        assert!(open.contains("# UNIT powergrant_last_round_duration_seconds seconds\n"), "{open}");
        let samples = |text: &str| text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n");
        assert_eq!(samples(&prometheus), samples(&open));
        for sample in [
            "powergrant_rounds_total{result=\"completed\"} 3\n",
            "powergrant_last_round_duration_seconds 2.5\n",
            "powergrant_last_round_timestamp_seconds 1002.5\n",
            "powergrant_requests_total{service=\"Dataverse\",status=\"200\"} 41\n",
            "powergrant_requests_total{service=\"sign-in\",status=\"none\"} 1\n",
            "powergrant_drift{environment=\"prod\",class=\"changed_outside\"} 2\n",
            "powergrant_changes_total{environment=\"prod\",outcome=\"held\"} 2\n",
            "powergrant_rail_standing{environment=\"prod\",rail=\"max-removals\"} 1\n",
        ] {
            assert!(prometheus.contains(sample), "{sample}{prometheus}");
        }
    }

    proptest! {
        #[test]
        fn no_name_of_an_environment_writes_a_line_or_a_label_of_its_own(name in "\\PC*|[a\"\\\\\n{},= ]{0,12}") {
            let shown = text(&status(&name), Format::Prometheus);
            let plain = text(&status("prod"), Format::Prometheus);
            prop_assert_eq!(shown.lines().count(), plain.lines().count());
            let labels = |line: &str| {
                // A quote ends a value unless a backslash that is none itself stands before it.
                let (mut quotes, mut escape) = (0, false);
                for letter in line.chars() {
                    quotes += u32::from(letter == '"' && !escape);
                    escape = letter == '\\' && !escape;
                }
                quotes
            };
            for (shown, plain) in shown.lines().zip(plain.lines()) {
                prop_assert_eq!(labels(shown), labels(plain), "{}", shown);
            }
        }
    }
}
