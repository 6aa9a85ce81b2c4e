import { buffer } from 'node:stream/consumers'
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { announce } from '../../platform/events.ts'
import { type FileStore, recordFile } from '../../platform/files.ts'
import { Binary, type Upload } from '../../platform/http.ts'
import { translator } from '../../platform/translations.ts'
import { lockAccount } from '../subscriptions/index.ts'
import { renderContractPdf } from './contract-pdf.ts'
import { readMarkup } from './contract-text.ts'
import { findUnit, loadFacts } from './facts.ts'
import { getContractData } from './service-contracts.ts'
import { composeContract, findDefaultTemplate } from './templates.ts'

/** The largest scan of a signed contract, in bytes. */
export const largestScan = 20_000_000

/** What a scan may be, by its first bytes. */
const scanTypes = [
  { type: 'application/pdf', ending: 'pdf', begins: [0x25, 0x50, 0x44, 0x46] },
  { type: 'image/jpeg', ending: 'jpg', begins: [0xff, 0xd8, 0xff] },
  { type: 'image/png', ending: 'png', begins: [0x89, 0x50, 0x4e, 0x47] },
] as const

/** Columns that both sides see. */
function selectDocuments(tx: Tx) {
  return tx
    .selectFrom('contract_documents')
    .innerJoin('subscriptions', 'subscriptions.id', 'contract_documents.subscription_id')
    .innerJoin('plans', 'plans.id', 'subscriptions.plan_id')
    .select([
      'contract_documents.id',
      'contract_documents.subscription_id',
      'contract_documents.account_id',
      'contract_documents.business_unit_id',
      'contract_documents.contract_number',
      'contract_documents.revision',
      'contract_documents.template_name',
      'contract_documents.language',
      'contract_documents.title',
      'plans.name as plan_name',
      'contract_documents.state',
      'contract_documents.issued_at',
      'contract_documents.issued_on',
      'contract_documents.sent_at',
      'contract_documents.accepted_at',
      'contract_documents.accepted_on',
      'contract_documents.acceptance',
      'contract_documents.accepted_name',
      'contract_documents.accepted_email',
      sql<string | null>`host(contract_documents.accepted_ip)`.as('accepted_ip'),
      'contract_documents.accepted_user_agent',
      'contract_documents.sha256',
      sql<boolean>`contract_documents.signed_file_id is not null`.as('has_signed_copy'),
      'contract_documents.closed_at',
      'contract_documents.decline_reason',
    ])
}

/** The documents of a service's contract, the newest first: few by nature. */
export function listDocuments(tx: Tx, subscriptionId: string) {
  return selectDocuments(tx)
    .leftJoin('users', 'users.id', 'contract_documents.issued_by')
    .select(['contract_documents.template_version', 'users.name as issued_by_name'])
    .where('contract_documents.subscription_id', '=', subscriptionId)
    .orderBy('contract_documents.revision', 'desc')
    .limit(500)
    .execute()
}

