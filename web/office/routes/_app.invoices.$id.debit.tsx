import { Button, Textarea } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { DocumentsPreview, InvoiceDetail } from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { invoiceQuery } from '../billing-queries.ts'
import { isBlank, isIncomplete, type LineDraft, LinesField, newLine } from '../document-lines-field.tsx'
import { isDebt } from '../document-words.ts'
import { DocumentsPreviewPanel, isCurrent, type Shown } from '../documents-preview.tsx'
import formStyles from '../form-layout.module.css'
import { numberOfInvoice } from '../invoice-words.ts'
import { useMay } from '../session.ts'

/** A debit note on a document: a further amount, with the taxes of the line that it adds to; first as preview. */
export const Route = createFileRoute('/_app/invoices/$id/debit')({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([loadTexts('documents'), queryClient.ensureQueryData(invoiceQuery(id))]),
  component: DebitNote,
})

function DebitNote() {
  const { t } = useTranslation('documents')
  const { id } = Route.useParams()
  const may = useMay()
  const { data: invoice } = useSuspenseQuery(invoiceQuery(id))
  const number = numberOfInvoice(invoice)
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to={`/invoices/${id}`}>{`${t(`kind.${invoice.kind}`)} ${number}`}</BackLink>}
        title={t('debit_title', { number })}
        subtitle={t('debit_text')}
      />
      {may('documents.write') && isDebt(invoice.kind) ? (
        <DebitForm invoice={invoice} />
      ) : (
        <EmptyState title={t('office:words.not_permitted')} />
      )}
    </Stacked>
  )
}

interface Values extends Record<string, unknown> {
  reason: string
  due_date: string
  lines: LineDraft[]
}

const bodyOf = (values: Values) => ({
  reason: values.reason,
  due_date: values.due_date || null,
  lines: values.lines
    .filter((line) => !isBlank(line))
    .map((line) => ({
      description: line.description,
      unit_amount: line.unit_amount ?? 0,
      quantity: Number(line.quantity) || 1,
      line_id: line.choice || null,
    })),
})

function DebitForm({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation('documents')
  const router = useRouter()
  const queryClient = useQueryClient()
  const [shown, setShown] = useState<Shown<Values> | null>(null)
  const path = { params: { path: { id: invoice.id } } }
  const form = useForm<Values, DocumentsPreview>({
    initial: { reason: '', due_date: '', lines: [newLine({ choice: invoice.lines[0]?.id ?? '' })] },
    check: (values) => ({
      reason: values.reason.trim() === '' && t('common:input.required'),
      lines:
        (values.lines.every(isBlank) && t('nothing_to_write')) ||
        (values.lines.some(isIncomplete) && t('line_incomplete')),
    }),
    submit: (values) =>
      orThrow(
        api.POST('/api/v1/office/invoices/{id}/debit-notes/preview', { ...path, body: bodyOf(values) }),
      ),
    onDone: (preview, values) => setShown({ values, preview }),
  })
  const current = isCurrent(shown, form.values)
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem} />
        <Section title={t('lines')}>
          <div className={formStyles.body}>
            <LinesField
              lines={form.values.lines}
              onChange={(lines) => form.set('lines', lines)}
              currency={invoice.currency}
              unitId={invoice.business_unit_id}
              choices={{
                label: t('adds_to'),
                data: [
                  ...invoice.lines.map((line) => ({ value: line.id, label: line.description })),
                  { value: '', label: t('adds_to_none') },
                ],
              }}
              error={form.errors.lines}
            />
            <div className={formStyles.fields}>
              <div data-span="8">
                <Textarea
                  label={t('reason')}
                  description={t('reason_help')}
                  required
                  maxLength={1000}
                  autosize
                  minRows={2}
                  {...form.field('reason')}
                />
              </div>
              <div data-span="4">
                <DateInput label={t('due_date')} description={t('due_help')} {...form.field('due_date')} />
              </div>
            </div>
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
                api.POST('/api/v1/office/invoices/{id}/debit-notes', {
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
