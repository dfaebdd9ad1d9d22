//! Declaring services, and taking it back.

use sre_core::service::{Criticality, Declared, Service};
use sre_core::slo::ManagedBy;
use sre_core::store::{Services, StoreError};

use crate::Verdict;
use crate::fixtures::{at_micros, depends_on, service, service_name};

/// What was declared is found by its name.
pub async fn a_declared_service_is_found(store: &dyn Services) -> Verdict {
    let declared = service("checkout");
    store.put_service(&declared, 0).await?;
    assert_eq!(found(store, "checkout").await?, Some(declared));
    Ok(())
}

/// Owner, description, criticality, dependencies to the millionth, links, version and instants come
/// back as they were written.
pub async fn every_field_of_a_declaration_is_kept(store: &dyn Services) -> Verdict {
    let all = [
        (Criticality::Low, ManagedBy::Api),
        (Criticality::Normal, ManagedBy::Config),
        (Criticality::High, ManagedBy::Default),
        (Criticality::Critical, ManagedBy::Api),
    ];
    for (n, (criticality, managed_by)) in all.into_iter().enumerate() {
        let name = format!("service/{n}");
        let links = [("runbook".to_owned(), "https://x.example/ä'\"".to_owned())];
        let declared = Service {
            owner: Some("team 'ä\"".to_owned()),
            description: "two\nlines".to_owned(),
            criticality,
            links: links.into(),
            version: 7,
            declared: Some(Declared {
                managed_by,
                created_at: at_micros(1, 1),
                updated_at: at_micros(2, 999_999),
            }),
            ..depends_on(
                service(&name),
                &[("db", "0.000001"), ("cache", "1"), ("dns", "0")],
            )
        };
        store.put_service(&declared, 0).await?;
        assert_eq!(found(store, &name).await?, Some(declared));
    }
    Ok(())
}

/// What nothing names is not known.
pub async fn an_unknown_service_is_not_found(store: &dyn Services) -> Verdict {
    assert_eq!(found(store, "checkout").await?, None);
    Ok(())
}

/// Of two that declare a service anew, one is refused, and the declaration of the other stands.
pub async fn a_service_is_declared_once(store: &dyn Services) -> Verdict {
    let first = service("checkout");
    store.put_service(&first, 0).await?;
    let second = Service {
        owner: Some("somebody else".to_owned()),
        ..service("checkout")
    };
    assert!(is_stale(&store.put_service(&second, 0).await));
    assert_eq!(found(store, "checkout").await?, Some(first));
    Ok(())
}

/// A service that is only named is no declaration, and cannot be written as one.
pub async fn what_is_only_named_is_no_declaration(store: &dyn Services) -> Verdict {
    let named = Service::named(service_name("checkout"));
    assert!(is_stale(&store.put_service(&named, 0).await));
    assert_eq!(found(store, "checkout").await?, None);
    Ok(())
}

/// Who read the present version replaces all of it.
pub async fn a_declaration_replaces_the_one_that_was_read(store: &dyn Services) -> Verdict {
    let before = Service {
        owner: Some("team".to_owned()),
        ..depends_on(service("checkout"), &[("db", "0.5"), ("cache", "0.5")])
    };
    store.put_service(&before, 0).await?;
    let after = Service {
        version: 2,
        ..depends_on(service("checkout"), &[("db", "0.75")])
    };
    store.put_service(&after, 1).await?;
    assert_eq!(found(store, "checkout").await?, Some(after));
    Ok(())
}

/// A writer whose reading has passed is refused, and nothing is written.
pub async fn a_declaration_that_was_read_too_early_is_refused(store: &dyn Services) -> Verdict {
    let stored = Service {
        version: 3,
        ..service("checkout")
    };
    store.put_service(&stored, 0).await?;
    let late = Service {
        version: 3,
        ..depends_on(service("checkout"), &[("db", "1")])
    };
    assert!(is_stale(&store.put_service(&late, 2).await));
    assert!(is_stale(
        &store
            .delete_service(&late.name, 2)
            .await
    ));
    assert_eq!(found(store, "checkout").await?, Some(stored));
    Ok(())
}

/// A declaration that was taken back is gone, its dependencies too, and the name may be declared
/// again.
pub async fn a_declaration_is_taken_back(store: &dyn Services) -> Verdict {
    let declared = depends_on(service("checkout"), &[("db", "1")]);
    store.put_service(&declared, 0).await?;
    store
        .delete_service(&declared.name, 1)
        .await?;
    assert_eq!(found(store, "checkout").await?, None);
    assert_eq!(found(store, "db").await?, None);
    let again = service("checkout");
    store.put_service(&again, 0).await?;
    assert_eq!(found(store, "checkout").await?, Some(again));
    Ok(())
}

/// What is not declared cannot be taken back.
pub async fn an_undeclared_service_cannot_be_taken_back(store: &dyn Services) -> Verdict {
    store
        .put_service(&depends_on(service("checkout"), &[("db", "1")]), 0)
        .await?;
    for name in ["db", "search"] {
        let gone = store
            .delete_service(&service_name(name), 0)
            .await;
        assert!(matches!(gone, Err(StoreError::NotFound { .. })), "{gone:?}");
    }
    assert_eq!(
        found(store, "db").await?,
        Some(Service::named(service_name("db")))
    );
    Ok(())
}

/// The service of the name, where it is known.
pub(super) async fn found(store: &dyn Services, name: &str) -> Result<Option<Service>, StoreError> {
    let mut found = store
        .find_services(&[service_name(name)])
        .await?;
    assert!(found.len() <= 1, "{found:#?}");
    Ok(found.pop())
}

fn is_stale(written: &Result<(), StoreError>) -> bool {
    matches!(written, Err(StoreError::Conflict { what: "version" }))
}
