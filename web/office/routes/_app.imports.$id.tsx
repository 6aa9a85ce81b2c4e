import { Button, NativeSelect } from '@mantine/core'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconPlayerPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs'
import IconUpload from '@tabler/icons-react/dist/esm/icons/IconUpload.mjs'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { Import, ImportMapping, ImportReject } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { useUnsavedWarning } from '../../shared/form.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { ProgressBar } from '../../shared/job-tray.tsx'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { toProblem } from '../../shared/problem.ts'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText } from '../../shared/values.tsx'
import { refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import closingStyles from '../closings.module.css'
import { Figures } from '../figures.tsx'
import formStyles from '../form-layout.module.css'
import { parseMapping } from '../import-mapping.ts'
import { importQuery, isImportBusy, rejectsSource } from '../import-queries.ts'
import styles from '../imports.module.css'
import { MappingEditor } from '../mapping-editor.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { useMay } from '../session.ts'

/** One import: what its columns mean, what it would do, what it did. */
export const Route = createFileRoute('/_app/imports/$id')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loader: ({ context: { queryClient }, params }) => queryClient.ensureQueryData(importQuery(params.id)),
  component: ImportPage,
})

function ImportPage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const { data: found } = useSuspenseQuery(importQuery(id))
  const [editing, setEditing] = useState(false)
  const busy = isImportBusy(found.state)
  const wasBusy = useRef(busy)
  useEffect(() => {
    if (wasBusy.current && !busy) {
      void queryClient.invalidateQueries({ queryKey: ['imports', 'list'] })
      void queryClient.invalidateQueries({ queryKey: ['recent-runs'] })
      if (found.state === 'done') {
        void refreshAccounts(queryClient)
        showToast({ tone: 'good', title: t('imports.done_toast', { name: found.file_name }) })
      }
    }
    wasBusy.current = busy
  }, [busy, found.state, found.file_name, queryClient, t])
  const mapping = found.state === 'draft' || (editing && !busy && found.state !== 'done')
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to="/imports">{t('shell.imports')}</BackLink>}
        title={found.file_name}
        state={<StateBadge kind="import" state={found.state} />}
        subtitle={
          <>
            {t(`imports.kinds.${found.kind}`)} · {found.business_unit_name} ·{' '}
            {found.sheet !== null && `${t('imports.from_sheet', { name: found.sheet })} · `}
            <DateText value={found.created_at} style="long" />
          </>
        }
        actions={!mapping && !busy && <Actions found={found} onEdit={() => setEditing(true)} />}
      />
      {found.state === 'failed' && (
        <Callout tone="bad" icon={<IconCircleX size={20} aria-hidden />} title={t('imports.failed')}>
          <p>{found.error}</p>
        </Callout>
      )}
      {busy && <Progress found={found} />}
      {mapping && (
        <Mapping key={`${found.state} ${found.sheet}`} found={found} onDone={() => setEditing(false)} />
      )}
      {!mapping && !busy && <Outcome found={found} />}
    </Stacked>
  )
}

function Actions({ found, onEdit }: { found: Import; onEdit: () => void }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const [asking, setAsking] = useState(false)
  const path = { params: { path: { id: found.id } } }
  const set = (next: Import) => {
    queryClient.setQueryData(importQuery(found.id).queryKey, next)
    void queryClient.invalidateQueries({ queryKey: ['recent-runs'] })
  }
  const again = useMutation({
    mutationFn: () =>
      orThrow(
        found.started_at === null
          ? api.POST('/api/v1/office/imports/{id}/prepare', path)
          : api.POST('/api/v1/office/imports/{id}/run', path),
      ),
    onSuccess: set,
    onError: useProblemToast(),
  })
  if (found.state === 'done') return null
  const good = found.created + found.updated + found.unchanged
  return (
    <>
      {may('imports.run') && (
        <Button variant="default" onClick={onEdit}>
          {t('imports.change_mapping')}
        </Button>
      )}
      {found.state === 'prepared' ? (
        <PermittedButton
          needs="imports.run"
          disabled={good === 0}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
          onClick={() => setAsking(true)}
        >
          {t('imports.run')}
        </PermittedButton>
      ) : (
        <PermittedButton needs="imports.run" loading={again.isPending} onClick={() => again.mutate()}>
          {t('common:action.retry')}
        </PermittedButton>
      )}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('imports.run_title', { unit: found.business_unit_name })}
        confirm={t('imports.run')}
        onConfirm={async () => set(await orThrow(api.POST('/api/v1/office/imports/{id}/run', path)))}
      >
        <ul className={closingStyles.consequence}>
          <li>
            {t('imports.run_creates', { created: number(found.created), updated: number(found.updated) })}
          </li>
          {found.rejected > 0 && <li>{t('imports.run_rejects', { count: found.rejected })}</li>}
          <li>{t('imports.run_repeat')}</li>
        </ul>
      </ConfirmDialog>
    </>
  )
}

