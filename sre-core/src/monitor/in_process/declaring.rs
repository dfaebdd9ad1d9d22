//! SLOs that the code of a program brings along.

use chrono::{DateTime, Utc};

use super::Monitor;
use crate::alert::Moment;
use crate::decide::{identities, retire};
use crate::monitor::{History, start_of};
use crate::routing::Audience;
use crate::slo::Slo;
use crate::store::{SloChange, StoreError};

/// What became of an SLO that was declared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Declared {
    /// It is new, and live from now on.
    Inserted,
    /// It was stored otherwise, and is as declared now.
    Changed,
    /// It was stored like this.
    Unchanged,
}

impl Monitor {
    /// Makes the SLO be as it is declared, whatever the store knows of its id. Where something else is
    /// counted from now on, its slices begin anew, and what it had open ends.
    ///
    /// # Errors
    ///
    /// Those of the store: `Conflict` where another SLO of the service has the name, or where somebody
    /// else changed it meanwhile.
    pub async fn declare(&self, slo: &Slo, now: DateTime<Utc>) -> Result<Declared, StoreError> {
        let Some(stored) = self.store.find(slo.id).await? else {
            let start = start_of(slo, History::Window, &self.settings, now);
            let new = Slo {
                created_at: now,
                updated_at: now,
                ..slo.clone()
            };
            self.store.insert(&new, &start).await?;
            return Ok(Declared::Inserted);
        };
        if stored.definition == slo.definition && stored.deleted_at.is_none() {
            return Ok(Declared::Unchanged);
        }
        let after = Slo {
            definition: slo.definition.clone(),
            version: stored.version.saturating_add(1),
            updated_at: now,
            deleted_at: None,
            ..stored.clone()
        };
        let counts_anew =
            stored.definition.generation() != after.definition.generation() || !stored.is_live();
        let alerts = if counts_anew || !after.is_live() {
            let keys = identities(&stored).map(|identity| identity.key());
            let routes = self.routes();
            let moment = Moment {
                now,
                slot: None,
                routes: Audience::everyone(&routes),
                settings: &self.settings.lifecycle,
            };
            retire(
                &self
                    .store
                    .latest_episodes(&keys)
                    .await?,
                &moment,
            )
        } else {
            Vec::new()
        };
        let change = SloChange {
            slo: &after,
            expected_version: stored.version,
            restart: counts_anew.then(|| start_of(&after, History::Window, &self.settings, now)),
            backfill: None,
            alerts: &alerts,
        };
        self.store.update(&change).await?;
        Ok(Declared::Changed)
    }

    fn routes(&self) -> Vec<crate::name::DestinationId> {
        self.destinations
            .iter()
            .map(|destination| destination.id)
            .collect()
    }
}
