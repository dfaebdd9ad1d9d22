//! What the service does as a whole: one binary, a module per concern.

mod api_access;
mod api_alertmanager;
mod api_alerts;
mod api_channels;
mod api_corrections;
mod api_deliveries;
mod api_document;
mod api_idempotency;
mod api_incidents;
mod api_operations;
mod api_samples;
mod api_service_health;
mod api_services;
mod api_silences;
mod api_slo;
mod config;
mod delivering;
mod http;
mod incidents;
mod monitor;
mod page;
mod retention;
mod sentinel;
mod simulate;
mod world;
