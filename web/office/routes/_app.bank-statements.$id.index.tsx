import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import IconChecks from '@tabler/icons-react/dist/esm/icons/IconChecks.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconMinus from '@tabler/icons-react/dist/esm/icons/IconMinus.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import { useMutation, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { BankLine, BankStatement } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { ProgressBar } from '../../shared/job-tray.tsx'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { Figures } from '../figures.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { useMay } from '../session.ts'
import { DiscardButton, StatementMapping } from '../statement-mapping.tsx'
import {
  isApproving,
  isStatementBusy,
  linesSource,
  refreshStatements,
  statementQuery,
} from '../statement-queries.ts'
import {
  LineState,
  ProposalTarget,
  StatementState,
  useProposalWords,
  useStatementFault,
  useStatementWarning,
} from '../statement-words.tsx'
import styles from '../statements.module.css'

/** One statement: what its lines pay, and why; approved singly, in a selection or all that is certain. */
export const Route = createFileRoute('/_app/bank-statements/$id/')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loader: ({ context: { queryClient }, params }) => queryClient.ensureQueryData(statementQuery(params.id)),
  component: StatementPage,
})

function StatementPage() {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { id } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const { data: found } = useSuspenseQuery(statementQuery(id))
  const fault = useStatementFault()
  const warning = useStatementWarning()
  const busy = isStatementBusy(found)
  const wasBusy = useRef(busy)
  useEffect(() => {
    if (wasBusy.current && !busy) void refreshStatements(queryClient)
    wasBusy.current = busy
  }, [busy, queryClient])
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to="/bank-statements">{t('statements.title')}</BackLink>}
        title={found.file_name}
        state={<StatementState state={found.state} />}
        subtitle={[
          found.bank_account_name,
          found.bank_account_digits && `…${found.bank_account_digits}`,
          found.business_unit_name,
          t(`statements.format.${found.format}`),
          found.period_from && found.period_to && `${date(found.period_from)} – ${date(found.period_to)}`,
        ]
          .filter(Boolean)
          .join(' · ')}
        actions={found.state === 'ready' && !busy && <Actions found={found} />}
      />
      {found.state === 'failed' && (
        <Callout tone="bad" icon={<IconCircleX size={20} aria-hidden />} title={t('statements.failed')}>
          <p>{fault(found)}</p>
          <p>{t('statements.nothing_taken')}</p>
        </Callout>
      )}
      {found.warnings.length > 0 && (
        <Callout tone="warning" title={t('statements.warnings')}>
          {found.warnings.map((one) => (
            <p key={JSON.stringify(one)}>{warning(one)}</p>
          ))}
        </Callout>
      )}
      {found.state === 'reading' && (
        <Section>
          <div className={styles.progress} role="status">
            <strong>{t('statements.reading')}</strong>
            <ProgressBar share={null} label={t('statements.reading')} />
            <p className={styles.muted}>{t('statements.may_leave')}</p>
          </div>
        </Section>
      )}
      {found.mappable && found.mapping && (
        <StatementMapping key={found.state} found={found} mapping={found.mapping} />
      )}
      {found.state === 'failed' && !found.mappable && (
        <div className={styles.bar}>
          <DiscardButton found={found} />
        </div>
      )}
      {found.state === 'ready' && (
        <>
          {isApproving(found) ? (
            <Approving found={found} />
          ) : (
            found.lines_matched < found.lines_read && (
              <Section>
                <div className={styles.progress} role="status">
                  <strong>{t('statements.matching')}</strong>
                  <ProgressBar
                    share={found.lines_matched / found.lines_read}
                    label={t('statements.matching')}
                  />
                </div>
              </Section>
            )
          )}
          <Summary found={found} />
          <Lines found={found} />
        </>
      )}
    </Stacked>
  )
}

