//! Services, many at once.

use sre_core::service::Service;
use sre_core::store::{Page, Services, StoreError};

use crate::Verdict;
use crate::fixtures::{depends_on, service, service_name};
use crate::tools::{all, limit};

/// Those that are known are found, each once, in the order of their names.
pub async fn services_are_found_in_the_order_of_their_names(store: &dyn Services) -> Verdict {
    declare(store, &[("web", &["api"]), ("auth", &[])]).await?;
    let asked = ["web", "unknown", "api", "auth", "web"].map(service_name);
    let found = store.find_services(&asked).await?;
    assert_eq!(names(&found), ["api", "auth", "web"]);
    assert_eq!(store.find_services(&[]).await?, []);
    Ok(())
}

/// All that is known is listed, declared or not, in the order of the names' bytes.
pub async fn services_are_listed_in_the_order_of_their_names(store: &dyn Services) -> Verdict {
    assert_eq!(store.list_services(all()).await?, []);
    declare(
        store,
        &[("web", &["Zoo", "a.b"]), ("auth", &["web"]), ("a-b", &[])],
    )
    .await?;
    let listed = store.list_services(all()).await?;
    assert_eq!(names(&listed), ["Zoo", "a-b", "a.b", "auth", "web"]);
    Ok(())
}

/// Parts of a list follow each other without a hole and without an overlap.
pub async fn pages_of_services_tile_the_list(store: &dyn Services) -> Verdict {
    declare(
        store,
        &[("a", &["b", "c"]), ("d", &["e"]), ("f", &["a", "g"])],
    )
    .await?;
    let mut listed = Vec::new();
    let mut page = Page::first(limit(3));
    loop {
        let part = store
            .list_services(page.clone())
            .await?;
        assert!(part.len() <= 3, "a part of {}", part.len());
        let Some(last) = part.last() else { break };
        page.after = Some(last.name.clone());
        listed.extend(part);
    }
    assert_eq!(names(&listed), ["a", "b", "c", "d", "e", "f", "g"]);
    Ok(())
}

/// However much is asked for, a list holds a thousand items at most.
pub async fn a_list_of_services_has_a_maximum(store: &dyn Services) -> Verdict {
    let many: Vec<String> = (0..1_001)
        .map(|n| format!("s{n:04}"))
        .collect();
    let weighed: Vec<_> = many
        .iter()
        .map(|name| (name.as_str(), "1"))
        .collect();
    store
        .put_service(&depends_on(service("all"), &weighed), 0)
        .await?;
    let page = Page {
        after: None,
        limit: limit(u32::MAX),
    };
    assert_eq!(store.list_services(page).await?.len(), 1_000);
    Ok(())
}

/// Dependents are those that depend directly, each once, in the order of their names.
pub async fn dependents_are_those_that_depend_directly(store: &dyn Services) -> Verdict {
    declare(
        store,
        &[
            ("web", &["api", "auth"]),
            ("batch", &["db"]),
            ("api", &["auth", "db"]),
        ],
    )
    .await?;
    assert_eq!(dependents(store, &["db"]).await?, ["api", "batch"]);
    assert_eq!(dependents(store, &["auth", "api"]).await?, ["api", "web"]);
    assert_eq!(dependents(store, &["web", "unknown"]).await?, [""; 0]);
    assert_eq!(dependents(store, &[]).await?, [""; 0]);
    Ok(())
}

/// What a declaration does not name any more is no dependency.
pub async fn a_new_declaration_ends_the_old_dependencies(store: &dyn Services) -> Verdict {
    declare(store, &[("api", &["db", "cache"])]).await?;
    let after = Service {
        version: 2,
        ..depends_on(service("api"), &[("db", "0.1")])
    };
    store.put_service(&after, 1).await?;
    assert_eq!(dependents(store, &["cache"]).await?, [""; 0]);
    assert_eq!(dependents(store, &["db"]).await?, ["api"]);
    let listed = store.list_services(all()).await?;
    assert_eq!(names(&listed), ["api", "db"]);
    Ok(())
}

/// Declares services with what each depends on.
async fn declare(store: &dyn Services, services: &[(&str, &[&str])]) -> Verdict {
    for (name, dependencies) in services {
        let weighed: Vec<_> = dependencies
            .iter()
            .map(|name| (*name, "1"))
            .collect();
        store
            .put_service(&depends_on(service(name), &weighed), 0)
            .await?;
    }
    Ok(())
}

async fn dependents(store: &dyn Services, names: &[&str]) -> Result<Vec<String>, StoreError> {
    let names: Vec<_> = names
        .iter()
        .map(|name| service_name(name))
        .collect();
    let dependents = store.dependents(&names).await?;
    Ok(dependents
        .iter()
        .map(ToString::to_string)
        .collect())
}

fn names(services: &[Service]) -> Vec<&str> {
    services
        .iter()
        .map(|service| service.name.as_str())
        .collect()
}
