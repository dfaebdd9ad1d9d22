//! Maintenance as a configuration file plans it: by name, without an id or a history.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::Maintenance;
use crate::correction::Period;
use crate::matcher::Matchers;
use crate::name::{MaintenanceId, ServiceName, derived_id};
use crate::slo::ManagedBy;

/// A maintenance that a configuration file plans.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct MaintenancePlan {
    /// What it is called in the file; no two of them share it.
    pub name: String,
    /// The services that are maintained; none where matchers alone say it.
    pub services: BTreeSet<ServiceName>,
    /// Which of their alerts, all of them where there is none.
    pub matchers: Matchers,
    /// When, once or again and again.
    pub period: Period,
    /// What is done.
    pub comment: String,
    /// Who planned it.
    pub created_by: String,
}

impl MaintenancePlan {
    /// The maintenance that it comes to. Its id is made of what it says, so that the same file twice is
    /// one maintenance, and a changed one is another. `take` counts how often it was taken out of the
    /// file before: what was ended stays ended.
    #[must_use]
    pub fn maintenance(&self, take: u32, now: DateTime<Utc>) -> Maintenance {
        Maintenance {
            id: self.id(take),
            version: 1,
            services: self.services.clone(),
            matchers: self.matchers.clone(),
            period: self.period.clone(),
            comment: self.comment.clone(),
            created_by: self.created_by.clone(),
            created_at: now,
            ended_at: None,
            ended_by: None,
            managed_by: ManagedBy::Config,
        }
    }

    fn id(&self, take: u32) -> MaintenanceId {
        let services: Vec<&str> = self
            .services
            .iter()
            .map(ServiceName::as_str)
            .collect();
        let texts = [
            self.name.clone(),
            services.join(","),
            self.matchers.to_string(),
            written(&self.period),
            self.comment.clone(),
            self.created_by.clone(),
            take.to_string(),
        ];
        let parts = texts.each_ref().map(String::as_bytes);
        MaintenanceId(derived_id("maintenance plan", &parts))
    }
}

/// The period in a form that stays what it is.
fn written(period: &Period) -> String {
    match period {
        Period::Once(once) => format!(
            "{}/{}",
            once.start().timestamp_micros(),
            once.end().timestamp_micros()
        ),
        Period::Recurring(recurrence) => format!(
            "{}/{}/{}/{}",
            recurrence.rule(),
            recurrence.start(),
            recurrence.duration(),
            recurrence.zone()
        ),
    }
}
