-- New words of what exists already. They stand in a migration of their own: PostgreSQL lets nothing use a new label in
-- the transaction that adds it.

alter type notice_kind add value if not exists 'email_change';
alter type notice_kind add value if not exists 'email_changed';
alter type notice_kind add value if not exists 'sign_in_methods_changed';
alter type notice_kind add value if not exists 'member_invitation';
alter type notice_kind add value if not exists 'ownership_offered';
alter type notice_kind add value if not exists 'ownership_transferred';
alter type notice_kind add value if not exists 'account_change_decided';
alter type notice_kind add value if not exists 'privacy_export_ready';

alter type user_token_kind add value if not exists 'email_change';

-- What staff may do, one by one (A10). A role is a set of them in server/platform/permissions.ts; single ones are
-- granted to or withheld from a member of staff, and an API key has some of them as its scopes.
create type staff_permission as enum (
  'accounts.read', 'accounts.create', 'accounts.write', 'accounts.view_as', 'accounts.act_as',
  'contracts.read', 'contracts.write', 'catalogue.read', 'catalogue.write', 'subscriptions.read', 'subscriptions.write',
  'billing.read', 'billing.run', 'payments.read', 'payments.decide', 'imports.read', 'imports.run', 'notices.read',
  'units.read', 'units.write', 'settings.read', 'settings.write', 'staff.read', 'staff.write', 'api_keys.read',
  'api_keys.write', 'audit.read', 'privacy.export', 'privacy.erase', 'jobs.read', 'jobs.write');