function Summary({ found }: { found: BankStatement }) {
  const { t } = useTranslation()
  const { number, money } = useFormats()
  const currency = found.currency ?? ''
  return (
    <Figures
      figures={[
        {
          id: 'certain',
          label: t('statements.certain'),
          value: number(found.certain),
          note: found.certain > 0 && money(found.certain_amount, currency),
          tone: found.certain > 0 ? 'good' : undefined,
        },
        {
          id: 'proposed',
          label: t('statements.to_look_at'),
          value: number(found.proposed - found.certain),
          note: t('statements.to_look_at_text'),
        },
        {
          id: 'open',
          label: t('statements.without'),
          value: number(found.open),
          note: t('statements.without_text'),
        },
        { id: 'booked', label: t('statements.booked'), value: number(found.booked) },
        {
          id: 'ignored',
          label: t('statements.ignored'),
          value: number(found.ignored),
          note:
            found.lines_repeated > 0 &&
            t('statements.repeated', { count: found.lines_repeated, number: number(found.lines_repeated) }),
        },
      ]}
    />
  )
}

function Actions({ found }: { found: BankStatement }) {
  const { t } = useTranslation()
  const { number, money } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const [asking, setAsking] = useState(false)
  const path = { params: { path: { id: found.id } } }
  const set = (next: BankStatement) => queryClient.setQueryData(statementQuery(found.id).queryKey, next)
  const match = useMutation({
    mutationFn: () => orThrow(api.POST('/api/v1/office/bank-statements/{id}/match', path)),
    onSuccess: () => {
      showToast({ tone: 'info', title: t('statements.matching') })
      // It takes a moment in the background.
      window.setTimeout(() => void refreshStatements(queryClient), 1500)
    },
    onError: useProblemToast(),
  })
  return (
    <>
      {found.open + found.proposed > 0 && (
        <PermittedButton
          needs="payments.decide"
          variant="default"
          leftSection={<IconRefresh size={16} aria-hidden />}
          loading={match.isPending}
          onClick={() => match.mutate()}
        >
          {t('statements.match')}
        </PermittedButton>
      )}
      {found.certain > 0 && (
        <PermittedButton
          needs="payments.decide"
          leftSection={<IconChecks size={16} aria-hidden />}
          onClick={() => setAsking(true)}
        >
          {t('statements.approve_all', { count: found.certain, number: number(found.certain) })}
        </PermittedButton>
      )}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={t('statements.approve_all_title')}
        confirm={t('statements.approve_all', { count: found.certain, number: number(found.certain) })}
        onConfirm={async () =>
          set(await orThrow(api.POST('/api/v1/office/bank-statements/{id}/approve', path)))
        }
      >
        <p>
          {t('statements.approve_all_text', {
            count: found.certain,
            number: number(found.certain),
            amount: money(found.certain_amount, found.currency ?? ''),
          })}
        </p>
      </ConfirmDialog>
    </>
  )
}

function Approving({ found }: { found: BankStatement }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const { queryClient } = Route.useRouteContext()
  const stop = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/office/bank-statements/{id}/stop', { params: { path: { id: found.id } } })),
    onSuccess: (next) => queryClient.setQueryData(statementQuery(found.id).queryKey, next),
    onError: useProblemToast(),
  })
  return (
    <Section>
      <div className={styles.progress} role="status">
        <strong>{t('statements.approving')}</strong>
        <ProgressBar
          share={found.approval_total > 0 ? found.approval_done / found.approval_total : null}
          label={t('statements.approving')}
        />
        <footer>
          <span className={styles.muted}>
            {t('statements.approved_of', {
              done: number(found.approval_done),
              total: number(found.approval_total),
            })}
          </span>
          <PermittedButton
            needs="payments.decide"
            variant="default"
            loading={stop.isPending}
            onClick={() => stop.mutate()}
          >
            {t('statements.stop')}
          </PermittedButton>
        </footer>
      </div>
    </Section>
  )
}

const lineStates = ['undecided', 'open', 'proposed', 'booked', 'ignored'] as const
const confidences = ['certain', 'likely', 'possible'] as const

