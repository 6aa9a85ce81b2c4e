import { sql } from 'kysely'
import type { Config } from '../../platform/config.ts'
import type { IntentState } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { type Language, translator } from '../../platform/translations.ts'
import type { ChargeRequest, Payer, SetupRequest } from './providers.ts'
import { readDetails, readReference } from './stored-methods.ts'

type ChargeRow = {
  id: string
  provider_id: string
  provider_ref: string | null
  state: IntentState
  purpose: 'payment' | 'setup'
  origin: string
  method: ChargeRequest['method']
  amount: number
  currency: string
  store: boolean
  details_encrypted: Buffer | null
  expires_at: Temporal.Instant | null
  host: string | null
  unit_name: string
  order_number: number | null
  payer: Payer
  stored: { id: string; reference: unknown } | null
  reference_encrypted: Buffer | null
  invoices: { id: string; number: string; amount: number; due_date: string }[]
}

/** Everything that providers are told of intents, in one statement however many they are. */
async function readRows(tx: Tx, ids: readonly string[]): Promise<ChargeRow[]> {
  const found = await sql<ChargeRow>`
    select i.id, i.provider_id, i.provider_ref, i.state, i.purpose, i.origin, i.method, i.amount, i.currency, i.store,
           i.details_encrypted, i.expires_at, u.host, u.name as unit_name, o.number as order_number,
           json_build_object('account_id', a.id, 'number', a.number, 'name', a.name, 'kind', a.kind, 'tax_id', a.tax_id,
                             'email', coalesce(a.email, c.email), 'language', coalesce(a.language, u.language),
                             'address', a.address, 'city', a.city, 'state', a.state, 'country', coalesce(a.country, u.country),
                             'postal_code', a.postal_code) as payer,
           case when m.id is not null then json_build_object('id', m.id, 'reference', m.reference) end as stored,
           m.reference_encrypted,
           coalesce((select json_agg(json_build_object('id', n.id, 'number', n.series || '-' || n.number, 'amount', ii.amount,
                                                       'due_date', n.due_date) order by n.due_date, n.series, n.number)
                       from payment_intent_invoices ii join invoices n on n.id = ii.invoice_id
                      where ii.intent_id = i.id), '[]') as invoices
      from payment_intents i
      join accounts a on a.id = i.account_id
      join business_units u on u.id = i.business_unit_id
      left join stored_methods m on m.id = i.stored_method_id
      left join orders o on o.id = i.order_id
      left join lateral (select k.email from contacts k where k.account_id = a.id and k.email is not null
                          order by k.is_primary desc, k.id limit 1) c on true
     where i.id = any(${ids}::uuid[])`.execute(tx)
  return found.rows
}

/** Where the payer's browser comes back to. */
function returnUrl(config: Config, row: ChargeRow): string {
  const origin = row.host === null ? config.publicUrl : `https://${row.host}`
  return `${origin}/pay/${row.id}`
}

function describe(row: ChargeRow): string {
  const t = translator(row.payer.language as Language)
  const numbers = row.invoices.map(({ number }) => number).join(', ')
  const what =
    row.order_number === null
      ? t('mail:pay.invoices', { count: row.invoices.length, numbers })
      : t('mail:pay.order', { number: row.order_number })
  return `${row.unit_name}: ${what}`.slice(0, 250)
}

function toCharge(config: Config, row: ChargeRow): ChargeRequest {
  const invoices = row.invoices.map((invoice) => ({
    ...invoice,
    due_date: Temporal.PlainDate.from(invoice.due_date),
  }))
  return {
    key: row.id,
    method: row.method,
    amount: row.amount,
    currency: row.currency,
    description: describe(row),
    payer: row.payer,
    invoices,
    due_date: invoices[0]?.due_date ?? null,
    stored_method:
      row.stored === null
        ? null
        : readReference(config, { ...row.stored, reference_encrypted: row.reference_encrypted }),
    store: row.store,
    off_session: row.origin === 'run',
    return_url: returnUrl(config, row),
    expires_at: row.expires_at,
  }
}

/** What a provider is told of intents, by their ids. */
export async function readCharges(
  tx: Tx,
  config: Config,
  ids: readonly string[],
): Promise<Map<string, ChargeRequest>> {
  return new Map((await readRows(tx, ids)).map((row) => [row.id, toCharge(config, row)]))
}

/** What a provider is told of one intent: a charge, or the wish to keep a method. */
export async function readRequest(
  tx: Tx,
  config: Config,
  id: string,
): Promise<{ purpose: 'payment'; charge: ChargeRequest } | { purpose: 'setup'; setup: SetupRequest } | null> {
  const [row] = await readRows(tx, [id])
  if (!row) return null
  if (row.purpose === 'payment') return { purpose: 'payment', charge: toCharge(config, row) }
  return {
    purpose: 'setup',
    setup: {
      key: row.id,
      method: row.method,
      currency: row.currency,
      payer: row.payer,
      return_url: returnUrl(config, row),
      details: readDetails(config, row.id, row.details_encrypted),
    },
  }
}
