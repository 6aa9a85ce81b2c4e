import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { queryOptions, useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { MeterUsage as Meter, Subscription, UsageRecord } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { loadTexts } from '../shared/i18n.ts'
import { DateInput } from '../shared/inputs.tsx'
import styles from '../shared/meter-usage.module.css'
import { MeterUsage } from '../shared/meter-usage.tsx'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText } from '../shared/values.tsx'
import formStyles from './form-layout.module.css'
import listStyles from './list.module.css'
import { useMay } from './session.ts'

const usageQuery = (id: string) =>
  queryOptions({
    queryKey: ['services', id, 'usage'],
    queryFn: async ({ signal }) => {
      const [summary] = await Promise.all([
        orThrow(
          api.GET('/api/v1/office/subscriptions/{id}/usage-summary', { params: { path: { id } }, signal }),
        ),
        loadTexts('usage'),
      ])
      return summary
    },
  })

/** What a service used, by meter, and what that would cost; nothing for one that meters nothing. */
export function ServiceUsage({ service }: { service: Subscription }) {
  const metered = service.components.some((one) => one.role === 'usage')
  const { data } = useQuery({ ...usageQuery(service.id), enabled: metered })
  return data && data.meters.length > 0 ? (
    <Usage service={service} meters={data.meters} today={data.today} />
  ) : null
}

function Usage({ service, meters, today }: { service: Subscription; meters: Meter[]; today: string }) {
  const { t } = useTranslation('usage')
  const may = useMay()
  const [shown, setShown] = useState(false)
  const [adding, setAdding] = useState(false)
  const search = `subscription_id=${service.id}`
  return (
    <Section
      title={t('title')}
      description={t('text')}
      actions={
        may('subscriptions.write') &&
        service.billing_start !== null && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => setAdding(true)}
          >
            {t('add')}
          </Button>
        )
      }
    >
      {meters.map((meter) => (
        <MeterUsage key={meter.meter} meter={meter} currency={service.currency} today={today} />
      ))}
      <p className={styles.note}>{t('note')}</p>
      <div className={styles.tools}>
        <Button size="xs" variant="default" aria-expanded={shown} onClick={() => setShown(!shown)}>
          {t(shown ? 'hide_records' : 'show_records')}
        </Button>
        {(['csv', 'xlsx'] as const).map((format) => (
          <Button
            key={format}
            size="xs"
            variant="subtle"
            color="neutral"
            leftSection={<IconDownload size={14} aria-hidden />}
            renderRoot={(props) => (
              <a {...props} href={`/api/v1/office/usage.${format}?${search}`} download>
                {props.children}
              </a>
            )}
          >
            {format.toUpperCase()}
          </Button>
        ))}
      </div>
      {shown && <Records service={service} />}
      {adding && (
        <AddDialog service={service} meters={meters} today={today} onClose={() => setAdding(false)} />
      )}
    </Section>
  )
}

