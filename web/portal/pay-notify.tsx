import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import IconFileCheck from '@tabler/icons-react/dist/esm/icons/IconFileCheck.mjs'
import { useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { OwnPaymentNotice, PaymentChoices } from '../shared/api-types.gen.ts'
import { useForm } from '../shared/form.ts'
import { DateInput, FileDrop, MoneyInput } from '../shared/inputs.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { CopyButton } from './copy-button.tsx'
import styles from './pay.module.css'
import type { PayTarget } from './pay-queries.ts'

type Method = PaymentChoices['manual_methods'][number]

/** Where to send the money, as the business unit wrote it. */
export function Instructions({ choices, total }: { choices: PaymentChoices; total: number }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  return (
    <>
      {choices.instructions ? (
        <p className={styles.instructions}>{choices.instructions}</p>
      ) : (
        <p>{t('pay.no_instructions')}</p>
      )}
      <div className={styles.methods}>
        <span>
          {t('pay.methods', {
            amount: money(total, choices.currency),
            methods: choices.manual_methods.map((method) => t(`payment_method.${method}`)).join(', '),
          })}
        </span>
        {choices.instructions && (
          <CopyButton
            text={choices.instructions}
            label={t('pay.copy')}
            copied={t('pay.copied')}
            variant="subtle"
            size="xs"
          />
        )}
      </div>
    </>
  )
}

/** Tells of a payment that was made outside of here, with its receipts. */
export function NotifyForm({
  choices,
  target,
  total,
  nothing,
  today,
  before,
  preferred,
  onDone,
}: {
  choices: PaymentChoices
  target: PayTarget
  total: number
  /** Why nothing can be told yet: 'Choose at least one invoice'. */
  nothing: string | null
  today: string
  /** A notice that was refused, to be told again. */
  before: OwnPaymentNotice | null
  preferred: Method | undefined
  onDone: (notice: OwnPaymentNotice) => void
}) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const [amountTouched, setAmountTouched] = useState(before !== null)
  const uploaded = useRef(new Map<File, string>())

  /** A receipt that was taken is not sent twice when the notice itself has to be tried again. */
  const upload = async (file: File): Promise<string> => {
    const known = uploaded.current.get(file)
    if (known !== undefined) return known
    const body = new FormData()
    body.append('file', file, file.name)
    const receipt = await orThrow(
      api.POST('/api/v1/portal/receipts', { body: body as never, bodySerializer: (form) => form as never }),
    )
    uploaded.current.set(file, receipt.file_id)
    return receipt.file_id
  }

  const uploadAll = async (files: readonly File[]): Promise<string[]> => {
    const ids: string[] = []
    for (const file of files) ids.push(await upload(file))
    return ids
  }

  const form = useForm({
    initial: {
      amount: (before?.amount ?? null) as number | null,
      method:
        before?.method ??
        choices.manual_methods.find((method) => method === preferred) ??
        choices.manual_methods[0] ??
        ('other' as Method),
      paid_on: before?.paid_on ?? today,
      reference: before?.reference ?? '',
      note: '',
      receipts: [] as File[],
      invoice_ids: '',
    },
    check: (values) => {
      const amount = amountTouched ? values.amount : total
      return {
        amount: amount === null ? t('pay.amount_missing') : amount <= 0 ? t('pay.amount_zero') : null,
        paid_on:
          values.paid_on === '' ? t('pay.date_missing') : values.paid_on > today && t('pay.date_future'),
        invoice_ids: nothing,
      }
    },
    submit: async (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/portal/payment-notices', {
          headers: idempotent(idempotencyKey),
          body: {
            ...target,
            amount: (amountTouched ? values.amount : total) ?? 0,
            method: values.method,
            paid_on: values.paid_on,
            reference: values.reference,
            note: values.note,
            receipts: await uploadAll(values.receipts),
          },
        }),
      ),
    onDone: (notice) => {
      for (const key of ['home', 'payments', 'invoices', 'orders'])
        void queryClient.invalidateQueries({ queryKey: [key] })
      onDone(notice)
    },
  })
  // The amount follows what is chosen until somebody wrote another.
  const amount = amountTouched ? form.values.amount : total
  return (
    <form className={styles.form} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      {form.errors.invoice_ids && nothing !== null && (
        <p role="alert" className={styles.missing}>
          {nothing}
        </p>
      )}
      <div className={styles.pair}>
        <MoneyInput
          label={t('pay.amount')}
          currency={choices.currency}
          required
          withAsterisk={false}
          description={
            amount !== null && amount > 0 && amount < total
              ? t('pay.amount_less')
              : amount !== null && amount > total && total > 0
                ? t('pay.amount_more')
                : undefined
          }
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          {...form.control('amount')}
          value={amount}
          onChange={(value) => {
            setAmountTouched(true)
            form.set('amount', value)
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
        data={choices.manual_methods.map((method) => ({
          value: method,
          label: t(`payment_method.${method}`),
        }))}
        {...form.field('method')}
      />
      <Receipts
        files={form.values.receipts}
        error={form.errors.receipts}
        onChange={(files) => form.set('receipts', files)}
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
    </form>
  )
}

/** How many receipts a notice takes. */
const mostReceipts = 10

/** As many receipts as there are, and room for one more. */
function Receipts({
  files,
  error,
  onChange,
}: {
  files: File[]
  error: string | undefined
  onChange: (files: File[]) => void
}) {
  const { t } = useTranslation()
  const places = Math.min(files.length + 1, mostReceipts)
  return (
    <>
      {Array.from({ length: places }, (_, index) => (
        <FileDrop
          // biome-ignore lint/suspicious/noArrayIndexKey: a place is a place
          key={index}
          label={index === 0 ? t('pay.receipt') : t('pay:page.another_receipt')}
          {...(index === 0 ? { description: t('pay.receipt_help') } : {})}
          accept="image/*,application/pdf,.pdf"
          maxBytes={10_000_000}
          value={files[index] ?? null}
          {...(error && index === 0 ? { error } : {})}
          onChange={(file) => onChange(file ? files.toSpliced(index, 1, file) : files.toSpliced(index, 1))}
        />
      ))}
    </>
  )
}
