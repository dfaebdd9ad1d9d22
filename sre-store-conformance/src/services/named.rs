//! Services that other things name.

use sre_core::alert::AlertType;
use sre_core::service::Service;
use sre_core::slo::Slo;
use sre_core::store::{Services, SloChange, Store};

use super::declarations::found;
use crate::Verdict;
use crate::fixtures::{
    at, counts, depends_on, fires, identity, sample, service, service_name, slo, start_of,
};

/// An SLO makes its service known, disabled too; a deleted one does not.
pub async fn a_service_that_an_slo_names_is_known(store: &dyn Store) -> Verdict {
    let live = slo(1).disabled().build();
    store
        .insert(&live, &start_of(&live))
        .await?;
    assert_eq!(known(store).await?, ["checkout"]);
    let deleted = Slo {
        version: 2,
        deleted_at: Some(at(1)),
        ..live
    };
    let change = SloChange {
        slo: &deleted,
        expected_version: 1,
        restart: None,
        backfill: None,
        alerts: &[],
    };
    store.update(&change).await?;
    assert_eq!(known(store).await?, [""; 0]);
    Ok(())
}

/// A sample makes its service known.
pub async fn a_service_that_a_sample_names_is_known(store: &dyn Store) -> Verdict {
    let mut samples = Vec::new();
    for name in ["search", "checkout", "checkout/eu"] {
        for second in 0..3 {
            let mut sample = sample(at(second), counts(1, 1));
            sample.service_name = service_name(name);
            samples.push(sample);
        }
    }
    store.append(&samples, at(-60)).await?;
    assert_eq!(known(store).await?, ["checkout", "checkout/eu", "search"]);
    Ok(())
}

/// An alert makes its service known, also after its end.
pub async fn a_service_that_an_alert_names_is_known(store: &dyn Store) -> Verdict {
    let fired = fires(&identity(1, AlertType::BurnRate), &[], at(0));
    store.apply(&fired).await?;
    assert_eq!(known(store).await?, ["checkout"]);
    store
        .apply(&crate::fixtures::resolved(&fired.alert, at(60)))
        .await?;
    assert_eq!(known(store).await?, ["checkout"]);
    Ok(())
}

/// What a service depends on is known, though nobody declared it.
pub async fn a_service_that_is_depended_on_is_known(store: &dyn Services) -> Verdict {
    let declared = depends_on(service("checkout"), &[("db", "1")]);
    store.put_service(&declared, 0).await?;
    assert_eq!(
        found(store, "db").await?,
        Some(Service::named(service_name("db")))
    );
    Ok(())
}

/// Taking a declaration back makes nothing unknown that something else names.
pub async fn a_service_that_is_named_stays_known_without_its_declaration(
    store: &dyn Store,
) -> Verdict {
    let promised = slo(1).build();
    store
        .insert(&promised, &start_of(&promised))
        .await?;
    let declared = service("checkout");
    store.put_service(&declared, 0).await?;
    store
        .delete_service(&declared.name, 1)
        .await?;
    assert_eq!(
        found(store, "checkout").await?,
        Some(Service::named(service_name("checkout")))
    );
    Ok(())
}

/// The names of all services; each is found as it is listed.
async fn known(store: &dyn Store) -> Result<Vec<String>, sre_core::store::StoreError> {
    let listed = store
        .list_services(crate::tools::all())
        .await?;
    for service in &listed {
        let name = service.name.as_str();
        assert_eq!(found(store, name).await?.as_ref(), Some(service));
    }
    Ok(listed
        .iter()
        .map(|service| service.name.to_string())
        .collect())
}
