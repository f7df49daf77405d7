//! The journal on disk: appended to, and on disk before anything is written to a service.
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use crate::foreign::inert_json;
use crate::journal::Record;

/// A journal that is open for writing.
pub struct Journal(Mutex<File>);

impl Journal {
    /// Opens a journal, and makes it with its folder if it is not there. What a kill cut off is closed with a line break, so
    /// that it spoils no other record.
    pub fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path)?;
        if file.seek(SeekFrom::End(0))? > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != [b'\n'] {
                file.write_all(b"\n")?;
            }
        }
        Ok(Self(Mutex::new(file)))
    }

    /// Appends a record in one write, and returns when it is on disk.
    pub fn append(&self, record: &Record) -> io::Result<()> {
        // Whoever prints the file is steered by no name in it.
        let line = inert_json(&serde_json::to_string(record)?) + "\n";
        let mut file = self.0.lock().expect("no holder of this lock panics");
        file.write_all(line.as_bytes())?;
        file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::journal::Ended;
    use crate::journal::history::History;

    #[test]
    fn a_record_that_was_cut_off_spoils_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/journal.jsonl");
        let record = Record::Ended(Ended { run: Uuid::nil(), at: jiff::Timestamp::UNIX_EPOCH, outcomes: Vec::new() });
        Journal::open(&path).unwrap().append(&record).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
        Journal::open(&path).unwrap().append(&record).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(
            text.lines().map(|line| serde_json::from_str::<Record>(line).is_ok()).collect::<Vec<_>>(),
            [false, true]
        );
        // An end without a beginning says nothing, and neither does a half: both are named.
        assert_eq!(History::read(&text).unreadable, [1, 2]);
    }
}
