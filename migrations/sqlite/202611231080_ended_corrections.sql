-- A correction may end before its period does: what lies before stays corrected, and nothing after.
alter table budget_corrections add column ended_from integer;
alter table budget_corrections add column ended_at integer;
alter table budget_corrections add column ended_by text;
