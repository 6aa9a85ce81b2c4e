-- Users and permissions of an account (A6), the transfer of its ownership, and what a customer changes of its details (A7).

alter table business_units add column sensitive_changes_need_approval boolean not null default false;
comment on column business_units.sensitive_changes_need_approval is 'A customer''s change of name, kind or tax id waits for staff (A7)';

create type ownership_transfer_state as enum ('pending', 'accepted', 'declined', 'withdrawn', 'expired');
create type account_change_state as enum ('pending', 'approved', 'rejected', 'withdrawn');

create table invitations (
  id uuid primary key default uuidv7(),
  account_id uuid not null,
  business_unit_id uuid not null,
  email citext not null check (email ~ '^[^@\s]+@[^@\s]+\.[^@\s]+$' and length(email) <= 254),
  permissions membership_permission[] not null check (cardinality(permissions) > 0),
  invited_by uuid not null references users (id),
  by_staff boolean not null default false,
  token_hash bytea unique,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '7 days',
  accepted_at timestamptz,
  accepted_by uuid references users (id),
  declined_at timestamptz,
  withdrawn_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id) on update cascade,
  constraint invitations_decided_once check (num_nonnulls(accepted_at, declined_at, withdrawn_at) <= 1),
  constraint invitations_accepted_by check ((accepted_at is null) = (accepted_by is null)),
  -- Ownership changes hands by consent of both; only staff name an owner, for an account that has none.
  constraint invitations_owner check (by_staff or not 'owner' = any(permissions))
);
comment on table invitations is 'Somebody is asked to act for an account (A6): bound to the e-mail, good once, void when the inviter no longer might give what it gives';
comment on column invitations.token_hash is 'Of the link in the last mail; null until that is written';
create unique index invitations_one_open on invitations (account_id, email)
  where accepted_at is null and declined_at is null and withdrawn_at is null;
create index invitations_account on invitations (account_id, id);
create index invitations_unit on invitations (business_unit_id);
create index invitations_invited_by on invitations (invited_by);

create table ownership_transfers (
  id uuid primary key default uuidv7(),
  account_id uuid not null references accounts (id),
  from_user_id uuid not null references users (id),
  to_user_id uuid not null references users (id),
  state ownership_transfer_state not null default 'pending',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null default now() + interval '14 days',
  decided_at timestamptz,
  constraint ownership_transfers_between_two check (from_user_id <> to_user_id),
  constraint ownership_transfers_decided check ((state = 'pending') = (decided_at is null))
);
comment on table ownership_transfers is 'The owner offers the account to another of its users, who consents or not';
create unique index ownership_transfers_one_pending on ownership_transfers (account_id) where state = 'pending';
create index ownership_transfers_account on ownership_transfers (account_id, id);
create index ownership_transfers_to on ownership_transfers (to_user_id) where state = 'pending';

create table account_change_requests (
  id uuid primary key default uuidv7(),
  account_id uuid not null,
  business_unit_id uuid not null,
  requested_by uuid not null references users (id),
  changes jsonb not null check (jsonb_typeof(changes) = 'object' and changes <> '{}' and changes - '{name,tax_id,kind}'::text[] = '{}'),
  previous jsonb not null check (jsonb_typeof(previous) = 'object'),
  state account_change_state not null default 'pending',
  reason text check (length(reason) <= 1000),
  created_at timestamptz not null default now(),
  decided_by uuid references users (id),
  decided_at timestamptz,
  foreign key (account_id, business_unit_id) references accounts (id, business_unit_id) on update cascade,
  constraint account_change_requests_decided check ((state = 'pending') = (decided_at is null)),
  constraint account_change_requests_reason check (state <> 'rejected' or reason is not null)
);
comment on table account_change_requests is 'A customer''s change of what the business unit wants to confirm first (A7)';
comment on column account_change_requests.previous is 'What stood there when it was asked for, by the same keys';
create unique index account_change_requests_one_pending on account_change_requests (account_id) where state = 'pending';
create index account_change_requests_account on account_change_requests (account_id, id);
create index account_change_requests_queue on account_change_requests (state, id);
create index account_change_requests_unit on account_change_requests (business_unit_id, id);

