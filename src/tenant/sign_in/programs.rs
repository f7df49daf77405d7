//! Programs that print a token: the Azure CLI, the Azure Developer CLI, and any command.
use std::process::{Command, Stdio};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{MARGIN, Secret, SignIn, Token};
use crate::problem::{Cause, Problem};
use crate::tenant::token::Claims;

/// A program and what to do when it gives no token.
pub(super) struct Program {
    command: Command,
    name: &'static str,
    next: &'static str,
}

impl Program {
    /// `az account get-access-token` (Learn; also what `azure_identity` runs).
    pub(super) fn azure_cli(scope: &str, tenant: Option<&str>) -> Self {
        let mut command = found("az");
        command.args(["account", "get-access-token", "-o", "json", "--scope", scope]);
        command.args(tenant.iter().flat_map(|tenant| ["--tenant", tenant]));
        let next = "install the Azure CLI 2.54 or newer, and sign in with `az login --allow-no-subscriptions`";
        Self { command, name: "az", next }
    }

    /// `azd auth token` (client code of `azure_identity`).
    pub(super) fn azd(scope: &str, tenant: Option<&str>) -> Self {
        let mut command = found("azd");
        command.args(["auth", "token", "-o", "json", "--no-prompt", "--scope", scope]);
        command.args(tenant.iter().flat_map(|tenant| ["--tenant-id", tenant]));
        Self { command, name: "azd", next: "install the Azure Developer CLI, and sign in with `azd auth login`" }
    }

    /// A command line of the user's, run by the shell (precedent: credential plugins of kubectl).
    pub(super) fn any(line: &str, scope: &str) -> Self {
        let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        let mut command = Command::new(shell);
        // In a variable and not in the text, so that no part of an address is read by the shell.
        command.arg(option).arg(line).env("SCOPE", scope);
        let next = "run the command by hand with SCOPE set, and see that it prints a token as JSON";
        Self { command, name: "the token command", next }
    }
}

/// A program on the path; on Windows both are scripts, which only the shell starts.
fn found(program: &str) -> Command {
    if cfg!(windows) {
        let mut command = Command::new("cmd");
        command.args(["/C", program]);
        command
    } else {
        Command::new(program)
    }
}

impl SignIn {
    /// Runs a program and reads the token that it prints.
    pub(super) async fn of_program(&self, program: Program) -> Result<Token, Problem> {
        let Program { mut command, name, next } = program;
        let refuse = |says: String| Problem::without_request(Cause::SignedOut, "sign-in", says, next);
        command.stdin(Stdio::null());
        let output = tokio::task::spawn_blocking(move || command.output()).await;
        let output = output.map_err(|error| refuse(error.to_string()))?;
        let output = output.map_err(|error| refuse(format!("{name} did not start: {error}")))?;
        if !output.status.success() {
            let says = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(refuse(format!("{name} failed ({}): {says}", output.status)));
        }
        printed(&output.stdout, self.wire.clock.now())
            .ok_or_else(|| refuse(format!("{name} did not print `{{\"token\", \"expiresOn\"}}`")))
    }
}

/// Reads what a program printed.
fn printed(output: &[u8], now: Timestamp) -> Option<Token> {
    let value: Value = serde_json::from_slice(output).ok()?;
    let secret = ["token", "accessToken", "access_token"].iter().find_map(|name| value[*name].as_str())?;
    let claims = Claims::of(secret);
    let seconds = |name: &str| value[name].as_i64().and_then(|seconds| Timestamp::from_second(seconds).ok());
    let date = |name: &str| {
        let text = value[name].as_str()?;
        // `az` prints local time without a zone as `expiresOn`; its `expires_on` and the token itself come first.
        text.parse().ok().or_else(|| {
            let local: jiff::civil::DateTime = text.parse().ok()?;
            Some(local.to_zoned(jiff::tz::TimeZone::system()).ok()?.timestamp())
        })
    };
    let expires = seconds("expires_on").or_else(|| seconds("expiresOn"));
    let expires = expires.or_else(|| claims.as_ref().and_then(|claims| claims.expires)).or_else(|| date("expiresOn"));
    // Without any date it is asked for again soon.
    let expires = expires.unwrap_or(now + MARGIN + SignedDuration::from_mins(1));
    Some(Token { secret: Secret::new(secret), claims, fetched: now, expires })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_prints_what_plugins_or_az_print() {
        let now = Timestamp::UNIX_EPOCH;
        let expires = |output: &str| printed(output.as_bytes(), now).unwrap().expires.to_string();
        assert_eq!(expires(r#"{"token":"t","expiresOn":"2027-01-31T10:00:00Z"}"#), "2027-01-31T10:00:00Z");
        assert_eq!(
            expires(r#"{"accessToken":"t","expiresOn":"2027-01-31 11:00:00.000000","expires_on":1801389600}"#),
            "2027-01-31T10:00:00Z"
        );
        assert_eq!(expires(r#"{"token":"t"}"#), "1970-01-01T00:06:00Z");
        assert!(printed(b"t", now).is_none());
    }
}
