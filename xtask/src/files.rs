//! The files below a folder.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::tool;

/// A file's path from the root, with `/`, and its text.
#[derive(Debug)]
pub(crate) struct Text {
    /// Where it is, as `sre-core/src/lib.rs`.
    pub(crate) path: String,
    /// What it says.
    pub(crate) text: String,
}

/// The files below `folder` (from the root) with the given extension, in order of their paths.
///
/// A folder that is not there has none.
pub(crate) fn below(folder: &str, extension: &str) -> Result<Vec<Text>> {
    let mut paths = Vec::new();
    collect(&tool::root().join(folder), extension, &mut paths)?;
    paths.sort();
    paths
        .iter()
        .map(|path| read(path))
        .collect()
}

/// The folders at the root whose name begins so, in order.
pub(crate) fn folders_at_root(prefix: &str) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(tool::root())? {
        let entry = entry?;
        let name = entry
            .file_name()
            .to_string_lossy()
            .into_owned();
        if name.starts_with(prefix)
            && entry
                .path()
                .join("Cargo.toml")
                .is_file()
        {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn read(path: &Path) -> Result<Text> {
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let from_root = path
        .strip_prefix(tool::root())
        .unwrap_or(path);
    Ok(Text {
        path: from_root.to_string_lossy().into_owned(),
        text,
    })
}

fn collect(folder: &Path, extension: &str, paths: &mut Vec<PathBuf>) -> Result<()> {
    if !folder.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, extension, paths)?;
        } else if path
            .extension()
            .is_some_and(|found| found == extension)
        {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_file_is_found_under_its_path_from_the_root() {
        let files = below("xtask/src", "rs").unwrap();
        assert!(
            files
                .iter()
                .any(|file| file.path == "xtask/src/files.rs")
        );
    }

    #[test]
    fn a_folder_that_is_not_there_has_no_files() {
        assert!(
            below("no/such/folder", "rs")
                .unwrap()
                .is_empty()
        );
    }
}
