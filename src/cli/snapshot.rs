//! `powergrant snapshot`: what there is, as a file that the other commands read instead of a tenant.
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::Global;
use super::exit::Exit;
use super::output::Output;
use super::reading::{Accepted, Reading, Seen, report_doubts};
use crate::compile::desired::DesiredEnvironment;
use crate::explain::requirements;
use crate::inventory::people::PrincipalRow;
use crate::inventory::scope::Scope;
use crate::inventory::snapshot::{self, Header, Names, Taken, Version};
use crate::names::Text;

/// Reads everything of the environments and writes it to a file, for `plan --snapshot` and for questions without a tenant.
///
/// A snapshot holds facts of flows and never their text, and no secrets. Names of people, groups and flows are
/// pseudonyms unless `--with-names` is given; names that a command is given later are found all the same.
///
/// Who is in an Entra group is read from Microsoft Graph. Without rights there the snapshot is written all the same, and
/// questions answer *unknown* where only a group decides; it fails only where a document names a group.
#[derive(Debug, clap::Args)]
pub struct Snapshot {
    /// Files and folders with the Environment documents; what the other documents name is read too. `.` if none is given.
    paths: Vec<PathBuf>,
    /// Where to write; standard output if it is not given.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Writes names as they are instead of pseudonyms. Such a file is as confidential as the tenant.
    #[arg(long)]
    with_names: bool,
    /// Does not fail because something could not be read.
    #[arg(long)]
    allow_incomplete: bool,
}

impl Snapshot {
    pub(super) async fn run(&self, global: &Global, output: &mut Output) -> Exit {
        let reading = match Reading::open(&self.paths, global, output).await {
            Ok(reading) => reading,
            Err(exit) => return exit,
        };
        let exit = self.write(&reading, global, output).await;
        reading.close().await;
        exit
    }

    async fn write(&self, reading: &Reading, global: &Global, output: &mut Output) -> Exit {
        let environments = &reading.loaded.desired.environments;
        let Some((cloud, tenant)) = one_tenant(environments) else {
            output.error(
                "error: a snapshot is of one tenant, and these environments are of several\n\
                 hint: take one for each: `-e ENV` picks environments by name\n",
            );
            return Exit::Error;
        };
        let names = if self.with_names { Names::Plain } else { Names::Pseudonyms { salt: random() } };
        let mut file = match Sink::open(self.out.as_deref()) {
            Ok(file) => Lines { sink: file, header: None, count: 0, trouble: None },
            Err(error) => return refused(self.out.as_deref(), &error, output),
        };
        let begin = |seen: &Seen| Header {
            powergrant_snapshot: Version::CURRENT,
            tool: env!("CARGO_PKG_VERSION").into(),
            cloud: cloud.clone(),
            tenant,
            taken: jiff::Timestamp::now(),
            caller: seen
                .inventory
                .caller
                .value()
                .map(|caller| seen.inventory.principal_of(PrincipalRow::User(caller.user)).0),
            names: names.clone(),
        };
        let scope = |desired: &DesiredEnvironment| {
            let mut scope = Scope::everything().and(Scope::of(desired));
            // What questions without a tenant are answered from.
            scope.team_groups = true;
            scope.privileges.extend(requirements::privileges().map(str::to_owned));
            scope
        };
        let exit = reading
            .each(scope, global, output, |seen, output| {
                let exit = report_doubts(&seen.inventory, self.accepted(&seen), output);
                file.add(seen, begin);
                exit
            })
            .await;
        match file.end() {
            Ok(0) => {
                output.error("error: no environment could be read, so there is no snapshot\n");
                Exit::Error
            }
            Ok(count) => {
                let what = if count == 1 { "environment" } else { "environments" };
                output.remark(&format!("{count} {what} written\n"));
                exit
            }
            Err(error) => refused(self.out.as_deref(), &error, output),
        }
    }
}