function Lines({ found }: { found: BankStatement }) {
  const { t } = useTranslation()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const words = useProposalWords()
  const onProblem = useProblemToast()
  const source = useMemo(() => linesSource(found.id), [found.id])
  const columns = useMemo<Column<BankLine>[]>(
    () => [
      {
        id: 'payer',
        header: t('statements.payer'),
        primary: true,
        width: '20%',
        cell: (row) => (
          <span className={styles.cut}>
            {row.counterparty_name ?? (row.description || t('statements.no_text'))}
          </span>
        ),
      },
      {
        id: 'booked_on',
        header: t('statements.day'),
        sort: 'booked_on',
        width: '8.5rem',
        cell: (row) => <DateText value={row.booked_on} />,
      },
      {
        id: 'description',
        header: t('statements.text'),
        cell: (row) => <span className={styles.muted}>{row.description || '–'}</span>,
        optional: true,
      },
      {
        id: 'kind',
        header: t('statements.kind'),
        cell: (row) => t(`statements.kinds.${row.kind}`),
        optional: true,
      },
      {
        id: 'amount',
        header: t('statements.amount'),
        sort: 'amount',
        align: 'end',
        width: '8rem',
        cell: (row) => (
          <span className={row.amount < 0 ? styles.out : undefined}>
            <Money amount={row.amount} currency={row.currency} />
          </span>
        ),
      },
      {
        id: 'pays',
        header: t('statements.pays'),
        width: '20%',
        cell: (row) =>
          row.proposals[0] ? (
            <span className={styles.cut}>
              <ProposalTarget proposal={row.proposals[0]} line />
            </span>
          ) : row.account_name ? (
            row.account_name
          ) : (
            <span className={styles.muted}>{row.ignore_reason ?? '–'}</span>
          ),
      },
      {
        id: 'state',
        header: t('statements.state_label'),
        width: '8.5rem',
        cell: (row) => <LineState line={row} />,
      },
      {
        id: 'reason',
        header: t('statements.why'),
        cell: (row) => {
          const reason = row.proposals[0]
            ? words(row.proposals[0], row.currency).reason
            : row.reason && t(`statements.reason.${row.reason}`)
          return reason ? (
            <span className={styles.cut} data-short="" title={reason}>
              {reason}
            </span>
          ) : (
            '–'
          )
        },
      },
    ],
    [t, words],
  )
  const approve = async (rows: BankLine[], clear: () => void) => {
    const certain = rows.filter((row) => row.state === 'proposed' && row.confidence === 'certain')
    if (certain.length === 0) {
      showToast({ tone: 'warning', title: t('statements.none_certain') })
      return
    }
    try {
      let booked = 0
      for (let at = 0; at < certain.length; at += 100) {
        const result = await orThrow(
          api.POST('/api/v1/office/bank-lines/approve', {
            body: { ids: certain.slice(at, at + 100).map((row) => row.id) },
          }),
        )
        booked += result.items.filter((one) => one.booked).length
      }
      const left = rows.length - booked
      showToast({
        tone: left > 0 ? 'warning' : 'good',
        title: t('statements.approved_toast', { count: booked }),
        detail: left > 0 ? t('statements.left_toast', { count: left }) : undefined,
      })
      clear()
    } catch (error) {
      onProblem(error)
    }
    await refreshStatements(queryClient)
  }
  const ignore = async (rows: BankLine[], clear: () => void) => {
    try {
      for (const row of rows.filter((one) => one.state === 'open' || one.state === 'proposed'))
        await orThrow(
          api.POST('/api/v1/office/bank-lines/{id}/ignore', {
            params: { path: { id: row.id } },
            body: { reason: null },
          }),
        )
      clear()
    } catch (error) {
      onProblem(error)
    }
    await refreshStatements(queryClient)
  }
  return (
    <DataTable
      name="bank-lines"
      label={t('statements.lines')}
      source={source}
      columns={columns}
      rowId={(row) => row.id}
      rowLabel={(row) => row.counterparty_name ?? (row.description || t('statements.no_text'))}
      rowTo={(row) => `/bank-statements/${found.id}/${row.id}`}
      searchHint={t('statements.search_line')}
      exportPath={`/api/v1/office/bank-lines.csv?statement_id=${found.id}`}
      bulkActions={
        may('payments.decide')
          ? [
              { label: t('statements.approve'), icon: IconCheck, onRun: approve },
              { label: t('statements.ignore'), icon: IconMinus, onRun: ignore },
            ]
          : []
      }
      filters={[
        {
          id: 'state',
          label: t('statements.state_label'),
          options: lineStates.map((value) => ({ value, label: t(`statements.line_state.${value}`) })),
        },
        {
          id: 'confidence',
          label: t('statements.confidence_label'),
          options: confidences.map((value) => ({ value, label: t(`statements.confidence.${value}`) })),
        },
        {
          id: 'direction',
          label: t('statements.direction'),
          options: (['in', 'out'] as const).map((value) => ({
            value,
            label: t(`statements.direction_${value}`),
          })),
        },
      ]}
    />
  )
}
