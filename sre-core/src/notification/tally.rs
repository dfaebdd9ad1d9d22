//! The counts that a digest begins with.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::alert::Severity;
use crate::name::ServiceName;
use crate::notification::{AlertNews, Reason};

/// How many alerts of which severity and of which service a digest tells of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Tally {
    /// Alerts that are told of and not over.
    pub firing: u64,
    /// Alerts whose end is told.
    pub resolved: u64,
    /// Of those that are not over, how many of each severity.
    pub by_severity: BTreeMap<Severity, u64>,
    /// A line a service: the gravest first, then the one with most alerts.
    pub by_service: Vec<ServiceTally>,
}

/// What a digest says of one service.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct ServiceTally {
    /// The service.
    pub service_name: ServiceName,
    /// Its alerts that are told of and not over.
    pub firing: u64,
    /// Its alerts whose end is told.
    pub resolved: u64,
    /// The gravest of those that are not over; `None` when all are.
    pub severity: Option<Severity>,
}

impl Tally {
    /// Counts what a digest tells.
    #[must_use]
    pub fn of(news: &[AlertNews<'_>]) -> Self {
        let mut tally = Self::default();
        let mut services: BTreeMap<&ServiceName, ServiceTally> = BTreeMap::new();
        for news in news {
            let alert = news.alert;
            let service = services
                .entry(alert.service_name())
                .or_insert_with(|| ServiceTally::none(alert.service_name()));
            if news.reason == Reason::AllResolved {
                tally.resolved += 1;
                service.resolved += 1;
            } else {
                tally.firing += 1;
                *tally
                    .by_severity
                    .entry(alert.severity)
                    .or_default() += 1;
                service.firing += 1;
                service.severity = service
                    .severity
                    .max(Some(alert.severity));
            }
        }
        tally.by_service = services.into_values().collect();
        tally
            .by_service
            .sort_by_key(|service| Reverse((service.severity, service.firing, service.resolved)));
        tally
    }
}

impl ServiceTally {
    fn none(service_name: &ServiceName) -> Self {
        Self {
            service_name: service_name.clone(),
            firing: 0,
            resolved: 0,
            severity: None,
        }
    }
}
