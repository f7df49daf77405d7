//! The requests that a plan would send, as text.
use std::fmt::Write as _;

use crate::foreign::inert;
use crate::plan::Plan;
use crate::request::{Call, Request};

/// Prints each step with what it sends, in the order in which it may be sent.
pub fn text(plans: &[&Plan]) -> String {
    let mut out = String::new();
    for plan in plans {
        let _ = writeln!(out, "requests for {}\n", inert(&plan.environment));
        for step in &plan.steps {
            let names: Vec<_> = step.lines.iter().map(|line| plan.lines[*line].name.trim()).collect();
            let heading = step.lines.first().map_or("", |line| plan.lines[*line].heading.as_str());
            let _ = writeln!(out, "  {}: {}", inert(heading), inert(&names.join(", ")));
            match &step.call {
                Err(lacks) => {
                    let _ = writeln!(out, "    (known when {})", inert(&lacks.to_string()));
                }
                Ok(Call::Send(request)) => one(&mut out, request),
                Ok(Call::InOrder(requests)) => {
                    for request in requests {
                        one(&mut out, request);
                    }
                }
                Ok(Call::Together(requests)) => {
                    let _ = writeln!(out, "    POST $batch, one change set:");
                    for request in requests {
                        one(&mut out, request);
                    }
                }
                Ok(Call::Rewrite(edit)) => {
                    let _ =
                        writeln!(out, "    GET workflows({})?$select=name,clientdata,statecode,statuscode", edit.flow);
                    for mode in &edit.modes {
                        let target = match &mode.target {
                            crate::request::ModeTarget::LogicalName(name) => name.clone(),
                            crate::request::ModeTarget::Key(key) => format!("key:{key}"),
                        };
                        let whose =
                            if mode.by_run_only_user { "provided by run-only user" } else { "use this connection" };
                        let _ = writeln!(out, "      {}: {whose}", inert(&target));
                    }
                    let _ = writeln!(out, "    PATCH workflows({}) If-Match: <read then>", edit.flow);
                }
            }
        }
        out.push('\n');
    }
    out
}

fn one(out: &mut String, request: &Request) {
    let headers: Vec<_> = request.headers.iter().map(|(name, value)| format!(" {name}: {value}")).collect();
    let _ = writeln!(out, "    {} {}{}", request.method.word(), inert(&request.path), inert(&headers.concat()));
    if let Some(body) = &request.body {
        let _ = writeln!(out, "      {}", inert(&body.to_string()));
    }
}
