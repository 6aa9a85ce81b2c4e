import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import { formatDate } from '../../platform/calendar.ts'
import type { DunningStepAction, NoticeKind } from '../../platform/database.gen.ts'
import type { Tx } from '../../platform/database.ts'
import { notFound, type Refusal } from '../../platform/errors.ts'
import type { FileStore } from '../../platform/files.ts'
import { type MailLook, type MailTable, renderMail } from '../../platform/mail-layout.ts'
import type { ComposedMail } from '../../platform/mail-template.ts'
import { formatMoney } from '../../platform/money.ts'
import { type Language, translator } from '../../platform/translations.ts'
import { listRecipients } from '../accounts/index.ts'
import {
  type DunningText,
  type DunningValues,
  describeConsequence,
  renderDunningText,
} from '../dunning/index.ts'
import { paymentLink } from './links.ts'
import { loadLooks, logoCid } from './looks.ts'
import { type Draft, queueNotices } from './queue.ts'

const kinds: Partial<Record<DunningStepAction, NoticeKind>> = {
  mail: 'dunning_reminder',
  suspend: 'dunning_suspended',
  cancel: 'dunning_cancelled',
}

type Action = {
  account_id: string
  account_name: string
  language: Language
  business_unit_id: string
  action: DunningStepAction
  number: string
  due_date: Temporal.PlainDate
  on_date: Temporal.PlainDate
  due_from: Temporal.PlainDate | null
  currency: string
  text: DunningText | null
  services: string[]
}

type OpenDocument = { id: string; number: string; due_date: Temporal.PlainDate; open_amount: number }

/**
 * Writes the mails of a step that was run: its text in the account's language, with what is open as a table and the way to
 * pay. Where all is paid meanwhile a reminder is not sent any more. Repeated, it writes nothing twice.
 */
export async function queueDunningNotices(
  tx: Tx,
  actionId: string,
  now: Temporal.Instant,
  origin: string,
): Promise<void> {
  await queueNotices(tx, await draftDunningNotices(tx, actionId, now, origin))
}

/** The mails of a step that was run, not yet in the mailbox. */
export async function draftDunningNotices(
  tx: Tx,
  actionId: string,
  now: Temporal.Instant,
  origin: string,
): Promise<Draft[]> {
  const { rows } = await sql<Action>`
    select d.account_id, a.name as account_name, a.language, d.business_unit_id, d.action,
           i.series || '-' || i.number as number, i.due_date, d.on_date, p.due_from, d.currency,
           s.texts -> a.language::text as text,
           (select coalesce(array_agg(pl.name order by sub.number), '{}')
              from subscriptions sub join plans pl on pl.id = sub.plan_id
             where sub.account_id = d.account_id
               and case when d.action = 'mail' then sub.status not in ('cancelled', 'ended')
                        else sub.id = any(d.subscription_ids) end) as services
      from dunning_actions d
      join accounts a on a.id = d.account_id
      join invoices i on i.id = d.invoice_id
      join dunning_steps s on s.id = d.step_id
      join dunning_policies p on p.id = d.policy_id
     where d.id = ${actionId}`.execute(tx)
  const action = rows[0]
  const kind = action && kinds[action.action]
  if (!action?.text || !kind) return []
  const { account_id, business_unit_id, language, text } = action
  const [documents, recipients, looks, next] = await Promise.all([
    listOpenDocuments(tx, action),
    listRecipients(tx, [account_id], 'billing'),
    loadLooks(tx, [business_unit_id]),
    describeConsequence(tx, account_id, now, language),
  ])
  const unit = looks.get(business_unit_id)
  if (!unit || (documents.length === 0 && action.action === 'mail')) return []
  const total = documents.reduce((sum, one) => sum + one.open_amount, 0)
  const values = (name: string): DunningValues => ({
    name,
    account: action.account_name,
    unit: unit.look.name,
    amount: formatMoney(total, action.currency, language),
    document: action.number,
    documents: documents.map((one) => one.number).join(', '),
    due_date: formatDate(action.due_date, language),
    days: String(Math.abs(action.due_date.until(action.on_date, { largestUnit: 'days' }).days)),
    services: action.services.join(', '),
    next,
  })
  return (recipients.get(account_id) ?? []).map(({ email, name }) => ({
    kind,
    business_unit_id,
    account_id,
    cause_id: actionId,
    to_email: email,
    language,
    mail: composeDunningMail(text, values(name), language, unit.look, {
      table: tableOf(documents, total, action.currency, language),
      link: paymentLink(
        origin,
        documents.map((one) => one.id),
      ),
    }),
  }))
}

/** What is due of an account on the day of an action, or on the due date that a notice comes before. */
async function listOpenDocuments(tx: Tx, action: Action): Promise<OpenDocument[]> {
  const found = await sql<OpenDocument>`
    select i.id, i.series || '-' || i.number as number, i.due_date, b.open_amount
      from invoices i join invoice_balances b on b.invoice_id = i.id
     where i.account_id = ${action.account_id} and i.state = 'open' and b.open_amount > 0
       and i.due_date <= greatest(${action.on_date}::date, ${action.due_date}::date)
       and (${action.due_from}::date is null or i.due_date >= ${action.due_from}::date)
     order by i.due_date, i.series, i.number`.execute(tx)
  return found.rows
}

/** A mail lists so many documents; the rest is in the portal, and in the total. */
const documentsShown = 12