-- Whose access was taken away stays out until they are invited again: a contact's e-mail does not open the door anew (A5).
create table membership_removals (
  user_id uuid not null references users (id) on delete cascade,
  account_id uuid not null references accounts (id) on delete cascade,
  removed_at timestamptz not null default now(),
  primary key (user_id, account_id)
);
create index membership_removals_account on membership_removals (account_id);

-- What no change of a membership may do ---------------------------------------------------------------------------

-- Changes of an account's members come one after the other: whoever comes second sees what the first one did.
create function lock_members(p_account uuid) returns void language sql
  as $$ select pg_advisory_xact_lock(hashtext('zaguan.members'), hashtext(p_account::text)) $$;

-- Nobody gives what they do not hold, nor to themselves; only owners touch an owner; ownership is not given here; an
-- account that has an owner keeps one. For customers: staff have rules of their own, functions of the owner theirs.
create function guard_membership() returns trigger language plpgsql as $$
declare
  v_held membership_permission[] := current_permissions();
  v_added membership_permission[];
begin
  if current_user <> 'zaguan_portal' then return case tg_op when 'DELETE' then old else new end; end if;
  perform lock_members(old.account_id);
  if old.user_id = current_user_id() and tg_op = 'UPDATE' then
    raise exception 'nobody changes their own permissions' using errcode = '42501';
  end if;
  if 'owner' = any(old.permissions) and not 'owner' = any(v_held) then
    raise exception 'only an owner changes an owner' using errcode = '42501';
  end if;
  if tg_op = 'UPDATE' then
    v_added := array(select unnest(new.permissions) except select unnest(old.permissions));
    if 'owner' = any(v_added) or not ('owner' = any(v_held) or v_added <@ v_held) then
      raise exception 'nobody gives what they do not hold' using errcode = '42501';
    end if;
  end if;
  if 'owner' = any(old.permissions) and (tg_op = 'DELETE' or not 'owner' = any(new.permissions))
     and not exists (select from memberships m where m.account_id = old.account_id and m.id <> old.id and 'owner' = any(m.permissions)) then
    raise exception 'an account keeps an owner' using errcode = '23514', constraint = 'memberships_last_owner';
  end if;
  return case tg_op when 'DELETE' then old else new end;
end $$;
create trigger memberships_guard before update or delete on memberships for each row execute function guard_membership();

-- Whoever is no longer a member: their sessions leave the account, their keys for it end, an offer to or from them too.
create function end_membership() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update sessions set account_id = null where user_id = old.user_id and account_id = old.account_id;
  update api_keys set revoked_at = now() where user_id = old.user_id and account_id = old.account_id and revoked_at is null;
  update ownership_transfers set state = 'withdrawn', decided_at = now()
   where account_id = old.account_id and state = 'pending' and old.user_id in (from_user_id, to_user_id);
  insert into membership_removals (user_id, account_id)
  select old.user_id, old.account_id where exists (select from users where id = old.user_id)
                                       and exists (select from accounts where id = old.account_id)
  on conflict (user_id, account_id) do update set removed_at = now();
  return null;
end $$;
create trigger memberships_ended after delete on memberships for each row execute function end_membership();

create or replace function claim_first_access(p_email citext, p_language language_code) returns uuid
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_user uuid;
begin
  perform pg_advisory_xact_lock(hashtext('zaguan.first_access'), hashtext(p_email::text));
  select id into v_user from users where side = 'customer' and email = p_email;
  if v_user is null then
    insert into users (side, email, name, language)
    select 'customer', p_email, who.name, coalesce(who.language, p_language)
      from (select coalesce(nullif(btrim(c.first_name || ' ' || coalesce(c.last_name, '')), ''), a.name) as name, a.language
              from contacts c join accounts a on a.id = c.account_id where c.email = p_email
            union all
            select a.name, a.language from accounts a where a.email = p_email) who
     limit 1
    returning id into v_user;
  elsif exists (select from users where id = v_user and disabled_at is not null) then
    return null;
  end if;
  if v_user is null then return null; end if;
  insert into memberships (user_id, account_id, permissions)
  select v_user, a.id, case when exists (select from memberships m where m.account_id = a.id and 'owner' = any(m.permissions))
                            then '{support}'::membership_permission[]
                            else '{owner,billing,services,support,licences,users}'::membership_permission[] end
    from accounts a
   where (a.email = p_email
          or exists (select from contacts c where c.account_id = a.id and c.email = p_email and c.is_primary and a.email is null))
     and not exists (select from membership_removals r where r.user_id = v_user and r.account_id = a.id)
  on conflict (user_id, account_id) do nothing;
  insert into memberships (user_id, account_id, permissions)
  select v_user, c.account_id, '{support}' from contacts c
   where c.email = p_email
     and not exists (select from membership_removals r where r.user_id = v_user and r.account_id = c.account_id)
  on conflict (user_id, account_id) do nothing;
  update contacts set user_id = v_user where email = p_email and user_id is null;
  return v_user;
