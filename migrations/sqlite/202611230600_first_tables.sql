-- What people promise, what was measured, what was decided on it, and who was told.
--
-- Instants are microseconds since 1970, counts millionths of an event, ids 16 bytes. Tables of small
-- rows are kept in the order of their key, `without rowid`; rows of kilobytes are not, since a tree of
-- them would be deep.

-- === what people define ===

create table slos (
    id            blob    not null primary key check (length(id) = 16),
    service_name  text    not null,
    name          text    not null,
    -- The stored metric whose samples it counts; null where it asks a source.
    source_metric text,
    slice_seconds integer not null check (slice_seconds > 0),
    is_enabled    integer not null check (is_enabled in (0, 1)),
    managed_by    text    not null check (managed_by in ('api', 'config', 'default')),
    definition    text    not null check (json_valid(definition)),
    version       integer not null check (version >= 0),
    created_at    integer not null,
    updated_at    integer not null,
    -- A deleted SLO keeps its row: its history stays readable, its id is never used again.
    deleted_at    integer
) strict;

create unique index slos_name on slos (service_name, name) where deleted_at is null;
create index slos_source on slos (service_name, source_metric) where deleted_at is null;

-- Where the evaluation of an SLO stands: watermark, claim and fence in one row, so that the statement
-- that moves the watermark checks the fence.
create table slo_cursor (
    slo_id       blob    not null primary key references slos (id),
    -- Whether its slots fall due: enabled and not deleted.
    is_live      integer not null check (is_live in (0, 1)),
    next_slot    integer not null,
    -- The definition that may be evaluated: a commit that read another version is refused.
    spec_version integer not null,
    -- These three are the key of a cached ledger.
    generation   integer not null,
    revision     integer not null check (revision >= 0),
    last_slice   integer not null,
    -- The newest mark of a dirty range; a commit removes the marks that its claim saw.
    mark         integer not null check (mark >= 0),
    claim_epoch  integer not null check (claim_epoch >= 0),
    claim_holder text,
    claim_until  integer not null,
    recorded_at  integer,
    budget_at    integer,
    progress     text    not null,
    evaluation   text
) strict;

create index slo_cursor_due on slo_cursor (next_slot, slo_id) where is_live = 1;

-- Stretches to fold again, because a late sample or a back-fill fell into them.
create table slo_dirty (
    slo_id  blob    not null references slos (id),
    from_at integer not null,
    to_at   integer not null check (from_at < to_at),
    mark    integer not null,
    primary key (slo_id, from_at, to_at)
) strict, without rowid;

-- === what was measured ===

-- One sample a row: a bare number, or counts. (A NaN arrives as null, and is refused as that.)
create table service_metrics (
    service_name text    not null,
    metric_name  text    not null,
    at           integer not null,
    labels       text    not null check (json_valid(labels)),
    value        real    check (value > -9e999 and value < 9e999),
    good         integer check (good between 0 and total),
    total        integer check (total <= 1000000000000000000),
    primary key (service_name, metric_name, at, labels),
    check ((value is null) = (total is not null)),
    check ((good is null) = (total is null))
) strict, without rowid;

create index service_metrics_age on service_metrics (at);

-- What has to be asked regularly.
create table collect_cursor (
    target           text    not null primary key,
    interval_seconds integer not null check (interval_seconds > 0),
    parameters       text    not null check (json_valid(parameters)),
    next_at          integer not null,
    claim_epoch      integer not null check (claim_epoch >= 0),
    claim_holder     text,
    claim_until      integer not null
) strict, without rowid;

create index collect_cursor_due on collect_cursor (next_at, target);

-- The ledger: the slices of an hour packed into a row, or, beyond the retention of fine slices, their
-- sum.
create table slo_slices (
    slo_id        blob    not null references slos (id),
    generation    integer not null,
    starts_at     integer not null,
    slice_seconds integer not null,
    is_fine       integer not null check (is_fine in (0, 1)),
    counts        blob    not null,
    primary key (slo_id, generation, starts_at)
) strict, without rowid;

create index slo_slices_age on slo_slices (is_fine, starts_at);

-- === what was decided ===

create table slo_calculations (
    slo_id  blob    not null references slos (id),
    slot    integer not null,
    epoch   integer not null,
    outcome text    not null check (outcome in ('measured', 'no_traffic', 'unmeasured')),
    state   text    not null check (state in
        ('waiting', 'no_data', 'insufficient_data', 'violated', 'at_risk', 'met')),
    -- The counts of the SLO's window; null where nothing of it was measured.
    good    integer check (good between 0 and total),
    total   integer,
    detail  text,
    primary key (slo_id, slot),
    check ((good is null) = (total is null))
) strict;

