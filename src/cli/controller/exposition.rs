//! The text formats that Prometheus and `OpenMetrics` read (Prometheus docs: exposition formats; `OpenMetrics` 1.0.0).
use std::fmt::Write as _;

use crate::foreign::inert;

/// Which of the two formats is written. They differ in how counters and units are told, and in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Prometheus, text 0.0.4.
    Prometheus,
    /// `OpenMetrics` 1.0.0.
    OpenMetrics,
}

impl Format {
    /// The best format for what an `Accept` header says.
    pub fn accepted(accept: &str) -> Self {
        if accept.contains("application/openmetrics-text") { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// The content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// What kind of value a family has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows; its samples end in `_total`.
    Counter,
    /// It goes up and down.
    Gauge,
}

/// One family of samples.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) unit: Option<&'static str>,
    pub(super) help: &'static str,
    pub(super) samples: Vec<Sample>,
}

/// Labels with their values, and the value.
pub(super) type Sample = (Vec<(&'static str, String)>, f64);

/// Writes families.
pub(super) fn write_all(families: impl IntoIterator<Item = Family>, format: Format) -> String {
    let mut out = String::new();
    for family in families {
        write(&mut out, &family, format);
    }
    if format == Format::OpenMetrics {
        out.push_str("# EOF\n");
    }
    out
}

/// Writes one family.
fn write(out: &mut String, family: &Family, format: Format) {
    let suffix = if family.kind == Kind::Counter { "_total" } else { "" };
    let head = match format {
        Format::Prometheus => format!("{}{suffix}", family.name),
        Format::OpenMetrics => family.name.to_owned(),
    };
    let kind = match family.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
    };
    let _ = write!(out, "# HELP {head} {}\n# TYPE {head} {kind}\n", family.help);
    if let (Some(unit), Format::OpenMetrics) = (family.unit, format) {
        let _ = writeln!(out, "# UNIT {head} {unit}");
    }
    for (labels, value) in &family.samples {
        let labels: Vec<String> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(out, "{}{suffix}{labels} {value}", family.name);
    }
}

/// A label's value: inert like everything foreign, and then as both formats want it.
fn escaped(value: &str) -> String {
    inert(value).replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_is_what_the_reader_accepts() {
        assert_eq!(
            Format::accepted("application/openmetrics-text;version=1.0.0,text/plain;q=0.5"),
            Format::OpenMetrics
        );
        assert_eq!(Format::accepted("text/plain;version=0.0.4"), Format::Prometheus);
        assert_eq!(Format::accepted(""), Format::Prometheus);
    }
}
