-- What people deal with: incidents, and what was written down of them.

create table incidents (
    id                 blob    not null primary key check (length(id) = 16),
    version            integer not null check (version > 0),
    title              text    not null,
    description        text,
    service_name       text    not null,
    -- A list of names, the one above among them.
    affected_services  text    not null check (json_valid(affected_services)),
    severity           text    not null check (severity in
        ('low', 'medium', 'high', 'critical', 'emergency')),
    status             text    not null check (status in
        ('candidate', 'open', 'acknowledged', 'mitigated', 'resolved', 'closed', 'merged',
         'dismissed')),
    -- When it was acknowledged, mitigated, resolved; what it was merged into.
    state_detail       text    not null check (json_valid(state_detail)),
    source             text    not null check (source in ('auto', 'manual')),
    root_cause_service text,
    -- No reference: it may have been forgotten.
    previous_id        blob,
    started_at         integer not null,
    detected_at        integer not null,
    -- When a person last did something about it; null while it is untouched.
    touched_at         integer,
    -- When it was resolved, merged or dismissed.
    ended_at           integer
) strict;

create index incidents_started on incidents (started_at, id);
create index incidents_ended on incidents (ended_at) where ended_at is not null;
-- Those that new alerts may join: few, however many there have been.
create index incidents_live on incidents (started_at, id)
    where status in ('candidate', 'open', 'acknowledged', 'mitigated');

-- What happened to an incident itself; what happened to its alerts stands with them. Rows are added,
-- and never changed.
create table incident_events (
    incident_id blob    not null references incidents (id),
    -- The version that the change made, and the place of the line in it.
    version     integer not null,
    position    integer not null,
    occurred_at integer not null,
    recorded_at integer not null,
    kind        text    not null check (kind in
        ('opened', 'joined', 'status', 'severity', 'changed', 'note', 'merged')),
    actor       text,
    text        text    not null,
    primary key (incident_id, version, position)
) strict, without rowid;

alter table alerts add column incident_id blob references incidents (id);

create index alerts_of_incident on alerts (incident_id) where incident_id is not null;
-- Tickets that say that a budget is gone.
create index alerts_missed on alerts (id)
    where alert_type = 'slo_violation' and origin = 'generated' and state <> 'resolved';
