import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { today } from '../../platform/calendar.ts'
import type { Tx } from '../../platform/database.ts'
import { isRefusal, notFound, type Refusal, refuse, refuseField } from '../../platform/errors.ts'
import { type ListRequest, readPage } from '../../platform/pages.ts'
import type { Language } from '../../platform/translations.ts'
import { checkTemplate, fillTemplate, readMarkup, type TemplateFault } from './contract-text.ts'
import { findUnit, loadFacts, sampleFacts, variableNames } from './facts.ts'

export type TemplateInput = {
  business_unit_id: string
  name: string
  language: Language
  body: string
  is_default?: boolean | undefined
}
export type TemplateChange = {
  name?: string | undefined
  body?: string | undefined
  is_default?: boolean | undefined
  archived?: boolean | undefined
}
export type TemplateFilter = {
  q?: string | undefined
  business_unit_id?: string | undefined
  language?: Language | undefined
  archived?: 'true' | 'false' | undefined
}

function selectTemplates(tx: Tx) {
  return tx
    .selectFrom('contract_templates')
    .innerJoin('business_units', 'business_units.id', 'contract_templates.business_unit_id')
    .select([
      'contract_templates.id',
      'contract_templates.business_unit_id',
      'business_units.name as business_unit_name',
      'contract_templates.name',
      'contract_templates.language',
      'contract_templates.version',
      'contract_templates.is_default',
      'contract_templates.archived_at',
      'contract_templates.created_at',
      'contract_templates.updated_at',
      sql<number>`(select count(*) from service_contracts c where c.template_id = contract_templates.id)`.as(
        'services',
      ),
    ])
}

/** A page of contract templates; `q` finds by name, accents forgiven. */
export function listTemplates(tx: Tx, request: ListRequest & TemplateFilter) {
  let query = selectTemplates(tx)
  if (request.business_unit_id)
    query = query.where('contract_templates.business_unit_id', '=', request.business_unit_id)
  if (request.language) query = query.where('contract_templates.language', '=', request.language)
  if (request.archived)
    query = query.where('contract_templates.archived_at', request.archived === 'true' ? 'is not' : 'is', null)
  if (request.q)
    query = query.where(sql<boolean>`position(fold(${request.q}) in fold(contract_templates.name)) > 0`)
  return readPage(
    query,
    request,
    {
      name: { by: sql`contract_templates.name`, value: (row) => row.name, type: 'text' },
      updated_at: {
        by: sql`contract_templates.updated_at`,
        value: (row) => row.updated_at,
        type: 'timestamptz',
      },
    },
    { by: sql`contract_templates.id`, value: (row) => row.id, type: 'uuid' },
  )
}

/** One template with its text. Refuses: not_found. */
export async function getTemplate(tx: Tx, id: string) {
  return (
    (await selectTemplates(tx)
      .select('contract_templates.body')
      .where('contract_templates.id', '=', id)
      .executeTakeFirst()) ?? notFound()
  )
}

/**
 * Adds a template. Refuses: invalid_input (an unknown variable, with its line and column; a name that is taken; a business
 * unit that is none).
 */
export async function createTemplate(tx: Tx, input: TemplateInput) {
  const unit = await findUnit(tx, input.business_unit_id)
  if (!unit) return refuseField('business_unit_id', 'not_a_choice')
  const fault = refuseFaults(input.body)
  if (fault) return fault
  if (input.is_default) await takeDefault(tx, input.business_unit_id, input.language)
  const { id } = await tx
    .insertInto('contract_templates')
    .values(input)
    .returning('id')
    .executeTakeFirstOrThrow()
  return getTemplate(tx, id)
}

/**
 * Changes a template, archives it or brings it back. Another text is a new version: what was issued keeps its own. Refuses:
 * not_found, invalid_input (an unknown variable, with its line and column).
 */
