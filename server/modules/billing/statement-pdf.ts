// An account's statement over a period on paper.
import type { PostingKind } from '../../platform/database.gen.ts'
import { formatMoney } from '../../platform/money.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { type PrintedParty, type PrintLook, type Row, Sheet, sayDay, sayPeriod } from './document-sheet.ts'

/** Plain values alone. Amounts are minor units; what an account owes is positive, its credit negative. */
export type PrintableStatement = {
  language: Language
  currency: string
  /** Both days included. */
  from: string
  to: string
  made_on: string
  issuer: PrintedParty
  customer: PrintedParty
  /** What was owed when the period began, and when it ended. */
  opening_balance: number
  closing_balance: number
  movements: readonly {
    kind: PostingKind
    on_date: string
    amount: number
    balance: number
    /** The document or reference that it is about. */
    about: string | null
  }[]
}

/**
 * A statement as an A4 PDF/A-3: each movement with the balance after it, the balances before and after the period, and
 * itself as JSON attached.
 */
export function printStatement(statement: PrintableStatement, look: PrintLook): Buffer {
  const { language, currency } = statement
  const t = translator(language)
  const money = (amount: number) => formatMoney(amount, currency, language)
  const to = Temporal.PlainDate.from(statement.to)
  const after = to.add({ days: 1 }).toString({ calendarName: 'never' })
  const period = sayPeriod({ from: statement.from, to: after }, language)
  const name = t('pdf:document.statement')
  const sheet = new Sheet(look, language, {
    title: `${name}, ${period}`,
    author: statement.issuer.legal_name ?? look.name,
    subject: t('pdf:subject', { document: name, customer: statement.customer.name ?? '' }),
    created: Temporal.PlainDate.from(statement.made_on),
    attachments: [
      {
        name: 'statement.json',
        media_type: 'application/json',
        description: name,
        bytes: Buffer.from(JSON.stringify(statement)),
      },
    ],
  })
  sheet.writeHead(name, [period])
  sheet.writeParties(statement.issuer, statement.customer, [
    [t('pdf:column.period'), period],
    [t('pdf:issue_date'), sayDay(statement.made_on, language)],
  ])
  const credit = statement.closing_balance < 0
  sheet.writeHero({
    label: t(credit ? 'pdf:statement.in_credit' : 'pdf:statement.owed', {
      date: sayDay(statement.to, language),
    }),
    amount: money(Math.abs(statement.closing_balance)),
    due: statement.closing_balance > 0,
  })
  const row = (date: string, what: string, amount: number | null, balance: number, strong = false): Row => ({
    cells: {
      date: date === '' ? '' : sayDay(date, language),
      what,
      charge: amount !== null && amount > 0 ? money(amount) : '',
      credit: amount !== null && amount < 0 ? money(-amount) : '',
      balance: money(balance),
    },
    strong,
  })
  const charged = statement.movements.reduce((sum, { amount }) => sum + Math.max(amount, 0), 0)
  const credited = statement.movements.reduce((sum, { amount }) => sum + Math.max(-amount, 0), 0)
  sheet.writeTable(
    [
      { key: 'date', title: t('pdf:statement.date'), align: 'left' },
      { key: 'what', title: t('pdf:statement.what'), align: 'left', grows: true },
      { key: 'charge', title: t('pdf:statement.charge'), align: 'right' },
      { key: 'credit', title: t('pdf:statement.credit'), align: 'right' },
      { key: 'balance', title: t('pdf:statement.balance'), align: 'right', strong: true },
    ],
    [
      row(statement.from, t('pdf:statement.opening'), null, statement.opening_balance, true),
      ...statement.movements.map(({ kind, on_date, amount, balance, about }) => {
        const what = t(`pdf:statement.kind.${kind}`)
        return row(on_date, about ? `${what} · ${about}` : what, amount, balance)
      }),
      row(statement.to, t('pdf:statement.closing'), null, statement.closing_balance, true),
    ],
  )
  sheet.writeSums(
    [
      { label: t('pdf:statement.opening'), amount: money(statement.opening_balance) },
      { label: t('pdf:statement.charge'), amount: money(charged) },
      { label: t('pdf:statement.credit'), amount: money(-credited) },
      { label: t('pdf:statement.closing'), amount: money(statement.closing_balance), tone: 'strong' },
    ],
    [
      { head: null, text: t('pdf:statement.explained') },
      ...(statement.closing_balance > 0 && look.payment_instructions
        ? [{ head: t('pdf:how_to_pay'), text: look.payment_instructions }]
        : []),
    ],
  )
  return sheet.finish(t('pdf:help_document'), name)
}
