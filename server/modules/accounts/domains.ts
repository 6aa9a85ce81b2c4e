import { domainToASCII } from 'node:url'
import publicProviders from 'email-providers/all.json' with { type: 'json' }
import { sql } from 'kysely'
import type { Tx } from '../../platform/database.ts'
import { type FieldFault, type Refusal, refuse } from '../../platform/errors.ts'

const publicDomains = new Set(publicProviders)
const domainForm = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/

/** What was typed as the domain that is stored: `@Acme.com.br`, `www@…` and accents become `acme.com.br`. */
export function readDomain(typed: string): string {
  const text = typed.trim()
  return domainToASCII(text.slice(text.lastIndexOf('@') + 1).replace(/\.$/, '')).toLowerCase()
}

/** Whether everybody can have a mailbox at a domain, or at the one that it is part of. */
export function isPublicMailDomain(domain: string): boolean {
  const labels = domain.split('.')
  return labels.some((_label, from) => publicDomains.has(labels.slice(from).join('.')))
}

/**
 * Makes these the e-mail domains of an account (A2): mail from them is filed under it. Refuses: invalid_input with a fault
 * per domain: not_a_domain, public_mail_domain, listed_twice, domain_taken (another account of the business unit has it).
 */
export async function setDomains(
  tx: Tx,
  account: { id: string; business_unit_id: string },
  typed: readonly string[],
): Promise<Refusal | undefined> {
  const domains = typed.map(readDomain)
  const taken = await tx
    .selectFrom('account_domains')
    .innerJoin('accounts', 'accounts.id', 'account_domains.account_id')
    .select(['account_domains.domain', 'accounts.name'])
    .where('account_domains.business_unit_id', '=', account.business_unit_id)
    .where('account_domains.domain', 'in', domains.length > 0 ? domains : [''])
    .where('account_domains.account_id', '<>', account.id)
    .execute()
  const faults = domains.flatMap((domain, index): FieldFault[] => {
    const path = `domains.${index}`
    if (!domainForm.test(domain)) return [{ path, code: 'not_a_domain', params: { domain: typed[index]! } }]
    if (isPublicMailDomain(domain)) return [{ path, code: 'public_mail_domain', params: { domain } }]
    if (domains.indexOf(domain) < index) return [{ path, code: 'listed_twice' }]
    const other = taken.find((one) => one.domain.toLowerCase() === domain)
    return other ? [{ path, code: 'domain_taken', params: { domain, account: other.name } }] : []
  })
  if (faults.length > 0) return refuse('invalid_input', { status: 422, fields: faults })
  await sql`delete from account_domains where account_id = ${account.id} and domain <> all(${domains}::citext[])`.execute(
    tx,
  )
  if (domains.length > 0) {
    await sql`insert into account_domains (account_id, business_unit_id, domain)
      select ${account.id}, ${account.business_unit_id}, wanted from unnest(${domains}::citext[]) wanted
       where not exists (select from account_domains d where d.account_id = ${account.id} and d.domain = wanted)`.execute(
      tx,
    )
  }
  return undefined
}
