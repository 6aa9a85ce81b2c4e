import { Button, Checkbox, Textarea } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { DocumentsPreview, InvoiceDetail } from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { MoneyInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { invoiceQuery } from '../billing-queries.ts'
import { isDebt } from '../document-words.ts'
import styles from '../documents.module.css'
import { DocumentsPreviewPanel, isCurrent, type Shown } from '../documents-preview.tsx'
import formStyles from '../form-layout.module.css'
import { numberOfInvoice } from '../invoice-words.ts'
import { useMay } from '../session.ts'

/** A credit note on a document: which lines, how much of each, why; first as preview. */
export const Route = createFileRoute('/_app/invoices/$id/credit')({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([loadTexts('documents'), queryClient.ensureQueryData(invoiceQuery(id))]),
  component: CreditNote,
})

function CreditNote() {
  const { t } = useTranslation('documents')
  const { id } = Route.useParams()
  const may = useMay()
  const { data: invoice } = useSuspenseQuery(invoiceQuery(id))
  const number = numberOfInvoice(invoice)
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to={`/invoices/${id}`}>{`${t(`kind.${invoice.kind}`)} ${number}`}</BackLink>}
        title={t('credit_title', { number })}
        subtitle={t('credit_text')}
      />
      {!may('documents.write') ? (
        <EmptyState title={t('office:words.not_permitted')} />
      ) : isDebt(invoice.kind) && invoice.lines.some((line) => leftOf(line) > 0) ? (
        <CreditForm invoice={invoice} />
      ) : (
        <EmptyState title={t('nothing_left')} />
      )}
    </Stacked>
  )
}

/** What credit notes can still give back of a line, tax on top included. */
const leftOf = (line: InvoiceDetail['lines'][number]) => line.net + line.tax - line.credited

interface Values extends Record<string, unknown> {
  reason: string
  release_days: boolean
  /** By line, in minor units; a line without one is not chosen. */
  amounts: Record<string, number | null | undefined>
}

function CreditForm({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation('documents')
  const { money } = useFormats()
  const router = useRouter()
  const queryClient = useQueryClient()
  const open = invoice.lines.filter((line) => leftOf(line) > 0)
  const [shown, setShown] = useState<Shown<Values> | null>(null)
  const path = { params: { path: { id: invoice.id } } }
  const bodyOf = (values: Values) => ({
    reason: values.reason,
    release_days: values.release_days,
    lines: open.flatMap((line) => {
      const amount = values.amounts[line.id] ?? 0
      return amount > 0 ? [{ line_id: line.id, amount: amount === leftOf(line) ? null : amount }] : []
    }),
  })
  const form = useForm<Values, DocumentsPreview>({
    initial: {
      reason: '',
      release_days: false,
      amounts: Object.fromEntries(open.map((line) => [line.id, leftOf(line)])),
    },
    check: (values) => ({
      reason: values.reason.trim() === '' && t('common:input.required'),
      amounts:
        (!open.some((line) => (values.amounts[line.id] ?? 0) > 0) && t('choose_a_line')) ||
        (open.some((line) => (values.amounts[line.id] ?? 0) > leftOf(line)) && t('above_left')),
    }),
    submit: (values) =>
      orThrow(
        api.POST('/api/v1/office/invoices/{id}/credit-notes/preview', { ...path, body: bodyOf(values) }),
      ),
    onDone: (preview, values) => setShown({ values, preview }),
  })
  const setAmount = (id: string, amount: number | null | undefined) =>
    form.set('amounts', { ...form.values.amounts, [id]: amount })
  const whole = open.some((line) => form.values.amounts[line.id] === leftOf(line) && line.role !== 'manual')
  const current = isCurrent(shown, form.values)
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem} />
        <Section title={t('credit_lines')}>
          <div className={formStyles.body}>
            <div>
              {open.map((line) => {
                const amount = form.values.amounts[line.id]
                const chosen = amount !== undefined
                return (
                  <div key={line.id} className={styles.choice}>
                    <div>
                      <Checkbox
                        label={line.description}
                        checked={chosen}
                        onChange={(event) =>
                          setAmount(line.id, event.currentTarget.checked ? leftOf(line) : undefined)
                        }
                      />
                      <p>
                        {t('left', { amount: money(leftOf(line), invoice.currency) })}
                        {line.credited > 0 &&
                          ` · ${t('office:invoices.credited_of', { amount: money(line.credited, invoice.currency) })}`}
                      </p>
                    </div>
                    {chosen && (
                      <MoneyInput
                        aria-label={t('amount_of', { description: line.description })}
                        currency={invoice.currency}
                        value={amount}
                        error={(amount ?? 0) > leftOf(line) ? t('above_left') : undefined}
                        onChange={(value) => setAmount(line.id, value)}
                      />
                    )}
                  </div>
                )
              })}
            </div>
            {form.errors.amounts && (
              <p role="alert" style={{ color: 'var(--tone-bad-text)' }}>
                {form.errors.amounts}
              </p>
            )}
            <Textarea
              label={t('reason')}
              description={t('reason_help')}
              required
              maxLength={1000}
              autosize
              minRows={2}
              {...form.field('reason')}
            />
            {whole && <Checkbox label={t('release')} {...form.toggle('release_days')} />}
            <div className={formStyles.end}>
              <Button type="submit" variant={current ? 'default' : 'filled'} loading={form.busy}>
                {t(current ? 'preview_again' : 'preview')}
              </Button>
            </div>
          </div>
        </Section>
        {current && (
          <DocumentsPreviewPanel
            key={shown.preview.token}
            preview={shown.preview}
            onConfirm={(token, key) =>
              orThrow(
                api.POST('/api/v1/office/invoices/{id}/credit-notes', {
                  ...path,
                  headers: idempotent(key),
                  body: { ...bodyOf(shown.values), token },
                }),
              )
            }
            onWritten={([note]) => {
              void refreshAccounts(queryClient)
              void router.navigate({ to: `/invoices/${note?.id ?? invoice.id}` } as never)
            }}
          />
        )}
      </Stacked>
    </form>
  )
}
