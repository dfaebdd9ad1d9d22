//! Names in the environment that nobody here asked for: slips of the pen, and Kubernetes.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use super::setting::Setting;
use super::source::{Settings, Surroundings};
use super::table::SETTINGS;

/// The settings without the variables that Kubernetes adds for a Service named `sre-monitor`:
/// `SRE_MONITOR_PORT=tcp://10.0.0.7:8080` and the like, in every pod of its namespace.
#[derive(Debug)]
pub(super) struct WithoutServiceLinks<'a> {
    settings: &'a dyn Settings,
    linked: bool,
}

impl<'a> WithoutServiceLinks<'a> {
    pub(super) fn new(settings: &'a dyn Settings) -> Self {
        Self {
            settings,
            linked: settings
                .get("SRE_MONITOR_SERVICE_HOST")
                .is_some(),
        }
    }

    /// Whether `SRE_MONITOR_PORT` is a link, and is read as unset.
    pub(super) fn hides_port(&self) -> bool {
        let is_link = |text: OsString| {
            text.to_string_lossy()
                .starts_with("tcp://")
        };
        self.linked
            && self
                .settings
                .get(PORT)
                .is_some_and(is_link)
    }
}

impl Settings for WithoutServiceLinks<'_> {
    fn get(&self, name: &str) -> Option<OsString> {
        if name == PORT && self.hides_port() {
            None
        } else {
            self.settings.get(name)
        }
    }

    fn names(&self) -> Vec<String> {
        let is_link = |name: &str| {
            name.starts_with("SRE_MONITOR_SERVICE_") || name.starts_with("SRE_MONITOR_PORT_")
        };
        let mut names = self.settings.names();
        names.retain(|name| !(self.linked && is_link(name)));
        names
    }

    fn read_file(&self, path: &Path) -> io::Result<String> {
        self.settings.read_file(path)
    }

    fn surroundings(&self) -> Surroundings {
        self.settings.surroundings()
    }
}

/// The names that begin like ours and are none of ours, sorted, each with the nearest of ours.
pub(super) fn unknown(settings: &dyn Settings) -> Vec<(String, Option<String>)> {
    let files = SETTINGS
        .iter()
        .filter_map(Setting::file_variable);
    let known: Vec<String> = SETTINGS
        .iter()
        .map(|setting| setting.name.to_owned())
        .chain(files)
        .collect();
    let mut unknown: Vec<String> = settings
        .names()
        .into_iter()
        .filter(|name| name.starts_with(PREFIX))
        .filter(|name| !known.contains(name) && !BUILD_TIME.contains(&name.as_str()))
        .collect();
    unknown.sort();
    unknown
        .into_iter()
        .map(|name| {
            let near = known
                .iter()
                .map(|known| (distance(known, &name), known));
            let near = near
                .min()
                .filter(|(distance, _)| *distance <= 3);
            (name, near.map(|(_, known)| known.clone()))
        })
        .collect()
}

/// How many letters must be put in, left out or changed to make `b` of `a`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, left) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        let mut diagonal = i;
        for ((right, above), j) in b
            .chars()
            .zip(row.iter().skip(1))
            .zip(0..)
        {
            let before = next
                .get(j)
                .copied()
                .unwrap_or(usize::MAX - 1);
            next.push(
                (above + 1)
                    .min(before + 1)
                    .min(diagonal + usize::from(left != right)),
            );
            diagonal = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

const PREFIX: &str = "SRE_MONITOR_";
const PORT: &str = "SRE_MONITOR_PORT";

/// Read when the stores' queries are checked, never at run time.
const BUILD_TIME: [&str; 2] = [
    "SRE_MONITOR_POSTGRES_DATABASE_URL",
    "SRE_MONITOR_SQLITE_DATABASE_URL",
];

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_the_letters_to_change() {
        for (a, b, letters) in [
            ("", "", 0),
            ("port", "prot", 2),
            ("host", "hosts", 1),
            ("", "abc", 3),
            ("ab", "b", 1),
        ] {
            assert_eq!(distance(a, b), letters, "{a} {b}");
            assert_eq!(distance(b, a), letters, "{b} {a}");
        }
    }
}