end $$;

-- Invitations -----------------------------------------------------------------------------------------------------

-- Whether who invited might still give these permissions: a member who manages users and holds each of them, or staff
-- who see the account, while it has no owner if that is given. What staff's role allows is for the caller to ask.
create function may_invite(p_inviter uuid, p_account uuid, p_permissions membership_permission[]) returns boolean
  language sql stable security definer set search_path = public, pg_temp as $$
  select case u.side
    when 'staff' then
      exists (select from staff s join accounts a on a.id = p_account
               where s.user_id = u.id and (s.all_units or exists (select from staff_units su
                       where su.user_id = u.id and su.business_unit_id = a.business_unit_id)))
      and not ('owner' = any(p_permissions)
               and exists (select from memberships m where m.account_id = p_account and 'owner' = any(m.permissions)))
    else
      not 'owner' = any(p_permissions)
      and exists (select from memberships m where m.user_id = u.id and m.account_id = p_account
                     and ('owner' = any(m.permissions)
                          or 'users' = any(m.permissions) and p_permissions <@ m.permissions))
    end
    from users u where u.id = p_inviter and u.disabled_at is null
$$;

-- What the page of the link shows. `person`: `new` may choose a password by it, `known` signs in. For an invitation by
-- staff, what they may do, so that the caller knows whether they still may invite.
create function read_invitation(p_token_hash bytea)
  returns table (id uuid, state text, email text, permissions membership_permission[], account_id uuid, account_name text,
                 unit_slug text, unit_name text, invited_by_name text, expires_at timestamptz, person text,
                 person_name text, language language_code, inviter_role staff_role, inviter_granted staff_permission[],
                 inviter_withheld staff_permission[])
  language sql stable security definer set search_path = public, pg_temp as $$
  select i.id,
         case when i.accepted_at is not null then 'used' when i.declined_at is not null then 'declined'
              when i.withdrawn_at is not null then 'withdrawn' when i.expires_at <= now() then 'expired'
              when may_invite(i.invited_by, i.account_id, i.permissions) is not true then 'void' else 'open' end,
         i.email::text, i.permissions, a.id, a.name, b.slug, b.name, inviter.name, i.expires_at,
         case when u.id is null or u.password_hash is null and u.disabled_at is null
                                   and not exists (select from passkeys k where k.user_id = u.id)
              then 'new' else 'known' end,
         u.name, coalesce(u.language, a.language), st.role, st.granted, st.withheld
    from invitations i
    join accounts a on a.id = i.account_id
    join business_units b on b.id = i.business_unit_id
    join users inviter on inviter.id = i.invited_by
    left join staff st on st.user_id = i.invited_by
    left join users u on u.side = 'customer' and u.email = i.email
   where i.token_hash = p_token_hash
$$;

-- Uses an invitation up for a user, who must have its e-mail. One winner, whoever else comes at the same moment.
create function take_invitation(p_token_hash bytea, p_user uuid, out outcome text, out account_id uuid)
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_invitation invitations;
begin
  select i.account_id into take_invitation.account_id from invitations i where i.token_hash = p_token_hash;
  if not found then outcome := 'invitation_invalid'; return; end if;
  perform lock_members(take_invitation.account_id);
  select * into v_invitation from invitations i where i.token_hash = p_token_hash for update;
  outcome := case
    when v_invitation.id is null then 'invitation_invalid'
    when v_invitation.accepted_at is not null then 'invitation_used'
    when v_invitation.declined_at is not null then 'invitation_declined'
    when v_invitation.withdrawn_at is not null then 'invitation_withdrawn'
    when v_invitation.expires_at <= now() then 'invitation_expired'
    when not exists (select from users u where u.id = p_user and u.side = 'customer' and u.disabled_at is null
                                           and u.email = v_invitation.email) then 'invitation_for_other'
    when may_invite(v_invitation.invited_by, v_invitation.account_id, v_invitation.permissions) is not true then 'invitation_void'
    else 'accepted' end;
  if outcome <> 'accepted' then return; end if;
  delete from membership_removals r where r.user_id = p_user and r.account_id = v_invitation.account_id;
  insert into memberships as m (user_id, account_id, permissions)
  values (p_user, v_invitation.account_id, v_invitation.permissions)
  on conflict on constraint memberships_user_id_account_id_key do update
    set permissions = array(select unnest(m.permissions) union select unnest(excluded.permissions) order by 1);
  update invitations i set accepted_at = now(), accepted_by = p_user where i.id = v_invitation.id;
  -- The link came by mail: whoever uses it reads that mailbox.
  update users u set email_verified_at = now() where u.id = p_user and u.email_verified_at is null;
