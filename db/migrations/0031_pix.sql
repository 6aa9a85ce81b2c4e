-- Static Pix on printed documents: what stands in the code is meant for payers, so that their side may read it, too.

create function static_pix_of(p_unit uuid) returns table (key text, name text, city text)
  language sql stable security definer set search_path = public, pg_temp as $$
  select p.settings ->> 'key', p.settings ->> 'name', p.settings ->> 'city'
    from payment_providers p
   where p.business_unit_id = p_unit and p.driver = 'pix_static' and p.enabled and p.archived_at is null
     and (p_unit = current_unit_id() or sees_all_units() or p_unit = any(visible_units()))
   order by p.position, p.id
   limit 1
$$;
comment on function static_pix_of is 'Key, name and city of a business unit''s static Pix; none where it has none that is enabled, or is not seen';
revoke execute on function static_pix_of from public;
grant execute on function static_pix_of to zaguan_office, zaguan_portal;
