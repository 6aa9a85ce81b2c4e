-- Reports (B12): recurring revenue and what moved it, by service. A movement is looked for only where a timeline changed, so a
-- month costs what happened in it and not how much there is.

/* What a component brings in a month, in minor units: its price after its own discount for a whole period of its cycle, as a
   twelfth of a year (365 days), rounded half-up once. What is charged once, and what is metered, does not recur. */
create function monthly_amount(p_role component_role, p_model price_model, p_unit bigint, p_tiers jsonb, p_package int, p_included bigint,
                               p_quantity bigint, p_kind discount_kind, p_amount bigint, p_basis_points int,
                               p_cycle cycle_unit, p_count int)
  returns bigint language sql immutable parallel safe as $$
  select case
    when p_role::text = 'usage' or p_cycle = 'once' then 0
    when p_cycle = 'month' and p_count = 1 then n.net
    when p_cycle = 'month' then div(n.net::numeric * 2 + p_count, 2 * p_count)
    else div(n.net::numeric * 730 + 12 * p_count * case p_cycle when 'week' then 7 else 1 end,
             24 * p_count * case p_cycle when 'week' then 7 else 1 end) end::bigint
    from (select discounted_amount(
            case p_model when 'per_unit' then p_unit * greatest(p_quantity - p_included, 0)
                         when 'flat' then p_unit
                         else whole_amount(p_model, p_unit, p_tiers, p_package, p_included, p_quantity) end,
            p_kind, p_amount, p_basis_points) as net) n
$$;

/* What a subscription brings a month when a day begins: nothing before it is charged, after its end, or while it is suspended. */
create function recurring_revenue_on(p_subscription uuid, p_on date) returns bigint language sql stable as $$
  select coalesce(sum(monthly_amount(c.role, c.price_model, c.unit_amount, c.tiers, c.package_size, c.included, c.quantity,
                                     c.discount_kind, c.discount_amount, c.discount_basis_points, c.cycle_unit, c.cycle_count)), 0)::bigint
    from subscriptions s join subscription_components c on c.subscription_id = s.id
   where s.id = p_subscription and s.billing_start <= p_on and (s.end_date is null or s.end_date > p_on)
     and (c.from_date is null or c.from_date <= p_on) and (c.to_date is null or c.to_date > p_on)
     and not exists (select from subscription_suspensions x where x.subscription_id = s.id and x.period @> p_on)
$$;

create index subscription_components_from on subscription_components (from_date) where from_date is not null;
create index subscription_components_to on subscription_components (to_date) where to_date is not null;
create index subscription_suspensions_from on subscription_suspensions (lower(period));
create index subscription_suspensions_to on subscription_suspensions (upper(period)) where not upper_inf(period);
create index subscriptions_billing_start on subscriptions (billing_start) where billing_start is not null;
create index subscriptions_end on subscriptions (end_date) where end_date is not null;

/* The services whose recurring revenue is another when p_to begins than when p_from began, each with both. A service that moved
   to another account is a transfer on either side, not churn and not new. */
create function revenue_movements(p_from date, p_to date)
  returns table (subscription_id uuid, business_unit_id uuid, account_id uuid, plan_id uuid, salesperson_id uuid, currency char(3),
                 kind text, before bigint, after bigint)
  language sql stable as $$
  with touched as materialized (
    select c.subscription_id as id from subscription_components c where c.from_date > p_from and c.from_date <= p_to
    union select c.subscription_id from subscription_components c where c.to_date > p_from and c.to_date <= p_to
    union select x.subscription_id from subscription_suspensions x where lower(x.period) > p_from and lower(x.period) <= p_to
    union select x.subscription_id from subscription_suspensions x
           where not upper_inf(x.period) and upper(x.period) > p_from and upper(x.period) <= p_to
    union select s.id from subscriptions s where s.billing_start > p_from and s.billing_start <= p_to
    union select s.id from subscriptions s where s.end_date > p_from and s.end_date <= p_to)
  select s.id, s.business_unit_id, s.account_id, s.plan_id, s.salesperson_id, s.currency,
         case when m.before = 0 and s.transferred_from_id is not null and s.billing_start > p_from then 'transfer'
              when m.before = 0 and s.billing_start > p_from then 'new'
              when m.before = 0 then 'reactivation'
              when m.after = 0 and s.transferred_to_id is not null and s.end_date <= p_to then 'transfer'
              when m.after = 0 then 'churn'
              when m.after > m.before then 'expansion' else 'contraction' end,
         m.before, m.after
    from touched t join subscriptions s on s.id = t.id
   cross join lateral (select recurring_revenue_on(s.id, p_from) as before, recurring_revenue_on(s.id, p_to) as after offset 0) m
   where m.before <> m.after
$$;

grant execute on function monthly_amount, recurring_revenue_on, revenue_movements to zaguan_office;
