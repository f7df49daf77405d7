//! Plans and reports as text that people read: one block per subject, columns aligned, the same without colour.
use std::fmt::Write as _;

use crate::ledger::Effect;
use crate::plan::line::{Expiry, LevelText, Line, LineKind};
use crate::plan::{Plan, digest};
use crate::problem::clip;
use crate::report::{Outcome, Report};

/// How wide the entry column is at least.
const ENTRY_WIDTH: usize = 40;

/// Renders the plans of a run with their summary and digest.
pub fn text(plans: &[&Plan]) -> String {
    let mut out = String::new();
    for plan in plans {
        environment(&mut out, plan);
    }
    out.push_str(&summary(plans));
    out
}

fn environment(out: &mut String, plan: &Plan) {
    let shown: Vec<&Line> = plan.lines.iter().filter(|line| is_shown(line)).collect();
    let _ = writeln!(out, "{}\n", clip(&plan.environment));
    if shown.is_empty() {
        let nothing = if plan.is_incomplete() { "nothing is known of what was not read" } else { "nothing to do" };
        let _ = writeln!(out, "  {nothing}");
    }
    let mut heading = None;
    for line in shown {
        if heading != Some(&line.heading) {
            heading = Some(&line.heading);
            let new = if line.new { " (new)" } else { "" };
            let _ = writeln!(out, "  {}{new}", clip(&line.heading));
        }
        let _ = writeln!(out, "    {}", one(line));
    }
    let unmanaged = plan.lines.iter().filter(|line| matches!(line.kind, LineKind::Unmanaged { .. })).count();
    if unmanaged > 0 {
        let _ = writeln!(
            out,
            "\n  {unmanaged} unmanaged: granted, and named in no manifest (`powergrant drift` lists them)"
        );
    }
    out.push('\n');
}

fn is_shown(line: &Line) -> bool {
    match line.kind {
        LineKind::Change { .. } | LineKind::Blocked { .. } | LineKind::Unread { .. } => true,
        LineKind::Unmanaged { .. } | LineKind::Kept { .. } => false,
    }
}

/// One line of a plan: symbol, entry, level, and what else a reader should know.
pub fn one(line: &Line) -> String {
    let level = |level: &Option<LevelText>| level.as_ref().map(|level| clip(&level.text)).unwrap_or_default();
    let (symbol, mut rest) = match &line.kind {
        LineKind::Change { from: None, to, .. } => ('+', level(to)),
        LineKind::Change { from, to: None, .. } => ('-', level(from)),
        LineKind::Change { from, to, .. } => ('~', format!("{} → {}", level(from), level(to))),
        LineKind::Blocked { reason, .. } => ('!', clip(reason)),
        LineKind::Unread { problem, .. } if line.entry.is_empty() => {
            return format!("? not read: {}, nothing planned", clip(&problem.to_string()));
        }
        LineKind::Unread { problem, .. } => ('?', format!("not read: {}", clip(&problem.says))),
        LineKind::Unmanaged { held } => {
            (' ', format!("{}; unmanaged", level(held)).trim_start_matches("; ").to_owned())
        }
        LineKind::Kept { held, reason } => {
            (' ', format!("{}; {}", level(held), clip(reason)).trim_start_matches("; ").to_owned())
        }
    };
    if rest == "held" || rest == "exists" {
        rest.clear();
    }
    let mut notes: Vec<String> = line.note.iter().map(|note| clip(note)).collect();
    notes.extend(line.expires.map(Expiry::words));
    if !line.after.is_empty() {
        notes.push(format!("after {}", clip(&line.after.join(", "))));
    }
    let parts: Vec<String> = std::iter::once(rest).chain(notes).filter(|part| !part.is_empty()).collect();
    format!("{symbol} {:<ENTRY_WIDTH$} {}", clip(&line.name), parts.join("; ")).trim_end().to_owned()
}

