import { Button, Radio, Textarea } from '@mantine/core'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { DocumentsPreview, InvoiceDetail } from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { invoiceQuery } from '../billing-queries.ts'
import { DocumentsPreviewPanel, isCurrent, type Shown } from '../documents-preview.tsx'
import formStyles from '../form-layout.module.css'
import { numberOfInvoice } from '../invoice-words.ts'
import { useMay } from '../session.ts'

/** Voiding an unpaid document, and what becomes of what it billed; first as preview. */
export const Route = createFileRoute('/_app/invoices/$id/void')({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([loadTexts('documents'), queryClient.ensureQueryData(invoiceQuery(id))]),
  component: VoidPage,
})

function VoidPage() {
  const { t } = useTranslation('documents')
  const { id } = Route.useParams()
  const may = useMay()
  const { data: invoice } = useSuspenseQuery(invoiceQuery(id))
  const number = `${t(`kind.${invoice.kind}`)} ${numberOfInvoice(invoice)}`
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to={`/invoices/${id}`}>{number}</BackLink>}
        title={t('void_title', { number })}
        subtitle={t('void_text')}
      />
      {may('documents.write') ? (
        <VoidForm invoice={invoice} />
      ) : (
        <EmptyState title={t('office:words.not_permitted')} />
      )}
    </Stacked>
  )
}

interface Values extends Record<string, unknown> {
  reason: string
  after: 'correct' | 'rebill' | 'keep'
}

function VoidForm({ invoice }: { invoice: InvoiceDetail }) {
  const { t } = useTranslation('documents')
  const router = useRouter()
  const queryClient = useQueryClient()
  const services = invoice.lines.some((line) => ['plan', 'option', 'usage'].includes(line.role))
  const [shown, setShown] = useState<Shown<Values> | null>(null)
  const path = { params: { path: { id: invoice.id } } }
  const form = useForm<Values, DocumentsPreview>({
    initial: {
      reason: '',
      after: services ? 'correct' : 'rebill',
    },
    check: (values) => ({ reason: values.reason.trim() === '' && t('common:input.required') }),
    submit: (values) =>
      values.after === 'correct'
        ? orThrow(
            api.POST('/api/v1/office/invoices/{id}/correct/preview', {
              ...path,
              body: { reason: values.reason },
            }),
          )
        : orThrow(
            api.POST('/api/v1/office/invoices/{id}/void/preview', {
              ...path,
              body: { reason: values.reason, rebill: values.after === 'rebill' },
            }),
          ),
    onDone: (preview, values) => setShown({ values, preview }),
  })
  const current = isCurrent(shown, form.values)
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem} />
        <Section>
          <div className={formStyles.body}>
            <Radio.Group
              label={t('void_what')}
              value={form.values.after}
              onChange={(value) => form.set('after', value as Values['after'])}
            >
              <div className={formStyles.checks}>
                {services && <Radio value="correct" label={t('void_correct')} />}
                <Radio value="rebill" label={t('void_rebill')} />
                <Radio value="keep" label={t('void_keep')} />
              </div>
            </Radio.Group>
            <Textarea
              label={t('reason')}
              description={t('reason_help')}
              required
              maxLength={1000}
              autosize
              minRows={2}
              {...form.field('reason')}
            />
            <p>
              <Link
                to={`/accounts/${invoice.account_id}/new-invoice` as never}
                search={{ from: invoice.id } as never}
              >
                {t('copy')}
              </Link>
            </p>
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
              shown.values.after === 'correct'
                ? orThrow(
                    api.POST('/api/v1/office/invoices/{id}/correct', {
                      ...path,
                      headers: idempotent(key),
                      body: { reason: shown.values.reason, token },
                    }),
                  )
                : orThrow(
                    api.POST('/api/v1/office/invoices/{id}/void', {
                      ...path,
                      headers: idempotent(key),
                      body: { reason: shown.values.reason, rebill: shown.values.after === 'rebill', token },
                    }),
                  )
            }
            onWritten={(documents) => {
              void refreshAccounts(queryClient)
              void router.navigate({ to: `/invoices/${documents.at(-1)?.id ?? invoice.id}` } as never)
            }}
          />
        )}
      </Stacked>
    </form>
  )
}