function tableOf(
  documents: readonly OpenDocument[],
  total: number,
  currency: string,
  language: Language,
): MailTable | null {
  if (documents.length === 0) return null
  const t = translator(language)
  return {
    head: [t('mail:dunning.table.document'), t('mail:dunning.table.open')],
    rows: documents
      .slice(0, documentsShown)
      .map((one) => [
        t('mail:dunning.table.row', { number: one.number, due: formatDate(one.due_date, language) }),
        formatMoney(one.open_amount, currency, language),
      ]),
    note: documents.length > documentsShown ? '…' : null,
    total: [t('mail:dunning.table.total'), formatMoney(total, currency, language)],
  }
}

function composeDunningMail(
  text: DunningText,
  values: DunningValues,
  language: Language,
  look: MailLook,
  extra: { table: MailTable | null; link: string },
): ComposedMail {
  const t = translator(language)
  const { subject: written, paragraphs } = renderDunningText(text, values)
  const subject = written.replaceAll(/\s+/g, ' ').trim()
  const mail = renderMail({
    look,
    language,
    subject,
    preheader: (paragraphs[0] ?? subject).slice(0, 140),
    greeting: t('mail:frame.greeting_name', { name: values.name }),
    paragraphs,
    ...(extra.table ? { table: extra.table } : {}),
    action: { label: t('mail:dunning.action'), url: extra.link },
    reason: t('mail:frame.reason_customer', { unit: look.name }),
  })
  return { subject, ...mail }
}

/** Tells an account that its services are back after the payment. Repeated, it writes nothing twice. */
export async function queueDunningReactivated(
  tx: Tx,
  event: { account_id: string; action_id: string; subscription_ids: readonly string[] },
  origin: string,
): Promise<void> {
  const { rows } = await sql<{ business_unit_id: string; language: Language; services: string[] }>`
    select a.business_unit_id, a.language,
           (select coalesce(array_agg(p.name order by s.number), '{}') from subscriptions s join plans p on p.id = s.plan_id
             where s.account_id = a.id and s.id = any(${event.subscription_ids}::uuid[])) as services
      from accounts a where a.id = ${event.account_id}`.execute(tx)
  const account = rows[0]
  if (!account) return
  const { business_unit_id, language, services } = account
  const [recipients, looks] = await Promise.all([
    listRecipients(tx, [event.account_id], 'billing'),
    loadLooks(tx, [business_unit_id]),
  ])
  const unit = looks.get(business_unit_id)
  if (!unit) return
  const t = translator(language)
  const { look } = unit
  const subject = t('mail:dunning.reactivated.subject', { unit: look.name })
  await queueNotices(
    tx,
    (recipients.get(event.account_id) ?? []).map(({ email, name }) => ({
      kind: 'dunning_reactivated',
      business_unit_id,
      account_id: event.account_id,
      cause_id: event.action_id,
      to_email: email,
      language,
      mail: {
        subject,
        ...renderMail({
          look,
          language,
          subject,
          preheader: t('mail:dunning.reactivated.preheader'),
          greeting: t('mail:frame.greeting_name', { name }),
          paragraphs: [t('mail:dunning.reactivated.body', { services: services.join(', ') })],
          action: { label: t('mail:dunning.reactivated.action'), url: `${origin}/services` },
          reason: t('mail:frame.reason_customer', { unit: look.name }),
        }),
      },
    })),
  )
}

/** What a text of a step will look like as a mail, with an invented debt. Refuses: not_found (business unit). */
export async function previewDunningMail(
  tx: Tx,
  files: FileStore,
  input: {
    business_unit_id: string
    language: Language
    action: 'mail' | 'suspend' | 'cancel'
    day: number
    subject: string
    body: string
  },
  today: Temporal.PlainDate,
  origin: string,
): Promise<Buffer | Refusal> {
  const found = await sql<{ currency: string }>`
    select currency from business_units where id = ${input.business_unit_id}`.execute(tx)
  const unit = (await loadLooks(tx, [input.business_unit_id])).get(input.business_unit_id)
  const currency = found.rows[0]?.currency
  if (!unit || currency === undefined) return notFound()
  const { language, day } = input
  const t = translator(language)
  const due_date = today.subtract({ days: day })
  const documents = [
    { id: '', number: 'A-1042', due_date, open_amount: 12990 },
    ...(day > 30
      ? [{ id: '', number: 'A-1107', due_date: due_date.add({ months: 1 }), open_amount: 12990 }]
      : []),
  ]
  const total = documents.reduce((sum, one) => sum + one.open_amount, 0)
  const after = input.action === 'mail' ? 'suspend' : 'cancel'
  const { html } = composeDunningMail(
    input,
    {
      name: t('mail:dunning.sample.name'),
      account: t('mail:dunning.sample.account'),
      unit: unit.look.name,
      amount: formatMoney(total, currency, language),
      document: documents[0]!.number,
      documents: documents.map((one) => one.number).join(', '),
      due_date: formatDate(due_date, language),
      days: String(Math.abs(day)),
      services: t('mail:dunning.sample.services'),
      next:
        input.action === 'cancel'
          ? ''
          : t(`mail:dunning.next.${after}`, { date: formatDate(today.add({ days: 14 }), language) }),
    },
    language,
    unit.look,
    { table: tableOf(documents, total, currency, language), link: `${origin}/invoices` },
  )
  const logo = unit.logo_file_id ? await buffer(files.read(unit.logo_file_id)).catch(() => null) : null
  const framed = html.replace('<head>', '<head><base target="_blank">')
  return Buffer.from(
    logo === null
      ? framed
      : framed.replaceAll(`cid:${logoCid}`, `data:image/png;base64,${logo.toString('base64')}`),
  )
}