/** One document with its text as blocks. Refuses: not_found. */
export async function getDocument(tx: Tx, id: string) {
  const row = await selectDocuments(tx)
    .leftJoin('users', 'users.id', 'contract_documents.issued_by')
    .select([
      'contract_documents.template_version',
      'users.name as issued_by_name',
      'contract_documents.text_body',
    ])
    .where('contract_documents.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  const { text_body, ...document } = row
  return { ...document, blocks: readMarkup(text_body) }
}

/** The documents of the account that the customer works in, of one service or of all; what was never theirs to see is not. */
export function listOwnDocuments(tx: Tx, filter: { subscription_id?: string | undefined }) {
  let query = selectDocuments(tx).where('contract_documents.state', '<>', 'withdrawn')
  if (filter.subscription_id)
    query = query.where('contract_documents.subscription_id', '=', filter.subscription_id)
  return query
    .orderBy('contract_documents.contract_number', 'desc')
    .orderBy('contract_documents.revision', 'desc')
    .limit(200)
    .execute()
}

/** One of the account's own documents with its text as blocks. Refuses: not_found. */
export async function getOwnDocument(tx: Tx, id: string) {
  const row = await selectDocuments(tx)
    .select('contract_documents.text_body')
    .where('contract_documents.id', '=', id)
    .where('contract_documents.state', '<>', 'withdrawn')
    .executeTakeFirst()
  if (!row) return notFound()
  const { text_body, ...document } = row
  return { ...document, blocks: readMarkup(text_body) }
}

/** What would be issued for a service now: its text as blocks. Refuses: not_found, contract_template_missing. */
export async function previewDocument(
  tx: Tx,
  subscriptionId: string,
  templateId: string | undefined,
  now: Temporal.Instant,
) {
  const composed = await compose(tx, subscriptionId, templateId, now)
  if (isRefusal(composed)) return composed
  const { template, title, text, revision } = composed
  return {
    template_id: template.id,
    template_name: template.name,
    language: template.language,
    title,
    revision,
    blocks: readMarkup(text),
  }
}

async function compose(
  tx: Tx,
  subscriptionId: string,
  templateId: string | undefined,
  now: Temporal.Instant,
) {
  const data = await getContractData(tx, subscriptionId)
  if (isRefusal(data)) return data
  const chosen =
    templateId ??
    data.template_id ??
    (await findDefaultTemplate(tx, data.business_unit_id, data.account_language))
  const template =
    chosen === null
      ? undefined
      : await tx
          .selectFrom('contract_templates')
          .selectAll()
          .where('id', '=', chosen)
          .where('business_unit_id', '=', data.business_unit_id)
          .executeTakeFirst()
  if (!template || (templateId !== undefined && template.archived_at !== null))
    return templateId === undefined
      ? refuse('contract_template_missing')
      : refuseField('template_id', 'not_a_choice')
  const loaded = await loadFacts(tx, subscriptionId, template.language, now)
  if (isRefusal(loaded)) return loaded
  const { facts, revision } = loaded
  const title = translator(template.language)('contracts:pdf.title', { number: data.contract_number })
  return { data, template, facts, revision, title, ...composeContract(template.body, facts) }
}

/**
 * Issues the contract of a service: the template's text as of now, numbered and frozen, waiting for the customer's word. What
 * waited before is superseded; what is in force stays so until the new one is accepted. Refuses: not_found,
 * subscription_state (it has ended), contract_template_missing, invalid_input (a template that cannot be chosen).
 */
export async function issueContract(
  tx: Tx,
  subscriptionId: string,
  input: { template_id?: string | undefined; send?: boolean | undefined },
  by: string | null,
  now: Temporal.Instant,
) {
  const found = await getContractData(tx, subscriptionId)
  if (isRefusal(found)) return found
  await lockAccount(tx, found.account_id)
  if (['cancelled', 'ended'].includes(found.status))
    return refuse('subscription_state', { params: { status: found.status } })
  const composed = await compose(tx, subscriptionId, input.template_id, now)
  if (isRefusal(composed)) return composed
  const { data, template, facts, revision, title, text, sha256 } = composed
  await tx
    .insertInto('service_contracts')
    .values({
      subscription_id: subscriptionId,
      account_id: data.account_id,
      business_unit_id: data.business_unit_id,
      template_id: template.id,
    })
    .onConflict((conflict) => conflict.column('subscription_id').doUpdateSet({ template_id: template.id }))
    .execute()
  await tx
    .updateTable('contract_documents')
    .set({ state: 'superseded', closed_at: now })
    .where('subscription_id', '=', subscriptionId)
    .where('state', '=', 'issued')
    .execute()
  const { id } = await tx
    .insertInto('contract_documents')
    .values({
      subscription_id: subscriptionId,
      account_id: data.account_id,
      business_unit_id: data.business_unit_id,
      contract_number: data.contract_number,
      revision,
      template_id: template.id,
      template_name: template.name,
      template_version: template.version,
      language: template.language,
      title,
      text_body: text,
      sha256,
      facts: JSON.stringify(facts),
      issued_at: now,
      issued_on: today(now, data.time_zone),
      issued_by: by,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  if (input.send) {
    const refused = await sendContract(tx, id, now)
    if (isRefusal(refused)) return refused
  }
  return getDocument(tx, id)
}

/**
 * Sends a contract by mail to the contacts of the account that services are told to, with the PDF; again, if it was sent
 * before. Refuses: not_found, contract_closed.
 */
export async function sendContract(tx: Tx, id: string, now: Temporal.Instant) {
  const before = await tx
    .selectFrom('contract_documents')
    .select('sent_at')
    .where('id', '=', id)
    .executeTakeFirst()
  const sent = await tx
    .updateTable('contract_documents')
    .set({ sent_at: now })
    .where('id', '=', id)
    .where('state', 'in', ['issued', 'accepted'])
    .returning('id')
    .executeTakeFirst()
  if (!sent) return refuseClosed(tx, id)
  await announce(tx, 'contract.sent', { document_id: id, again: before?.sent_at != null })
  return getDocument(tx, id)
}

/** Takes back a contract that waits. Refuses: not_found, contract_closed. */
export async function withdrawContract(tx: Tx, id: string, now: Temporal.Instant) {
  const row = await tx
    .updateTable('contract_documents')
    .set({ state: 'withdrawn', closed_at: now })
    .where('id', '=', id)
    .where('state', '=', 'issued')
    .returning('id')
    .executeTakeFirst()
  return row ? getDocument(tx, id) : refuseClosed(tx, id)
}

/** Who accepts, and from where. */
export type Acceptance = {
  user_id: string
  ip: string
  user_agent: string
}

/**
 * The customer's word on the contract that waits: who, when, from where, and on which text. Whatever was in force before is
 * superseded. Refuses: not_found, contract_closed (decided or replaced meanwhile), contract_changed (another text than the
 * one that was read).
 */
export async function acceptContract(
  tx: Tx,
  id: string,
  input: { sha256: string },
  by: Acceptance,
  now: Temporal.Instant,
) {
  const document = await lockWaiting(tx, id, now)
  if (isRefusal(document)) return document
  if (document.sha256 !== input.sha256) return refuse('contract_changed')
  const person = await tx
    .selectFrom('users')
    .select(['name', 'email'])
    .where('id', '=', by.user_id)
    .executeTakeFirstOrThrow()
  await supersede(tx, document.subscription_id, now)
  const accepted = await tx
    .updateTable('contract_documents')
    .set({
      state: 'accepted',
      accepted_at: now,
      accepted_on: document.today,
      acceptance: 'portal',
      accepted_by: by.user_id,
      accepted_name: person.name.slice(0, 200),
      accepted_email: person.email,
      accepted_ip: by.ip,
      accepted_user_agent: by.user_agent.slice(0, 500),
      accepted_sha256: document.sha256,
    })
    .where('id', '=', id)
    .where('state', '=', 'issued')
    .executeTakeFirst()
  if (accepted.numUpdatedRows === 0n) return refuse('contract_closed')
  await announce(tx, 'contract.accepted', { document_id: id })
  return getOwnDocument(tx, id)
}

/** The customer says no, with a reason. Refuses: not_found, contract_closed. */
export async function declineContract(tx: Tx, id: string, reason: string, now: Temporal.Instant) {
  const document = await lockWaiting(tx, id, now)
  if (isRefusal(document)) return document
  await tx
    .updateTable('contract_documents')
    .set({ state: 'declined', decline_reason: reason, closed_at: now })
    .where('id', '=', id)
    .where('state', '=', 'issued')
    .execute()
  return getOwnDocument(tx, id)
}

/**
 * Marks the contract that waits as signed on paper, on a day, by a person, with the scan that proves it. Refuses: not_found,
 * contract_closed, file_needed, file_unsuitable (neither PDF nor JPEG nor PNG), invalid_input (a day to come or before it
 * was issued).
 */
export async function signContract(
  tx: Tx,
  files: FileStore,
  id: string,
  input: { signed_on: Temporal.PlainDate; signed_by: string },
  upload: Upload,
  by: string,
  now: Temporal.Instant,
) {
  const document = await lockWaiting(tx, id, now)
  if (isRefusal(document)) return document
  if (Temporal.PlainDate.compare(input.signed_on, document.today) > 0)
    return refuseField('signed_on', 'in_the_future')
  if (upload.size === 0) return refuse('file_needed', { status: 422 })
  const head = await readHead(files, upload.id)
  const kind = scanTypes.find(({ begins }) => begins.every((byte, index) => head[index] === byte))
  if (!kind) return refuse('scan_unsuitable', { status: 422 })
  await recordFile(tx, {
    id: upload.id,
    purpose: 'signed_contract',
    name: `${document.contract_number}-${document.revision}.${kind.ending}`,
    media_type: kind.type,
    size: upload.size,
    sha256: upload.sha256,
    // The document tells whose it is; it stays with it as long as the document does.
    business_unit_id: document.business_unit_id,
    created_by: by,
  })
  await supersede(tx, document.subscription_id, now)
  await tx
    .updateTable('contract_documents')
    .set({
      state: 'accepted',
      accepted_at: now,
      accepted_on: input.signed_on,
      acceptance: 'paper',
      accepted_by: by,
      accepted_name: input.signed_by,
      accepted_sha256: document.sha256,
      signed_file_id: upload.id,
    })
    .where('id', '=', id)
    .execute()
  await announce(tx, 'contract.accepted', { document_id: id })
  return getDocument(tx, id)
}

async function readHead(files: FileStore, id: string): Promise<Buffer> {
  for await (const chunk of files.read(id)) return chunk as Buffer
  return Buffer.alloc(0)
}

async function supersede(tx: Tx, subscriptionId: string, now: Temporal.Instant): Promise<void> {
  await tx
    .updateTable('contract_documents')
    .set({ state: 'superseded', closed_at: now })
    .where('subscription_id', '=', subscriptionId)
    .where('state', '=', 'accepted')
    .execute()
}

async function lockWaiting(tx: Tx, id: string, now: Temporal.Instant) {
  const row = await tx
    .selectFrom('contract_documents')
    .innerJoin('business_units', 'business_units.id', 'contract_documents.business_unit_id')
    .innerJoin('subscriptions', 'subscriptions.id', 'contract_documents.subscription_id')
    .select([
      'contract_documents.subscription_id',
      'contract_documents.business_unit_id',
      'contract_documents.contract_number',
      'contract_documents.revision',
      'contract_documents.sha256',
      'contract_documents.state',
      'contract_documents.issued_on',
      'subscriptions.status',
      'business_units.time_zone',
    ])
    .where('contract_documents.id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  if (row.state !== 'issued' || ['cancelled', 'ended'].includes(row.status)) return refuse('contract_closed')
  return { ...row, today: today(now, row.time_zone) }
}

async function refuseClosed(tx: Tx, id: string): Promise<Refusal> {
  const row = await tx.selectFrom('contract_documents').select('id').where('id', '=', id).executeTakeFirst()
  return row ? refuse('contract_closed') : notFound()
}

/** The scan of a contract that was signed on paper. Refuses: not_found. */
export async function readSignedCopy(tx: Tx, files: FileStore, id: string): Promise<Binary | Refusal> {
  const row = await tx
    .selectFrom('contract_documents')
    .select(['signed_file_id', 'contract_number', 'revision'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row?.signed_file_id || (await files.size(row.signed_file_id)) === null) return notFound()
  const head = await readHead(files, row.signed_file_id)
  const kind = scanTypes.find(({ begins }) => begins.every((byte, index) => head[index] === byte))
  // Always a download: it is what somebody uploaded.
  return new Binary(
    files.read(row.signed_file_id),
    'application/octet-stream',
    `${row.contract_number}-${row.revision}.${kind?.ending ?? 'bin'}`,
  )
}

/** A contract as PDF, in its language and with the look that its business unit has today (P4). Refuses: not_found. */
export async function printContract(tx: Tx, files: FileStore, id: string): Promise<Binary | Refusal> {
  const printed = await renderDocument(tx, files, id)
  return isRefusal(printed) ? printed : new Binary(printed.bytes, 'application/pdf', printed.file_name, true)
}

/** {@link printContract} as bytes, for mails. Refuses: not_found. */
export async function renderDocument(
  tx: Tx,
  files: FileStore,
  id: string,
): Promise<{ bytes: Buffer; file_name: string } | Refusal> {
  const row = await tx
    .selectFrom('contract_documents')
    .select([
      'business_unit_id',
      'contract_number',
      'revision',
      'language',
      'title',
      'text_body',
      'sha256',
      'state',
      'issued_on',
      'accepted_at',
      'accepted_on',
      'acceptance',
      'accepted_name',
      'accepted_email',
      sql<string | null>`host(accepted_ip)`.as('accepted_ip'),
      sql<string | null>`facts->>'account.name'`.as('account_name'),
    ])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!row) return notFound()
  const unit = await findUnit(tx, row.business_unit_id)
  if (!unit) return notFound()
  const bytes = await renderContractPdf(
    { ...row, blocks: readMarkup(row.text_body) },
    {
      name: unit.name,
      legal_name: unit.legal_name,
      accent: unit.accent,
      logo: await readLogo(files, unit.logo_file_id),
      time_zone: unit.time_zone,
    },
    row.language,
  )
  return { bytes, file_name: `${row.title}.pdf` }
}

/** The logo's bytes; null where there is none or its file is gone: a contract prints without it, too. */
async function readLogo(files: FileStore, id: string | null): Promise<Buffer | null> {
  if (id === null || (await files.size(id)) === null) return null
  return buffer(files.read(id))
}
