import { z } from 'zod'
import { importKinds } from '../../platform/database.gen.ts'
import { isRefusal, type Refusal, refuse } from '../../platform/errors.ts'
import { listFormats } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { type Language, translator } from '../../platform/translations.ts'
import {
  chooseSheet,
  createImport,
  getImport,
  listImports,
  listRejects,
  setMapping,
  startPass,
  writeRejectsFile,
} from './imports.ts'
import { nameChoice, targetsOf } from './mapping.ts'
import {
  importQuery,
  importSchema,
  importSummarySchema,
  languageChoice,
  mappingChange,
  rejectQuery,
  rejectSchema,
  sheetChoice,
  uploadFields,
} from './schemas.ts'
import { writeTemplate } from './templates.ts'

const tag = 'Imports'

/** The largest file that is taken: some 500,000 rows. */
const maxBytes = 100_000_000

type Found = Exclude<Awaited<ReturnType<typeof getImport>>, Refusal>

export function registerImportsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/imports',
      operation: 'list_imports',
      summary: 'List imports',
      tag,
      permission: 'imports.read',
      query: importQuery,
      response: pageOf(importSummarySchema),
    },
    async (tx, { query }, _actor, { language }) => {
      const page = await listImports(tx, query)
      return { ...page, items: page.items.map((row) => explain(row, language)) }
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/imports',
      operation: 'create_import',
      summary: 'Upload a file to import',
      description:
        'A CSV file in UTF-8 or a workbook (.xlsx), told apart by what is in it, with the fields `business_unit_id` and `kind` (accounts, contacts or services) before it (multipart/form-data). Answers with its columns, first rows and a suggested mapping; nothing is imported yet.',
      tag,
      permission: 'imports.run',
      upload: { maxBytes },
      response: importSchema,
      status: 201,
    },
    async (tx, { upload }, actor, context) => {
      const file = upload!
      const fields = uploadFields.safeParse(file.fields)
      if (!fields.success) {
        return refuse('invalid_input', {
          status: 422,
          fields: fields.error.issues.map((issue) => ({ path: issue.path.join('.'), code: 'not_a_choice' })),
        })
      }
      const created = await createImport(tx, context.files, {
        ...fields.data,
        file,
        created_by: actor.user_id,
        now: context.now,
      })
      return detail(created, context.language)
    },
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/imports/{id}',
      operation: 'get_import',
      summary: 'Read an import and its progress',
      tag,
      permission: 'imports.read',
      params: idParams,
      response: importSchema,
    },
    async (tx, { params }, _actor, { language }) => detail(await getImport(tx, params.id), language),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/imports/{id}/mapping',
      operation: 'set_import_mapping',
      summary: 'Say what the columns mean',
      tag,
      permission: 'imports.run',
      params: idParams,
      body: mappingChange,
      response: importSchema,
    },
    async (tx, { params, body }, _actor, { language }) =>
      detail(await setMapping(tx, params.id, body.mapping, body.as_of), language),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/imports/{id}/sheet',
      operation: 'set_import_sheet',
      summary: 'Import another sheet of the workbook',
      description: 'Reads its columns and suggests a mapping anew; what was previewed is forgotten',
      tag,
      permission: 'imports.run',
      params: idParams,
      body: sheetChoice,
      response: importSchema,
    },
    async (tx, { params, body }, _actor, { language, files }) =>
      detail(await chooseSheet(tx, files, params.id, body.sheet), language),
  )
  for (const pass of ['prepare', 'run'] as const) {
    officeRoute(
      app,
      {
        method: 'POST',
        path: `/imports/{id}/${pass}`,
        operation: `${pass}_import`,
        summary: pass === 'prepare' ? 'Preview an import' : 'Run an import',
        description:
          pass === 'prepare'
            ? 'Counts what the run will create, change and leave as it is, and finds the rows that it will reject; writes nothing else. The state goes from preparing to prepared.'
            : 'Imports every good row in the background. The state goes from queued over running to done. Safe to repeat.',
        tag,
        permission: 'imports.run',
        params: idParams,
        response: importSchema,
        status: 202,
      },
      async (tx, { params }, _actor, { language }) => detail(await startPass(tx, params.id, pass), language),
    )
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/imports/{id}/rejects',
      operation: 'list_import_rejects',
      summary: 'List the rows that are left out, and why',
      tag,
      permission: 'imports.read',
      params: idParams,
      query: rejectQuery,
      response: pageOf(rejectSchema),
    },
    async (tx, { params, query }, _actor, { language }) => listRejects(tx, params.id, query, language),
  )
  for (const format of listFormats) {
    const workbook = format === 'xlsx'
    officeRoute(
      app,
      {
        method: 'GET',
        path: `/imports/{id}/rejects.${format}`,
        operation: workbook ? 'export_import_rejects_xlsx' : 'export_import_rejects',
        summary: workbook
          ? 'Download the rows that are left out as a workbook'
          : 'Download the rows that are left out',
        description: 'The file’s own columns and the reason: corrected, it can be imported again as it is',
        tag,
        permission: 'imports.read',
        params: idParams,
        query: languageChoice,
        response: 'binary',
      },
      (tx, { params, query }, _actor, { language, config }) =>
        writeRejectsFile(tx, params.id, {
          folder: config.dataDir,
          format,
          language: query.language ?? language,
        }),
    )
    officeRoute(
      app,
      {
        method: 'GET',
        path: `/import-templates/{kind}.${format}`,
        operation: workbook ? 'get_import_template_xlsx' : 'get_import_template',
        summary: workbook
          ? 'Download the template of a kind of import as a workbook'
          : 'Download the template of a kind of import',
        description: workbook
          ? 'One sheet to fill, and one that explains each of its columns in the language of the request'
          : 'Its header in the language of the request, and one example row',
        tag,
        permission: 'imports.read',
        params: z.object({ kind: z.enum(importKinds) }),
        query: languageChoice,
        response: 'binary',
      },
      (_tx, { params, query }, _actor, { language }) =>
        writeTemplate(params.kind, format, query.language ?? language),
    )
  }
}

function explain<Row extends { error: string | null }>(row: Row, language: Language): Row {
  return row.error === null ? row : { ...row, error: translator(language)(`imports:error.${row.error}`) }
}

function detail(found: Found | Refusal, language: Language) {
  if (isRefusal(found)) return found
  const translate = translator(language)
  return {
    ...explain(found, language),
    targets: targetsOf(found.kind).map((target) => ({
      name: target.name,
      label: translate(`imports:target.${target.name}`),
      type: target.type,
      required: target.required.includes(found.kind),
      choices: target.choices.map((value) => ({ value, label: nameChoice(target, value, language) })),
    })),
  }
}
