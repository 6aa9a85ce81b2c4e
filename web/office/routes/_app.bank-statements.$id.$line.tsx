import { Button, Checkbox, TextInput } from '@mantine/core'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconMinus from '@tabler/icons-react/dist/esm/icons/IconMinus.mjs'
import { useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { Account, BankLine, BankLineProposal } from '../../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../../shared/dialog.tsx'
import { Facts, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { accountsSource, openInvoicesQuery } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { numberOfInvoice } from '../invoice-words.ts'
import { PermittedButton } from '../permitted-button.tsx'
import { useMay } from '../session.ts'
import { lineQuery, refreshStatements, undecidedQuery } from '../statement-queries.ts'
import { Confidence, LineState, ProposalTarget, useProposalWords } from '../statement-words.tsx'
import styles from '../statements.module.css'

/** One line of a statement: what the bank said, what it may pay and why, and the decision. */
export const Route = createFileRoute('/_app/bank-statements/$id/$line')({
  loader: ({ context: { queryClient }, params }) => queryClient.ensureQueryData(lineQuery(params.line)),
  component: LinePage,
})

function LinePage() {
  const { t } = useTranslation()
  const { id, line: lineId } = Route.useParams()
  const { queryClient } = Route.useRouteContext()
  const navigate = Route.useNavigate()
  const may = useMay()
  const onProblem = useProblemToast()
  const { money } = useFormats()
  const { data: line } = useSuspenseQuery(lineQuery(lineId))
  const { data: waiting } = useQuery(undecidedQuery(id))
  const [choosing, setChoosing] = useState(false)
  const [ignoring, setIgnoring] = useState(false)
  const undecided = line.state === 'open' || line.state === 'proposed'
  const others = waiting?.items.filter((one) => one.id !== line.id) ?? []
  const next = others.find((one) => one.position > line.position) ?? others[0]
  const previous = others.findLast((one) => one.position < line.position)
  const go = (to: { id: string } | undefined) =>
    to
      ? void navigate({ to: '/bank-statements/$id/$line', params: { id, line: to.id } })
      : void navigate({ to: '/bank-statements/$id', params: { id } })
  const set = (changed: BankLine) => queryClient.setQueryData(lineQuery(line.id).queryKey, changed)
  const approve = useMutation({
    mutationFn: (proposal: BankLineProposal) =>
      orThrow(
        api.POST('/api/v1/office/bank-lines/{id}/approve', {
          params: { path: { id: line.id } },
          headers: idempotent(`${line.id}:${proposal.id}`),
          body: { proposal_id: proposal.id },
        }),
      ),
    onSuccess: (changed) => {
      set(changed)
      showToast({
        tone: 'good',
        title: t('statements.line_booked', {
          amount: money(changed.amount, changed.currency),
          name: changed.account_name ?? '',
        }),
      })
      go(next)
      void refreshStatements(queryClient)
    },
    onError: (error) => {
      onProblem(error)
      void refreshStatements(queryClient)
    },
  })
  const reopen = useMutation({
    mutationFn: () =>
      orThrow(api.POST('/api/v1/office/bank-lines/{id}/reopen', { params: { path: { id: line.id } } })),
    onSuccess: (changed) => {
      set(changed)
      void refreshStatements(queryClient)
    },
    onError: onProblem,
  })
  const keys = useRef<Record<string, () => void>>({})
  keys.current = {
    j: () => next && go(next),
    k: () => previous && go(previous),
    ...(undecided && may('payments.decide')
      ? {
          a: () => line.proposals[0] && !approve.isPending && approve.mutate(line.proposals[0]),
          c: () => setChoosing(true),
          i: () => setIgnoring(true),
        }
      : {}),
  }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return
      if (target.closest('input, textarea, select, [contenteditable], [role=menu]')) return
      const run = keys.current[event.key]
      if (!run) return
      event.preventDefault()
      run()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to={`/bank-statements/${id}`}>{t('statements.back_to_lines')}</BackLink>}
        title={line.counterparty_name ?? (line.description || t('statements.no_text'))}
        state={<LineState line={line} />}
        subtitle={line.bank_account_name}
        actions={
          others.length > 0 && (
            <>
              <Button variant="default" disabled={!previous} onClick={() => go(previous)}>
                {t('statements.previous')}
              </Button>
              <Button variant="default" disabled={!next} onClick={() => go(next)}>
                {t('statements.next')}
              </Button>
            </>
          )
        }
      />
      <Section>
        <div className={styles.form}>
          <div className={styles.amount}>
            <Money amount={line.amount} currency={line.currency} />
          </div>
          <Facts
            facts={[
              [t('statements.day'), <DateText key="day" value={line.booked_on} style="long" />],
              [t('statements.kind'), t(`statements.kinds.${line.kind}`)],
              line.counterparty_name !== null && [t('statements.payer'), line.counterparty_name],
              line.counterparty_tax_id !== null && [t('statements.tax_id'), line.counterparty_tax_id],
              line.counterparty_last_digits !== null && [
                t('statements.payer_account'),
                `…${line.counterparty_last_digits}`,
              ],
              line.description !== '' && [t('statements.text'), line.description],
              line.reference !== null && [t('statements.reference'), line.reference],
              line.end_to_end_id !== null && [t('statements.end_to_end_id'), line.end_to_end_id],
              line.bank_id !== null && [t('statements.bank_id'), line.bank_id],
            ]}
          />
        </div>
      </Section>
      {line.state === 'booked' && <Booked line={line} />}
      {line.state === 'ignored' && (
        <Callout
          tone="neutral"
          icon={<IconMinus size={20} aria-hidden />}
          title={t(line.amount < 0 ? 'statements.went_out' : 'statements.set_aside')}
        >
          {line.ignore_reason && <p>{line.ignore_reason}</p>}
          {line.amount > 0 && (
            <div>
              <PermittedButton
                needs="payments.decide"
                variant="default"
                loading={reopen.isPending}
                onClick={() => reopen.mutate()}
              >
                {t('statements.reopen')}
              </PermittedButton>
            </div>
          )}
        </Callout>
      )}
      {undecided && (
        <Section
          title={t('statements.may_pay')}
          description={line.proposals.length === 0 ? t('statements.nothing_found') : undefined}
          flush={line.proposals.length > 0}
          actions={
            <>
              <PermittedButton
                needs="payments.decide"
                variant="default"
                leftSection={<IconMinus size={16} aria-hidden />}
                onClick={() => setIgnoring(true)}
              >
                {t('statements.ignore')}
              </PermittedButton>
              <PermittedButton needs="payments.decide" variant="default" onClick={() => setChoosing(true)}>
                {t('statements.choose')}
              </PermittedButton>
            </>
          }
        >
          {line.proposals.length > 0 && (
            <ul className={styles.proposals}>
              {line.proposals.map((proposal, index) => (
                <ProposalItem
                  key={proposal.id}
                  proposal={proposal}
                  line={line}
                  main={index === 0}
                  busy={approve.isPending && approve.variables.id === proposal.id}
                  disabled={approve.isPending}
                  onApprove={() => approve.mutate(proposal)}
                />
              ))}
            </ul>
          )}
        </Section>
      )}
      {undecided && may('payments.decide') && (
        <p className={styles.keys}>
          <kbd>a</kbd> {t('statements.keys.approve')} · <kbd>c</kbd> {t('statements.keys.choose')} ·{' '}
          <kbd>i</kbd> {t('statements.keys.ignore')} · <kbd>j</kbd> <kbd>k</kbd> {t('statements.keys.move')}
        </p>
      )}
      {choosing && (
        <ChooseDialog
          line={line}
          onClose={() => setChoosing(false)}
          onDone={(changed) => {
            set(changed)
            void refreshStatements(queryClient)
          }}
        />
      )}
      {ignoring && (
        <IgnoreDialog
          line={line}
          onClose={() => setIgnoring(false)}
          onDone={(changed) => {
            set(changed)
            go(next)
            void refreshStatements(queryClient)
          }}
        />
      )}
    </Stacked>
  )
}