end $$;

create function accept_invitation(p_token_hash bytea) returns table (outcome text, account_id uuid)
  language sql security definer set search_path = public, pg_temp as $$
  select * from take_invitation(p_token_hash, current_user_id())
$$;

-- The same for somebody who never signed in: the mailbox proves who they are, as with a link to choose a password.
create function join_by_invitation(p_token_hash bytea, p_name text, p_language language_code, p_password_hash text)
  returns table (outcome text, account_id uuid, user_id uuid)
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_email citext; v_account uuid; v_user users;
begin
  select i.email, i.account_id into v_email, v_account from invitations i where i.token_hash = p_token_hash;
  if not found then outcome := 'invitation_invalid'; return next; return; end if;
  perform lock_members(v_account);
  select * into v_user from users u where u.side = 'customer' and u.email = v_email for update;
  if v_user.id is null then
    insert into users (side, email, name, language, password_hash, password_set_at, email_verified_at)
    values ('customer', v_email, p_name, p_language, p_password_hash, now(), now())
    on conflict (side, email) do nothing returning id into user_id;
  elsif v_user.password_hash is null and v_user.disabled_at is null
        and not exists (select from passkeys k where k.user_id = v_user.id) then
    update users u set password_hash = p_password_hash, password_set_at = now(), name = p_name where u.id = v_user.id;
    update user_tokens t set used_at = now() where t.user_id = v_user.id and t.used_at is null;
    user_id := v_user.id;
  end if;
  if user_id is null then
    outcome := case when exists (select from invitations i where i.token_hash = p_token_hash and i.accepted_at is not null)
                    then 'invitation_used' else 'invitation_known_user' end;
    return next; return;
  end if;
  select t.outcome, t.account_id into outcome, account_id from take_invitation(p_token_hash, join_by_invitation.user_id) t;
  return next;
end $$;

create function decline_invitation(p_token_hash bytea) returns text
  language plpgsql security definer set search_path = public, pg_temp as $$
begin
  update invitations i set declined_at = now()
   where i.token_hash = p_token_hash and i.accepted_at is null and i.declined_at is null and i.withdrawn_at is null
     and i.expires_at > now();
  if found then return 'declined'; end if;
  return coalesce((select case when i.accepted_at is not null then 'invitation_used' when i.declined_at is not null then 'declined'
                               when i.withdrawn_at is not null then 'invitation_withdrawn' else 'invitation_expired' end
                     from invitations i where i.token_hash = p_token_hash), 'invitation_invalid');
end $$;

-- Ownership -------------------------------------------------------------------------------------------------------

-- The one who was offered the account takes it; who offered keeps every permission but that. One winner.
create function accept_ownership(p_transfer uuid) returns text
  language plpgsql security definer set search_path = public, pg_temp as $$
declare v_transfer ownership_transfers;
begin
  select * into v_transfer from ownership_transfers
   where id = p_transfer and to_user_id = current_user_id() and account_id = current_account_id();
  if not found then return 'not_found'; end if;
  perform lock_members(v_transfer.account_id);
  update ownership_transfers set state = 'accepted', decided_at = now()
   where id = p_transfer and state = 'pending' and expires_at > now();
  if not found then return 'transfer_closed'; end if;
  update memberships set permissions = '{billing,services,support,licences,users}'
   where account_id = v_transfer.account_id and user_id = v_transfer.from_user_id and 'owner' = any(permissions);
  if not found then return 'transfer_void'; end if;
  update memberships set permissions = '{owner,billing,services,support,licences,users}'
   where account_id = v_transfer.account_id and user_id = v_transfer.to_user_id;
  if not found then return 'transfer_void'; end if;
  return 'accepted';
