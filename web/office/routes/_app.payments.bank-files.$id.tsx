import { Button } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconPlayerPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { BankFile, BankFileLine, BankInstruction } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { ProgressBar } from '../../shared/job-tray.tsx'
import { PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import type { Search } from '../../shared/router.ts'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import {
  bankFileQuery,
  bankInstructionsSource,
  bankLinesSource,
  isBankFileBusy,
  refreshBankFiles,
} from '../bank-file-queries.ts'
import { BankChargeBadge, BankFileBadge, EffectBadge } from '../bank-file-words.tsx'
import styles from '../bank-files.module.css'
import closingStyles from '../closings.module.css'
import { Figures } from '../figures.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { useMay } from '../session.ts'

/** One file of a bank: what is in it, what is wrong with it, what it did. */
export const Route = createFileRoute('/_app/payments/bank-files/$id')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loader: ({ context: { queryClient }, params }) => queryClient.ensureQueryData(bankFileQuery(params.id)),
  component: BankFilePage,
})

function BankFilePage() {
  const { t } = useTranslation('bankfiles')
  const { id } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const { data: file } = useSuspenseQuery(bankFileQuery(id))
  const busy = isBankFileBusy(file.state)
  const before = useRef(file.state)
  useEffect(() => {
    const was = before.current
    before.current = file.state
    if (was === file.state || !isBankFileBusy(was) || busy) return
    void queryClient.invalidateQueries({ queryKey: ['bank-files', 'list'] })
    void queryClient.invalidateQueries({ queryKey: ['bank-files', 'providers'] })
    void queryClient.invalidateQueries({ queryKey: ['bank-charges'] })
    if (file.state === 'applied' || file.state === 'ready')
      showToast({ tone: 'good', title: t(`${file.state}_toast`, { name: file.name }) })
  }, [file.state, file.name, busy, queryClient, t])
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to="/payments/bank-files">{t('title')}</BackLink>}
        title={file.name}
        state={<BankFileBadge state={file.state} />}
        subtitle={
          <>
            {t(`kinds.${file.kind}`)}
            {file.sequence !== null && ` ${t('sequence')} ${file.sequence}`} · {file.provider_name} ·{' '}
            {file.business_unit_name} · <DateText value={file.made_on ?? file.created_at} style="long" />
          </>
        }
        actions={!busy && <Actions file={file} />}
      />
      {busy && <Progress file={file} />}
      {file.state === 'faulty' && <Faults file={file} />}
      {file.state === 'failed' && (
        <Callout tone="bad" icon={<IconCircleX size={20} aria-hidden />} title={t('failed_title')}>
          <p>{t('failed_text')}</p>
          {file.error && <p>{file.error}</p>}
        </Callout>
      )}
      {file.state === 'read' && (
        <Callout tone="warning" icon={<IconAlertTriangle size={20} aria-hidden />} title={t('waits_title')}>
          <p>{t('waits_text')}</p>
        </Callout>
      )}
      {file.state !== 'faulty' && file.state !== 'reading' && file.state !== 'queued' && (
        <>
          <Summary file={file} />
          {file.kind === 'return' ? (
            <Lines file={file} />
          ) : (
            file.state === 'ready' && <Instructions file={file} />
          )}
        </>
      )}
    </Stacked>
  )
}