create index slo_calculations_age on slo_calculations (slot);

-- Slots that can never be folded, because no source has them any more.
create table evaluation_gap (
    slo_id    blob    not null references slos (id),
    from_slot integer not null,
    to_slot   integer not null,
    reason    text    not null,
    primary key (slo_id, from_slot)
) strict, without rowid;

create index evaluation_gap_age on evaluation_gap (to_slot);

create table error_budgets (
    slo_id     blob    not null references slos (id),
    at         integer not null,
    state      text    not null check (state in
        ('waiting', 'no_data', 'insufficient_data', 'violated', 'at_risk', 'met')),
    burn_level text    not null check (burn_level in ('none', 'warning', 'critical', 'emergency')),
    -- What may be bad, in parts per billion of all events; null where nothing was measured.
    budget_ppb integer check (budget_ppb between 1 and 999999999),
    bad        integer check (bad between 0 and total),
    total      integer,
    -- Slices that were measured and expected: how much of the window is known.
    measured   integer not null,
    expected   integer not null,
    primary key (slo_id, at)
) strict, without rowid;

create index error_budgets_age on error_budgets (at);

-- One row an episode.
create table alerts (
    id               blob    not null primary key check (length(id) = 16),
    dedup_key        blob    not null check (length(dedup_key) = 16),
    episode          integer not null check (episode > 0),
    origin           text    not null check (origin in ('generated', 'posted')),
    service_name     text    not null,
    alert_type       text    not null,
    -- No reference: a reporter may name an SLO that is not here.
    slo_id           blob,
    labels           text    not null check (json_valid(labels)),
    transition       integer not null check (transition > 0),
    state            text    not null check (state in ('firing', 'acknowledged', 'resolved')),
    -- When and by whom it was acknowledged or resolved, and why.
    state_detail     text    not null check (json_valid(state_detail)),
    severity         text    not null check (severity in
        ('low', 'medium', 'high', 'critical', 'emergency')),
    message          text    not null,
    value            real,
    threshold        real,
    occurrences      integer not null check (occurrences >= 0),
    starts_at        integer not null,
    ends_at          integer,
    expires_at       integer,
    last_notified_at integer,
    -- When time moves it; null where only events do.
    next_action_at   integer,
    destinations     text    not null check (json_valid(destinations)),
    rules            text    not null check (json_valid(rules)),
    claim_holder     text,
    claim_until      integer not null,
    unique (dedup_key, episode),
    check ((ends_at is null) = (state <> 'resolved'))
) strict;

-- Of two that open an episode of one identity at once, one wins.
create unique index alerts_open on alerts (dedup_key) where state <> 'resolved';
create index alerts_due on alerts (next_action_at, id) where state <> 'resolved';
create index alerts_started on alerts (starts_at, id);
create index alerts_ended on alerts (ends_at) where state = 'resolved';
-- A ticket is not told before the end of its SLO's page is.
create index alerts_page on alerts (slo_id)
    where alert_type = 'burn_rate' and origin = 'generated';

create table alert_transition (
    alert_id   blob    not null references alerts (id),
    transition integer not null,
    at         integer not null,
    slot       integer,
    from_state text,
    to_state   text    not null,
    severity   text    not null,
    actor      text,
    comment    text,
    primary key (alert_id, transition)
) strict, without rowid;

-- === who is to hear of it ===

-- The configured destinations. Each has a lane of its own: what ails one keeps no other waiting.
create table lanes (
    destination_id blob    not null primary key check (length(destination_id) = 16),
    channel        text    not null,
    name           text    not null,
    -- A hash of its configuration: when that changes, a stopped lane starts again.
    fingerprint    text    not null,
    -- What is meant for a destination that is gone is given up; its lane stays, to know it by.
    is_configured  integer not null check (is_configured in (0, 1)),
    is_stopped     integer not null check (is_stopped in (0, 1)),
    paused_until   integer not null
) strict, without rowid;

