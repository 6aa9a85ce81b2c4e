import { Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs'
import IconFileCheck from '@tabler/icons-react/dist/esm/icons/IconFileCheck.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { OwnInvoice, OwnPaymentNotice, PaymentOptions } from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { DateInput, FileDrop, MoneyInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { Money } from '../../shared/values.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import {
  numberOfInvoice,
  openInvoicesQuery,
  paymentOptionsQuery,
  paymentQuery,
  stateOfInvoice,
} from '../billing-queries.ts'
import { ButtonLink } from '../button-link.tsx'
import { List, Row } from '../list.tsx'
import styles from '../pay.module.css'
import { homeQuery } from '../session.ts'

/** Pays one or several invoices: how to pay, and the notice that it was done. `again` is a notice that was refused. */
export const Route = createFileRoute('/_app/pay')({
  validateSearch: (search: Record<string, unknown>): { invoices?: string; again?: string } => ({
    invoices: search.invoices ? String(search.invoices) : undefined,
    again: search.again ? String(search.again) : undefined,
  }),
  loaderDeps: ({ search: { again } }) => ({ again }),
  loader: async ({ context: { queryClient }, deps }) => {
    const [, , , before] = await Promise.all([
      queryClient.fetchQuery({ ...openInvoicesQuery, staleTime: 0 }),
      queryClient.ensureQueryData(paymentOptionsQuery),
      queryClient.ensureQueryData(homeQuery),
      deps.again ? queryClient.ensureQueryData(paymentQuery(deps.again)) : null,
    ])
    return { before }
  },
  component: PayPage,
  errorComponent: AreaProblem,
})

function PayPage() {
  const { t } = useTranslation()
  const [done, setDone] = useState<OwnPaymentNotice | null>(null)
  const { data: invoices } = useSuspenseQuery(openInvoicesQuery)
  const { data: options } = useSuspenseQuery(paymentOptionsQuery)
  const { data: home } = useSuspenseQuery(homeQuery)
  const { before } = Route.useLoaderData()
  const search = Route.useSearch()
  const checking = useMemo(
    () => new Set(home.invoices.filter((one) => one.notified).map((one) => one.id)),
    [home],
  )
  const wanted = before
    ? before.invoices.map((one: { id: string }) => one.id)
    : (search.invoices?.split(',') ?? null)
  if (done) return <Done notice={done} />
  return (
    <>
      <PageTitle
        back={<BackLink to="/invoices">{t('invoices.title')}</BackLink>}
        title={t('pay.title')}
        subtitle={t('pay.subtitle')}
      />
      {invoices.length === 0 ? (
        <Section>
          <EmptyState
            icon={<IconCircleCheck size={24} aria-hidden />}
            title={t('pay.nothing')}
            action={
              <ButtonLink to="/invoices" search={{ state: 'all' }} variant="default">
                {t('services.see_invoices')}
              </ButtonLink>
            }
          >
            {t('pay.nothing_text')}
          </EmptyState>
        </Section>
      ) : (
        <PayForm
          invoices={invoices}
          checking={checking}
          chosenFirst={invoices
            .map((one) => one.id)
            .filter((id) => (wanted ? wanted.includes(id) : !checking.has(id)))}
          options={options}
          today={home.today}
          before={before}
          onDone={setDone}
        />
      )}
    </>
  )
}

interface PayFormProps {
  invoices: OwnInvoice[]
  checking: Set<string>
  chosenFirst: string[]
  options: PaymentOptions
  today: string
  before: OwnPaymentNotice | null
  onDone: (notice: OwnPaymentNotice) => void
}

function PayForm({ invoices, checking, chosenFirst, options, today, before, onDone }: PayFormProps) {
  const { t } = useTranslation()
  const { queryClient } = Route.useRouteContext()
  const [chosen, setChosen] = useState(chosenFirst)
  const [amountTouched, setAmountTouched] = useState(false)
  const uploaded = useRef<{ file: File; id: string } | null>(null)
  const totalOf = (ids: string[]) =>
    invoices.filter((one) => ids.includes(one.id)).reduce((sum, one) => sum + one.open_amount, 0)
  const total = totalOf(chosen)

  /** A receipt that was taken is not sent twice when the notice itself has to be tried again. */
  const upload = async (file: File): Promise<string> => {
    if (uploaded.current?.file === file) return uploaded.current.id
    const body = new FormData()
    body.append('file', file, file.name)
    const receipt = await orThrow(
      api.POST('/api/v1/portal/receipts', { body: body as never, bodySerializer: (form) => form as never }),
    )
    uploaded.current = { file, id: receipt.file_id }
    return receipt.file_id
  }

  const form = useForm({
    initial: {
      amount: (before?.amount ?? total) as number | null,
      method: before?.method ?? preferredMethod(invoices, options),
      paid_on: before?.paid_on ?? today,
      reference: before?.reference ?? '',
      note: '',
      receipt_file_id: null as File | null,
      invoice_ids: '',
    },
    check: (values) => ({
      amount:
        values.amount === null ? t('pay.amount_missing') : values.amount <= 0 ? t('pay.amount_zero') : null,
      paid_on: values.paid_on === '' ? t('pay.date_missing') : values.paid_on > today && t('pay.date_future'),
      invoice_ids: chosen.length === 0 && t('pay.invoices_missing'),
    }),
    submit: async (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/portal/payment-notices', {
          headers: idempotent(idempotencyKey),
          body: {
            invoice_ids: chosen,
            amount: values.amount ?? 0,
            method: values.method,
            paid_on: values.paid_on,
            reference: values.reference,
            note: values.note,
            receipt_file_id: values.receipt_file_id ? await upload(values.receipt_file_id) : null,
          },
        }),
      ),
    onDone: (notice) => {
      void queryClient.invalidateQueries({ queryKey: ['home'] })
      void queryClient.invalidateQueries({ queryKey: ['payments'] })
      void queryClient.invalidateQueries({ queryKey: ['invoices'] })
      onDone(notice)
    },
  })

  const choose = (ids: string[]) => {
    setChosen(ids)
    form.set('invoice_ids', '')
    // The amount follows what is chosen until somebody wrote another.
    if (!amountTouched && !before) form.set('amount', totalOf(ids))
  }

  return (
    <form className={styles.page} onSubmit={form.onSubmit} noValidate>
      <div className={styles.steps}>
        <Section title={t('pay.step_choose')} flush>
          <List label={t('pay.step_choose')}>
            {invoices.map((invoice) => (
              <InvoiceChoice
                key={invoice.id}
                invoice={invoice}
                checking={checking.has(invoice.id)}
                checked={chosen.includes(invoice.id)}
                onChange={(on) =>
                  choose(on ? [...chosen, invoice.id] : chosen.filter((id) => id !== invoice.id))
                }
              />
            ))}
          </List>
          {form.errors.invoice_ids && (
            <p role="alert" className={styles.error}>
              {form.errors.invoice_ids}
            </p>
          )}
          <div className={styles.total}>
            <span>{t('pay.total', { count: chosen.length })}</span>
            <Money amount={total} currency={options.currency} size="large" />
          </div>
        </Section>
        <HowToPay options={options} total={total} />
      </div>
      <Section title={t('pay.step_notify')} description={t('pay.step_notify_text')}>
        <div className={styles.form}>
          <ProblemAlert error={form.problem} />
          <div className={styles.pair}>
            <MoneyInput
              label={t('pay.amount')}
              currency={options.currency}
              required
              withAsterisk={false}
              description={
                form.values.amount !== null && form.values.amount > 0 && form.values.amount < total
                  ? t('pay.amount_less')
                  : form.values.amount !== null && form.values.amount > total && total > 0
                    ? t('pay.amount_more')
                    : undefined
              }
              inputWrapperOrder={['label', 'input', 'description', 'error']}
              {...form.control('amount')}
              onChange={(amount) => {
                setAmountTouched(true)
                form.set('amount', amount)
              }}
            />
            <DateInput
              label={t('pay.paid_on')}
              max={today}
              required
              withAsterisk={false}
              {...form.field('paid_on')}
            />
          </div>
          <NativeSelect
            label={t('pay.method')}
            data={options.methods.map((method) => ({ value: method, label: t(`payment_method.${method}`) }))}
            {...form.field('method')}
          />
          <FileDrop
            label={t('pay.receipt')}
            description={t('pay.receipt_help')}
            accept="image/*,application/pdf,.pdf"
            maxBytes={10_000_000}
            {...form.control('receipt_file_id')}
          />
          <TextInput
            label={t('pay.reference')}
            description={t('pay.reference_help')}
            maxLength={200}
            {...form.field('reference')}
          />
          <Textarea label={t('pay.note')} maxLength={2000} minRows={2} {...form.field('note')} />
          <Button
            type="submit"
            fullWidth
            loading={form.busy}
            leftSection={<IconFileCheck size={18} aria-hidden />}
          >
            {t('pay.submit')}
          </Button>
          <p className={styles.small}>{t('pay.submit_help')}</p>
        </div>
      </Section>
    </form>
  )
}

