import { Button } from '@mantine/core'
import IconDots from '@tabler/icons-react/dist/esm/icons/IconDots.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { BankChargeDetail } from '../../shared/api-types.gen.ts'
import { Menu, type MenuItem } from '../../shared/menu.tsx'
import { Columns, Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { type SimpleColumn, SimpleTable } from '../../shared/simple-table.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { type ChargeAction, ChargeActionDialog } from '../bank-charge-dialogs.tsx'
import { bankChargeQuery } from '../bank-file-queries.ts'
import { BankChargeBadge, EffectBadge } from '../bank-file-words.tsx'
import styles from '../bank-files.module.css'
import { useMay } from '../session.ts'

/** One boleto or debit: its terms, what the bank was told of it, and what it said. */
export const Route = createFileRoute('/_app/payments/bank-charges/$id')({
  loader: ({ context: { queryClient }, params }) => queryClient.ensureQueryData(bankChargeQuery(params.id)),
  component: BankChargePage,
})

function BankChargePage() {
  const { t } = useTranslation('bankfiles')
  const { id } = Route.useParams()
  const { data: charge } = useSuspenseQuery(bankChargeQuery(id))
  const [asking, setAsking] = useState<ChargeAction | null>(null)
  return (
    <>
      <PageTitle
        back={<BackLink to="/payments/bank-charges">{t('charges_title')}</BackLink>}
        title={t(`charge.title_${charge.kind}`, { number: charge.our_number })}
        state={
          charge.withdrawn_at !== null && charge.ended_at === null ? (
            <ToneBadge tone="warning">{t('withdrawing')}</ToneBadge>
          ) : (
            <BankChargeBadge state={charge.state} />
          )
        }
        subtitle={
          <Link to="/accounts/$id" params={{ id: charge.account_id }}>
            {charge.account_name}
          </Link>
        }
        actions={<Actions charge={charge} onAsk={setAsking} />}
      />
      <Columns
        main={
          <Stacked>
            <Told charge={charge} />
            <Said charge={charge} />
          </Stacked>
        }
        aside={
          <Stacked>
            <Terms charge={charge} />
            <Dates charge={charge} />
          </Stacked>
        }
      />
      {asking && <ChargeActionDialog charge={charge} action={asking} onClose={() => setAsking(null)} />}
    </>
  )
}

/** What can be done as long as a boleto is open, by who may decide of payments. */
function Actions({ charge, onAsk }: { charge: BankChargeDetail; onAsk: (action: ChargeAction) => void }) {
  const { t } = useTranslation('bankfiles')
  const may = useMay()
  if (
    charge.kind !== 'boleto' ||
    charge.ended_at !== null ||
    charge.withdrawn_at !== null ||
    !may('payments.decide')
  )
    return null
  // Only what is overdue can be protested.
  const today = new Date().toISOString().slice(0, 10)
  const more: MenuItem[] = [
    ...(charge.abatement > 0 ? [{ label: t('charge.unabate'), onClick: () => onAsk('unabate') }] : []),
    ...(charge.protested_at !== null
      ? [{ label: t('charge.stop'), onClick: () => onAsk('stop') }]
      : charge.state === 'registered' || charge.due_date >= today
        ? []
        : [{ label: t('charge.protest_do'), danger: true, onClick: () => onAsk('protest') }]),
  ]
  return (
    <>
      {more.length > 0 && (
        <Menu label={t('charge.more')} trigger={<IconDots size={18} aria-hidden />} items={more} />
      )}
      <Button variant="default" onClick={() => onAsk('abate')}>
        {t(charge.abatement > 0 ? 'charge.abate_change' : 'charge.abate')}
      </Button>
      <Button onClick={() => onAsk('due_date')}>{t('charge.change_due_date')}</Button>
    </>
  )
}

function Terms({ charge }: { charge: BankChargeDetail }) {
  const { t } = useTranslation('bankfiles')
  const { number, date } = useFormats()
  const rate = (hundredths: number) => `${number(hundredths / 100)}%`
  const boleto = charge.kind === 'boleto'
  return (
    <Section title={t('charge.facts')}>
      <Facts
        stacked
        facts={[
          [t('amount'), <Money key="amount" amount={charge.amount} currency={charge.currency} />],
          charge.abatement > 0 && [
            t('abatement_amount'),
            <Money key="abatement" amount={-charge.abatement} currency={charge.currency} />,
          ],
          charge.abatement > 0 && [
            t('charge.to_pay'),
            <Money key="to_pay" amount={charge.amount - charge.abatement} currency={charge.currency} />,
          ],
          [t('due_date'), <DateText key="due" value={charge.due_date} />],
          [t('invoices'), charge.invoices.join(', ')],
          boleto && [
            t('charge.discount'),
            charge.discount_until === null
              ? t('charge.none')
              : t('charge.discount_until', {
                  rate: rate(charge.discount_rate),
                  date: date(charge.discount_until),
                }),
          ],
          boleto && [t('charge.fine'), rate(charge.fine_rate)],
          boleto && [t('charge.interest'), rate(charge.interest_rate)],
          boleto && [
            t('charge.protest'),
            charge.protested_at !== null
              ? t('charge.protest_since', { date: date(charge.protested_at) })
              : charge.protest_days > 0
                ? t('charge.protest_after', { count: charge.protest_days })
                : t('charge.never'),
          ],
          charge.failure_codes.length > 0 && [t('reasons'), charge.failure_codes.join(' ')],
          charge.typeable_line !== null && [
            t('typeable_line'),
            <span key="line" className={styles.typed}>
              {charge.typeable_line}
            </span>,
          ],
          [t('provider'), charge.provider_name],
        ]}
      />
    </Section>
  )
}

function Dates({ charge }: { charge: BankChargeDetail }) {
  const { t } = useTranslation('bankfiles')
  return (
    <Section title={t('charge.dates')}>
      <Facts
        stacked
        facts={[
          [t('created_at'), <DateText key="created" value={charge.created_at} />],
          [t('charge.sent_at'), charge.sent_at && <DateText key="sent" value={charge.sent_at} />],
          [
            t('charge.confirmed_at'),
            charge.confirmed_at && <DateText key="confirmed" value={charge.confirmed_at} />,
          ],
          charge.ended_at !== null && [
            t('charge.ended_at'),
            <DateText key="ended" value={charge.ended_at} />,
          ],
        ]}
      />
    </Section>
  )
}

function FileLink({ id, name }: { id: string; name: string }) {
  return (
    <Link to="/payments/bank-files/$id" params={{ id }}>
      {name}
    </Link>
  )
}

type Instruction = BankChargeDetail['instructions'][number]

function AnswerBadge({ one }: { one: Instruction }) {
  const { t } = useTranslation('bankfiles')
  if (one.bank_file_id === null) return <ToneBadge tone="neutral">{t('charge.waits')}</ToneBadge>
  if (one.answered_at === null) return <ToneBadge tone="info">{t('charge.unanswered')}</ToneBadge>
  if (!one.refused) return <ToneBadge tone="good">{t('charge.taken')}</ToneBadge>
  return <ToneBadge tone="bad">{[t('charge.refused'), ...one.reasons].join(' · ')}</ToneBadge>
}

function Told({ charge }: { charge: BankChargeDetail }) {
  const { t } = useTranslation('bankfiles')
  return (
    <Section title={t('charge.told')} description={t('charge.told_text')} flush>
      <SimpleTable
        label={t('charge.told')}
        rows={charge.instructions}
        rowId={(row) => row.id}
        columns={[
          {
            id: 'kind',
            header: t('movement'),
            primary: true,
            cell: (row) => t(`instruction.${row.kind}`),
          },
          {
            id: 'value',
            header: t('charge.value'),
            cell: (row) =>
              row.due_date !== null ? (
                <DateText value={row.due_date} />
              ) : row.abatement ? (
                <Money amount={row.abatement} currency={charge.currency} />
              ) : (
                '–'
              ),
          },
          {
            id: 'asked',
            header: t('charge.asked_at'),
            cell: (row) => (
              <>
                <DateText value={row.created_at} /> · {row.asked_by_name ?? t('charge.by_itself')}
              </>
            ),
          },
          {
            id: 'file',
            header: t('kinds.remittance'),
            cell: (row) =>
              row.bank_file_id === null ? (
                '–'
              ) : (
                <FileLink id={row.bank_file_id} name={row.bank_file_name ?? ''} />
              ),
          },
          { id: 'answer', header: t('charge.answer'), cell: (row) => <AnswerBadge one={row} /> },
        ]}
      />
    </Section>
  )
}

const parts = ['late_amount', 'discount_amount', 'abatement_amount', 'fee_amount', 'credited_amount'] as const

function Said({ charge }: { charge: BankChargeDetail }) {
  const { t } = useTranslation('bankfiles')
  const { money } = useFormats()
  if (charge.events.length === 0)
    return (
      <Section title={t('charge.said')}>
        <p>{t('charge.said_none')}</p>
      </Section>
    )
  const paid: SimpleColumn<BankChargeDetail['events'][number]>[] = [
    {
      id: 'paid',
      header: t('paid_amount'),
      align: 'end',
      cell: (row) =>
        row.paid_amount === 0 ? '–' : <Money amount={row.paid_amount} currency={charge.currency} />,
    },
    {
      id: 'parts',
      header: t('charge.parts'),
      cell: (row) => {
        const some = parts.filter((name) => row[name] > 0)
        if (some.length === 0) return '–'
        return (
          <span className={styles.parts}>
            {some.map((name) => (
              <span key={name}>{`${t(name)} ${money(row[name], charge.currency)}`}</span>
            ))}
          </span>
        )
      },
    },
  ]
  return (
    <Section title={t('charge.said')} flush>
      <SimpleTable
        label={t('charge.said')}
        rows={charge.events}
        rowId={(row) => `${row.bank_file_id} ${row.line}`}
        columns={[
          {
            id: 'effect',
            header: t('effect_label'),
            primary: true,
            cell: (row) => <EffectBadge effect={row.effect} />,
          },
          {
            id: 'movement',
            header: t('movement'),
            cell: (row) => [row.movement, ...row.occurrences].join(' · '),
          },
          {
            id: 'on',
            header: t('occurred_on'),
            cell: (row) => (row.occurred_on ? <DateText value={row.occurred_on} /> : '–'),
          },
          ...(charge.events.some((one) => one.paid_amount > 0) ? paid : []),
          {
            id: 'file',
            header: t('kinds.return'),
            cell: (row) => <FileLink id={row.bank_file_id} name={row.bank_file_name} />,
          },
        ]}
      />
    </Section>
  )
}