end $$;

revoke execute on function lock_members, may_invite, read_invitation, take_invitation, accept_invitation, join_by_invitation,
  decline_invitation, accept_ownership from public;
grant execute on function lock_members, may_invite to zaguan_portal, zaguan_office;
grant execute on function read_invitation, accept_invitation, join_by_invitation, decline_invitation, accept_ownership to zaguan_portal;

-- Details of the account --------------------------------------------------------------------------------------------

create function guard_account_details() returns trigger language plpgsql as $$
begin
  if current_user = 'zaguan_portal' and (old.name, old.tax_id, old.kind) is distinct from (new.name, new.tax_id, new.kind)
     and (select b.sensitive_changes_need_approval from business_units b where b.id = old.business_unit_id) is not false then
    raise exception 'the business unit confirms this change first' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger accounts_details before update of name, tax_id, kind on accounts for each row execute function guard_account_details();

-- Where somebody is a user, the e-mail of the contact is theirs to change.
create function guard_contact() returns trigger language plpgsql as $$
begin
  if current_user = 'zaguan_portal' and old.user_id is not null and new.email is distinct from old.email then
    raise exception 'the e-mail of a user is changed by the user' using errcode = '42501';
  end if;
  return new;
end $$;
create trigger contacts_details before update of email on contacts for each row execute function guard_contact();

-- The customer's home: what is offered to them, and what was not confirmed, needs them too ---------------------------

create or replace function portal_home(p_account uuid, p_unit uuid, p_now timestamptz, p_billing boolean, p_services boolean) returns text language sql stable as $$
with
unit as (
  select b.*, (p_now at time zone b.time_zone)::date as today
    from business_units b where b.id = p_unit),
open_invoices as (
  select i.id, i.series, i.number, i.issue_date, i.due_date, i.currency, i.total, i.state,
         (select coalesce(sum(e.amount), 0)::bigint from ledger_entries e
           where e.invoice_id = i.id and e.ledger_account = 'receivable') as open_amount,
         i.due_date < unit.today as overdue,
         exists (select from payment_notice_invoices pi join payment_notices n on n.id = pi.payment_notice_id
                  where pi.invoice_id = i.id and n.state = 'pending') as notified
    from invoices i cross join unit
   where p_billing and i.account_id = p_account and i.state = 'open'
   order by i.due_date, i.id limit 24),
services as (
  select s.id, s.number, p.name as plan_name, p.kind, s.status, s.start_date, s.billing_start, s.end_date, s.currency,
         -- As on the service's page: the discount comes off the plan alone, and what is left of it is rounded half-up.
         c.options + case s.discount_kind
                       when 'amount' then greatest(c.plan - s.discount_amount, 0)
                       when 'percent' then div(c.plan::numeric * (10000 - s.discount_basis_points) + 5000, 10000)
                       else c.plan end::bigint as amount
    from subscriptions s join plans p on p.id = s.plan_id
    cross join lateral (
      select coalesce(sum(unit_amount * quantity) filter (where role = 'plan'), 0)::bigint as plan,
             coalesce(sum(unit_amount * quantity) filter (where role = 'option'), 0)::bigint as options
        from subscription_components where subscription_id = s.id and to_date is null) c
   where p_services and s.account_id = p_account and s.status not in ('cancelled', 'ended')
   order by s.number limit 24),
mails as (
  select n.id, n.kind, n.subject, n.created_at from notices n
   where n.account_id = p_account and not n.secret
     and (p_billing or n.kind not in ('invoice_issued', 'payment_notice_received', 'payment_approved', 'payment_rejected'))
   order by n.id desc limit 5),
rejected as (
  select n.id, n.amount, n.currency, n.rejection_reason, n.decided_at from payment_notices n
   where p_billing and n.account_id = p_account and n.state = 'rejected'
     and n.decided_at > p_now - interval '30 days'
     and not exists (select from payment_notices later
                      where later.account_id = n.account_id and later.id > n.id and later.state <> 'rejected')
   order by n.id desc limit 3),
offered as (
  select t.id, (t.expires_at at time zone unit.time_zone)::date as until from ownership_transfers t cross join unit
   where t.account_id = p_account and t.to_user_id = current_user_id() and t.state = 'pending' and t.expires_at > now()),
