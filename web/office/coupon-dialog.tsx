import { Button, Checkbox, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { BusinessUnit, Coupon } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { addDays, separatorsOf } from '../shared/formats.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { toBasisPoints } from './amounts.ts'
import { refreshCoupons, unitPlansQuery } from './coupon-queries.ts'
import styles from './form-layout.module.css'
import choiceStyles from './taxes.module.css'

const isCount = (value: number | string, most: number) =>
  Number.isInteger(Number(value)) && Number(value) >= 1 && Number(value) <= most

/** A coupon with all its terms; what was promised to those who redeemed it is fixed. */
export function CouponDialog({
  coupon,
  units,
  unitId,
  onSaved,
  onClose,
}: {
  coupon: Coupon | null
  /** Where a new one may be created. */
  units: BusinessUnit[]
  unitId?: string | undefined
  onSaved?: (coupon: Coupon) => void
  onClose: () => void
}) {
  const { t, i18n } = useTranslation('books')
  const queryClient = useQueryClient()
  const fixed = (coupon?.redemptions ?? 0) > 0
  const form = useForm({
    initial: {
      business_unit_id: coupon?.business_unit_id ?? unitId ?? units[0]?.id ?? '',
      code: coupon?.code ?? '',
      name: coupon?.name ?? '',
      discount_kind: (coupon?.discount_kind ?? 'percent') as string,
      discount_amount: coupon?.discount_amount ?? (null as number | null),
      discount_percent: (coupon?.discount_basis_points == null ? '' : coupon.discount_basis_points / 100) as
        | number
        | string,
      lasts: coupon !== null && coupon.periods === null ? 'for_ever' : 'some',
      periods: (coupon?.periods ?? 3) as number | string,
      valid_from: coupon?.valid_from ?? '',
      last_day: coupon?.valid_until ? addDays(coupon.valid_until, -1) : '',
      most_redemptions: (coupon?.most_redemptions ?? '') as number | string,
      once_per_account: coupon?.once_per_account ?? true,
      plan_ids: coupon?.plan_ids ?? ([] as string[]),
    },
    check: (values) => ({
      code: !/^[A-Z0-9][A-Z0-9_-]{1,39}$/.test(values.code.trim()) && t('coupons.code_missing'),
      name: !values.name.trim() && t('common:input.required'),
      discount_amount:
        values.discount_kind === 'amount' && !values.discount_amount && t('common:input.money'),
      discount_percent:
        values.discount_kind === 'percent' &&
        !toBasisPoints(values.discount_percent) &&
        t('common:input.required'),
      periods: values.lasts === 'some' && !isCount(values.periods, 600) && t('coupons.period_missing'),
      most_redemptions:
        values.most_redemptions !== '' &&
        !isCount(values.most_redemptions, 1_000_000_000) &&
        t('coupons.most_missing'),
    }),
    submit: async (values, { idempotencyKey }) => {
      const amount = values.discount_kind === 'amount'
      const terms = {
        code: values.code.trim(),
        discount_kind: values.discount_kind as Coupon['discount_kind'],
        discount_amount: amount ? values.discount_amount : null,
        discount_basis_points: amount ? null : toBasisPoints(values.discount_percent),
        periods: values.lasts === 'some' ? Number(values.periods) : null,
      }
      const body = {
        name: values.name,
        valid_from: values.valid_from || null,
        valid_until: values.last_day === '' ? null : addDays(values.last_day, 1),
        most_redemptions: values.most_redemptions === '' ? null : Number(values.most_redemptions),
        once_per_account: values.once_per_account,
        plan_ids: values.plan_ids.length === 0 ? null : values.plan_ids,
      }
      return coupon === null
        ? orThrow(
            api.POST('/api/v1/office/coupons', {
              body: { ...body, ...terms, business_unit_id: values.business_unit_id },
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(
            api.PATCH('/api/v1/office/coupons/{id}', {
              params: { path: { id: coupon.id } },
              body: fixed ? body : { ...body, ...terms },
            }),
          )
    },
    onDone: (saved) => {
      void refreshCoupons(queryClient)
      showToast({ tone: 'good', title: t('coupons.saved'), detail: saved.code })
      onSaved?.(saved)
      onClose()
    },
  })
  const { values } = form
  const unit = units.find((one) => one.id === values.business_unit_id)
  const plans = useQuery({
    ...unitPlansQuery(values.business_unit_id),
    enabled: values.business_unit_id !== '',
  })
  const offered = (plans.data ?? []).filter(
    (plan) => plan.archived_at === null || values.plan_ids.includes(plan.id),
  )
  return (
    <Dialog opened onClose={onClose} title={t(coupon ? 'coupons.edit' : 'coupons.new')} size="large">
      <form className={styles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        {fixed && <Callout tone="info">{t('coupons.fixed')}</Callout>}
        <div className={styles.fields}>
          {coupon === null && units.length > 1 && (
            <NativeSelect
              label={t('coupons.business_unit')}
              data={units.map((one) => ({ value: one.id, label: one.name }))}
              {...form.field('business_unit_id')}
              onChange={(event) => {
                form.set('business_unit_id', event.currentTarget.value)
                form.set('plan_ids', [])
              }}
            />
          )}
          <div data-span="6">
            <TextInput
              label={t('coupons.code')}
              description={t('coupons.code_help')}
              required
              maxLength={40}
              autoComplete="off"
              spellCheck={false}
              disabled={fixed}
              {...form.field('code')}
              onChange={(event) => form.set('code', event.currentTarget.value.toUpperCase())}
            />
          </div>
          <div data-span="6">
            <TextInput
              label={t('coupons.name')}
              description={t('coupons.name_help')}
              required
              maxLength={120}
              autoComplete="off"
              {...form.field('name')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('coupons.kind')}
              disabled={fixed}
              data={[
                { value: 'percent', label: t('coupons.percent') },
                { value: 'amount', label: t('coupons.amount') },
              ]}
              {...form.field('discount_kind')}
            />
          </div>
          <div data-span="6">
            {values.discount_kind === 'amount' ? (
              <MoneyInput
                label={t('coupons.off')}
                required
                disabled={fixed}
                currency={coupon?.currency ?? unit?.currency ?? 'USD'}
                {...form.control('discount_amount')}
              />
            ) : (
              <NumberInput
                label={t('coupons.off')}
                required
                disabled={fixed}
                min={0}
                max={100}
                decimalScale={2}
                decimalSeparator={separatorsOf(i18n.language).decimal}
                suffix=" %"
                hideControls
                {...form.control('discount_percent')}
              />
            )}
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('coupons.lasts')}
              disabled={fixed}
              data={[
                { value: 'some', label: t('coupons.some_periods') },
                { value: 'for_ever', label: t('coupons.for_ever') },
              ]}
              {...form.field('lasts')}
            />
          </div>
          <div data-span="6">
            {values.lasts === 'some' && (
              <NumberInput
                label={t('coupons.period_count')}
                required
                disabled={fixed}
                min={1}
                max={600}
                allowDecimal={false}
                hideControls
                {...form.control('periods')}
              />
            )}
          </div>
          <div data-span="6">
            <DateInput label={t('coupons.valid_from')} {...form.field('valid_from')} />
          </div>
          <div data-span="6">
            <DateInput
              label={t('coupons.valid_to')}
              {...form.field('last_day')}
              error={form.errors.last_day ?? form.errors.valid_until}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('coupons.most')}
              description={t('coupons.most_help')}
              min={1}
              allowDecimal={false}
              hideControls
              {...form.control('most_redemptions')}
            />
          </div>
          {offered.length > 0 && (
            <fieldset className={styles.checks}>
              <legend>{t('coupons.plans')}</legend>
              <p className={choiceStyles.note}>{t('coupons.plans_help')}</p>
              <div className={choiceStyles.choices}>
                {offered.map((plan) => (
                  <Checkbox
                    key={plan.id}
                    label={plan.name}
                    checked={values.plan_ids.includes(plan.id)}
                    onChange={(event) =>
                      form.set(
                        'plan_ids',
                        event.currentTarget.checked
                          ? [...values.plan_ids, plan.id]
                          : values.plan_ids.filter((id) => id !== plan.id),
                      )
                    }
                  />
                ))}
              </div>
              {form.errors.plan_ids && <p role="alert">{form.errors.plan_ids}</p>}
            </fieldset>
          )}
          <Checkbox label={t('coupons.once')} {...form.toggle('once_per_account')} />
        </div>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('common:action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
