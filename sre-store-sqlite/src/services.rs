//! Services: what is declared of them, and who else names them.

mod names;

use std::collections::BTreeMap;

use async_trait::async_trait;
use sqlx::{SqliteConnection, query, query_as};
use sre_core::name::ServiceName;
use sre_core::service::{Criticality, Declared, Service, Weight};
use sre_core::store::{Page, Services, StoreError};

use crate::catalog::{MANAGED_BY, managed_by};
use crate::error::classify;
use crate::open::SqliteStore;
use crate::row::{self, Row};

#[async_trait]
impl Services for SqliteStore {
    async fn put_service(
        &self,
        service: &Service,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        let service = service.clone();
        self.write(move |tx| Box::pin(async move { put(tx, &service, expected_version).await }))
            .await
    }

    async fn delete_service(
        &self,
        name: &ServiceName,
        expected_version: u64,
    ) -> Result<(), StoreError> {
        let name = name.clone();
        self.write(move |tx| Box::pin(async move { delete(tx, &name, expected_version).await }))
            .await
    }

    async fn find_services(&self, names: &[ServiceName]) -> Result<Vec<Service>, StoreError> {
        let names = row::texts(names.iter().map(ServiceName::as_str))?;
        self.read(move |tx| {
            Box::pin(async move {
                let known = names::known(tx, &names).await?;
                read(tx, &known).await
            })
        })
        .await
    }

    async fn list_services(&self, page: Page<ServiceName>) -> Result<Vec<Service>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let after = page
                    .after
                    .as_ref()
                    .map_or("", ServiceName::as_str);
                let limit = row::limit(
                    page.limit
                        .min(Page::<ServiceName>::LIMIT_MAX),
                );
                let known = names::page(tx, after, limit).await?;
                read(tx, &known).await
            })
        })
        .await
    }

    async fn dependents(&self, names: &[ServiceName]) -> Result<Vec<ServiceName>, StoreError> {
        let names = row::texts(names.iter().map(ServiceName::as_str))?;
        let rows = query!(
            "select distinct service_name
               from service_dependencies
              where dependency_name in (select value from json_each($1))
              order by service_name",
            names
        )
        .fetch_all(&self.readers)
        .await
        .map_err(classify)?;
        rows.iter()
            .map(|stored| {
                let row = Row::with_text("service_dependencies", &stored.service_name);
                row.text("service_name", &stored.service_name)
            })
            .collect()
    }
}

/// Writes a declaration whole, if the version that was read still stands.
async fn put(
    tx: &mut SqliteConnection,
    service: &Service,
    expected_version: u64,
) -> Result<(), StoreError> {
    let name = service.name.as_str();
    let stored = version(tx, name).await?.unwrap_or(0);
    let stands = stored == row::number("version", expected_version)?;
    let Some(declared) = service.declared.filter(|_| stands) else {
        return Err(StoreError::Conflict { what: "version" });
    };
    let (criticality, links) = (
        service.criticality.as_str(),
        row::json("services.links", &service.links)?,
    );
    let (managed_by, version) = (
        managed_by(declared.managed_by),
        row::number("version", service.version)?,
    );
    let (created, updated) = (
        row::instant(declared.created_at),
        row::instant(declared.updated_at),
    );
    query!(
        "insert into services (name, owner, description, criticality, links, managed_by, version,
                               created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             on conflict (name) do update
            set owner = $2, description = $3, criticality = $4, links = $5, managed_by = $6,
                version = $7, created_at = $8, updated_at = $9",
        name,
        service.owner,
        service.description,
        criticality,
        links,
        managed_by,
        version,
        created,
        updated
    )
    .execute(&mut *tx)
    .await
    .map_err(classify)?;
    depend_on_nothing(tx, name).await?;
    for (dependency, weight) in &service.dependencies {
        let (dependency, weight) = (dependency.as_str(), weight.millionths());
        query!(
            "insert into service_dependencies (service_name, dependency_name, weight_millionths)
             values ($1, $2, $3)",
            name,
            dependency,
            weight
        )
        .execute(&mut *tx)
        .await
        .map_err(classify)?;
    }
    Ok(())
}