/** The method that the invoices are paid by, where the unit takes it. */
function preferredMethod(invoices: OwnInvoice[], options: PaymentOptions): PaymentOptions['methods'][number] {
  return (
    options.methods.find((method) => invoices.some((one) => one.payment_method === method)) ??
    options.methods[0] ??
    'other'
  )
}

function InvoiceChoice({
  invoice,
  checking,
  checked,
  onChange,
}: {
  invoice: OwnInvoice
  checking: boolean
  checked: boolean
  onChange: (on: boolean) => void
}) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const number = numberOfInvoice(invoice)
  const labelId = `invoice-${invoice.id}`
  return (
    <Row
      lead={
        <Checkbox
          size="md"
          className={styles.check}
          checked={checked}
          aria-labelledby={labelId}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      }
      name={
        <>
          <Link to="/invoices/$id" params={{ id: invoice.id }} id={labelId}>
            {t('invoice.title', { number })}
          </Link>
          <StateBadge kind="invoice" state={stateOfInvoice(invoice)} />
        </>
      }
      detail={
        checking
          ? t('pay.already')
          : t(invoice.overdue ? 'pay.was_due' : 'pay.due', { date: date(invoice.due_date) })
      }
      end={
        <strong>
          <Money amount={invoice.open_amount} currency={invoice.currency} />
        </strong>
      }
    />
  )
}

