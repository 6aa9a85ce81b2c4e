import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleDashed from '@tabler/icons-react/dist/esm/icons/IconCircleDashed.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconHelpCircle from '@tabler/icons-react/dist/esm/icons/IconHelpCircle.mjs'
import IconLoader2 from '@tabler/icons-react/dist/esm/icons/IconLoader2.mjs'
import IconMinus from '@tabler/icons-react/dist/esm/icons/IconMinus.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { BankLine, BankLineProposal, BankStatementSummary } from '../shared/api-types.gen.ts'
import { ToneBadge } from '../shared/state-badge.tsx'
import { useFormats } from '../shared/use-formats.ts'
import styles from './statements.module.css'

const statementLooks = {
  draft: { tone: 'neutral', icon: IconPencil },
  reading: { tone: 'info', icon: IconLoader2 },
  ready: { tone: 'good', icon: IconCircleCheck },
  failed: { tone: 'bad', icon: IconCircleX },
} as const

/** Whether a statement is read. */
export function StatementState({ state }: { state: BankStatementSummary['state'] }) {
  const { t } = useTranslation()
  return <ToneBadge {...statementLooks[state]}>{t(`statements.state.${state}`)}</ToneBadge>
}

const confidenceLooks = {
  certain: { tone: 'good', icon: IconCircleCheck },
  likely: { tone: 'info', icon: IconCircleDashed },
  possible: { tone: 'warning', icon: IconHelpCircle },
} as const

/** How sure a proposal is. */
export function Confidence({ of }: { of: BankLineProposal['confidence'] }) {
  const { t } = useTranslation()
  return <ToneBadge {...confidenceLooks[of]}>{t(`statements.confidence.${of}`)}</ToneBadge>
}

/** What became of a line, or how sure it is what it pays. */
export function LineState({ line }: { line: Pick<BankLine, 'state' | 'confidence' | 'recognised'> }) {
  const { t } = useTranslation()
  if (line.state === 'proposed' && line.confidence) return <Confidence of={line.confidence} />
  if (line.state === 'booked')
    return (
      <ToneBadge tone="good" icon={IconCircleCheck}>
        {t(line.recognised ? 'statements.line_state.recognised' : 'statements.line_state.booked')}
      </ToneBadge>
    )
  return (
    <ToneBadge tone="neutral" icon={line.state === 'ignored' ? IconMinus : IconHelpCircle}>
      {t(`statements.line_state.${line.state}`)}
    </ToneBadge>
  )
}

/** Why a proposal was made, in a sentence, and what to know before approving it. */
export function useProposalWords() {
  const { t } = useTranslation()
  const { money, date, number } = useFormats()
  return (proposal: BankLineProposal, currency: string): { reason: string; notes: string[] } => {
    const { facts } = proposal
    const told = (name: string) => (typeof facts[name] === 'number' ? facts[name] : null)
    const notes: string[] = []
    const difference = told('difference')
    if (difference !== null && difference !== 0)
      notes.push(
        t(difference > 0 ? 'statements.note.more' : 'statements.note.less', {
          amount: money(Math.abs(difference), currency),
        }),
      )
    const alike = told('alike')
    if (alike !== null && alike > 1) notes.push(t('statements.note.alike', { number: number(alike) }))
    const similarity = told('similarity')
    if (similarity !== null && similarity < 100)
      notes.push(t('statements.note.similarity', { percent: similarity }))
    const namesakes = told('namesakes')
    if (namesakes !== null) notes.push(t('statements.note.namesakes', { number: number(namesakes) }))
    if (facts.repeated === true) notes.push(t('statements.note.repeated'))
    if (facts.awaited === true) notes.push(t('statements.note.awaited'))
    const booked = told('booked')
    if (booked !== null) notes.push(t('statements.note.booked', { amount: money(booked, currency) }))
    for (const name of ['paid_on', 'received_on'] as const) {
      const day = facts[name]
      if (typeof day === 'string') notes.push(t(`statements.note.${name}`, { date: date(day) }))
    }
    return { reason: t(`statements.reason.${proposal.reason}`), notes }
  }
}

/** What a proposal pays, in few words: the account, and its invoices, order or payment; in one line of a table without them apart. */
export function ProposalTarget({
  proposal,
  links,
  line,
}: {
  proposal: BankLineProposal
  links?: boolean
  line?: boolean
}) {
  const { t } = useTranslation()
  const pays = proposal.payment_id
    ? t('statements.is_payment')
    : proposal.payment_notice_id
      ? t('statements.is_notice')
      : proposal.order_number !== null
        ? t('statements.is_order', { number: proposal.order_number })
        : proposal.intent_id
          ? t('statements.is_intent')
          : null
  const invoices = proposal.invoices.map((invoice) => invoice.number).join(', ')
  if (line) {
    return (
      <>
        {proposal.account_name} <span className={styles.muted}>{invoices || pays}</span>
      </>
    )
  }
  return (
    <span className={styles.target}>
      {links ? (
        <Link to="/accounts/$id" params={{ id: proposal.account_id }}>
          {proposal.account_name}
        </Link>
      ) : (
        <strong>{proposal.account_name}</strong>
      )}
      <span>{[pays, invoices].filter(Boolean).join(' · ') || t('statements.oldest_first')}</span>
    </span>
  )
}

/** What is wrong with a file, and where. */
export function useStatementFault() {
  const { t } = useTranslation()
  return (found: Pick<BankStatementSummary, 'error' | 'error_line' | 'error_params'>): string => {
    if (!found.error) return ''
    const text = String(t(`statements.fault.${found.error}`, found.error_params as Record<string, string>))
    return found.error_line === null ? text : `${t('statements.at_line', { line: found.error_line })} ${text}`
  }
}

/** What people should know of a statement although it was read. */
export function useStatementWarning() {
  const { t } = useTranslation()
  const { money } = useFormats()
  return ({ code, params }: BankStatementSummary['warnings'][number]): string => {
    const currency = String(params.currency ?? '')
    return String(
      t(`statements.warning.${code}`, {
        ...params,
        ...(code === 'balance_differs'
          ? { told: money(Number(params.told), currency), found: money(Number(params.found), currency) }
          : {}),
      } as Record<string, string>),
    )
  }
}
