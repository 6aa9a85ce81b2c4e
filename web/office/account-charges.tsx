import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account, Charge } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText, Money } from '../shared/values.tsx'
import { accountServicesQuery, refreshAccounts } from './account-queries.ts'
import { ButtonLink } from './button-link.tsx'
import { usableProductsQuery } from './catalogue-queries.ts'
import { waitingChargesQuery } from './document-queries.ts'
import documentStyles from './documents.module.css'
import styles from './form-layout.module.css'
import listStyles from './list.module.css'
import { useMay } from './session.ts'

/** One-off amounts that wait for the next closing: added here, taken back, or billed at once. */
export function AccountCharges({ account }: { account: Account }) {
  const { t } = useTranslation('documents')
  const { money } = useFormats()
  const may = useMay()
  const queryClient = useQueryClient()
  const query = useQuery(waitingChargesQuery(account.id))
  const [adding, setAdding] = useState(false)
  const [withdrawn, setWithdrawn] = useState<Charge | null>(null)
  const writes = may('documents.write') && account.erased_at === null
  const charges = query.data?.items ?? []
  if (query.isPending) {
    return (
      <Section>
        <SkeletonText />
      </Section>
    )
  }
  if (query.error) {
    return (
      <Section>
        <ProblemAlert error={query.error} onRetry={() => query.refetch()} />
      </Section>
    )
  }
  // Who may not add any is told of them only where there are some.
  if (!writes && charges.length === 0) return null
  return (
    <Section
      title={t('charges.title')}
      description={t('charges.text')}
      flush
      actions={
        writes && (
          <div className={documentStyles.actions}>
            {charges.length > 0 && (
              <ButtonLink
                to={`/accounts/${account.id}/new-invoice`}
                search={{ charges: 'all' } as never}
                variant="default"
                size="xs"
              >
                {t('charges.bill_now')}
              </ButtonLink>
            )}
            <Button
              size="xs"
              variant="default"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => setAdding(true)}
            >
              {t('charges.add')}
            </Button>
          </div>
        )
      }
    >
      {charges.length === 0 ? (
        <p className={listStyles.flushNothing}>{t('charges.empty')}</p>
      ) : (
        <SimpleTable
          label={t('charges.title')}
          rows={charges}
          rowId={(row) => row.id}
          columns={[
            {
              id: 'what',
              header: t('charges.what'),
              primary: true,
              cell: (row) => (
                <>
                  {row.description}
                  <small className={listStyles.detail}>
                    {[
                      t(`charges.kind.${row.kind}`),
                      row.instalment !== null &&
                        t('charges.instalment', { instalment: row.instalment, of: row.instalments }),
                      row.quantity > 1 &&
                        t('charges.times', {
                          quantity: row.quantity,
                          amount: money(row.unit_amount, row.currency),
                        }),
                      row.product_name,
                      row.subscription_number !== null &&
                        t('service_number', { number: row.subscription_number }),
                    ]
                      .filter(Boolean)
                      .join(' · ')}
                  </small>
                </>
              ),
            },
            { id: 'when', header: t('charges.when'), cell: (row) => <DateText value={row.bill_on} /> },
            {
              id: 'amount',
              header: t('charges.amount'),
              align: 'end',
              cell: (row) => <Money amount={row.amount} currency={row.currency} />,
            },
            ...(writes
              ? [
                  {
                    id: 'withdraw',
                    header: <span className="visually-hidden">{t('withdraw')}</span>,
                    align: 'end' as const,
                    width: '3rem',
                    cell: (row: Charge) => (
                      <button
                        type="button"
                        className={documentStyles.withdraw}
                        aria-label={t('charges.withdraw', { description: row.description })}
                        onClick={() => setWithdrawn(row)}
                      >
                        <IconX size={16} aria-hidden />
                      </button>
                    ),
                  },
                ]
              : []),
          ]}
        />
      )}
      {adding && <AddChargeDialog account={account} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        opened={withdrawn !== null}
        onClose={() => setWithdrawn(null)}
        title={t('charges.withdraw_title')}
        confirm={t('withdraw')}
        danger
        onConfirm={async () => {
          if (!withdrawn) return
          await orThrow(
            api.POST('/api/v1/office/charges/{id}/withdraw', { params: { path: { id: withdrawn.id } } }),
          )
          await refreshAccounts(queryClient)
          showToast({ tone: 'good', title: t('charges.withdrawn') })
        }}
      >
        {withdrawn && (
          <p>
            {t('charges.withdraw_text', {
              description: withdrawn.description,
              amount: money(withdrawn.amount, withdrawn.currency),
            })}
          </p>
        )}
      </ConfirmDialog>
    </Section>
  )
}

function AddChargeDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation('documents')
  const queryClient = useQueryClient()
  const { data: products = [] } = useQuery(usableProductsQuery)
  const { data: services } = useQuery(accountServicesQuery(account.id))
  const form = useForm({
    initial: {
      description: '',
      unit_amount: null as number | null,
      quantity: 1 as number | string,
      product_id: '',
      subscription_id: '',
      bill_on: '',
      instalments: 1 as number | string,
    },
    check: (values) => ({
      description: values.description.trim() === '' && t('common:input.required'),
      unit_amount: values.unit_amount === null && t('common:input.money'),
    }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/charges', {
          params: { path: { id: account.id } },
          headers: idempotent(idempotencyKey),
          body: {
            description: values.description,
            unit_amount: values.unit_amount ?? 0,
            quantity: Number(values.quantity) || 1,
            product_id: values.product_id || null,
            subscription_id: values.subscription_id || null,
            bill_on: values.bill_on || null,
            instalments: Number(values.instalments) || 1,
          },
        }),
      ),
    onDone: ({ items }) => {
      void refreshAccounts(queryClient)
      showToast({ tone: 'good', title: t('charges.added', { count: items.length }) })
      onClose()
    },
  })
  const going = (services?.items ?? []).filter((one) => one.status !== 'cancelled' && one.status !== 'ended')
  return (
    <Dialog opened onClose={onClose} title={t('charges.add_title')}>
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <p>{t('charges.add_text')}</p>
        <ProblemAlert error={form.problem} />
        <div className={styles.fields}>
          <div>
            <TextInput
              label={t('description')}
              required
              maxLength={200}
              autoComplete="off"
              {...form.field('description')}
            />
          </div>
          <div data-span="6">
            <MoneyInput
              label={t('unit_amount')}
              required
              currency={account.currency}
              {...form.control('unit_amount')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('quantity')}
              min={1}
              max={1_000_000}
              allowDecimal={false}
              {...form.control('quantity')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('product')}
              data={[
                { value: '', label: t('product_none') },
                ...products
                  .filter((product) => product.business_unit_id === account.business_unit_id)
                  .map((product) => ({ value: product.id, label: product.name })),
              ]}
              {...form.field('product_id')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('service')}
              data={[
                { value: '', label: t('for_account') },
                ...going.map((one) => ({ value: one.id, label: one.plan_name })),
              ]}
              {...form.field('subscription_id')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('charges.instalments')}
              description={t('charges.instalments_help')}
              min={1}
              max={120}
              allowDecimal={false}
              {...form.control('instalments')}
            />
          </div>
          <div data-span="6">
            <DateInput
              label={t('charges.bill_on')}
              description={t('charges.bill_on_help')}
              {...form.field('bill_on')}
            />
          </div>
        </div>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('charges.add')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
