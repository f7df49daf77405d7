//! A folder of a test's own with a copy of an example, in which the real binary runs.
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

/// A folder with a copy of an example, in which commands run.
pub(crate) struct Desk {
    folder: tempfile::TempDir,
}

impl Desk {
    /// A copy of an example's files.
    pub(crate) fn with(example: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(example), folder.path());
        Self { folder }
    }

    /// A folder without files.
    pub(crate) fn empty() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder for the test") }
    }

    /// Runs a command there.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the command starts")
    }

    /// A command there, in no pipeline.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("powergrant").expect("the binary is built for its tests");
        command.current_dir(self.folder.path()).args(arguments).env("POWERGRANT_CI", "none");
        command
    }

    /// Where a file lies.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("a file for the test");
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).expect("the example has this file")
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("the example is there") {
        let entry = entry.expect("the example can be read");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("the example can be copied");
    }
}

/// What a command wrote.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Everything about a run, for messages of failed assertions.
pub(crate) fn shown(output: &Output) -> String {
    format!("exit {:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
}
