-- Messages that speak of several alerts, of a storm, or of what is announced beside alerts.

-- What a lane wants, and how it fares.
alter table lanes add column spacing_seconds integer;
alter table lanes add column stopped_because text;
alter table lanes add column last_delivered_at integer;

-- What is announced beside alerts: one announcement to one destination.
create table notices (
    id             blob    not null primary key check (length(id) = 16),
    destination_id blob    not null,
    kind           text    not null,
    service_name   text,
    severity       text check (severity in ('low', 'medium', 'high', 'critical', 'emergency')),
    title          text    not null,
    text           text    not null,
    link_path      text,
    data           text    not null check (json_valid(data)),
    created_at     integer not null,
    state          text    not null check (state in
        ('pending', 'frozen', 'delivered', 'withheld', 'dead')),
    -- Why it was not sent, where it was not.
    reason         text
) strict, without rowid;

create index notices_pending on notices (destination_id, created_at, id) where state = 'pending';
create index notices_over on notices (created_at, id)
    where state in ('delivered', 'withheld', 'dead');

-- A message used to speak of one alert, in its own row.
create table kept_deliveries as select * from deliveries;
create table kept_intents as select * from delivery_intents;
create table kept_attempts as select * from delivery_attempts;
drop table delivery_attempts;
drop table delivery_intents;
drop table deliveries;

-- One message; its id and body never change.
create table deliveries (
    -- The order in which messages were frozen.
    number                integer not null primary key,
    id                    blob    not null unique check (length(id) = 16),
    destination_id        blob    not null,
    -- Alerts of one service, a digest of many, or a notice.
    subject               text    not null check (subject in ('alerts', 'digest', 'notice')),
    service_name          text,
    -- When the time began in which what joins the message is held back; null where it holds nothing.
    window_at             integer,
    notice_id             blob references notices (id),
    body                  blob    not null,
    -- What it is worth, and its place in the lane.
    is_resolve            integer not null check (is_resolve in (0, 1)),
    severity              text    not null check (severity in
        ('low', 'medium', 'high', 'critical', 'emergency')),
    class                 integer not null,
    is_degraded           integer not null check (is_degraded in (0, 1)),
    state                 text    not null check (state in ('pending', 'delivered', 'dead')),
    -- Why it was given up.
    reason                text,
    -- Whether a try was closed as unknown, of this message or of the one it is the minimal form of.
    may_have_arrived      integer not null check (may_have_arrived in (0, 1)),
    next_attempt_at       integer not null,
    claim_epoch           integer not null check (claim_epoch >= 0),
    claim_until           integer not null,
    created_at            integer not null,
    sent_at               integer,
    check ((subject = 'alerts') = (service_name is not null)),
    check ((subject = 'notice') = (notice_id is not null))
) strict;

insert into deliveries (number, id, destination_id, subject, service_name, window_at, body,
                        is_resolve, severity, class, is_degraded, state, reason, may_have_arrived,
                        next_attempt_at, claim_epoch, claim_until, created_at, sent_at)
    select k.number, k.id, k.destination_id, 'alerts', a.service_name,
           case k.tells when 'firing' then k.created_at end, k.body, k.is_resolve, k.severity,
           k.class, k.is_degraded, k.state, k.reason, k.may_have_arrived, k.next_attempt_at,
           k.claim_epoch, k.claim_until, k.created_at, k.sent_at
      from kept_deliveries k
      join alerts a on a.id = k.alert_id;

create index deliveries_due on deliveries (next_attempt_at, id) where state = 'pending';
create index deliveries_under_way on deliveries (destination_id, created_at)
    where state = 'pending';
create index deliveries_dead on deliveries (destination_id, created_at)
    where state = 'dead' and reason <> 'degraded';
create index deliveries_lately on deliveries (destination_id, created_at)
    where subject in ('alerts', 'digest') and is_degraded = 0;
create index deliveries_of_notice on deliveries (notice_id) where notice_id is not null;

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

insert into delivery_alerts (delivery_id, position, alert_id, intent_id, destination_id, sequence,
                             cause, tells, severity)
    select k.id, row_number() over (partition by k.id order by i.intent_id) - 1, k.alert_id,
           i.intent_id, k.destination_id, k.sequence, k.cause, k.tells, k.told_severity
      from kept_deliveries k
      join kept_intents i on i.delivery_id = k.id;

create index delivery_alerts_of_alert on delivery_alerts (alert_id, destination_id, sequence);
create index delivery_alerts_of_intent on delivery_alerts (intent_id);

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

insert into delivery_attempts select * from kept_attempts;

drop table kept_deliveries;
drop table kept_intents;
drop table kept_attempts;
