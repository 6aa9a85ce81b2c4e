import { Button, Checkbox, NativeSelect, Radio } from '@mantine/core'
import { useQuery, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, useRouter } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { Account, Charge, DocumentsPreview, InvoiceDetail } from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { addDays } from '../../shared/formats.ts'
import { loadTexts } from '../../shared/i18n.ts'
import { DateInput } from '../../shared/inputs.tsx'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { accountQuery, accountServicesQuery, refreshAccounts } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import { invoiceQuery } from '../billing-queries.ts'
import { localToday } from '../calendar-day.ts'
import { isBlank, isIncomplete, type LineDraft, LinesField, newLine } from '../document-lines-field.tsx'
import { waitingChargesQuery } from '../document-queries.ts'
import documentStyles from '../documents.module.css'
import { DocumentsPreviewPanel, isCurrent, type Shown } from '../documents-preview.tsx'
import formStyles from '../form-layout.module.css'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'

interface Draft {
  kind?: 'proforma' | undefined
  /** The document whose lines are taken over. */
  from?: string | undefined
  /** Every charge that waits is taken along. */
  charges?: 'all' | undefined
}

/** An invoice or a proforma that staff write: lines, what waits, when it is due; first as preview. */
export const Route = createFileRoute('/_app/accounts/$id/new-invoice')({
  validateSearch: (search: Record<string, unknown>): Draft => ({
    kind: search.kind === 'proforma' ? 'proforma' : undefined,
    from: typeof search.from === 'string' ? search.from : undefined,
    charges: search.charges === 'all' ? 'all' : undefined,
  }),
  loaderDeps: ({ search: { from } }) => ({ from }),
  loader: ({ context: { queryClient }, params: { id }, deps }) =>
    Promise.all([
      loadTexts('documents'),
      queryClient.ensureQueryData(accountQuery(id)),
      queryClient.ensureQueryData(waitingChargesQuery(id)),
      queryClient.ensureQueryData(unitsQuery),
      deps.from === undefined ? undefined : queryClient.ensureQueryData(invoiceQuery(deps.from)),
    ]),
  component: NewDocument,
})

function NewDocument() {
  const { t } = useTranslation('documents')
  const { id } = Route.useParams()
  const { kind, from } = Route.useSearch()
  const may = useMay()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  const { data: copied } = useQuery({ ...invoiceQuery(from ?? ''), enabled: from !== undefined })
  const key = kind === 'proforma' ? 'new_proforma' : 'new_invoice'
  return (
    <Stacked>
      <PageTitle
        back={<BackLink to={`/accounts/${id}`}>{account.name}</BackLink>}
        title={t(key)}
        subtitle={t(`${key}_text`, { account: account.name })}
      />
      {may('documents.write') ? (
        <DocumentForm account={account} proforma={kind === 'proforma'} copied={copied} />
      ) : (
        <EmptyState title={t('office:words.not_permitted')} />
      )}
    </Stacked>
  )
}

interface Values extends Record<string, unknown> {
  source: 'lines' | 'next_invoice'
  up_to: string
  subscription_id: string
  due_date: string
  lines: LineDraft[]
  charge_ids: string[]
}

const linesOf = (values: Values) =>
  values.lines
    .filter((line) => !isBlank(line))
    .map((line) => ({
      description: line.description,
      unit_amount: line.unit_amount ?? 0,
      quantity: Number(line.quantity) || 1,
      product_id: line.choice || null,
    }))

const invoiceBody = (values: Values) => ({
  subscription_id: values.subscription_id || null,
  due_date: values.due_date || null,
  lines: linesOf(values),
  charge_ids: values.charge_ids,
})

const proformaBody = (values: Values) => ({
  source: values.source,
  up_to: values.source === 'next_invoice' ? values.up_to || null : null,
  subscription_id: values.source === 'lines' ? values.subscription_id || null : null,
  valid_until: values.due_date,
  lines: values.source === 'lines' ? linesOf(values) : [],
})

/** A line of a document as it is written again: what came off, or was a part of a month, is its price now. */
function draftOf(line: InvoiceDetail['lines'][number]): LineDraft {
  const plain = line.discount === 0 && line.days === line.of_days && line.price_model === 'per_unit'
  return newLine({
    description: line.description,
    unit_amount: plain ? line.unit_amount : line.net,
    quantity: plain ? line.quantity : 1,
  })
}

