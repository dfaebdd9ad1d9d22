//! The files that sqlx's macros write, `query-<hash of the statement>.json`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// The contents of the metadata files of `folder`, by name; none when there is no such folder.
pub(super) fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut files = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.starts_with("query-") {
            let content = fs::read(entry.path()).with_context(|| format!("reading {name}"))?;
            files.insert(name, content);
        }
    }
    Ok(files)
}

/// What must happen to `kept` to be as `fresh`, a line each.
pub(super) fn compare(kept: &Path, fresh: &Path) -> Result<Vec<String>> {
    let (kept, fresh) = (read(kept)?, read(fresh)?);
    let mut changes = Vec::new();
    for (name, content) in &fresh {
        match kept.get(name) {
            None => changes.push(format!("new: {name}")),
            Some(old) if old != content => changes.push(format!("changed: {name}")),
            Some(_) => {}
        }
    }
    for name in kept.keys() {
        if !fresh.contains_key(name) {
            changes.push(format!("gone: {name}"));
        }
    }
    Ok(changes)
}

/// Makes `kept` hold what `fresh` holds; a file that is right already is not written.
pub(super) fn bring_up_to_date(kept: &Path, fresh: &Path) -> Result<()> {
    let (old, new) = (read(kept)?, read(fresh)?);
    for name in old.keys() {
        if !new.contains_key(name) {
            fs::remove_file(kept.join(name)).with_context(|| format!("removing {name}"))?;
        }
    }
    if !new.is_empty() {
        fs::create_dir_all(kept)?;
    }
    for (name, content) in &new {
        if old.get(name) != Some(content) {
            fs::write(kept.join(name), content).with_context(|| format!("writing {name}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn folder(files: &[(&str, &str)]) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        folder
    }

    #[test]
    fn what_is_new_changed_and_gone_is_told_apart() {
        let kept = folder(&[
            ("query-a.json", "1"),
            ("query-b.json", "1"),
            ("query-c.json", "1"),
        ]);
        let fresh = folder(&[
            ("query-a.json", "1"),
            ("query-b.json", "2"),
            ("query-d.json", "1"),
        ]);
        assert_eq!(
            compare(kept.path(), fresh.path()).unwrap(),
            [
                "changed: query-b.json",
                "new: query-d.json",
                "gone: query-c.json"
            ]
        );
    }

    #[test]
    fn after_bringing_it_up_to_date_nothing_differs() {
        let kept = folder(&[
            ("query-a.json", "1"),
            ("query-c.json", "1"),
            ("README.md", "ours"),
        ]);
        let fresh = folder(&[("query-a.json", "2"), ("query-d.json", "1")]);
        bring_up_to_date(kept.path(), fresh.path()).unwrap();
        assert!(
            compare(kept.path(), fresh.path())
                .unwrap()
                .is_empty()
        );
        assert!(kept.path().join("README.md").exists());
    }

    #[test]
    fn a_store_without_metadata_gets_its_folder_with_the_first_statement() {
        let parent = folder(&[]);
        let kept = parent.path().join(".sqlx");
        bring_up_to_date(&kept, folder(&[]).path()).unwrap();
        assert!(!kept.exists());
        bring_up_to_date(&kept, folder(&[("query-a.json", "1")]).path()).unwrap();
        assert_eq!(read(&kept).unwrap().len(), 1);
    }
}