function ProposalItem({
  proposal,
  line,
  main,
  busy,
  disabled,
  onApprove,
}: {
  proposal: BankLineProposal
  line: BankLine
  main: boolean
  busy: boolean
  disabled: boolean
  onApprove: () => void
}) {
  const { t } = useTranslation()
  const { money, date } = useFormats()
  const { reason, notes } = useProposalWords()(proposal, line.currency)
  return (
    <li className={styles.proposal}>
      <div className={styles.why}>
        <header>
          <ProposalTarget proposal={proposal} links />
          <Confidence of={proposal.confidence} />
        </header>
        <p>{reason}</p>
        {proposal.invoices.length > 0 && (
          <div className={styles.invoices}>
            {proposal.invoices.map((invoice) => (
              <span key={invoice.id}>
                <Link to="/invoices/$id" params={{ id: invoice.id }}>
                  {invoice.number}
                </Link>{' '}
                {t('statements.invoice_due', {
                  date: date(invoice.due_date),
                  amount: money(invoice.open_amount, line.currency),
                })}
              </span>
            ))}
          </div>
        )}
        {notes.length > 0 && (
          <ul>
            {notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </div>
      <PermittedButton
        needs="payments.decide"
        variant={main ? 'filled' : 'default'}
        loading={busy}
        disabled={disabled && !busy}
        onClick={onApprove}
      >
        {t(proposal.payment_id ? 'statements.link' : 'statements.approve')}
      </PermittedButton>
    </li>
  )
}

function Booked({ line }: { line: BankLine }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  return (
    <Callout
      tone="good"
      icon={<IconCircleCheck size={20} aria-hidden />}
      title={t(line.recognised ? 'statements.was_booked' : 'statements.is_booked', {
        name: line.account_name ?? '',
      })}
    >
      <p>
        {line.reason && t(`statements.reason.${line.reason}`)}
        {line.decided_by_name &&
          line.decided_at &&
          ` · ${t('statements.decided', { name: line.decided_by_name, date: date(line.decided_at, 'long') })}`}
      </p>
      {line.account_id && (
        <p>
          <Link to="/accounts/$id" params={{ id: line.account_id }}>
            {t('statements.open_account')}
          </Link>
          {line.payment_id && (
            <>
              {' · '}
              <Link to={`/payments/${line.payment_id}` as never}>{t('statements.open_payment')}</Link>
            </>
          )}
        </p>
      )}
      <p>{t('statements.undo')}</p>
    </Callout>
  )
}

function ChooseDialog({
  line,
  onClose,
  onDone,
}: {
  line: BankLine
  onClose: () => void
  onDone: (changed: BankLine) => void
}) {
  const { t } = useTranslation()
  const { money, date } = useFormats()
  const [text, setText] = useState(line.counterparty_name ?? '')
  const [account, setAccount] = useState<Pick<Account, 'id' | 'name' | 'number'> | null>(null)
  const [chosen, setChosen] = useState<string[]>([])
  const search = text.trim()
  const found = useQuery({
    queryKey: ['accounts', 'for-line', line.business_unit_id, search],
    enabled: account === null && search.length >= 2,
    queryFn: ({ signal }) =>
      accountsSource.fetchPage(
        { q: search, business_unit_id: line.business_unit_id, limit: 8, sort: 'name' } as never,
        signal,
      ),
  })
  const invoices = useQuery({ ...openInvoicesQuery(account?.id ?? ''), enabled: account !== null })
  const save = useMutation({
    mutationFn: () =>
      orThrow(
        api.PUT('/api/v1/office/bank-lines/{id}/proposal', {
          params: { path: { id: line.id } },
          body: { account_id: account?.id ?? '', invoice_ids: chosen, order_id: null },
        }),
      ),
    onSuccess: (changed) => {
      onDone(changed)
      onClose()
    },
  })
  const open = invoices.data?.items ?? []
  const owed = open.filter((one) => chosen.includes(one.id)).reduce((sum, one) => sum + one.open_amount, 0)
  const rest = line.amount - owed
  return (
    <Dialog
      opened
      onClose={onClose}
      title={t('statements.choose_title', { amount: money(line.amount, line.currency) })}
    >
      <div className={styles.form}>
        <ProblemAlert error={save.error} />
        {account === null ? (
          <>
            <TextInput
              label={t('statements.choose_account')}
              description={t('statements.choose_account_help')}
              value={text}
              data-autofocus
              onChange={(event) => setText(event.currentTarget.value)}
            />
            <div aria-live="polite">
              {found.data && found.data.items.length === 0 && (
                <p className={styles.muted}>{t('statements.nobody_found')}</p>
              )}
              {found.data && found.data.items.length > 0 && (
                <ul className={styles.results}>
                  {found.data.items.map((one) => (
                    <li key={one.id}>
                      <button type="button" onClick={() => setAccount(one)}>
                        <span>{one.name}</span>
                        <span className={styles.muted}>
                          {one.owed > 0 ? money(one.owed, one.currency) : `#${one.number}`}
                        </span>
                      </button>
                    </li>
                  ))}
                </ul>
              )}
            </div>
          </>
        ) : (
          <>
            <div className={styles.bar} data-start="">
              <strong>{account.name}</strong>
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  setAccount(null)
                  setChosen([])
                }}
              >
                {t('statements.other_account')}
              </Button>
            </div>
            <ProblemAlert error={invoices.error} onRetry={invoices.refetch} />
            {open.map((one) => (
              <Checkbox
                key={one.id}
                label={t('accounts.payment_invoice', {
                  number: numberOfInvoice(one),
                  due: date(one.due_date),
                  amount: money(one.open_amount, one.currency),
                })}
                checked={chosen.includes(one.id)}
                onChange={(event) =>
                  setChosen(
                    event.currentTarget.checked ? [...chosen, one.id] : chosen.filter((id) => id !== one.id),
                  )
                }
              />
            ))}
            <p role="status" className={styles.muted}>
              {chosen.length === 0
                ? t('statements.oldest_first')
                : rest === 0
                  ? t('statements.exact')
                  : t(rest > 0 ? 'statements.note.more' : 'statements.note.less', {
                      amount: money(Math.abs(rest), line.currency),
                    })}
            </p>
          </>
        )}
      </div>
      <DialogActions>
        <Button variant="default" onClick={onClose}>
          {t('common:action.cancel')}
        </Button>
        <Button disabled={account === null} loading={save.isPending} onClick={() => save.mutate()}>
          {t('statements.take_over')}
        </Button>
      </DialogActions>
    </Dialog>
  )
}

function IgnoreDialog({
  line,
  onClose,
  onDone,
}: {
  line: BankLine
  onClose: () => void
  onDone: (changed: BankLine) => void
}) {
  const { t } = useTranslation()
  const [reason, setReason] = useState('')
  const save = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/bank-lines/{id}/ignore', {
          params: { path: { id: line.id } },
          body: { reason: reason.trim() || null },
        }),
      ),
    onSuccess: (changed) => {
      onClose()
      onDone(changed)
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('statements.ignore_title')} size="small">
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault()
          save.mutate()
        }}
      >
        <p>{t('statements.ignore_text')}</p>
        <ProblemAlert error={save.error} />
        <TextInput
          label={t('statements.ignore_reason')}
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {t('statements.ignore')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
