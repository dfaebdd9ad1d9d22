//! The file: a line a call.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sre_core::store::StoreError;

use crate::call::Call;

/// A file of calls, held by one process at a time.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    /// Where the last whole line ends. What a failed write left behind it is cut off by the next.
    length: u64,
}

impl Journal {
    /// Opens the file, or makes it, and answers the calls that it holds.
    ///
    /// # Errors
    ///
    /// `Unavailable` where the file cannot be had or another process has it, `Corrupt` where a line
    /// is no call.
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<Call>), StoreError> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed)?;
        file.try_lock()
            .map_err(|error| failed(error.into()))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)
            .map_err(failed)?;
        // A line without an end was being written when the process ended: nobody was told of it.
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        bytes.truncate(whole);
        let calls = bytes
            .split_inclusive(|byte| *byte == b'\n')
            .enumerate()
            .map(|(index, line)| read(line, index + 1))
            .collect::<Result<_, _>>()?;
        let length = bytes.len() as u64;
        Ok((Self { file, length }, calls))
    }

    /// Adds a call; it is on the disk when this returns.
    ///
    /// # Errors
    ///
    /// `Full` or `Unavailable`. The call must not be done then.
    pub(crate) fn append(&mut self, call: &Call) -> Result<(), StoreError> {
        let mut line = serde_json::to_vec(call).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        self.write(&line).map_err(failed)?;
        self.length += line.len() as u64;
        Ok(())
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.set_len(self.length)?;
        self.file
            .seek(SeekFrom::Start(self.length))?;
        self.file.write_all(line)?;
        self.file.sync_data()
    }
}

/// The call of a line.
fn read(line: &[u8], number: usize) -> Result<Call, StoreError> {
    serde_json::from_slice(line).map_err(|error| StoreError::Corrupt {
        table: "journal",
        column: "call",
        row: format!("line {number}"),
        source: error.into(),
    })
}

/// What a failure of the file means to the caller.
fn failed(error: io::Error) -> StoreError {
    let is_full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    let source = error.into();
    if is_full {
        StoreError::Full { source }
    } else {
        StoreError::Unavailable { source }
    }
}