refused as (
  select r.id, r.reason, (r.decided_at at time zone unit.time_zone)::date as at from account_change_requests r cross join unit
   where r.account_id = p_account and r.state = 'rejected' and 'owner' = any(current_permissions())
     and r.decided_at > p_now - interval '14 days'
     and not exists (select from account_change_requests later where later.account_id = r.account_id and later.id > r.id)
   order by r.id desc limit 1),
money as (
  select coalesce(sum(e.amount) filter (where e.ledger_account = 'receivable'), 0)::bigint as owed,
         coalesce(-sum(e.amount) filter (where e.ledger_account = 'account_credit'), 0)::bigint as credit
    from ledger_entries e where p_billing and e.account_id = p_account
     and e.ledger_account in ('receivable', 'account_credit'))
select json_build_object(
  'account', (select json_build_object('id', a.id, 'number', a.number, 'name', a.name) from accounts a where a.id = p_account),
  'unit', (select json_build_object('slug', slug, 'name', name, 'accent', accent, 'language', language,
             'logo_url', '/api/v1/portal/logos/' || logo_file_id, 'support_email', support_email,
             'support_phone', support_phone, 'website', website) from unit),
  'today', (select today from unit),
  'balance', (select json_build_object('owed', owed, 'credit', credit, 'currency', (select currency from unit)) from money where p_billing),
  'needs_you', (
    select coalesce(json_agg(need order by rank, at), '[]') from (
      select case when overdue then 0 else 2 end as rank, due_date as at,
             json_build_object('kind', case when overdue then 'invoice_overdue' else 'invoice_due' end, 'id', id,
               'number', series || '-' || number, 'amount', open_amount, 'currency', currency, 'date', due_date, 'reason', null) as need
        from open_invoices where not notified
      union all
      select 1, decided_at::date, json_build_object('kind', 'payment_rejected', 'id', id, 'number', null, 'amount', amount,
               'currency', currency, 'date', decided_at::date, 'reason', rejection_reason)
        from rejected
      union all
      select 1, until, json_build_object('kind', 'ownership_offered', 'id', id, 'number', null, 'amount', null,
               'currency', null, 'date', until, 'reason', null)
        from offered
      union all
      select 1, at, json_build_object('kind', 'account_change_rejected', 'id', id, 'number', null, 'amount', null,
               'currency', null, 'date', at, 'reason', reason)
        from refused) needs),
  'services', (select coalesce(json_agg(services order by number), '[]') from services),
  'invoices', (select coalesce(json_agg(open_invoices order by due_date, id), '[]') from open_invoices),
  'notices', (select coalesce(json_agg(mails order by created_at desc), '[]') from mails)
)::text
$$;

-- Rows that people may see --------------------------------------------------------------------------------------

alter table invitations enable row level security;
create policy office on invitations to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal on invitations to zaguan_portal
  using (account_id = (select current_account_id()) and (select current_permissions()) && '{owner,users}'::membership_permission[])
  with check (account_id = (select current_account_id())
              and (select current_permissions()) && '{owner,users}'::membership_permission[]);
-- Who invites is who acts, and gives at most what they hold.
create policy portal_inviter on invitations as restrictive for insert to zaguan_portal
  with check (invited_by = (select current_user_id()) and business_unit_id = (select current_unit_id())
              and not 'owner' = any(permissions)
              and ('owner' = any((select current_permissions())::membership_permission[])
                   or permissions <@ (select current_permissions())::membership_permission[]));
grant select (id, account_id, business_unit_id, email, permissions, invited_by, by_staff, created_at, expires_at, accepted_at,
              accepted_by, declined_at, withdrawn_at) on invitations to zaguan_office, zaguan_portal;
grant insert (account_id, business_unit_id, email, permissions, invited_by, by_staff),
      update (token_hash, expires_at, withdrawn_at) on invitations to zaguan_office;
grant insert (account_id, business_unit_id, email, permissions, invited_by), update (expires_at, withdrawn_at) on invitations to zaguan_portal;

alter table ownership_transfers enable row level security;
create policy office on ownership_transfers to zaguan_office using (exists (select from accounts a where a.id = account_id));
create policy portal_reads on ownership_transfers for select to zaguan_portal
  using (account_id = (select current_account_id())
         and ((select current_user_id()) in (from_user_id, to_user_id)
              or (select current_permissions()) && '{owner,users}'::membership_permission[]));
