import { Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { defaultAccent, deriveAccent } from '../shared/accent.ts'
import type { BusinessUnit } from '../shared/api-types.gen.ts'
import type { useForm } from '../shared/form.ts'
import { languages, nameOfLanguage } from '../shared/i18n.ts'
import { Section } from '../shared/page.tsx'
import { useCountries } from './account-form.tsx'
import formStyles from './form-layout.module.css'
import styles from './unit.module.css'

/** The settings of a business unit as its form holds them. */
export type UnitValues = {
  name: string
  legal_name: string
  tax_id: string
  slug: string
  host: string
  address: string
  city: string
  state: string
  country: string
  postal_code: string
  website: string
  support_email: string
  support_phone: string
  currency: string
  time_zone: string
  language: string
  closing_day: number | string
  due_day: number | string
  order_expiry_days: number | string
  billing_mode: string
  day_count: string
  invoice_series: string
  credit_note_series: string
  debit_note_series: string
  proforma_series: string
  tax_rounding: string
  invoice_grouping: string
  payment_methods: BusinessUnit['payment_methods']
  payment_instructions: string
  sensitive_changes_need_approval: boolean
  accent: string
}

const paymentMethods: BusinessUnit['payment_methods'] = [
  'pix',
  'boleto',
  'bank_transfer',
  'card',
  'bank_debit',
  'cash',
  'cheque',
  'other',
]
/** Each kind of document is numbered by itself. */
const series = ['invoice_series', 'credit_note_series', 'debit_note_series', 'proforma_series'] as const

const isAccent = (text: string) => /^#[0-9a-f]{6}$/i.test(text)
const isDay = (day: number | string) => Number.isInteger(Number(day)) && Number(day) >= 1 && Number(day) <= 31

/** A business unit as its form begins; a new one begins where the browser is. */
export function valuesOfUnit(unit: BusinessUnit | null, language: string): UnitValues {
  return {
    name: unit?.name ?? '',
    legal_name: unit?.legal_name ?? '',
    tax_id: unit?.tax_id ?? '',
    slug: unit?.slug ?? '',
    host: unit?.host ?? '',
    address: unit?.address ?? '',
    city: unit?.city ?? '',
    state: unit?.state ?? '',
    country: unit?.country ?? '',
    postal_code: unit?.postal_code ?? '',
    website: unit?.website ?? '',
    support_email: unit?.support_email ?? '',
    support_phone: unit?.support_phone ?? '',
    currency: unit?.currency ?? '',
    time_zone: unit?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    language: unit?.language ?? language,
    closing_day: unit?.closing_day ?? 1,
    due_day: unit?.due_day ?? 10,
    order_expiry_days: unit?.order_expiry_days ?? 30,
    billing_mode: unit?.billing_mode ?? 'advance',
    day_count: unit?.day_count ?? 'actual',
    invoice_series: unit?.invoice_series ?? 'A',
    credit_note_series: unit?.credit_note_series ?? 'C',
    debit_note_series: unit?.debit_note_series ?? 'D',
    proforma_series: unit?.proforma_series ?? 'P',
    tax_rounding: unit?.tax_rounding ?? 'document',
    invoice_grouping: unit?.invoice_grouping ?? 'account',
    payment_methods: unit?.payment_methods ?? ['bank_transfer'],
    payment_instructions: unit?.payment_instructions ?? '',
    sensitive_changes_need_approval: unit?.sensitive_changes_need_approval ?? false,
    accent: unit?.accent ?? defaultAccent,
  }
}

/** What the API takes of both, a new unit and one that is changed; empty text removes a value. */
export function bodyOfUnit({ currency: _currency, ...values }: UnitValues) {
  return {
    ...values,
    language: values.language as BusinessUnit['language'],
    billing_mode: values.billing_mode as BusinessUnit['billing_mode'],
    day_count: values.day_count as BusinessUnit['day_count'],
    tax_rounding: values.tax_rounding as BusinessUnit['tax_rounding'],
    invoice_grouping: values.invoice_grouping as BusinessUnit['invoice_grouping'],
    closing_day: Number(values.closing_day),
    due_day: Number(values.due_day),
    order_expiry_days: Number(values.order_expiry_days),
  }
}

/** What the settings lack, by field. */
export function useUnitCheck() {
  const { t } = useTranslation()
  return (values: UnitValues) => {
    const missing = t('common:input.required')
    return {
      name: !values.name.trim() && missing,
      legal_name: !values.legal_name.trim() && missing,
      slug: !/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(values.slug) && t('units.slug_help'),
      country: values.country === '' && missing,
      currency: !/^[A-Z]{3}$/.test(values.currency) && t('units.currency_missing'),
      closing_day: !isDay(values.closing_day) && t('units.day_of_month'),
      due_day: !isDay(values.due_day) && t('units.day_of_month'),
      ...Object.fromEntries(
        series.map((name) => [name, !/^[A-Z0-9-]{1,10}$/.test(values[name]) && t('units.series_missing')]),
      ),
      payment_methods: values.payment_methods.length === 0 && t('units.payment_methods_missing'),
      accent: !isAccent(values.accent) && t('units.accent_missing'),
      support_email:
        values.support_email !== '' &&
        !/^\S+@\S+\.\S+$/.test(values.support_email) &&
        t('common:input.email'),
      website:
        values.website !== '' && !/^https?:\/\/\S+\.\S+/.test(values.website) && t('units.website_help'),
    }
  }
}

/** A name as it may stand in an address: 'Pirilampo Fibra' is pirilampo-fibra. */
function toSlug(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
}

const timeZones = Intl.supportedValuesOf('timeZone')

/** Every setting of a business unit but its logo. */
export function UnitFields({
  form,
  isNew,
  logoUrl,
}: {
  form: ReturnType<typeof useForm<UnitValues, unknown>>
  isNew: boolean
  logoUrl: string | null
}) {
  const { t } = useTranslation()
  const { values } = form
  const countries = useCountries(values.country)
  const zones = timeZones.includes(values.time_zone) ? timeZones : [values.time_zone, ...timeZones]
  return (
    <>
      <Section title={t('units.identity')}>
        <div className={formStyles.fields}>
          <div data-span="6">
            <TextInput
              label={t('units.name')}
              description={t('units.name_help')}
              required
              autoComplete="off"
              {...form.field('name')}
              onChange={(event) => {
                const name = event.currentTarget.value
                // Until somebody writes another, the short name follows the name.
                if (isNew && values.slug === toSlug(values.name)) form.set('slug', toSlug(name))
                form.set('name', name)
              }}
            />
          </div>
          <div data-span="6">
            <TextInput
              label={t('units.legal_name')}
              description={t('units.legal_name_help')}
              required
              autoComplete="off"
              {...form.field('legal_name')}
            />
          </div>
          <div data-span="6">
            <TextInput
              label={t('units.slug')}
              description={t('units.slug_help')}
              required
              autoComplete="off"
              spellCheck={false}
              {...form.field('slug')}
            />
          </div>
          <div data-span="6">
            <TextInput
              label={t('units.host')}
              description={t('units.host_help')}
              autoComplete="off"
              spellCheck={false}
              {...form.field('host')}
            />
          </div>
          <div data-span="6">
            <TextInput label={t('units.tax_id')} autoComplete="off" {...form.field('tax_id')} />
          </div>
        </div>
      </Section>
      <Section title={t('units.contact')} description={t('units.contact_text')}>
        <div className={formStyles.fields}>
          <TextInput label={t('units.address')} autoComplete="off" {...form.field('address')} />
          <div data-span="8">
            <TextInput label={t('units.city')} autoComplete="off" {...form.field('city')} />
          </div>
          <div data-span="4">
            <TextInput label={t('units.postal_code')} autoComplete="off" {...form.field('postal_code')} />
          </div>
          <div data-span="6">
            <TextInput label={t('units.state')} autoComplete="off" {...form.field('state')} />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('units.country')}
              required
              data={[...(values.country === '' ? [{ value: '', label: '–' }] : []), ...countries]}
              {...form.field('country')}
            />
          </div>
          <div data-span="6">
            <TextInput
              type="email"
              label={t('units.support_email')}
              autoComplete="off"
              {...form.field('support_email')}
            />
          </div>
          <div data-span="6">
            <TextInput
              label={t('units.support_phone')}
              inputMode="tel"
              autoComplete="off"
              {...form.field('support_phone')}
            />
          </div>
          <TextInput
            label={t('units.website')}
            description={t('units.website_help')}
            inputMode="url"
            autoComplete="off"
            {...form.field('website')}
          />
          <Checkbox
            label={t('units.sensitive_changes')}
            description={t('units.sensitive_changes_help')}
            {...form.toggle('sensitive_changes_need_approval')}
          />
        </div>
      </Section>
      <Section title={t('units.region')}>
        <div className={formStyles.fields}>
          <div data-span="6">
            <TextInput
              label={t('units.currency')}
              description={t(isNew ? 'units.currency_help' : 'units.currency_fixed')}
              required={isNew}
              disabled={!isNew}
              maxLength={3}
              autoComplete="off"
              {...form.field('currency')}
              onChange={(event) => form.set('currency', event.currentTarget.value.toUpperCase())}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('units.language')}
              description={t('units.language_help')}
              data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
              {...form.field('language')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('units.time_zone')}
              description={t('units.time_zone_help')}
              data={zones.map((value) => ({ value, label: value.replaceAll('_', ' ') }))}
              {...form.field('time_zone')}
            />
          </div>
        </div>
      </Section>
      <Section title={t('units.billing')} description={t('units.billing_text')}>
        <div className={formStyles.fields}>
          <div data-span="6">
            <NumberInput
              label={t('units.closing_day')}
              description={t('units.closing_day_help')}
              required
              min={1}
              max={31}
              allowDecimal={false}
              hideControls
              {...form.control('closing_day')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('units.due_day')}
              description={t('units.due_day_help')}
              required
              min={1}
              max={31}
              allowDecimal={false}
              hideControls
              {...form.control('due_day')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('units.order_expiry_days')}
              description={t('units.order_expiry_help')}
              min={0}
              max={3650}
              allowDecimal={false}
              hideControls
              {...form.control('order_expiry_days')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('units.billing_mode')}
              description={t(`units.mode_help.${values.billing_mode}`)}
              data={['advance', 'arrears'].map((value) => ({
                value,
                label: t(`words.billing_mode.${value}`),
              }))}
              {...form.field('billing_mode')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('units.day_count')}
              description={t(`units.day_count_says.${values.day_count}`)}
              data={['actual', 'commercial'].map((value) => ({
                value,
                label: t(`audit.day_count.${value}`),
              }))}
              {...form.field('day_count')}
            />
          </div>
        </div>
      </Section>
      <Section title={t('units.documents')} description={t('units.documents_text')}>
        <div className={formStyles.fields}>
          <div data-span="6">
            <NativeSelect
              label={t('units.grouping')}
              data={(['account', 'subscription'] as const).map((value) => ({
                value,
                label: t(`units.grouping_${value}`),
              }))}
              {...form.field('invoice_grouping')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('units.tax_rounding')}
              data={(['document', 'line'] as const).map((value) => ({
                value,
                label: t(`units.rounding_${value}`),
              }))}
              {...form.field('tax_rounding')}
            />
          </div>
          {series.map((name) => (
            <div key={name} data-span="6">
              <TextInput
                label={t(name === 'invoice_series' ? 'units.series' : `units.${name}`)}
                description={name === 'invoice_series' ? t('units.series_help') : undefined}
                required
                maxLength={10}
                autoComplete="off"
                {...form.field(name)}
                onChange={(event) => form.set(name, event.currentTarget.value.toUpperCase())}
              />
            </div>
          ))}
        </div>
      </Section>
      <Section title={t('units.payment')} description={t('units.payment_text')}>
        <div className={formStyles.fields}>
          <fieldset className={styles.group}>
            <legend>{t('units.payment_methods')}</legend>
            {paymentMethods.map((method) => (
              <Checkbox
                key={method}
                label={t(`words.payment_method.${method}`)}
                checked={values.payment_methods.includes(method)}
                aria-invalid={form.errors.payment_methods ? true : undefined}
                onChange={(event) =>
                  form.set(
                    'payment_methods',
                    event.currentTarget.checked
                      ? [...values.payment_methods, method]
                      : values.payment_methods.filter((one) => one !== method),
                  )
                }
              />
            ))}
            {form.errors.payment_methods && (
              <p role="alert" className={styles.error}>
                {form.errors.payment_methods}
              </p>
            )}
          </fieldset>
          <Textarea
            label={t('units.payment_instructions')}
            description={t('units.payment_instructions_help')}
            autosize
            minRows={3}
            {...form.field('payment_instructions')}
          />
        </div>
      </Section>
      <Section title={t('units.look')} description={t('units.look_text')}>
        <div className={formStyles.fields}>
          <div data-span="6" className={styles.accent}>
            <TextInput
              label={t('units.accent')}
              description={t('units.accent_help')}
              maxLength={7}
              autoComplete="off"
              spellCheck={false}
              {...form.field('accent')}
            />
            <input
              type="color"
              className={styles.pick}
              aria-label={t('units.accent_pick')}
              value={isAccent(values.accent) ? values.accent.toLowerCase() : defaultAccent}
              onChange={(event) => form.set('accent', event.currentTarget.value)}
            />
          </div>
          <AccentPreview
            accent={isAccent(values.accent) ? values.accent.toLowerCase() : defaultAccent}
            name={values.name}
            logoUrl={logoUrl}
          />
        </div>
      </Section>
    </>
  )
}