impl Snapshot {
    /// The people of groups that no document names are read for questions alone, and nothing else here needs rights in
    /// Microsoft Graph: without them it is a snapshot all the same, which knows less of who is in which team.
    fn accepted(&self, seen: &Seen) -> Accepted {
        match (self.allow_incomplete, Scope::of(&seen.desired).groups.is_empty()) {
            (true, _) => Accepted::Anything,
            (false, true) => Accepted::GroupMembers,
            (false, false) => Accepted::Nothing,
        }
    }
}

/// The cloud and the tenant of all environments, if they have one in common.
fn one_tenant(environments: &[DesiredEnvironment]) -> Option<(Text, Option<Uuid>)> {
    let environments = || environments.iter().map(|desired| &desired.environment);
    let clouds: BTreeSet<_> = environments().map(|environment| environment.cloud).collect();
    let tenants: BTreeSet<Uuid> = environments().filter_map(|environment| environment.tenant).collect();
    if clouds.len() > 1 || tenants.len() > 1 {
        return None;
    }
    let cloud = serde_json::to_value(clouds.first().copied().unwrap_or_default()).ok()?;
    Some((cloud.as_str()?.into(), tenants.first().copied()))
}

/// A number that nobody can guess, from the keys that the standard library draws for its hash maps.
fn random() -> Uuid {
    let draw = || RandomState::new().hash_one(0_u8);
    Uuid::from_u64_pair(draw(), draw())
}

fn refused(path: Option<&Path>, error: &io::Error, output: &mut Output) -> Exit {
    let path = path.map_or_else(|| "standard output".to_owned(), |path| path.display().to_string());
    output.error(&format!("error: {path} cannot be written: {error}\nhint: check the path and its permissions\n"));
    Exit::Error
}

/// The lines of a snapshot as they are written.
struct Lines {
    sink: Sink,
    header: Option<Header>,
    count: usize,
    trouble: Option<io::Error>,
}

impl Lines {
    fn add(&mut self, seen: Seen, begin: impl FnOnce(&Seen) -> Header) {
        if self.trouble.is_some() {
            return;
        }
        let mut lines = String::new();
        let header = self.header.take().unwrap_or_else(|| {
            let header = begin(&seen);
            lines.push_str(&snapshot::begin(&header));
            header
        });
        let Seen { desired: _, scope, inventory } = seen;
        lines.push_str(&snapshot::environment(&header, Taken { scope, inventory }));
        self.header = Some(header);
        self.count += 1;
        self.trouble = self.sink.write(&lines).err();
    }

    /// Ends the file, and says how many environments are in it.
    fn end(mut self) -> io::Result<usize> {
        if let Some(error) = self.trouble {
            return Err(error);
        }
        if self.count > 0 {
            self.sink.write(&snapshot::end(self.count))?;
            self.sink.keep()?;
        }
        Ok(self.count)
    }
}

/// Where a snapshot goes: a file that appears when it is whole, or standard output.
enum Sink {
    File { writer: BufWriter<File>, unfinished: PathBuf, path: PathBuf },
    Output(io::Stdout),
}

impl Sink {
    fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else { return Ok(Self::Output(io::stdout())) };
        let mut unfinished = path.as_os_str().to_owned();
        unfinished.push(".part");
        let unfinished = PathBuf::from(unfinished);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        // Who may read it is for its owner to decide.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let writer = BufWriter::new(options.open(&unfinished)?);
        Ok(Self::File { writer, unfinished, path: path.to_owned() })
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::File { writer, .. } => writer.write_all(text.as_bytes()),
            Self::Output(stdout) => stdout.write_all(text.as_bytes()),
        }
    }

    fn keep(self) -> io::Result<()> {
        match self {
            Self::File { mut writer, unfinished, path } => {
                writer.flush()?;
                fs::rename(unfinished, path)
            }
            Self::Output(mut stdout) => stdout.flush(),
        }
    }
}
