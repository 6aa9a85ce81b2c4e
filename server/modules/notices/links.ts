import type { Side } from './personal.ts'

/** Where mails lead to. `origin` is the installation's public address, without a trailing slash. */

/** The page that asks for the new password; the portal's has the business unit's look before anybody is signed in. */
export function passwordLink(origin: string, side: Side, token: string, unitSlug: string | null): string {
  const query = new URLSearchParams({ token, ...(unitSlug === null ? {} : { unit: unitSlug }) })
  return `${origin}${side === 'staff' ? '/office' : ''}/choose-password?${query}`
}

/** The page that confirms a new e-mail. */
export function emailConfirmationLink(
  origin: string,
  side: Side,
  token: string,
  unitSlug: string | null,
): string {
  const query = new URLSearchParams({ token, ...(unitSlug === null ? {} : { unit: unitSlug }) })
  return `${origin}${side === 'staff' ? '/office' : ''}/confirm-email?${query}`
}

export function signInLink(origin: string, side: Side, unitSlug: string | null): string {
  const query = unitSlug === null ? '' : `?${new URLSearchParams({ unit: unitSlug })}`
  return `${origin}${side === 'staff' ? '/office' : ''}/sign-in${query}`
}

export function invoiceLink(origin: string, invoiceId: string): string {
  return `${origin}/invoices/${invoiceId}`
}

/** An order or a quote in the portal. */
export function orderLink(origin: string, orderId: string): string {
  return `${origin}/orders/${orderId}`
}

export function officeOrderLink(origin: string, orderId: string): string {
  return `${origin}/office/orders/${orderId}`
}

/** A service, with its contract. */
export function serviceLink(origin: string, subscriptionId: string): string {
  return `${origin}/services/${subscriptionId}`
}

/** The invoice where there is exactly one; else the list of them. */
export function paymentLink(origin: string, invoiceIds: readonly string[]): string {
  const [only, ...others] = invoiceIds
  return only !== undefined && others.length === 0 ? invoiceLink(origin, only) : `${origin}/invoices`
}

/** The page of an invitation to an account, in the look of its business unit before anybody is signed in. */
export function memberInvitationLink(origin: string, token: string, unitSlug: string): string {
  return `${origin}/invitation?${new URLSearchParams({ token, unit: unitSlug })}`
}

/** The users of an account; whoever has several enters that one. */
export function membersLink(origin: string, accountId: string): string {
  return `${origin}/users?${new URLSearchParams({ account: accountId })}`
}

export function accountLink(origin: string): string {
  return `${origin}/account`
}

/** The addresses that are told what happened: of an account in the portal, of the operator in the office. */
export function webhooksLink(origin: string, side: Side): string {
  return side === 'staff' ? `${origin}/office/settings/webhooks` : `${origin}/webhooks`
}

/** The page where an owner downloads what is stored about the account. */
export function privacyLink(origin: string): string {
  return `${origin}/privacy`
}

/** The cards and accounts that a customer keeps. */
export function paymentMethodsLink(origin: string): string {
  return `${origin}/payment-methods`
}
