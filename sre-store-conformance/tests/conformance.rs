//! The laws of storage hold for the store in memory, and all of them are in the list.

use sre_store_memory::MemoryStore;

async fn fresh() -> MemoryStore {
    MemoryStore::new()
}

sre_store_conformance::store_tests!(crate::fresh);

/// Writes down the names of all laws, by port.
macro_rules! name_laws {
    (
        []
        laws { $($port:ident { $($law:ident)* })* }
        histories { $($model:ident { $($history:ident)* })* }
    ) => {
        const LISTED: &[(&str, &[&str])] = &[
            $((stringify!($port), &[$(stringify!($law)),*]),)*
            $((stringify!($model), &[$(stringify!($history)),*]),)*
        ];
    };
}

sre_store_conformance::for_each_test!(name_laws,);

/// A law that is not in the list is asked of no store.
#[test]
fn every_law_is_in_the_list() {
    for (port, listed) in LISTED {
        let mut written = laws_in(port);
        let mut listed = listed.to_vec();
        written.sort_unstable();
        listed.sort_unstable();
        assert_eq!(listed, written, "the laws of {port}");
    }
}

/// The public functions over a store in the files of a port.
fn laws_in(port: &str) -> Vec<String> {
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = vec![src.join(format!("{port}.rs"))];
    for entry in std::fs::read_dir(src.join(port))
        .into_iter()
        .flatten()
    {
        files.push(entry.expect("a readable folder").path());
    }
    let texts = files
        .iter()
        .map(|file| std::fs::read_to_string(file).expect("a readable file"));
    let name = |line: &str| {
        let rest = line.strip_prefix("pub async fn ")?;
        Some(
            rest.split('(')
                .next()
                .unwrap_or_default()
                .to_owned(),
        )
    };
    texts
        .flat_map(|text| {
            text.lines()
                .filter_map(name)
                .collect::<Vec<_>>()
        })
        .collect()
}