-- What is to be said: one transition to one destination.
create table intents (
    id             blob    not null primary key check (length(id) = 16),
    alert_id       blob    not null references alerts (id),
    transition     integer not null,
    destination_id blob    not null,
    kind           text    not null check (kind in
        ('fire', 'update', 'repeat', 'recur', 'ack_timeout', 'resolve')),
    due_at         integer not null,
    created_at     integer not null,
    state          text    not null check (state in
        ('pending', 'frozen', 'delivered', 'withheld', 'superseded', 'dead')),
    -- Why it is sent, or why not (yet).
    reason         text,
    -- The number of its message, for episode and destination.
    sequence       integer,
    unique (alert_id, transition, destination_id)
) strict, without rowid;

create index intents_due on intents (due_at, destination_id, alert_id) where state = 'pending';
create index intents_pending on intents (alert_id, destination_id, transition)
    where state = 'pending';
create index intents_waiting on intents (created_at) where state in ('pending', 'frozen');

-- One message; its id and body never change.
create table deliveries (
    -- The order in which messages were frozen.
    number                integer not null primary key,
    id                    blob    not null unique check (length(id) = 16),
    destination_id        blob    not null,
    alert_id              blob    not null references alerts (id),
    -- Its place among the messages of the episode to the destination, and why it is sent.
    sequence              integer not null,
    cause                 text    not null,
    body                  blob    not null,
    -- What it is worth, and its place in the lane.
    is_resolve            integer not null check (is_resolve in (0, 1)),
    severity              text    not null check (severity in
        ('low', 'medium', 'high', 'critical', 'emergency')),
    class                 integer not null,
    is_degraded           integer not null check (is_degraded in (0, 1)),
    -- What its destination believes once it has arrived.
    tells                 text    not null check (tells in ('firing', 'resolved')),
    told_severity         text    not null,
    state                 text    not null check (state in ('pending', 'delivered', 'dead')),
    -- Why it was given up.
    reason                text,
    -- Whether a try was closed as unknown, of this message or of the one it is the minimal form of.
    may_have_arrived      integer not null check (may_have_arrived in (0, 1)),
    next_attempt_at       integer not null,
    claim_epoch           integer not null check (claim_epoch >= 0),
    claim_until           integer not null,
    created_at            integer not null,
    sent_at               integer
) strict;

create index deliveries_due on deliveries (next_attempt_at, id) where state = 'pending';
create index deliveries_under_way on deliveries (destination_id, alert_id) where state = 'pending';
create index deliveries_of_alert on deliveries (alert_id, destination_id, sequence);

-- A minimal resend carries the intents of the refused message again.
create table delivery_intents (
    delivery_id blob not null references deliveries (id),
    intent_id   blob not null references intents (id),
    primary key (delivery_id, intent_id)
) strict, without rowid;

create index delivery_intents_of_intent on delivery_intents (intent_id);

create table delivery_attempts (
    delivery_id           blob    not null references deliveries (id),
    epoch                 integer not null,
    started_at            integer not null,
    finished_at           integer,
    result                text,
    status                integer,
    detail                text,
    is_possible_duplicate integer not null check (is_possible_duplicate in (0, 1)),
    primary key (delivery_id, epoch)
) strict, without rowid;

-- What a destination was told last of an identity, whatever the episode.
create table told (
    dedup_key      blob    not null,
    destination_id blob    not null,
    -- No reference: what was told outlives the retention of the episode.
    alert_id       blob    not null,
    episode        integer not null,
    state          text    not null check (state in ('firing', 'resolved')),
    severity       text    not null,
    delivered_at   integer not null,
    primary key (dedup_key, destination_id)
) strict, without rowid;

create index told_of_alert on told (alert_id);

-- === for people and dashboards ===

-- What is wrong with an SLO now.
create view active_slo_violations as
    select a.id as alert_id, a.slo_id, s.name as slo_name, a.service_name, a.alert_type as rule,
           a.severity, a.state, a.message, a.starts_at, a.transition
      from alerts a
      left join slos s on s.id = a.slo_id
     where a.state in ('firing', 'acknowledged') and a.slo_id is not null;

-- The last recorded budget of every SLO that is not deleted; percentages are null where nothing was
-- measured, and negative where the budget is overspent.
create view error_budget_summary as
    select s.service_name, b.slo_id, s.name as slo_name, b.at, b.state, b.burn_level, b.bad, b.total,
           100.0 * (b.total - b.bad) / nullif(b.total, 0) as sli_percentage,
           100.0 - 1e11 * b.bad / nullif(1.0 * b.budget_ppb * b.total, 0)
               as remaining_percentage
      from error_budgets b
      join slos s on s.id = b.slo_id
     where s.deleted_at is null
       and b.at = (select max(x.at) from error_budgets x where x.slo_id = b.slo_id);