function Progress({ found }: { found: Import }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const label = t(found.state === 'preparing' ? 'imports.preparing' : 'imports.running')
  const share = found.rows_total > 0 ? found.rows_done / found.rows_total : null
  return (
    <Section>
      <div className={closingStyles.progress} role="status">
        <strong>{label}</strong>
        <ProgressBar share={share} label={label} />
        <p>
          {share !== null &&
            `${t('imports.rows_of', { done: number(found.rows_done), total: number(found.rows_total) })} `}
          {t('imports.may_leave')}
        </p>
      </div>
    </Section>
  )
}

/** Help stands under a control where others beside it have none. */
const below: ('label' | 'input' | 'description' | 'error')[] = ['label', 'input', 'description', 'error']

const dateFormats: ImportMapping['date_format'][] = [
  'YYYY-MM-DD',
  'DD/MM/YYYY',
  'MM/DD/YYYY',
  'DD.MM.YYYY',
  'DD-MM-YYYY',
  'YYYY/MM/DD',
  'YYYYMMDD',
]

function Mapping({ found, onDone }: { found: Import; onDone: () => void }) {
  const { t } = useTranslation()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const [mapping, setMapping] = useState(found.mapping)
  const [asOf, setAsOf] = useState(found.as_of)
  const changed = mapping !== found.mapping || asOf !== found.as_of
  const sent = useRef(false)
  const prepare = useMutation({
    mutationFn: async () => {
      const path = { params: { path: { id: found.id } } }
      await orThrow(
        api.PUT('/api/v1/office/imports/{id}/mapping', { ...path, body: { mapping, as_of: asOf } }),
      )
      return orThrow(api.POST('/api/v1/office/imports/{id}/prepare', path))
    },
    onSuccess: (next) => {
      sent.current = true
      queryClient.setQueryData(importQuery(found.id).queryKey, next)
      void queryClient.invalidateQueries({ queryKey: ['recent-runs'] })
      onDone()
    },
  })
  const choose = useMutation({
    mutationFn: (sheet: string) =>
      orThrow(
        api.PUT('/api/v1/office/imports/{id}/sheet', {
          params: { path: { id: found.id } },
          body: { sheet },
        }),
      ),
    onSuccess: (next) => queryClient.setQueryData(importQuery(found.id).queryKey, next),
    onError: useProblemToast(),
  })
  useUnsavedWarning(changed && !sent.current, t('imports.unsaved'))
  const problem = prepare.error ? toProblem(prepare.error) : null
  const faults: Record<string, string> = {}
  for (const { path, message } of problem?.errors ?? []) {
    const bare = path.replace(/^(body|\/body)[./]?/, '').replaceAll('/', '.')
    const name = found.targets.find(
      (target) =>
        bare === `mapping.fields.${target.name}` || bare.startsWith(`mapping.fields.${target.name}.`),
    )?.name
    if (name) faults[name] ??= message
  }
  const others = (problem?.errors ?? []).filter((one) => !Object.values(faults).includes(one.message))
  const onlyFields = problem !== null && Object.keys(faults).length > 0 && others.length === 0
  const first = Object.keys(faults)[0]
  useEffect(() => {
    if (first) document.querySelector<HTMLElement>(`[data-target="${CSS.escape(first)}"] select`)?.focus()
  }, [first])
  const save = () => {
    const url = URL.createObjectURL(
      new Blob([`${JSON.stringify(mapping, null, 2)}\n`], { type: 'application/json' }),
    )
    const link = document.createElement('a')
    link.href = url
    link.download = `${found.file_name.replace(/\.[^.]+$/, '')}.mapping.json`
    link.click()
    URL.revokeObjectURL(url)
  }
  const load = async (file: File | undefined) => {
    if (!file) return
    const read = parseMapping(await file.text(), found.targets)
    if (read) {
      setMapping(read)
      showToast({ tone: 'good', title: t('imports.mapping_loaded', { name: file.name }) })
    } else showToast({ tone: 'bad', title: t('imports.mapping_unreadable', { name: file.name }) })
  }
  return (
    <>
      <Section
        title={t('imports.sample')}
        description={t('imports.sample_text', { columns: found.columns.length, count: found.sample.length })}
        flush
      >
        {/* biome-ignore-start lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
        {/* biome-ignore-start lint/a11y/useSemanticElements: a table is no set of fields */}
        <div className={styles.sample} tabIndex={0} role="group" aria-label={t('imports.sample')}>
          <table>
            <thead>
              <tr>
                {found.columns.map((column) => (
                  <th key={column} scope="col">
                    {column}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {found.sample.slice(0, 4).map((row, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: the rows of the file keep their place
                <tr key={index}>
                  {found.columns.map((column, at) => (
                    <td key={column}>{row[at]}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {/* biome-ignore-end lint/a11y/useSemanticElements: a table is no set of fields */}
        {/* biome-ignore-end lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard */}
      </Section>
      <Section
        title={t('imports.reading')}
        actions={
          <>
            <Button
              size="xs"
              variant="default"
              leftSection={<IconDownload size={14} aria-hidden />}
              onClick={save}
            >
              {t('imports.mapping_save')}
            </Button>
            <span className={styles.load}>
              <Button
                component="span"
                size="xs"
                variant="default"
                leftSection={<IconUpload size={14} aria-hidden />}
              >
                {t('imports.mapping_load')}
              </Button>
              <input
                type="file"
                accept=".json,application/json"
                aria-label={t('imports.mapping_load')}
                onChange={(event) => {
                  void load(event.currentTarget.files?.[0])
                  event.currentTarget.value = ''
                }}
              />
            </span>
          </>
        }
      >
        <div className={formStyles.fields}>
          {found.sheets.length > 1 && (
            <div data-span="4">
              <NativeSelect
                label={t('imports.sheet')}
                description={t('imports.sheet_help')}
                inputWrapperOrder={below}
                value={choose.isPending ? choose.variables : (found.sheet ?? '')}
                data={found.sheets}
                disabled={choose.isPending || !may('imports.run')}
                onChange={(event) => choose.mutate(event.currentTarget.value)}
              />
            </div>
          )}
          <div data-span="4">
            <NativeSelect
              label={t('imports.date_format')}
              description={found.format === 'xlsx' ? t('imports.typed_dates') : undefined}
              inputWrapperOrder={below}
              value={mapping.date_format}
              data={dateFormats}
              onChange={(event) =>
                setMapping({
                  ...mapping,
                  date_format: event.currentTarget.value as ImportMapping['date_format'],
                })
              }
            />
          </div>
          <div data-span="4">
            <NativeSelect
              label={t('imports.decimal')}
              value={mapping.decimal}
              data={(['auto', ',', '.'] as const).map((value) => ({
                value,
                label: t(
                  value === 'auto'
                    ? 'imports.decimal_auto'
                    : value === ','
                      ? 'imports.decimal_comma'
                      : 'imports.decimal_point',
                ),
              }))}
              onChange={(event) =>
                setMapping({ ...mapping, decimal: event.currentTarget.value as ImportMapping['decimal'] })
              }
            />
          </div>
          {found.kind === 'services' && (
            <div data-span="4">
              <DateInput
                label={t('imports.as_of')}
                description={t('imports.as_of_help')}
                inputWrapperOrder={below}
                value={asOf}
                onChange={(event) => setAsOf(event.currentTarget.value)}
              />
            </div>
          )}
        </div>
      </Section>
      <MappingEditor of={found} mapping={mapping} onChange={setMapping} faults={faults} />
      {!onlyFields && <ProblemAlert error={prepare.error} />}
      {!onlyFields && others.length > 0 && (
        <Callout tone="bad">
          {others.map((one) => (
            <p key={one.path + one.code}>{one.message}</p>
          ))}
        </Callout>
      )}
      <div className={styles.bar}>
        {found.state !== 'draft' && (
          <Button variant="default" onClick={onDone}>
            {t('common:action.cancel')}
          </Button>
        )}
        <PermittedButton
          needs="imports.run"
          loading={prepare.isPending}
          disabled={!may('imports.run')}
          onClick={() => prepare.mutate()}
        >
          {t('imports.prepare')}
        </PermittedButton>
      </div>
    </>
  )
}

function Outcome({ found }: { found: Import }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const done = found.state === 'done'
  return (
    <>
      {done && (
        <Callout
          tone="good"
          icon={<IconCircleCheck size={20} aria-hidden />}
          title={t('imports.done', {
            count: found.created + found.updated,
            number: number(found.created + found.updated),
          })}
        >
          <p>{t('imports.done_text')}</p>
        </Callout>
      )}
      <Figures
        figures={[
          { id: 'rows', label: t('imports.rows'), value: number(found.rows_total) },
          {
            id: 'created',
            label: t(done ? 'imports.created' : 'imports.to_create'),
            value: number(found.created),
            note: !done && t('imports.nothing_written'),
          },
          {
            id: 'updated',
            label: t(done ? 'imports.updated' : 'imports.to_update'),
            value: number(found.updated),
          },
          { id: 'unchanged', label: t('imports.unchanged'), value: number(found.unchanged) },
          {
            id: 'rejected',
            label: t('imports.rejected'),
            value: number(found.rejected),
            tone: found.rejected > 0 ? 'bad' : undefined,
          },
        ]}
      />
      {found.rejected > 0 && <Rejects found={found} />}
    </>
  )
}

function Rejects({ found }: { found: Import }) {
  const { t, i18n } = useTranslation()
  const source = useMemo(() => rejectsSource(found.id, found.state), [found.id, found.state])
  const columns = useMemo<Column<ImportReject>[]>(
    () => [
      {
        id: 'row',
        header: t('imports.row'),
        cell: (row) => row.row_number,
        sort: 'row_number',
        primary: true,
        width: '6rem',
      },
      { id: 'message', header: t('imports.reason'), cell: (row) => row.message },
      { id: 'column', header: t('imports.column'), cell: (row) => row.column_name ?? '–' },
      {
        id: 'value',
        header: t('imports.value'),
        cell: (row) => (row.value === null || row.value === '' ? '–' : <code>{row.value}</code>),
      },
      {
        id: 'record',
        header: t('imports.record'),
        cell: (row) => <span className={styles.record}>{row.record.join(' · ')}</span>,
        optional: true,
      },
    ],
    [t],
  )
  return (
    <Section
      title={t('imports.rejects')}
      description={t('imports.rejects_text')}
      actions={
        <Button
          component="a"
          href={`/api/v1/office/imports/${found.id}/rejects.${found.format}?language=${i18n.language}`}
          download
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t('imports.rejects_download')}
        </Button>
      }
      plain
    >
      <DataTable
        name="import-rejects"
        label={t('imports.rejects')}
        source={source}
        columns={columns}
        rowId={(row) => String(row.row_number)}
        rowLabel={(row) => t('imports.row_number', { number: row.row_number })}
        searchable={false}
      />
    </Section>
  )
}