async fn delete(
    tx: &mut SqliteConnection,
    name: &ServiceName,
    expected_version: u64,
) -> Result<(), StoreError> {
    let name = name.as_str();
    match version(tx, name).await? {
        None => return Err(StoreError::NotFound { what: "service" }),
        Some(stored) if stored != row::number("version", expected_version)? => {
            return Err(StoreError::Conflict { what: "version" });
        }
        Some(_) => {}
    }
    depend_on_nothing(tx, name).await?;
    query!("delete from services where name = $1", name)
        .execute(tx)
        .await
        .map_err(classify)?;
    Ok(())
}

/// The stored version; `None` where the service is not declared.
async fn version(tx: &mut SqliteConnection, name: &str) -> Result<Option<i64>, StoreError> {
    let stored = query!("select version from services where name = $1", name)
        .fetch_optional(tx)
        .await
        .map_err(classify)?;
    Ok(stored.map(|stored| stored.version))
}

async fn depend_on_nothing(tx: &mut SqliteConnection, name: &str) -> Result<(), StoreError> {
    query!(
        "delete from service_dependencies where service_name = $1",
        name
    )
    .execute(tx)
    .await
    .map_err(classify)?;
    Ok(())
}

/// Services by their names, in the order of the names.
async fn read(
    tx: &mut SqliteConnection,
    names: &[ServiceName],
) -> Result<Vec<Service>, StoreError> {
    let wanted = row::texts(names.iter().map(ServiceName::as_str))?;
    let rows = query_as!(
        ServiceRow,
        "select name, owner, description, criticality, links, managed_by, version, created_at,
                updated_at
           from services
          where name in (select value from json_each($1))",
        wanted
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(classify)?;
    let mut services: BTreeMap<ServiceName, Service> = names
        .iter()
        .map(|name| (name.clone(), Service::named(name.clone())))
        .collect();
    for row in &rows {
        let service = row.service()?;
        services.insert(service.name.clone(), service);
    }
    let rows = query!(
        "select service_name, dependency_name, weight_millionths
           from service_dependencies
          where service_name in (select value from json_each($1))",
        wanted
    )
    .fetch_all(tx)
    .await
    .map_err(classify)?;
    for stored in &rows {
        let row = Row::with_text("service_dependencies", &stored.service_name);
        let name: ServiceName = row.text("service_name", &stored.service_name)?;
        let dependency = row.text("dependency_name", &stored.dependency_name)?;
        let millionths: u32 = row.number("weight_millionths", stored.weight_millionths)?;
        let weight = Weight::try_from(millionths)
            .map_err(|error| row.corrupt("weight_millionths", error))?;
        if let Some(service) = services.get_mut(&name) {
            service
                .dependencies
                .insert(dependency, weight);
        }
    }
    Ok(services.into_values().collect())
}

/// A declaration as it is stored.
#[derive(Debug)]
struct ServiceRow {
    name: String,
    owner: Option<String>,
    description: String,
    criticality: String,
    links: String,
    managed_by: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl ServiceRow {
    /// The service, without its dependencies.
    fn service(&self) -> Result<Service, StoreError> {
        let row = Row::with_text("services", &self.name);
        Ok(Service {
            name: row.text("name", &self.name)?,
            owner: self.owner.clone(),
            description: self.description.clone(),
            criticality: row.text::<Criticality>("criticality", &self.criticality)?,
            dependencies: BTreeMap::new(),
            links: row.labels("links", &self.links)?,
            version: row.number("version", self.version)?,
            declared: Some(Declared {
                managed_by: row.one_of("managed_by", &self.managed_by, &MANAGED_BY, managed_by)?,
                created_at: row.instant("created_at", self.created_at)?,
                updated_at: row.instant("updated_at", self.updated_at)?,
            }),
        })
    }
}
