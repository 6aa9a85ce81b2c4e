// How a document can be paid at once, as it is printed on it: what was asked of a provider already, or a static Pix code that
// needs nobody.

import { sql } from 'kysely'
import { cleanBrText, composeBrCode, txidOfNumber } from '../../platform/br-code.ts'
import type { Tx } from '../../platform/database.ts'

/** Ways to pay a printed document; what is absent is not printed. */
export type PrintedPayment = {
  /** The text of the QR code, which is its copy-and-paste text, too. */
  pix?: { text: string } | null
  boleto?: PrintedBoletoSlip | null
}

/** A boleto of exactly this document, as it is printed: days are ISO dates, rates hundredths of a percent. */
export type PrintedBoletoSlip = {
  typeable_line: string
  bar_code: string
  issued_on: string
  due_date: string
  amount: number
  fine_rate: number
  interest_rate: number
  discount_rate: number
  discount_until: string | null
  /** To be taken less. */
  abatement: number
  bank_code: string
  bank_name: string
  creditor: string
  legal_name: string
  tax_id: string
  our_number: string
  wallet: string
  species: string
  instructions: string
}

/** What has to be known of a document to say how it is paid. */
export type PayableDocument = {
  id: string
  business_unit_id: string
  series: string
  number: number | null
  state: string
  currency: string
  open_amount: number
}

/**
 * What is printed on documents for paying them, by their ids: of an open charge at a provider that asks for exactly what is
 * open of this one document, else a static Pix code of its business unit with the document's number as txid. Nothing is asked
 * of anybody outside.
 */
export async function readPrintedPayments(
  tx: Tx,
  documents: readonly PayableDocument[],
  now: Temporal.Instant,
): Promise<Map<string, PrintedPayment>> {
  const payments = new Map<string, PrintedPayment>()
  const open = documents.filter(
    ({ state, number, open_amount, currency }) =>
      state === 'open' && number !== null && open_amount > 0 && currency === 'BRL',
  )
  if (open.length === 0) return payments
  const charges = await tx
    .selectFrom('payment_intents as i')
    .innerJoin('payment_intent_invoices as ii', 'ii.intent_id', 'i.id')
    .select(['ii.invoice_id', 'i.id', 'i.amount', 'i.action'])
    .where(
      'ii.invoice_id',
      'in',
      open.map(({ id }) => id),
    )
    .where('ii.open', '=', true)
    .where('i.ended_at', 'is', null)
    .where('i.state', '=', 'action_needed')
    .where((where) => where.or([where('i.expires_at', 'is', null), where('i.expires_at', '>', now)]))
    // An intent of several documents has other rows of other amounts: it asks for more than is open of this one.
    .whereRef('ii.amount', '=', 'i.amount')
    .orderBy('i.id')
    .execute()
  const amounts = new Map(open.map(({ id, open_amount }) => [id, open_amount]))
  const boletos = new Map<string, string>()
  for (const { invoice_id, id, amount, action } of charges) {
    if (amount !== amounts.get(invoice_id)) continue
    const said = action as { kind?: string; text?: string } | null
    if (said?.kind === 'pix' && said.text)
      payments.set(invoice_id, { ...payments.get(invoice_id), pix: { text: said.text } })
    if (said?.kind === 'boleto') boletos.set(id, invoice_id)
  }
  for (const [intentId, boleto] of await readBoletos(tx, [...boletos.keys()])) {
    const invoiceId = boletos.get(intentId)!
    payments.set(invoiceId, { ...payments.get(invoiceId), boleto })
  }
  const units = new Map<string, { key: string; name: string; city: string } | null>()
  for (const { id, business_unit_id, series, number, open_amount } of open) {
    if (payments.get(id)?.pix) continue
    if (!units.has(business_unit_id)) units.set(business_unit_id, await readStaticPix(tx, business_unit_id))
    const receiver = units.get(business_unit_id)
    if (!receiver) continue
    const text = composeBrCode({
      key: receiver.key,
      name: cleanBrText(receiver.name, 25),
      city: cleanBrText(receiver.city, 15),
      amount: open_amount,
      txid: txidOfNumber(`${series}${number}`),
    })
    payments.set(id, { ...payments.get(id), pix: { text } })
  }
  return payments
}

/** Boletos of intents as they are printed, by the intents' ids. */
async function readBoletos(tx: Tx, intentIds: readonly string[]): Promise<[string, PrintedBoletoSlip][]> {
  if (intentIds.length === 0) return []
  const rows = await tx
    .selectFrom('bank_charges')
    .select([
      'intent_id',
      'typeable_line',
      'bar_code',
      'issued_on',
      'due_date',
      'amount',
      'fine_rate',
      'interest_rate',
      'discount_rate',
      'discount_until',
      'abatement',
      'printed',
    ])
    .where('intent_id', 'in', [...intentIds])
    .where('kind', '=', 'boleto')
    .execute()
  return rows.map(
    ({ intent_id, typeable_line, bar_code, issued_on, due_date, discount_until, printed, ...rest }) => [
      intent_id,
      {
        ...rest,
        ...(printed as Pick<
          PrintedBoletoSlip,
          | 'bank_code'
          | 'bank_name'
          | 'creditor'
          | 'legal_name'
          | 'tax_id'
          | 'our_number'
          | 'wallet'
          | 'species'
          | 'instructions'
        >),
        typeable_line: typeable_line ?? '',
        bar_code: bar_code ?? '',
        issued_on: String(issued_on),
        due_date: String(due_date),
        discount_until: discount_until === null ? null : String(discount_until),
      },
    ],
  )
}

/** The static Pix of a business unit, where it has one that is enabled. What it says is meant for payers. */
async function readStaticPix(
  tx: Tx,
  unitId: string,
): Promise<{ key: string; name: string; city: string } | null> {
  const found = await sql<{ key: string; name: string; city: string }>`
    select key, name, city from static_pix_of(${unitId}) where key <> '' and name <> '' and city <> ''`.execute(
    tx,
  )
  return found.rows[0] ?? null
}