function Actions({ file }: { file: BankFile }) {
  const { t } = useTranslation('bankfiles')
  const { money } = useFormats()
  const may = useMay()
  const { queryClient } = Route.useRouteContext()
  const [asking, setAsking] = useState<'apply' | 'discard' | null>(null)
  const path = { params: { path: { id: file.id } } }
  const set = (next: BankFile) => {
    queryClient.setQueryData(bankFileQuery(file.id).queryKey, next)
    void refreshBankFiles(queryClient)
  }
  const of = (effect: BankFileLine['effect']) => file.effects.find((one) => one.effect === effect)
  const received = of('received')
  const unknown = of('unknown')
  return (
    <>
      {may('payments.decide') && file.size !== null && (
        <Button
          component="a"
          href={`/api/v1/office/bank-files/${file.id}/content`}
          download={file.name}
          variant={file.kind === 'remittance' ? 'filled' : 'default'}
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t('download')}
        </Button>
      )}
      {file.state === 'read' && (
        <>
          {may('payments.decide') && (
            <Button variant="default" onClick={() => setAsking('discard')}>
              {t('discard')}
            </Button>
          )}
          <PermittedButton
            needs="payments.decide"
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            onClick={() => setAsking('apply')}
          >
            {t('apply')}
          </PermittedButton>
        </>
      )}
      <ConfirmDialog
        opened={asking === 'apply'}
        onClose={() => setAsking(null)}
        title={t('apply_title')}
        confirm={t('apply')}
        onConfirm={async () => set(await orThrow(api.POST('/api/v1/office/bank-files/{id}/apply', path)))}
      >
        <ul className={closingStyles.consequence}>
          <li>
            {t('apply_received', {
              count: received?.records ?? 0,
              amount: money(received?.paid_amount ?? 0, file.currency),
            })}
          </li>
          {unknown && <li>{t('apply_unknown', { count: unknown.records })}</li>}
          <li>{t('apply_once')}</li>
        </ul>
      </ConfirmDialog>
      <ConfirmDialog
        opened={asking === 'discard'}
        onClose={() => setAsking(null)}
        title={t('discard_title')}
        confirm={t('discard')}
        onConfirm={async () => set(await orThrow(api.POST('/api/v1/office/bank-files/{id}/discard', path)))}
      >
        <p>{t('discard_text')}</p>
      </ConfirmDialog>
    </>
  )
}

function Progress({ file }: { file: BankFile }) {
  const { t } = useTranslation('bankfiles')
  const { number } = useFormats()
  const label = t(`progress.${file.state}`)
  const share = file.state === 'applying' && file.records > 0 ? file.records_done / file.records : null
  return (
    <Section>
      <div className={closingStyles.progress} role="status">
        <strong>{label}</strong>
        <ProgressBar share={share} label={label} />
        <p>
          {share !== null &&
            `${t('done_of', { done: number(file.records_done), total: number(file.records) })} `}
          {t('may_leave')}
        </p>
      </div>
    </Section>
  )
}

function Faults({ file }: { file: BankFile }) {
  const { t } = useTranslation('bankfiles')
  const { number } = useFormats()
  return (
    <>
      <Callout
        tone="bad"
        icon={<IconCircleX size={20} aria-hidden />}
        title={t('faulty_title', { count: file.fault_count })}
      >
        <p>{t('faulty_text')}</p>
      </Callout>
      <Section
        title={t('faults')}
        description={
          file.fault_count > file.faults.length
            ? t('faults_more', { shown: number(file.faults.length) })
            : undefined
        }
        flush
      >
        <ul className={styles.faults}>
          {file.faults.map((fault, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the report never changes
            <li key={index}>
              <span>{t('line_of', { line: number(fault.line) })}</span>
              {t(`fault.${fault.code}`, fault.params)}
            </li>
          ))}
        </ul>
      </Section>
    </>
  )
}

function Summary({ file }: { file: BankFile }) {
  const { t } = useTranslation('bankfiles')
  const { number, money } = useFormats()
  const received = file.effects.find(({ effect }) => effect === 'received')
  return (
    <Figures
      figures={[
        file.kind === 'return'
          ? {
              id: 'total',
              label: t('total_in'),
              value: <Money amount={received?.paid_amount ?? 0} currency={file.currency} />,
              note: t('payments', { count: received?.records ?? 0 }),
            }
          : {
              id: 'total',
              label: t('total_out'),
              value: <Money amount={file.total} currency={file.currency} />,
            },
        { id: 'records', label: t('records'), value: number(file.records) },
        ...file.effects
          .filter(({ effect }) => effect !== 'received')
          .map(({ effect, records, paid_amount }) => ({
            id: effect,
            label: t(`effect.${effect}`),
            value: number(records),
            ...(paid_amount > 0 ? { note: money(paid_amount, file.currency) } : {}),
            ...(effect === 'unknown' || effect === 'rejected' ? { tone: 'warning' as const } : {}),
          })),
      ]}
    />
  )
}

function AccountLink({ id, name }: { id: string | null; name: string | null }) {
  const { t } = useTranslation('bankfiles')
  if (id === null) return <>{t('no_account')}</>
  return (
    <Link to="/accounts/$id" params={{ id }}>
      {name}
    </Link>
  )
}

function ChargeLink({ id, number }: { id: string | null; number: string }) {
  const text = <span className={styles.number}>{number}</span>
  if (id === null) return text
  return (
    <Link to="/payments/bank-charges/$id" params={{ id }}>
      {text}
    </Link>
  )
}

