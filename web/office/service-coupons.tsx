import { Button, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { ServiceCoupon, Subscription } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { DateInput } from '../shared/inputs.tsx'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { Tone } from '../shared/theme.ts'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { refreshCoupons, serviceCouponsQuery } from './coupon-queries.ts'
import { useCouponWords } from './coupon-words.tsx'
import formStyles from './form-layout.module.css'
import styles from './list.module.css'
import { useMay } from './session.ts'

const tones: Record<ServiceCoupon['state'], Tone> = { coming: 'info', running: 'good', ended: 'neutral' }

/** The coupons of a service: what each takes off and for how long; one more is redeemed by its code. */
export function ServiceCoupons({ service }: { service: Subscription }) {
  const { t } = useTranslation('books')
  const may = useMay()
  const words = useCouponWords()
  const { period } = useFormats()
  const queryClient = useQueryClient()
  const query = useQuery(serviceCouponsQuery(service.id))
  const [redeeming, setRedeeming] = useState(false)
  const [ended, setEnded] = useState<ServiceCoupon | null>(null)
  const over = service.status === 'cancelled' || service.status === 'ended'
  if (!query.data) return null
  const { items, default_from, earliest_from } = query.data
  if (over && items.length === 0) return null
  const editable = may('subscriptions.write') && !over
  return (
    <Section
      title={t('service_coupons.title')}
      actions={
        editable && (
          <Button size="xs" variant="default" onClick={() => setRedeeming(true)}>
            {t('service_coupons.redeem')}
          </Button>
        )
      }
    >
      {items.length === 0 ? (
        <p className={styles.nothing}>{t('service_coupons.none')}</p>
      ) : (
        <ul className={styles.list}>
          {items.map((item) => (
            <li key={item.id}>
              <div className={styles.words}>
                <strong>
                  {item.term_months === null
                    ? item.name
                    : t('service_coupons.for_term', { count: item.term_months })}
                  <ToneBadge tone={tones[item.state]}>{t(`service_coupons.state.${item.state}`)}</ToneBadge>
                </strong>
                <small>
                  −{words.off(item)}
                  {item.code !== null && ` · ${item.code}`}
                </small>
                <small>
                  {item.to_date === item.from_date
                    ? t('service_coupons.never_began')
                    : period(item.from_date, item.to_date, 'medium')}
                </small>
              </div>
              {editable && item.state !== 'ended' && (
                <Button variant="subtle" size="compact-sm" color="bad" onClick={() => setEnded(item)}>
                  {t('service_coupons.end')}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {redeeming && (
        <RedeemDialog
          service={service}
          from={default_from}
          earliest={earliest_from}
          onClose={() => setRedeeming(false)}
        />
      )}
      <ConfirmDialog
        opened={ended !== null}
        onClose={() => setEnded(null)}
        title={t('service_coupons.end_ask', { name: ended?.name ?? '' })}
        confirm={t('service_coupons.end')}
        danger
        onConfirm={async () => {
          if (ended === null) return
          await orThrow(
            api.POST('/api/v1/office/redemptions/{id}/end', { params: { path: { id: ended.id } } }),
          )
          await refreshCoupons(queryClient)
        }}
      >
        <p>{t('service_coupons.end_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}

function RedeemDialog({
  service,
  from,
  earliest,
  onClose,
}: {
  service: Subscription
  from: string
  earliest: string
  onClose: () => void
}) {
  const { t } = useTranslation('books')
  const words = useCouponWords()
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const form = useForm({
    initial: { code: '', from_date: from },
    check: (values) => ({
      code: !values.code.trim() && t('common:input.required'),
      from_date: values.from_date === '' && t('common:input.required'),
    }),
    submit: ({ code, from_date }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/subscriptions/{id}/coupons', {
          params: { path: { id: service.id } },
          headers: idempotent(idempotencyKey),
          body: { code, from_date },
        }),
      ),
    onDone: (redeemed) => {
      void refreshCoupons(queryClient)
      showToast({
        tone: 'good',
        title: t('service_coupons.redeemed', { name: redeemed.name }),
        detail: t('service_coupons.redeemed_from', {
          off: words.off(redeemed),
          date: date(redeemed.from_date),
        }),
      })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('service_coupons.redeem')} size="small">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('service_coupons.code')}
          required
          maxLength={40}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          {...form.field('code')}
          onChange={(event) => form.set('code', event.currentTarget.value.toUpperCase())}
        />
        <DateInput
          label={t('service_coupons.from')}
          description={t('service_coupons.from_help', { date: date(earliest) })}
          required
          min={earliest}
          {...form.field('from_date')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('service_coupons.redeem')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
