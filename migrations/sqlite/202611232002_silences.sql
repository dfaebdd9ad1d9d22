-- What keeps news of alerts from being sent, by somebody's wish.

create table silences (
    id        blob    not null primary key check (length(id) = 16),
    version   integer not null check (version > 0),
    starts_at integer not null,
    ends_at   integer not null check (ends_at >= starts_at),
    -- Everything, these columns too.
    silence   text    not null check (json_valid(silence))
) strict, without rowid;

-- Those that have not expired are few, however many there have been.
create index silences_ends on silences (ends_at, starts_at);

create table maintenances (
    id          blob    not null primary key check (length(id) = 16),
    version     integer not null check (version > 0),
    -- The first instant that it covers, and the last; null where it recurs without an end.
    begins_at   integer not null,
    ends_at     integer,
    maintenance text    not null check (json_valid(maintenance))
) strict, without rowid;

create index maintenances_ends on maintenances (ends_at, begins_at);

-- Pages that are open keep back what stands on their services.
create index alerts_pages on alerts (severity) where state <> 'resolved';
