-- More words for alerts and what is said of them: origins, states and kinds. A check of a table cannot
-- be changed, so both tables are made anew, and with them what refers to them.

create table kept_alerts as select * from alerts;
create table kept_transitions as select * from alert_transition;
create table kept_intents as select * from intents;
create table kept_delivery_alerts as select * from delivery_alerts;
drop table delivery_alerts;
drop table intents;
drop table alert_transition;
drop table alerts;

-- One row an episode.
create table alerts (
    id               blob    not null primary key check (length(id) = 16),
    dedup_key        blob    not null check (length(dedup_key) = 16),
    episode          integer not null check (episode > 0),
    origin           text    not null check (origin in ('generated', 'posted', 'third_party')),
    service_name     text    not null,
    alert_type       text    not null,
    -- No reference: a reporter may name an SLO that is not here.
    slo_id           blob,
    labels           text    not null check (json_valid(labels)),
    transition       integer not null check (transition > 0),
    state            text    not null check (state in
        ('pending', 'firing', 'acknowledged', 'resolved')),
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
    incident_id      blob    references incidents (id),
    unique (dedup_key, episode),
    check ((ends_at is null) = (state <> 'resolved'))
) strict;

insert into alerts select * from kept_alerts;

-- Of two that open an episode of one identity at once, one wins.
create unique index alerts_open on alerts (dedup_key) where state <> 'resolved';
create index alerts_due on alerts (next_action_at, id) where state <> 'resolved';
create index alerts_started on alerts (starts_at, id);
create index alerts_ended on alerts (ends_at) where state = 'resolved';
-- A ticket is not told before the end of its SLO's page is.
create index alerts_page on alerts (slo_id)
    where alert_type = 'burn_rate' and origin = 'generated';
create index alerts_of_incident on alerts (incident_id) where incident_id is not null;
-- Tickets that say that a budget is gone.
create index alerts_missed on alerts (id)
    where alert_type = 'slo_violation' and origin = 'generated' and state <> 'resolved';
-- Which services alerts name; and what is open of each.
create index alerts_service on alerts (service_name, starts_at, id);
create index alerts_open_of_service on alerts (service_name) where state <> 'resolved';

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

insert into alert_transition select * from kept_transitions;

-- What is to be said: one transition to one destination.
create table intents (
    id             blob    not null primary key check (length(id) = 16),
    alert_id       blob    not null references alerts (id),
    transition     integer not null,
    destination_id blob    not null,
    kind           text    not null check (kind in
        ('fire', 'update', 'repeat', 'recur', 'ack_timeout', 'escalate', 'flap_start', 'flap_end',
         'resolve')),
    due_at         integer not null,
    created_at     integer not null,
    state          text    not null check (state in
        ('pending', 'frozen', 'delivered', 'withheld', 'superseded', 'dead')),
    -- Why it is sent, or why not (yet).
    reason         text,
    -- What keeps it from being sent, where the rule alone does not say: a silence, a maintenance, the
    -- alert of a dependency.
    held_by        text,
    -- The number of its message, for episode and destination.
    sequence       integer,
    unique (alert_id, transition, destination_id)
) strict, without rowid;

insert into intents (id, alert_id, transition, destination_id, kind, due_at, created_at, state,
                     reason, sequence)
    select id, alert_id, transition, destination_id, kind, due_at, created_at, state, reason,
           sequence
      from kept_intents;

create index intents_due on intents (due_at, destination_id, alert_id) where state = 'pending';
create index intents_pending on intents (alert_id, destination_id, transition)
    where state = 'pending';
create index intents_waiting on intents (created_at) where state in ('pending', 'frozen');
-- What falls due at once when what keeps it ends.
create index intents_held on intents (held_by)
    where state = 'pending' and held_by is not null;

-- What a message says of one alert. A minimal resend says the same of it again.
create table delivery_alerts (
    delivery_id    blob    not null references deliveries (id),
    -- Its place in the message.
    position       integer not null,
    alert_id       blob    not null references alerts (id),
    -- The intent that is carried.
    intent_id      blob    not null references intents (id),
    destination_id blob    not null,
    -- Its place among what the destination hears of the episode, and why it is told.
    sequence       integer not null,
    cause          text    not null,
    -- What the destination believes once the message has arrived.
    tells          text    not null check (tells in ('firing', 'resolved')),
    severity       text    not null check (severity in
        ('low', 'medium', 'high', 'critical', 'emergency')),
    primary key (delivery_id, position)
) strict, without rowid;

insert into delivery_alerts select * from kept_delivery_alerts;

create index delivery_alerts_of_alert on delivery_alerts (alert_id, destination_id, sequence);
create index delivery_alerts_of_intent on delivery_alerts (intent_id);

drop table kept_alerts;
drop table kept_transitions;
drop table kept_intents;
drop table kept_delivery_alerts;