/// The last lines of a plan: counts and the digest.
pub fn summary(plans: &[&Plan]) -> String {
    let (mut add, mut change, mut remove, mut widen, mut narrow, mut blocked, mut unread) = (0, 0, 0, 0, 0, 0, 0);
    for line in plans.iter().flat_map(|plan| &plan.lines) {
        match &line.kind {
            LineKind::Change { from, to, effect, .. } => {
                match (from, to) {
                    (None, _) => add += 1,
                    (Some(_), None) => remove += 1,
                    (Some(_), Some(_)) => change += 1,
                }
                match effect {
                    Effect::Widens => widen += 1,
                    Effect::Narrows => narrow += 1,
                    Effect::Shifts => {}
                }
            }
            LineKind::Blocked { .. } => blocked += 1,
            LineKind::Unread { .. } => unread += 1,
            LineKind::Unmanaged { .. } | LineKind::Kept { .. } => {}
        }
    }
    if plans.is_empty() {
        return "Plan: nothing was planned.\n".to_owned();
    }
    if add + change + remove + blocked + unread == 0 {
        if plans.iter().any(|plan| plan.is_incomplete()) {
            return "Plan: not known, for not everything could be read.\n".to_owned();
        }
        return "Plan: nothing to do.\n".to_owned();
    }
    let mut line =
        format!("Plan: {add} to add, {change} to change, {remove} to remove; {widen} widen access, {narrow} narrow it");
    if blocked > 0 {
        let _ = write!(line, "; {blocked} blocked");
    }
    if unread > 0 {
        let _ = write!(line, "; {unread} not read");
    }
    if add + change + remove == 0 {
        return format!("{line}.\nNothing here can be applied.\n");
    }
    let digest = digest::digest(plans.iter().copied());
    if digest.is_empty() {
        return format!("{line}.\nNo digest: the snapshot holds pseudonyms; a plan of the tenant has one.\n");
    }
    format!("{line}.\nDigest {digest}; apply exactly this with `powergrant apply --expect {digest}`\n")
}

/// Renders what became of a run.
pub fn reports(reports: &[Report]) -> String {
    let mut out = String::new();
    for report in reports {
        let _ = writeln!(out, "{}\n", clip(&report.environment));
        for alarm in &report.alarms {
            let _ = writeln!(out, "  ATTENTION: {}", clip(alarm));
        }
        let mut heading = None;
        for (line, outcome) in &report.results {
            if heading != Some(&line.heading) {
                heading = Some(&line.heading);
                let _ = writeln!(out, "  {}", clip(&line.heading));
            }
            let symbol = if *outcome == Outcome::Held { '=' } else { '!' };
            let words = match (&line.kind, outcome) {
                (LineKind::Change { to: None, .. }, Outcome::Held) => "revoked".to_owned(),
                (LineKind::Change { to: Some(to), .. }, Outcome::Held) if !to.text.is_empty() => to.text.clone(),
                (_, outcome) => outcome.words(),
            };
            let _ = writeln!(out, "    {symbol} {:<ENTRY_WIDTH$} {}", clip(&line.name), clip(&words));
            if !outcome.next().is_empty() {
                let _ = writeln!(out, "      next: {}", clip(outcome.next()));
            }
        }
        for line in &report.new_since_plan {
            let _ = writeln!(out, "  new since the plan, not done: {}: {}", clip(&line.heading), one(line));
        }
        out.push('\n');
    }
    let all: Vec<&Outcome> = reports.iter().flat_map(|report| &report.results).map(|(_, outcome)| outcome).collect();
    let held = all.iter().filter(|outcome| ***outcome == Outcome::Held).count();
    let _ = writeln!(out, "Applied: {held} of {} read back from the services and held.", all.len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Phase;
    use crate::plan::of_lines;

    fn line(kind: LineKind) -> Line {
        Line {
            ledger: "flowShares",
            rank: 6,
            subject: "flow".to_owned(),
            heading: "flow Expense intake, shares".to_owned(),
            new: false,
            entry: "user:ada".to_owned(),
            name: "user ada@contoso.com".to_owned(),
            kind,
            place: None,
            note: None,
            after: Vec::new(),
            expires: None,
        }
    }

    #[test]
    fn only_a_plan_with_changes_says_how_to_apply_it() {
        let level = || Some(LevelText { word: "runOnly".to_owned(), text: "run-only".to_owned() });
        let blocked = LineKind::Blocked { held: None, wanted: level(), reason: "managed".to_owned() };
        let said = summary(&[&of_lines("contoso-prod", vec![line(blocked)])]);
        assert_eq!(
            said,
            "Plan: 0 to add, 0 to change, 0 to remove; 0 widen access, 0 narrow it; 1 blocked.\nNothing here can be applied.\n"
        );
        let change = LineKind::Change { from: None, to: level(), effect: Effect::Widens, phase: Phase::Grant };
        let said = summary(&[&of_lines("contoso-prod", vec![line(change)])]);
        assert!(said.contains("apply exactly this with `powergrant apply --expect sha256:"), "{said}");
    }
}
