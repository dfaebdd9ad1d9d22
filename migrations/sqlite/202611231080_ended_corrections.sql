-- A correction may end before its period does: what lies before stays corrected, and nothing after.
alter table budget_corrections add column ended_from integer;
alter table budget_corrections add column ended_at integer
    check ((ended_at is null) = (ended_from is null));
alter table budget_corrections add column ended_by text
    check (ended_by is null or ended_at is not null);
