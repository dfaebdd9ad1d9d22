-- When the budget would end, as it was foretold when it was recorded: instants are null where there
-- is none. Budgets that were recorded before foretell nothing.

alter table error_budgets add column exhaustion text not null default 'unknown'
    check (exhaustion in ('unknown', 'none', 'projected', 'exhausted'));
alter table error_budgets add column exhaustion_at integer;
alter table error_budgets add column exhaustion_earliest integer;
alter table error_budgets add column exhaustion_latest integer;

drop view error_budget_summary;

-- The last recorded budget of every SLO that is not deleted; percentages are null where nothing was
-- measured, and negative where the budget is overspent.
create view error_budget_summary as
    select s.service_name, b.slo_id, s.name as slo_name, b.at, b.state, b.burn_level, b.bad, b.total,
           100.0 * (b.total - b.bad) / nullif(b.total, 0) as sli_percentage,
           100.0 - 1e11 * b.bad / nullif(1.0 * b.budget_ppb * b.total, 0)
               as remaining_percentage,
           b.exhaustion, b.exhaustion_at
      from error_budgets b
      join slos s on s.id = b.slo_id
     where s.deleted_at is null
       and b.at = (select max(x.at) from error_budgets x where x.slo_id = b.slo_id);
