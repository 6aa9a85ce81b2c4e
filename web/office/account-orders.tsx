import { Button, NumberInput, TextInput } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText } from '../shared/values.tsx'
import { ButtonLink } from './button-link.tsx'
import formStyles from './form-layout.module.css'
import styles from './list.module.css'
import { accountOrdersQuery, supportCreditsQuery } from './order-queries.ts'
import { OrderPrice, OrderState } from './order-words.tsx'
import { useMay } from './session.ts'

/** The newest orders and quotes of an account; nothing where there are none and none can be made. */
export function AccountOrders({ account }: { account: Account }) {
  const { t } = useTranslation('orders')
  const may = useMay()
  const { data } = useQuery(accountOrdersQuery(account.id))
  if (!data) return null
  const writes = may('orders.write') && account.erased_at === null
  if (data.items.length === 0 && !writes) return null
  return (
    <Section
      title={t('list.title')}
      flush
      actions={
        <div className={styles.links}>
          {data.next_cursor !== null && (
            <Link to="/orders" search={{ account_id: account.id } as never}>
              {t('account.all')}
            </Link>
          )}
          {writes && (
            <ButtonLink
              to={`/accounts/${account.id}/new-order`}
              variant="default"
              size="xs"
              leftSection={<IconPlus size={14} aria-hidden />}
            >
              {t('new.title')}
            </ButtonLink>
          )}
        </div>
      }
    >
      {data.items.length === 0 ? (
        <p className={styles.flushNothing}>{t('account.none')}</p>
      ) : (
        <SimpleTable
          label={t('list.title')}
          rows={data.items}
          rowId={(row) => row.id}
          columns={[
            {
              id: 'title',
              header: t('list.title_column'),
              primary: true,
              cell: (row) => (
                <>
                  <Link to={`/orders/${row.id}` as never}>{row.title}</Link>
                  <small className={styles.detail}>
                    {t(row.placed_at === null ? 'detail.quote' : 'detail.order', { number: row.number })}
                  </small>
                </>
              ),
            },
            { id: 'state', header: t('list.state'), cell: (row) => <OrderState order={row} /> },
            {
              id: 'created_at',
              header: t('list.created_at'),
              cell: (row) => <DateText value={row.created_at} />,
            },
            {
              id: 'total',
              header: t('list.total'),
              align: 'end',
              cell: (row) => <OrderPrice order={row} />,
            },
          ]}
        />
      )}
    </Section>
  )
}

/** The support credits of an account, where it has or had any: what is left, and staff give and take. */
export function AccountSupportCredits({ account }: { account: Account }) {
  const { t } = useTranslation('orders')
  const { number } = useFormats()
  const may = useMay()
  const { data } = useQuery(supportCreditsQuery(account.id))
  const [adjusting, setAdjusting] = useState(false)
  if (!data) return null
  const writes = may('orders.write') && account.erased_at === null
  if (data.items.length === 0 && !writes) return null
  return (
    <Section
      title={t('credits.title')}
      actions={
        writes && (
          <Button size="xs" variant="default" onClick={() => setAdjusting(true)}>
            {t('credits.adjust')}
          </Button>
        )
      }
    >
      <p>
        <strong>{t('credits.balance', { count: data.balance, formatted: number(data.balance) })}</strong>
      </p>
      {data.items.length > 0 && (
        <ul className={styles.list}>
          {data.items.map((entry) => (
            <li key={entry.id}>
              <span className={styles.words}>
                {entry.order_id ? (
                  <Link to={`/orders/${entry.order_id}` as never}>{entry.order_title}</Link>
                ) : (
                  <span>{entry.reason ?? t('credits.no_reason')}</span>
                )}
                <small>
                  <DateText value={entry.created_at} />
                </small>
              </span>
              <span>
                {entry.amount > 0 ? '+' : '−'}
                {number(Math.abs(entry.amount))}
              </span>
            </li>
          ))}
        </ul>
      )}
      {adjusting && <AdjustCreditsDialog account={account} onClose={() => setAdjusting(false)} />}
    </Section>
  )
}

function AdjustCreditsDialog({ account, onClose }: { account: Account; onClose: () => void }) {
  const { t } = useTranslation('orders')
  const { t: to } = useTranslation()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { amount: '' as number | string, reason: '' },
    check: (values) => ({
      amount: (values.amount === '' || Number(values.amount) === 0) && to('common:input.required'),
      reason: values.reason.trim() === '' && to('common:input.required'),
    }),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/support-credits', {
          params: { path: { id: account.id } },
          headers: idempotent(idempotencyKey),
          body: { amount: Number(values.amount), reason: values.reason.trim() },
        }),
      ),
    onDone: async () => {
      await queryClient.invalidateQueries({ queryKey: supportCreditsQuery(account.id).queryKey })
      showToast({ tone: 'good', title: t('credits.adjusted') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('credits.adjust')}>
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <NumberInput
          label={t('credits.amount')}
          description={t('credits.amount_help')}
          required
          allowDecimal={false}
          min={-1_000_000}
          max={1_000_000}
          data-autofocus
          {...form.control('amount')}
        />
        <TextInput label={t('credits.reason')} required maxLength={500} {...form.field('reason')} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {to('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {to('common:action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
