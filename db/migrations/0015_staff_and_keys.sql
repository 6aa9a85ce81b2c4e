-- What the staff list shows of other people's access, staff who see the portal as a customer (A11), and the end of an API key.

-- Whether somebody has a second factor, and when they last did something: of other people neither login sees more.
create function staff_access(p_users uuid[])
  returns table (user_id uuid, has_second_factor boolean, last_seen_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as $$
  select u.id,
         exists (select from user_totp t where t.user_id = u.id and t.confirmed_at is not null)
           or exists (select from passkeys k where k.user_id = u.id),
         greatest((select max(s.last_seen_at) from sessions s where s.user_id = u.id),
                  (select l.at from audit_log l where l.actor_id = u.id order by l.id desc limit 1),
                  (select l.at from audit_log l
                    where l.object_type = 'users' and l.object_id = u.id::text and l.action = 'signed_in' order by l.id desc limit 1))
    from users u join staff st on st.user_id = u.id
   where u.id = any(p_users)
$$;

-- Seeing as a customer ------------------------------------------------------------------------------------------

-- Opens the session that the code is for, once: the browser that has the code gets it. The log names the member of staff,
-- whom they see the portal as, why, and whether they may change something. No row where they no longer may see the account.
create function start_view(p_code_hash bytea, p_token_hash bytea, p_seconds int, p_ip text, p_user_agent text, p_request_id text)
  returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_staff uuid; v_data jsonb; v_session uuid; v_unit uuid; v_account text; v_member text; v_name text;
begin
  select c.user_id, c.data into v_staff, v_data from take_challenge('view_as', 'staff', p_code_hash) c;
  if v_staff is null then return null; end if;
  v_session := open_view_session(v_staff, (v_data->>'account_id')::uuid, (v_data->>'member_id')::uuid, (v_data->>'read_only')::boolean,
                                 p_token_hash, p_seconds, p_ip, p_user_agent);
  if v_session is null then return null; end if;
  select a.business_unit_id, a.name into v_unit, v_account from accounts a where a.id = (v_data->>'account_id')::uuid;
  select u.name into v_member from memberships m join users u on u.id = m.user_id where m.id = (v_data->>'member_id')::uuid;
  select u.name into v_name from users u where u.id = v_staff;
  perform set_config('zaguan.actor', jsonb_build_object('kind', 'staff', 'id', v_staff, 'name', v_name, 'way', 'portal',
            'operation', 'start_view_as', 'ip', p_ip, 'request_id', p_request_id,
            'on_behalf_of', coalesce(v_member || ' · ', '') || v_account)::text, true);
  perform write_audit('view_as_started', 'accounts', v_data->>'account_id', (v_data->>'account_id')::uuid, v_unit, null,
                      jsonb_build_object('session_id', v_session, 'reason', v_data->>'reason', 'member_id', v_data->>'member_id',
                                         'read_only', (v_data->>'read_only')::boolean));
  return v_session;
end $$;

-- Whatever ends such a session, the log says so: its owner stopped, somebody took the permission away, its time was over.
create function audit_view_end() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_actor jsonb := coalesce(nullif(current_setting('zaguan.actor', true), ''), '{}')::jsonb;
  v_as text; v_unit uuid; v_name text;
begin
  select coalesce(mu.name || ' · ', '') || a.name, a.business_unit_id into v_as, v_unit
    from accounts a left join memberships m on m.id = old.viewed_member_id left join users mu on mu.id = m.user_id
   where a.id = old.viewed_account_id;
  select u.name into v_name from users u where u.id = old.user_id;
  -- Whoever stops is a visitor by then; it is the member of staff who does.
  if coalesce(v_actor->>'kind', 'visitor') = 'visitor' then
    v_actor := v_actor || jsonb_build_object('kind', 'staff', 'id', old.user_id, 'name', v_name);
  end if;
  perform set_config('zaguan.actor', (v_actor || jsonb_build_object('on_behalf_of', v_as))::text, true);
  perform write_audit('view_as_ended', 'accounts', old.viewed_account_id::text, old.viewed_account_id, v_unit, null,
                      jsonb_build_object('session_id', old.id, 'staff_id', old.user_id, 'started_at', old.created_at,
                                         'expired', old.expires_at <= now()));
  perform set_config('zaguan.actor', (v_actor - 'on_behalf_of')::text, true);
  return null;
end $$;
create trigger view_ended after delete on sessions for each row when (old.method = 'view_as') execute function audit_view_end();

-- Somebody may no longer view as a customer, or no longer act as one: what they opened ends at once.
create function end_views(p_user uuid, p_acting_only boolean) returns void
  language sql security definer set search_path = public, pg_temp as $$
  delete from challenges c where c.user_id = p_user and c.kind = 'view_as' and (not p_acting_only or c.data->>'read_only' = 'false');
  delete from sessions s where s.user_id = p_user and s.method = 'view_as' and (not p_acting_only or not s.read_only)
$$;

-- API keys ------------------------------------------------------------------------------------------------------

-- Any owner of an account ends any key of it, whoever answers for the key; who answers for it stays in the books.
create function revoke_account_key(p_key uuid) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update api_keys set revoked_at = now(), previous_token_hash = null, previous_expires_at = null
   where id = p_key and account_id = current_account_id() and 'owner' = any(current_permissions()) and revoked_at is null;
  return found;
end $$;

-- Gives a key a new secret; the old one works on for so long. Only whoever answers for the key: its secret is their access.
create function rotate_api_key(p_key uuid, p_token_hash bytea, p_hint text, p_overlap_seconds int) returns boolean
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update api_keys
     set token_hash = p_token_hash, hint = p_hint,
         previous_token_hash = case when p_overlap_seconds > 0 then token_hash end,
         previous_expires_at = case when p_overlap_seconds > 0 then now() + make_interval(secs => p_overlap_seconds) end
   where id = p_key and user_id = current_user_id() and revoked_at is null
     and (account_id is null or account_id = current_account_id() and 'owner' = any(current_permissions()));
  return found;
end $$;

revoke execute on function staff_access, start_view, end_views, revoke_account_key, rotate_api_key, audit_view_end from public;
grant execute on function staff_access, end_views, rotate_api_key to zaguan_office;
grant execute on function start_view, revoke_account_key, rotate_api_key to zaguan_portal;
