//! Whether the directory of the store can be written, and has room.

use std::path::{Path, PathBuf};

use rustix::fs::{Access, access, statvfs};

use super::Finding;

/// Below this the next days are in danger.
const ROOM_WANTED_BYTES: u64 = 1_073_741_824;
/// Below this there is hardly room for the write-ahead log.
const ROOM_NEEDED_BYTES: u64 = 67_108_864;

/// Looks at the directory, or at the nearest one above it that is there: it is made at the start.
pub fn directory(directory: &Path) -> Finding {
    let check = "disk";
    let Some(found) = nearest(directory) else {
        let advice = "set SRE_MONITOR_DATA_DIR to a directory that can be made";
        return Finding::fault(
            check,
            format!("{} cannot be made", directory.display()),
            advice,
        );
    };
    let shown = found.display();
    if access(&found, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        let advice = "give it to the user that the service runs as";
        return Finding::fault(check, format!("{shown} cannot be written"), advice);
    }
    let Ok(room) = statvfs(&found) else {
        let advice = "look at the file system";
        return Finding::warning(check, format!("the room of {shown} is not known"), advice);
    };
    judged(
        &shown.to_string(),
        room.f_bavail
            .saturating_mul(room.f_frsize),
    )
}

fn judged(shown: &str, free_bytes: u64) -> Finding {
    let check = "disk";
    let free = free_bytes / 1_048_576;
    let seen = format!("{shown} can be written, and has {free} MiB free");
    if free_bytes < ROOM_NEEDED_BYTES {
        let advice = "make room: without it nothing is recorded, and writes are answered with 507";
        Finding::fault(check, seen, advice)
    } else if free_bytes < ROOM_WANTED_BYTES {
        let advice = "make room, or keep less (METRICS_RETENTION_DAYS)";
        Finding::warning(check, seen, advice)
    } else {
        Finding::ok(check, seen)
    }
}

fn nearest(directory: &Path) -> Option<PathBuf> {
    let directory = std::path::absolute(directory).ok()?;
    directory
        .ancestors()
        .find(|ancestor| ancestor.is_dir())
        .map(Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Verdict;

    #[test]
    fn room_is_judged_by_what_the_store_needs() {
        for (bytes, verdict) in [
            (0, Verdict::Fault),
            (ROOM_NEEDED_BYTES - 1, Verdict::Fault),
            (ROOM_NEEDED_BYTES, Verdict::Warning),
            (ROOM_WANTED_BYTES, Verdict::Ok),
        ] {
            assert_eq!(judged("/data", bytes).verdict, verdict, "{bytes}");
        }
    }

    #[test]
    fn a_directory_that_is_not_there_yet_is_judged_by_the_one_above() {
        let room = tempfile::tempdir().unwrap();
        let found = directory(&room.path().join("not/yet"));
        assert!(
            found
                .seen
                .contains(&*room.path().to_string_lossy()),
            "{found:?}"
        );
    }
}