/** What an accent makes of a button, a link and a chosen row in each theme, before anybody sees it. */
function AccentPreview({ accent, name, logoUrl }: { accent: string; name: string; logoUrl: string | null }) {
  const { t } = useTranslation()
  return (
    <section className={styles.previews} aria-label={t('units.preview')}>
      {(['light', 'dark'] as const).map((scheme) => {
        const colours = deriveAccent(accent, scheme)
        const paper =
          scheme === 'light'
            ? { background: '#ffffff', color: '#18181b' }
            : { background: '#1b1c20', color: '#ededf0' }
        return (
          <figure key={scheme} className={styles.preview} style={{ ...paper, margin: 0 }}>
            <figcaption>{t(`units.preview_${scheme}`)}</figcaption>
            <div className={styles.brand}>{logoUrl ? <img src={logoUrl} alt={name} /> : name || '…'}</div>
            <div className={styles.parts}>
              <span className={styles.button} style={{ background: colours.fill, color: colours.onFill }}>
                {t('units.preview_button')}
              </span>
              <span style={{ color: colours.text }}>{t('units.preview_link')}</span>
              <span className={styles.chosen} style={{ background: colours.subtle, color: colours.text }}>
                {t('units.preview_chosen')}
              </span>
            </div>
          </figure>
        )
      })}
    </section>
  )
}
