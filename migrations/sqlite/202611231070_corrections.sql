-- Budget corrections: time that everybody agreed not to count. Nothing of them is written into
-- slices: they are applied where slices are summed.
create table budget_corrections (
    id           blob    not null primary key check (length(id) = 16),
    -- One SLO, or every SLO of a service.
    slo_id       blob    references slos (id),
    service_name text,
    meaning      text    not null check (meaning in
        ('remove_time', 'drop_events', 'count_as_good')),
    -- From and to; or rule, local start, duration and zone.
    period       text    not null check (json_valid(period)),
    -- The first instant that it covers, and the last; null where it recurs without an end.
    begins_at    integer not null,
    ends_at      integer check (ends_at > begins_at),
    reason       text    not null,
    created_by   text,
    created_at   integer not null,
    -- Taken back: as if it had never been.
    cancelled_at integer,
    cancelled_by text,
    check ((slo_id is null) <> (service_name is null)),
    check (cancelled_by is null or cancelled_at is not null)
) strict, without rowid;

create index budget_corrections_slo on budget_corrections (slo_id)
    where cancelled_at is null and slo_id is not null;
create index budget_corrections_service on budget_corrections (service_name)
    where cancelled_at is null and service_name is not null;
create index budget_corrections_over on budget_corrections (ends_at) where ends_at is not null;
create index budget_corrections_cancelled on budget_corrections (cancelled_at)
    where cancelled_at is not null;