export async function updateTemplate(tx: Tx, id: string, change: TemplateChange, now: Temporal.Instant) {
  const current = await tx
    .selectFrom('contract_templates')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()
  if (!current) return notFound()
  const { archived, ...columns } = change
  if (columns.body !== undefined) {
    const fault = refuseFaults(columns.body)
    if (fault) return fault
  }
  if (columns.is_default === true && (archived ?? current.archived_at !== null))
    return refuseField('is_default', 'archived')
  if (columns.is_default === true && !current.is_default)
    await takeDefault(tx, current.business_unit_id, current.language)
  await tx
    .updateTable('contract_templates')
    .set({
      ...columns,
      ...(columns.body !== undefined && columns.body !== current.body
        ? { version: current.version + 1 }
        : {}),
      ...(archived === undefined
        ? {}
        : archived
          ? { archived_at: current.archived_at ?? now, is_default: false }
          : { archived_at: null }),
      name: columns.name ?? current.name,
    })
    .where('id', '=', id)
    .execute()
  return getTemplate(tx, id)
}

/** One default for each business unit and language. */
async function takeDefault(tx: Tx, unitId: string, language: Language): Promise<void> {
  await tx
    .updateTable('contract_templates')
    .set({ is_default: false })
    .where('business_unit_id', '=', unitId)
    .where('language', '=', language)
    .where('is_default', '=', true)
    .execute()
}

function refuseFaults(body: string): Refusal | undefined {
  const faults = checkTemplate(body.replace(/\r\n?/g, '\n'), variableNames)
  if (faults.length === 0) return undefined
  return refuse('invalid_input', {
    status: 422,
    fields: faults.slice(0, 20).map(({ code, name, line, column }) => ({
      path: 'body',
      code,
      params: { name, line, column },
    })),
  })
}

/** A text as a contract of a service would say it, or of a made-up one; with every fault of the template, by its place. */
export async function previewTemplate(
  tx: Tx,
  input: {
    business_unit_id: string
    language: Language
    body: string
    subscription_id?: string | null | undefined
  },
  now: Temporal.Instant,
) {
  const unit = await findUnit(tx, input.business_unit_id)
  if (!unit) return refuseField('business_unit_id', 'not_a_choice')
  const body = input.body.replace(/\r\n?/g, '\n')
  const faults: TemplateFault[] = checkTemplate(body, variableNames)
  let facts: Record<string, string | null>
  if (input.subscription_id) {
    const loaded = await loadFacts(tx, input.subscription_id, input.language, now)
    if (isRefusal(loaded) || loaded.unit_id !== unit.id) return refuseField('subscription_id', 'not_a_choice')
    facts = loaded.facts
  } else facts = sampleFacts(unit, input.language, today(now, unit.time_zone))
  // What nobody knows stays as it was written, where it is seen.
  for (const { code, name } of faults) if (code === 'unknown_variable') facts[name] ??= `{{${name}}}`
  return { blocks: readMarkup(fillTemplate(body, facts)), faults: faults.slice(0, 50) }
}

/** A template's text with the values of a service, and what it is known by. */
export function composeContract(body: string, facts: Record<string, string | null>) {
  const text = fillTemplate(body, facts)
  return { text, sha256: createHash('sha256').update(text, 'utf8').digest('hex') }
}

/**
 * The template that a service's contract is made from where none was chosen: the business unit's default in the account's
 * language, else its default in its own, else its only one.
 */
export async function findDefaultTemplate(tx: Tx, unitId: string, language: Language) {
  const found = await sql<{ id: string; usable: number }>`
    select t.id, count(*) over () as usable
      from contract_templates t join business_units u on u.id = t.business_unit_id
     where t.business_unit_id = ${unitId} and t.archived_at is null
     order by t.is_default and t.language = ${language} desc, t.is_default and t.language = u.language desc, t.language = ${language} desc,
              t.name, t.id
     limit 1`.execute(tx)
  return found.rows[0]?.id ?? null
}