function Records({ service }: { service: Subscription }) {
  const { t } = useTranslation('usage')
  const { number, date } = useFormats()
  const may = useMay()
  const queryClient = useQueryClient()
  const [deleted, setDeleted] = useState<UsageRecord | null>(null)
  const { data, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['services', service.id, 'usage', 'records'],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      orThrow(
        api.GET('/api/v1/office/usage', {
          params: { query: { subscription_id: service.id, limit: 50, cursor: pageParam } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  })
  const records = data?.pages.flatMap((page) => page.items) ?? []
  const say = (record: UsageRecord) =>
    t('unit', { quantity: number(record.quantity), unit: record.unit_name })
  return (
    <div className={styles.records}>
      {data && records.length === 0 && <p>{t('records_none')}</p>}
      {records.length > 0 && (
        <SimpleTable
          label={t('records')}
          rows={records}
          rowId={(row) => row.id}
          columns={[
            { id: 'day', header: t('day'), cell: (row) => <DateText value={row.on_date} /> },
            { id: 'meter', header: t('meter'), cell: (row) => row.meter_name },
            { id: 'quantity', header: t('quantity'), align: 'end', cell: say },
            { id: 'key', header: t('key'), cell: (row) => row.key },
            {
              id: 'state',
              header: t('state'),
              cell: (row) => (
                <ToneBadge tone={row.billed_at ? 'good' : 'neutral'}>
                  {row.billed_at
                    ? [t('billed'), row.invoice_number].filter(Boolean).join(' ')
                    : t('not_billed')}
                </ToneBadge>
              ),
            },
            {
              id: 'delete',
              header: '',
              align: 'end',
              width: '3rem',
              cell: (row) =>
                row.billed_at === null &&
                may('subscriptions.write') && (
                  <Button
                    size="xs"
                    px={8}
                    variant="subtle"
                    color="neutral"
                    aria-label={t('delete', { key: row.key })}
                    onClick={() => setDeleted(row)}
                  >
                    <IconTrash size={16} aria-hidden />
                  </Button>
                ),
            },
          ]}
        />
      )}
      {hasNextPage && (
        <Button
          mt="sm"
          size="xs"
          variant="default"
          className={listStyles.inline}
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          {t('more')}
        </Button>
      )}
      {deleted && (
        <ConfirmDialog
          opened
          onClose={() => setDeleted(null)}
          title={t('delete_title')}
          confirm={t('common:action.delete')}
          danger
          onConfirm={async () => {
            await orThrow(api.DELETE('/api/v1/office/usage/{id}', { params: { path: { id: deleted.id } } }))
            showToast({ tone: 'good', title: t('deleted') })
            await queryClient.invalidateQueries({ queryKey: ['services', service.id, 'usage'] })
          }}
        >
          <p>{t('delete_text', { quantity: say(deleted), date: date(deleted.on_date) })}</p>
        </ConfirmDialog>
      )}
    </div>
  )
}

function AddDialog({
  service,
  meters,
  today,
  onClose,
}: {
  service: Subscription
  meters: Meter[]
  today: string
  onClose: () => void
}) {
  const { t } = useTranslation('usage')
  const queryClient = useQueryClient()
  const form = useForm({
    initial: {
      meter: meters[0]?.meter ?? '',
      quantity: '' as number | string,
      on_date: today,
      key: `office-${crypto.randomUUID().slice(0, 8)}`,
    },
    check: (values) => ({
      quantity: values.quantity === '' && t('common:input.required'),
      key: !values.key.trim() && t('common:input.required'),
    }),
    submit: ({ meter, quantity, on_date, key }) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/usage', {
          params: { path: { id: service.id } },
          body: { records: [{ meter, quantity: Number(quantity), on_date, key }] },
        }),
      ),
    onDone: () => {
      showToast({ tone: 'good', title: t('saved') })
      void queryClient.invalidateQueries({ queryKey: ['services', service.id, 'usage'] })
      onClose()
    },
  })
  // The API names the fields of a record; here there is one.
  const errorOf = (name: string) => form.errors[name] ?? form.errors[`records.0.${name}`]
  return (
    <Dialog opened onClose={onClose} title={t('add_title')}>
      <form onSubmit={form.onSubmit} noValidate className={formStyles.body}>
        <p>{t('add_text')}</p>
        <ProblemAlert error={form.problem} />
        <div className={formStyles.fields}>
          <NativeSelect
            label={t('meter')}
            data={meters.map((one) => ({ value: one.meter, label: `${one.name} (${one.unit_name})` }))}
            {...form.field('meter')}
            error={errorOf('meter')}
          />
          <div data-span="6">
            <NumberInput
              label={t('quantity')}
              required
              min={0}
              allowDecimal={false}
              hideControls
              {...form.control('quantity')}
              error={errorOf('quantity')}
            />
          </div>
          <div data-span="6">
            <DateInput
              label={t('on_date')}
              required
              max={today}
              {...form.field('on_date')}
              error={errorOf('on_date')}
            />
          </div>
          <TextInput
            label={t('key')}
            required
            maxLength={120}
            autoComplete="off"
            {...form.field('key')}
            error={errorOf('key')}
          />
        </div>
        <div className={formStyles.end}>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('common:action.save')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
