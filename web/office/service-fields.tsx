import { NativeSelect, type NativeSelectProps, NumberInput, type NumberInputProps } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { BillingData } from '../shared/api-types.gen.ts'

type Named = { id: string; name: string }

/** A whole number that is typed. */
function WholeField(props: NumberInputProps) {
  return (
    <div data-span="6">
      <NumberInput allowDecimal={false} hideControls {...props} />
    </div>
  )
}

/** How many days of a service cost nothing at first. */
export function TrialDaysField(props: NumberInputProps) {
  const { t } = useTranslation()
  return <WholeField label={t('services.trial_days')} min={0} max={3650} {...props} />
}

/** A minimum term in months; zero is none. */
export function TermMonthsField(props: NumberInputProps) {
  const { t } = useTranslation()
  return <WholeField label={t('services.term_months')} min={0} max={600} {...props} />
}

/** The day of the month on which invoices are due. */
export function DueDayField(props: NumberInputProps) {
  const { t } = useTranslation()
  return <WholeField label={t('accounts.due_day')} min={1} max={31} {...props} />
}

/** How many of a plan. */
export function QuantityField(props: NumberInputProps) {
  const { t } = useTranslation()
  return (
    <div data-span="4">
      <NumberInput label={t('services.quantity')} min={1} max={1_000_000} allowDecimal={false} {...props} />
    </div>
  )
}

/** How invoices are paid, of the ways that the business unit takes. */
export function PaymentMethodField({
  methods,
  ...props
}: NativeSelectProps & { methods: readonly BillingData['payment_method'][] }) {
  const { t } = useTranslation()
  return (
    <div data-span="6">
      <NativeSelect
        label={t('accounts.payment_method')}
        data={methods.map((value) => ({ value, label: t(`words.payment_method.${value}`) }))}
        {...props}
      />
    </div>
  )
}

/** In advance or in arrears; with `standard`, the words for leaving it as it is elsewhere. */
export function BillingModeField({ standard, ...props }: NativeSelectProps & { standard?: string }) {
  const { t } = useTranslation()
  return (
    <div data-span="6">
      <NativeSelect
        label={t('services.billing_mode')}
        data={[
          ...(standard === undefined ? [] : [{ value: '', label: standard }]),
          ...['advance', 'arrears'].map((value) => ({ value, label: t(`words.billing_mode.${value}`) })),
        ]}
        {...props}
      />
    </div>
  )
}

/** Who sold it. */
export function SalespersonField({ people, ...props }: NativeSelectProps & { people: readonly Named[] }) {
  const { t } = useTranslation()
  return (
    <div data-span="6">
      <NativeSelect
        label={t('services.salesperson')}
        data={[
          { value: '', label: t('words.none') },
          ...people.map((one) => ({ value: one.id, label: one.name })),
        ]}
        {...props}
      />
    </div>
  )
}

/** Where a connection enters the network. */
export function RoutingPointField({
  points,
  none,
  ...props
}: NativeSelectProps & { points: readonly Named[]; none: string }) {
  const { t } = useTranslation()
  return (
    <NativeSelect
      label={t('services.routing_point')}
      data={[{ value: '', label: none }, ...points.map((one) => ({ value: one.id, label: one.name }))]}
      {...props}
    />
  )
}
