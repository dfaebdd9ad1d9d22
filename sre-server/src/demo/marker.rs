//! The file that says of a directory that it holds a demo, so that nothing else is ever touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What a demo's directory says of itself.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct Marker {
    /// From what its figures are made.
    pub seed: u64,
    /// When it was made: the end of its history.
    pub made_at: DateTime<Utc>,
    /// Whether its history is whole. One that was cut short is made again.
    pub is_whole: bool,
}

/// Why a directory cannot be used for a demo.
#[derive(Debug, Error)]
pub enum MarkerError {
    /// It holds something that is no demo.
    #[error(
        "{path} is not empty and holds no demo; name an empty directory, or one that does not exist",
        path = .0.display()
    )]
    NotADemo(PathBuf),
    /// The file cannot be understood.
    #[error("{path} cannot be understood; remove the directory to make a new demo", path = .path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The directory or the file cannot be read or written.
    #[error("{path} cannot be read or written", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Its name in the directory.
const FILE: &str = "demo.json";

impl Marker {
    /// What the directory says of itself; `None` when it is empty or missing.
    ///
    /// # Errors
    ///
    /// [`MarkerError`], above all for a directory that holds anything else.
    pub fn read(directory: &Path) -> Result<Option<Self>, MarkerError> {
        let path = directory.join(FILE);
        match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text)
                .map(Some)
                .map_err(|source| MarkerError::Malformed { path, source }),
            Err(source) if source.kind() == io::ErrorKind::NotFound => {
                if is_empty(directory)? {
                    Ok(None)
                } else {
                    Err(MarkerError::NotADemo(directory.to_owned()))
                }
            }
            Err(source) => Err(MarkerError::File { path, source }),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`MarkerError::File`].
    pub fn write(&self, directory: &Path) -> Result<(), MarkerError> {
        let path = directory.join(FILE);
        let failed = |source| MarkerError::File {
            path: path.clone(),
            source,
        };
        fs::create_dir_all(directory).map_err(failed)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        let draft = directory.join("demo.json.new");
        fs::write(&draft, text + "\n").map_err(failed)?;
        fs::rename(&draft, &path).map_err(failed)
    }
}

/// Removes what is left of a demo that was cut short: the store and what lies beside it.
pub(super) fn clear(directory: &Path, store: &str) -> Result<(), MarkerError> {
    for end in ["", "-wal", "-shm", "-journal", ".lock"] {
        let path = directory.join(format!("{store}{end}"));
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(source) if source.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(MarkerError::File { path, source }),
        }
    }
    Ok(())
}

fn is_empty(directory: &Path) -> Result<bool, MarkerError> {
    match fs::read_dir(directory) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(source) => Err(MarkerError::File {
            path: directory.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_holds_anything_else_is_refused() {
        let room = tempfile::tempdir().unwrap();
        assert!(
            Marker::read(&room.path().join("none"))
                .unwrap()
                .is_none()
        );
        assert!(
            Marker::read(room.path())
                .unwrap()
                .is_none()
        );
        fs::write(room.path().join("sre-monitor.db"), "of somebody").unwrap();
        let refused = Marker::read(room.path()).unwrap_err();
        assert!(matches!(refused, MarkerError::NotADemo(_)), "{refused}");
    }

    #[test]
    fn what_was_written_is_read_again() {
        let room = tempfile::tempdir().unwrap();
        let marker = Marker {
            seed: 7,
            made_at: DateTime::UNIX_EPOCH,
            is_whole: false,
        };
        let directory = room.path().join("new");
        marker.write(&directory).unwrap();
        assert_eq!(Marker::read(&directory).unwrap(), Some(marker));
        fs::write(directory.join(FILE), "{").unwrap();
        assert!(matches!(
            Marker::read(&directory),
            Err(MarkerError::Malformed { .. })
        ));
    }
}
