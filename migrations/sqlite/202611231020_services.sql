-- Services: what people say of them, what they stand on, and how healthy they were.

-- What was declared. A service that is only named (by an SLO, a sample, an alert, a dependency) has
-- no row.
create table services (
    name        text    not null primary key,
    owner       text,
    description text    not null,
    criticality text    not null check (criticality in ('low', 'normal', 'high', 'critical')),
    links       text    not null check (json_valid(links)),
    managed_by  text    not null check (managed_by in ('api', 'config', 'default')),
    version     integer not null check (version > 0),
    created_at  integer not null,
    updated_at  integer not null
) strict, without rowid;

create table service_dependencies (
    service_name      text    not null references services (name),
    -- No reference: what is named need not be declared.
    dependency_name   text    not null,
    weight_millionths integer not null check (weight_millionths between 0 and 1000000),
    primary key (service_name, dependency_name)
) strict, without rowid;

create index service_dependencies_named on service_dependencies (dependency_name, service_name);

-- Which services alerts name; and what is open of each.
create index alerts_service on alerts (service_name, starts_at, id);
create index alerts_open_of_service on alerts (service_name) where state <> 'resolved';

-- Health as it was found, whenever it changed, and now and then when it did not.
create table service_health_snapshots (
    service_name   text    not null,
    at             integer not null,
    -- 0 to 100 in tenths; null where nothing was measured.
    score          real    check (score between 0 and 100),
    status         text    not null check (status in
        ('healthy', 'degraded', 'unhealthy', 'unknown')),
    probable_cause text,
    health         text    not null check (json_valid(health)),
    primary key (service_name, at),
    check ((score is null) = (status = 'unknown'))
) strict;

create index service_health_snapshots_age on service_health_snapshots (at);

-- The last snapshot of every service.
create view current_service_health as
    select h.service_name, h.at, h.score, h.status, h.probable_cause, h.health
      from service_health_snapshots h
     where h.at = (select max(x.at) from service_health_snapshots x
                    where x.service_name = h.service_name);