function DocumentForm({
  account,
  proforma,
  copied,
}: {
  account: Account
  proforma: boolean
  copied: InvoiceDetail | undefined
}) {
  const { t } = useTranslation('documents')
  const router = useRouter()
  const queryClient = useQueryClient()
  const { charges } = Route.useSearch()
  const { data: waiting } = useSuspenseQuery(waitingChargesQuery(account.id))
  const { data: units } = useSuspenseQuery(unitsQuery)
  const { data: services } = useQuery(accountServicesQuery(account.id))
  const today = localToday(units.find((one) => one.id === account.business_unit_id)?.time_zone)
  const [shown, setShown] = useState<Shown<Values> | null>(null)
  const path = { params: { path: { id: account.id } } }
  const form = useForm<Values, DocumentsPreview>({
    initial: {
      source: 'lines',
      up_to: '',
      subscription_id: copied?.subscription_id ?? '',
      due_date: proforma ? addDays(today, 14) : '',
      lines: copied ? copied.lines.map(draftOf) : [newLine()],
      charge_ids: charges === 'all' ? waiting.items.map((one) => one.id) : [],
    },
    check: (values) => ({
      lines:
        (values.source === 'lines' &&
          values.lines.every(isBlank) &&
          values.charge_ids.length === 0 &&
          t('nothing_to_write')) ||
        (values.source === 'lines' && values.lines.some(isIncomplete) && t('line_incomplete')),
      due_date: proforma && values.due_date === '' && t('common:input.required'),
    }),
    submit: (values) =>
      proforma
        ? orThrow(
            api.POST('/api/v1/office/accounts/{id}/proformas/preview', {
              ...path,
              body: proformaBody(values),
            }),
          )
        : orThrow(
            api.POST('/api/v1/office/accounts/{id}/invoices/preview', { ...path, body: invoiceBody(values) }),
          ),
    onDone: (preview, values) => setShown({ values, preview }),
  })
  const going = (services?.items ?? []).filter((one) => one.status !== 'cancelled' && one.status !== 'ended')
  const current = isCurrent(shown, form.values)
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <Stacked>
        <ProblemAlert error={form.problem} />
        <Section title={t('lines')}>
          <div className={formStyles.body}>
            {proforma && (
              <Radio.Group
                label={t('source')}
                value={form.values.source}
                onChange={(value) => form.set('source', value as Values['source'])}
              >
                <div className={formStyles.checks}>
                  <Radio value="lines" label={t('source_lines')} />
                  <Radio value="next_invoice" label={t('source_next')} />
                </div>
              </Radio.Group>
            )}
            {form.values.source === 'lines' ? (
              <LinesField
                lines={form.values.lines}
                onChange={(lines) => form.set('lines', lines)}
                currency={account.currency}
                unitId={account.business_unit_id}
                error={form.errors.lines}
              />
            ) : (
              <div className={formStyles.narrow}>
                <DateInput label={t('up_to')} description={t('up_to_help')} {...form.field('up_to')} />
              </div>
            )}
            {!proforma && waiting.items.length > 0 && (
              <WaitingCharges
                charges={waiting.items}
                chosen={form.values.charge_ids}
                onChange={(ids) => form.set('charge_ids', ids)}
              />
            )}
            <div className={`${formStyles.fields} ${documentStyles.bottom}`}>
              <div data-span="6">
                <DateInput
                  label={proforma ? t('valid_until') : t('due_date')}
                  description={proforma ? undefined : t('due_help')}
                  required={proforma}
                  min={today}
                  {...form.field('due_date')}
                />
              </div>
              {form.values.source === 'lines' && going.length > 0 && (
                <div data-span="6">
                  <NativeSelect
                    label={t('for_service')}
                    data={[
                      { value: '', label: t('for_account') },
                      ...going.map((one) => ({ value: one.id, label: one.plan_name })),
                    ]}
                    {...form.field('subscription_id')}
                  />
                </div>
              )}
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
              proforma
                ? orThrow(
                    api.POST('/api/v1/office/accounts/{id}/proformas', {
                      ...path,
                      headers: idempotent(key),
                      body: { ...proformaBody(shown.values), token },
                    }),
                  )
                : orThrow(
                    api.POST('/api/v1/office/accounts/{id}/invoices', {
                      ...path,
                      headers: idempotent(key),
                      body: { ...invoiceBody(shown.values), token },
                    }),
                  )
            }
            onWritten={(documents) => {
              void refreshAccounts(queryClient)
              void router.navigate({
                to: documents.length === 1 ? `/invoices/${documents[0]?.id}` : `/accounts/${account.id}`,
              } as never)
            }}
          />
        )}
      </Stacked>
    </form>
  )
}

function WaitingCharges({
  charges,
  chosen,
  onChange,
}: {
  charges: Charge[]
  chosen: string[]
  onChange: (ids: string[]) => void
}) {
  const { t } = useTranslation('documents')
  const { money, date } = useFormats()
  return (
    <fieldset className={formStyles.checks}>
      <legend>{t('waiting_take')}</legend>
      {charges.map((charge) => (
        <Checkbox
          key={charge.id}
          label={[
            charge.description,
            charge.instalment !== null &&
              t('charges.instalment', { instalment: charge.instalment, of: charge.instalments }),
            money(charge.amount, charge.currency),
            date(charge.bill_on),
          ]
            .filter(Boolean)
            .join(' · ')}
          checked={chosen.includes(charge.id)}
          onChange={(event) =>
            onChange(
              event.currentTarget.checked ? [...chosen, charge.id] : chosen.filter((id) => id !== charge.id),
            )
          }
        />
      ))}
    </fieldset>
  )
}