/** Amounts of a return that most records do not have. */
const extras = [
  'late_amount',
  'discount_amount',
  'abatement_amount',
  'iof_amount',
  'fee_amount',
  'credited_amount',
] as const

function Lines({ file }: { file: BankFile }) {
  const { t } = useTranslation('bankfiles')
  const { number } = useFormats()
  const source = useMemo(() => bankLinesSource(file.id, file.state), [file.id, file.state])
  const columns = useMemo<Column<BankFileLine>[]>(
    () => [
      { id: 'line', header: t('line'), cell: (row) => number(row.line), align: 'end', sort: 'line' },
      {
        id: 'our_number',
        header: t('our_number'),
        cell: (row) => <ChargeLink id={row.charge_id} number={row.our_number} />,
        primary: true,
      },
      {
        id: 'account',
        header: t('account'),
        cell: (row) => <AccountLink id={row.account_id} name={row.account_name} />,
        width: '20%',
      },
      { id: 'effect', header: t('effect_label'), cell: (row) => <EffectBadge effect={row.effect} /> },
      {
        id: 'paid',
        header: t('paid_amount'),
        cell: (row) =>
          row.paid_amount === 0 ? '–' : <Money amount={row.paid_amount} currency={file.currency} />,
        align: 'end',
      },
      {
        id: 'amount',
        header: t('amount'),
        cell: (row) => <Money amount={row.charge_amount ?? row.amount} currency={file.currency} />,
        align: 'end',
      },
      {
        id: 'movement',
        header: t('movement'),
        cell: (row) => [row.movement, ...row.occurrences].filter(Boolean).join(' · '),
      },
      { id: 'invoices', header: t('invoices'), cell: (row) => row.invoices.join(', ') || '–' },
      {
        id: 'occurred_on',
        header: t('occurred_on'),
        cell: (row) => (row.occurred_on ? <DateText value={row.occurred_on} /> : '–'),
      },
      {
        id: 'credited_on',
        header: t('credited_on'),
        cell: (row) => (row.credited_on ? <DateText value={row.credited_on} /> : '–'),
        optional: true,
      },
      ...extras.map<Column<BankFileLine>>((name) => ({
        id: name,
        header: t(name),
        cell: (row) => (row[name] === 0 ? '–' : <Money amount={row[name]} currency={file.currency} />),
        align: 'end',
        optional: true,
      })),
    ],
    [t, number, file.currency],
  )
  return (
    <DataTable
      name="bank-file-lines"
      label={t('lines')}
      source={source}
      columns={columns}
      rowId={(row) => String(row.line)}
      rowLabel={(row) => row.our_number}
      searchable={false}
      filters={[
        {
          id: 'effect',
          label: t('effect_label'),
          options: file.effects.map(({ effect }) => ({ value: effect, label: t(`effect.${effect}`) })),
        },
      ]}
    />
  )
}

function Instructions({ file }: { file: BankFile }) {
  const { t } = useTranslation('bankfiles')
  const source = useMemo(() => bankInstructionsSource(file.id), [file.id])
  const columns = useMemo<Column<BankInstruction>[]>(
    () => [
      {
        id: 'our_number',
        header: t('our_number'),
        cell: (row) => <ChargeLink id={row.charge_id} number={row.our_number} />,
        primary: true,
      },
      {
        id: 'account',
        header: t('account'),
        cell: (row) => <AccountLink id={row.account_id} name={row.account_name} />,
        width: '28%',
      },
      { id: 'kind', header: t('movement'), cell: (row) => t(`instruction.${row.kind}`) },
      { id: 'due_date', header: t('due_date'), cell: (row) => <DateText value={row.due_date} /> },
      {
        id: 'amount',
        header: t('amount'),
        cell: (row) => <Money amount={row.amount} currency={file.currency} />,
        align: 'end',
      },
      {
        id: 'abatement',
        header: t('abatement_amount'),
        cell: (row) =>
          row.abatement === null ? '–' : <Money amount={row.abatement} currency={file.currency} />,
        align: 'end',
        optional: true,
      },
      { id: 'state', header: t('state_label'), cell: (row) => <BankChargeBadge state={row.state} /> },
    ],
    [t, file.currency],
  )
  return (
    <DataTable
      name="bank-instructions"
      label={t('instructions')}
      source={source}
      columns={columns}
      rowId={(row) => row.id}
      rowLabel={(row) => row.our_number}
      searchable={false}
    />
  )
}