create policy portal_offers on ownership_transfers for insert to zaguan_portal
  with check (account_id = (select current_account_id()) and from_user_id = (select current_user_id()) and state = 'pending'
              and 'owner' = any((select current_permissions())::membership_permission[])
              and exists (select from memberships m where m.account_id = ownership_transfers.account_id
                                                      and m.user_id = ownership_transfers.to_user_id));
create policy portal_takes_back on ownership_transfers for update to zaguan_portal
  using (account_id = (select current_account_id()) and state = 'pending'
         and 'owner' = any((select current_permissions())::membership_permission[]))
  with check (account_id = (select current_account_id()) and state in ('withdrawn', 'expired')
              and 'owner' = any((select current_permissions())::membership_permission[]));
create policy portal_declines on ownership_transfers for update to zaguan_portal
  using (account_id = (select current_account_id()) and state = 'pending' and to_user_id = (select current_user_id()))
  with check (account_id = (select current_account_id()) and state = 'declined' and to_user_id = (select current_user_id()));
grant select on ownership_transfers to zaguan_office;
grant select, insert (account_id, from_user_id, to_user_id), update (state, decided_at) on ownership_transfers to zaguan_portal;

alter table account_change_requests enable row level security;
create policy office on account_change_requests to zaguan_office
  using ((select sees_all_units()) or business_unit_id = any((select visible_units())::uuid[]));
create policy portal_reads on account_change_requests for select to zaguan_portal using (account_id = (select current_account_id()));
create policy portal_asks on account_change_requests for insert to zaguan_portal
  with check (account_id = (select current_account_id()) and business_unit_id = (select current_unit_id())
              and requested_by = (select current_user_id()) and state = 'pending'
              and 'owner' = any((select current_permissions())::membership_permission[]));
create policy portal_takes_back on account_change_requests for update to zaguan_portal
  using (account_id = (select current_account_id()) and state = 'pending'
         and 'owner' = any((select current_permissions())::membership_permission[]))
  with check (account_id = (select current_account_id()) and state = 'withdrawn'
              and 'owner' = any((select current_permissions())::membership_permission[]));
grant select, update (state, reason, decided_by, decided_at) on account_change_requests to zaguan_office;
grant select, insert (account_id, business_unit_id, requested_by, changes, previous), update (state, decided_at)
   on account_change_requests to zaguan_portal;

alter table membership_removals enable row level security;
create policy office on membership_removals for select to zaguan_office using (exists (select from accounts a where a.id = account_id));
grant select on membership_removals to zaguan_office;

-- Members see themselves; owners and those who manage users see, and change, everybody of the account.
create policy portal_managers on memberships for select to zaguan_portal
  using (account_id = (select current_account_id()) and (select current_permissions()) && '{owner,users}'::membership_permission[]);
create policy portal_changes on memberships for update to zaguan_portal
  using (account_id = (select current_account_id()) and (select current_permissions()) && '{owner,users}'::membership_permission[]);
create policy portal_removes on memberships for delete to zaguan_portal
  using (account_id = (select current_account_id())
         and (user_id = (select current_user_id()) or (select current_permissions()) && '{owner,users}'::membership_permission[]));
grant update (permissions), delete on memberships to zaguan_portal;

-- Of the people of the account one sees whom its memberships show, and who offers it to one.
create policy portal_people on users for select to zaguan_portal
  using (id in (select m.user_id from memberships m where m.account_id = (select current_account_id()))
         or id in (select t.from_user_id from ownership_transfers t
                    where t.account_id = (select current_account_id()) and t.state = 'pending'));

-- Contacts are read by every member and written by owners (A3, A7).
drop policy portal on contacts;
create policy portal_reads on contacts for select to zaguan_portal using (account_id = (select current_account_id()));
create policy portal_writes on contacts to zaguan_portal
  using (account_id = (select current_account_id()) and 'owner' = any((select current_permissions())::membership_permission[]));
grant insert (account_id, first_name, last_name, email, phone, title, topics, is_primary), update (email, is_primary), delete
   on contacts to zaguan_portal;

grant update (kind) on accounts to zaguan_portal;

call audit_table('invitations');
call audit_table('ownership_transfers');
call audit_table('account_change_requests');
