import { Button, NativeSelect } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DunningPolicy, DunningSimulation } from '../shared/api-types.gen.ts'
import { DateInput } from '../shared/inputs.tsx'
import { Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { DateText, Money } from '../shared/values.tsx'
import styles from './dunning.module.css'
import { simulatedQuery, simulationQuery } from './dunning-queries.ts'
import { wordsOfDay } from './dunning-words.tsx'

/** The numbers of a simulation, one row per step. */
export function SimulationTable({ simulation }: { simulation: DunningSimulation }) {
  const { t } = useTranslation('dunning')
  const count = (value: number) => (value === 0 ? <span className={styles.zero}>0</span> : value)
  const money = (amount: number) =>
    amount === 0 ? (
      <span className={styles.zero}>–</span>
    ) : (
      <Money amount={amount} currency={simulation.currency} />
    )
  return (
    <SimpleTable
      label={t('simulation.title')}
      rows={simulation.steps}
      rowId={(row) => row.step_id}
      columns={[
        {
          id: 'step',
          header: t('simulation.step'),
          cell: (row) => (
            <>
              {t(`action.${row.action}`)}
              <small className={styles.detail}>{wordsOfDay(t, row.day)}</small>
            </>
          ),
        },
        {
          id: 'accounts',
          header: t('simulation.accounts'),
          align: 'end',
          cell: (row) => count(row.accounts),
        },
        { id: 'open', header: t('simulation.open'), align: 'end', cell: (row) => money(row.open_amount) },
        { id: 'charge', header: t('simulation.charge'), align: 'end', cell: (row) => money(row.charge) },
        {
          id: 'services',
          header: t('simulation.services'),
          align: 'end',
          cell: (row) => count(row.services),
        },
        { id: 'skipped', header: t('simulation.skipped'), align: 'end', cell: (row) => count(row.skipped) },
      ]}
    />
  )
}

/** What a policy would do to today's debtors, up to a day, and to whom. */
export function Simulation({ policy }: { policy: DunningPolicy }) {
  const { t } = useTranslation('dunning')
  const [asOf, setAsOf] = useState('')
  const [stepId, setStepId] = useState('')
  const query = useQuery({
    ...simulationQuery(policy.id, asOf || undefined),
    placeholderData: keepPreviousData,
  })
  const list = useInfiniteQuery({
    ...simulatedQuery(policy.id, asOf || undefined, stepId || undefined),
    placeholderData: keepPreviousData,
  })
  const rows = list.data?.pages.flatMap((page) => page.items) ?? []
  const asked = new URLSearchParams({
    policy_id: policy.id,
    ...(asOf ? { as_of: asOf } : {}),
    ...(stepId ? { step_id: stepId } : {}),
  })
  return (
    <>
      <Section title={t('simulation.title')} description={t('simulation.text')} flush>
        <div className={styles.tools}>
          <DateInput
            label={t('simulation.as_of')}
            value={asOf || (query.data?.today ?? '')}
            min={query.data?.today}
            onChange={(event) => setAsOf(event.currentTarget.value)}
          />
          {query.data && (
            <p>{t('simulation.summary', { count: query.data.affected, debtors: query.data.debtors })}</p>
          )}
        </div>
        {query.error ? (
          <div className={styles.pad}>
            <ProblemAlert error={query.error} onRetry={query.refetch} />
          </div>
        ) : query.data ? (
          <SimulationTable simulation={query.data} />
        ) : (
          <div className={styles.pad}>
            <SkeletonText lines={5} />
          </div>
        )}
      </Section>
      {(rows.length > 0 || stepId !== '') && (
        <Section title={t('simulation.list')} flush>
          <div className={styles.tools}>
            <NativeSelect
              label={t('simulation.step')}
              value={stepId}
              onChange={(event) => setStepId(event.currentTarget.value)}
              data={[
                { value: '', label: t('simulation.all_steps') },
                ...policy.steps.map((step) => ({
                  value: step.id,
                  label: `${t(`action.${step.action}`)}, ${wordsOfDay(t, step.day)}`,
                })),
              ]}
            />
            <span className={styles.exports}>
              {(['csv', 'xlsx'] as const).map((format) => (
                <a key={format} href={`/api/v1/office/dunning-simulation.${format}?${asked}`} download>
                  {t('simulation.export')} {t(`simulation.${format}`)}
                </a>
              ))}
            </span>
          </div>
          <SimpleTable
            label={t('simulation.list')}
            rows={rows}
            rowId={(row) => `${row.account_id} ${row.step_id} ${row.invoice_id}`}
            columns={[
              {
                id: 'account',
                header: t('simulation.account'),
                cell: (row) => (
                  <Link to="/accounts/$id" params={{ id: row.account_id }}>
                    {row.account_name}
                  </Link>
                ),
              },
              { id: 'on', header: t('simulation.on'), cell: (row) => <DateText value={row.on_date} /> },
              {
                id: 'step',
                header: t('simulation.step'),
                cell: (row) => (
                  <>
                    {t(`action.${row.action}`)}
                    <small className={styles.detail}>
                      {row.skipped ? t('simulation.late') : wordsOfDay(t, row.day)}
                    </small>
                  </>
                ),
              },
              {
                id: 'document',
                header: t('simulation.document'),
                cell: (row) => (
                  <Link to="/invoices/$id" params={{ id: row.invoice_id }}>
                    {row.number}
                  </Link>
                ),
              },
              {
                id: 'open',
                header: t('simulation.open'),
                align: 'end',
                cell: (row) => <Money amount={row.open_amount} currency={row.currency} />,
              },
              {
                id: 'charge',
                header: t('simulation.charge'),
                align: 'end',
                cell: (row) =>
                  row.charge === null ? '–' : <Money amount={row.charge} currency={row.currency} />,
              },
              {
                id: 'services',
                header: t('simulation.services'),
                align: 'end',
                cell: (row) => (row.services === 0 ? '–' : row.services),
              },
            ]}
          />
          {list.hasNextPage && (
            <div className={styles.more}>
              <Button
                size="xs"
                variant="default"
                loading={list.isFetchingNextPage}
                onClick={() => list.fetchNextPage()}
              >
                {t('simulation.more')}
              </Button>
            </div>
          )}
        </Section>
      )}
    </>
  )
}
