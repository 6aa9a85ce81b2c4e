import { Button } from '@mantine/core'
import IconRepeat from '@tabler/icons-react/dist/esm/icons/IconRepeat.mjs'
import { useMutation, useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { BusinessUnit, DebitAttempt } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { chooseUnit } from '../chosen-unit.ts'
import { DebitPolicyDialog } from '../debit-policy-dialog.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { Narrowed } from '../narrowed.tsx'
import { PaymentsNav } from '../payments-nav.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { debitAttemptsSource, debitRunsQuery } from '../provider-queries.ts'
import { DebitBadge, methodName, RunBadge } from '../provider-words.tsx'
import { useMay } from '../session.ts'
import { UnitChoice } from '../unit-choice.tsx'

/** Automatic debit: the latest runs, every charge, and what follows a refusal. */
export const Route = createFileRoute('/_app/payments/debits')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient }, deps }) => {
    const [units] = await Promise.all([queryClient.ensureQueryData(unitsQuery), loadTexts('providers')])
    const unit = chooseUnit(units, deps)
    if (unit) void queryClient.prefetchInfiniteQuery(tableQuery(debitAttemptsSource(unit.id), deps))
  },
  component: Debits,
})

const states: DebitAttempt['state'][] = ['charging', 'paid', 'refused', 'dropped']

function Debits() {
  const { t } = useTranslation('providers')
  const may = useMay()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const unit = chooseUnit(units, Route.useSearch())
  const [setting, setSetting] = useState(false)
  const columns = useMemo<Column<DebitAttempt>[]>(
    () => [
      {
        id: 'account',
        header: t('office:payments.account'),
        cell: (row) => row.account_name,
        primary: true,
        width: '24%',
      },
      {
        id: 'created_at',
        header: t('office.charged_on'),
        cell: (row) => <DateText value={row.on_date} />,
        sort: 'created_at',
      },
      {
        id: 'invoice',
        header: t('office.what_for'),
        cell: (row) => (
          <Link to="/invoices/$id" params={{ id: row.invoice_id }}>
            {row.invoice_number}
          </Link>
        ),
      },
      { id: 'method', header: t('office.stored_method'), cell: (row) => methodName(row) },
      { id: 'attempt', header: t('office.attempt'), cell: (row) => row.attempt, align: 'end' },
      { id: 'state', header: t('office.state'), cell: (row) => <DebitBadge state={row.state} /> },
      {
        id: 'why',
        header: t('office.why'),
        cell: (row) => (row.failure === null ? '–' : t(`office.failure.${row.failure}`)),
      },
      {
        id: 'next_on',
        header: t('office.next_on'),
        cell: (row) => (row.next_on === null ? '–' : <DateText value={row.next_on} />),
      },
      {
        id: 'amount',
        header: t('office:payments.amount'),
        cell: (row) => <Money amount={row.amount} currency={row.currency} />,
        align: 'end',
      },
    ],
    [t],
  )
  return (
    <>
      <PageTitle
        title={t('office:payments.title')}
        actions={
          <>
            <UnitChoice />
            {unit && may('settings.read') && (
              <Button variant="default" onClick={() => setSetting(true)}>
                {t('office.policy')}
              </Button>
            )}
            {unit && <StartRun unit={unit} />}
          </>
        }
      />
      <PaymentsNav />
      <Narrowed />
      <Stacked>
        {unit && <Runs unit={unit} />}
        {unit && <Attempts unit={unit} columns={columns} />}
      </Stacked>
      {setting && unit && <DebitPolicyDialog unit={unit} onClose={() => setSetting(false)} />}
    </>
  )
}

/** Every charge of a business unit by a stored method. */
function Attempts({ unit, columns }: { unit: BusinessUnit; columns: Column<DebitAttempt>[] }) {
  const { t } = useTranslation('providers')
  const source = useMemo(() => debitAttemptsSource(unit.id), [unit.id])
  return (
    <DataTable
      name="debit-attempts"
      label={t('office.attempts')}
      source={source}
      searchable={false}
      columns={columns}
      rowId={(row) => row.id}
      rowLabel={(row) => row.account_name}
      rowTo={(row) => `/accounts/${row.account_id}`}
      filters={[
        {
          id: 'state',
          label: t('office.state'),
          options: states.map((value) => ({ value, label: t(`office.debit.${value}`) })),
        },
      ]}
      empty={
        <EmptyState icon={<IconRepeat size={24} aria-hidden />} title={t('office.no_attempts')}>
          {t('office.no_attempts_text')}
        </EmptyState>
      }
    />
  )
}

function StartRun({ unit }: { unit: BusinessUnit }) {
  const { t } = useTranslation('providers')
  const queryClient = useQueryClient()
  const [asking, setAsking] = useState(false)
  const start = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/business-units/{id}/debit-runs', { params: { path: { id: unit.id } } }),
      ),
    onSuccess: () => {
      showToast({ tone: 'good', title: t('office.run_started') })
      return queryClient.invalidateQueries({ queryKey: ['debit-runs'] })
    },
  })
  return (
    <>
      <PermittedButton needs="payments.decide" onClick={() => setAsking(true)}>
        {t('office.charge_now')}
      </PermittedButton>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('office.charge_question', { unit: unit.name })}
        confirm={t('office.charge_now')}
        onConfirm={() => start.mutateAsync()}
      >
        <p>{t('office.charge_text')}</p>
      </ConfirmDialog>
    </>
  )
}

function Runs({ unit }: { unit: BusinessUnit }) {
  const { t } = useTranslation('providers')
  const { number } = useFormats()
  const queryClient = useQueryClient()
  const { data: runs } = useQuery(debitRunsQuery(unit.id))
  // What a run charges appears below as it goes.
  const charged = runs?.map((run) => `${run.id} ${run.state} ${run.done}`).join()
  useEffect(() => {
    if (charged) void queryClient.invalidateQueries({ queryKey: ['debit-attempts'] })
  }, [charged, queryClient])
  if (!runs || runs.length === 0) return null
  return (
    <Section title={t('office.runs')} flush>
      <SimpleTable
        label={t('office.runs')}
        rows={runs}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'on',
            header: t('office.charged_on'),
            primary: true,
            cell: (row) => <DateText value={row.on_date} />,
          },
          {
            id: 'by',
            header: t('office.started_by'),
            cell: (row) => row.created_by_name ?? t('office.by_clock'),
          },
          { id: 'state', header: t('office.state'), cell: (row) => <RunBadge state={row.state} /> },
          {
            id: 'done',
            header: t('office.progress'),
            align: 'end',
            cell: (row) => t('office.progress_of', { done: number(row.done), due: number(row.due) }),
          },
          { id: 'paid', header: t('office.runs_paid'), align: 'end', cell: (row) => number(row.paid) },
          {
            id: 'refused',
            header: t('office.runs_refused'),
            align: 'end',
            cell: (row) => number(row.refused),
          },
          {
            id: 'amount',
            header: t('office.runs_amount'),
            align: 'end',
            cell: (row) => <Money amount={row.amount_paid} currency={row.currency} />,
          },
        ]}
      />
    </Section>
  )
}