function HowToPay({ options, total }: { options: PaymentOptions; total: number }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const copy = async () => {
    await navigator.clipboard.writeText(options.instructions ?? '')
    showToast({ tone: 'good', title: t('pay.copied') })
  }
  return (
    <Section
      title={t('pay.step_how')}
      actions={
        options.instructions && (
          <Button
            variant="subtle"
            size="xs"
            leftSection={<IconCopy size={16} aria-hidden />}
            onClick={() => void copy()}
          >
            {t('pay.copy')}
          </Button>
        )
      }
    >
      {options.instructions ? (
        <p className={styles.instructions}>{options.instructions}</p>
      ) : (
        <p>{t('pay.no_instructions')}</p>
      )}
      <p className={styles.methods}>
        {t('pay.methods', {
          amount: money(total, options.currency),
          methods: options.methods.map((method) => t(`payment_method.${method}`)).join(', '),
        })}
      </p>
    </Section>
  )
}

/** It was received: what happens next, and where to follow it. */
function Done({ notice }: { notice: OwnPaymentNotice }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  const ref = useRef<HTMLDivElement>(null)
  useEffect(() => {
    window.scrollTo(0, 0)
    ref.current?.focus()
  }, [])
  return (
    <div ref={ref} tabIndex={-1} className={styles.done}>
      <span className={styles.doneIcon} aria-hidden>
        <IconCircleCheck size={32} />
      </span>
      <PageTitle
        title={t('pay.done_title')}
        subtitle={t('pay.done_text', { amount: money(notice.amount, notice.currency) })}
      />
      <Section title={t('pay.next_title')}>
        <ol className={styles.next}>
          <li>{t('pay.next_check')}</li>
          <li>{t('pay.next_mail')}</li>
          <li>{t('pay.next_paid')}</li>
        </ol>
        <div className={styles.doneActions}>
          <ButtonLink to="/payments">{t('pay.follow')}</ButtonLink>
          <ButtonLink to="/" variant="default">
            {t('pay.home')}
          </ButtonLink>
        </div>
      </Section>
    </div>
  )
}
