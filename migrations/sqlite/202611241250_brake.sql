-- What is open of a type: the brake looks for silence every second.
create index alerts_open_of_type on alerts (alert_type, state, starts_at, id)
    where state <> 'resolved';
