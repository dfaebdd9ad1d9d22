-- What is known of an alert's flapping: its last confirmed states, since when it is held open.
alter table alerts add column flaps text not null default '{}' check (json_valid(flaps));
