-- Destinations that do not take what they are owed, and messages that are sent again.

-- Since when a destination has taken nothing, and why: from a message that was given up, or a lane
-- that was stopped, until one arrives or its configuration changes.
alter table lanes add column broken_since integer;
alter table lanes add column broken_because text;

update lanes set broken_since = coalesce(last_delivered_at, 0), broken_because = stopped_because
 where is_stopped = 1;

-- The dead message whose news this one carries again.
alter table deliveries add column replay_of blob;

create index deliveries_given_up on deliveries (number)
    where state = 'dead' and reason is not 'degraded';
