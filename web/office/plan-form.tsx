import { Button, Checkbox, NativeSelect, NumberInput, Textarea, TextInput } from '@mantine/core'
import IconArchive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import IconArrowBackUp from '@tabler/icons-react/dist/esm/icons/IconArrowBackUp.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { BusinessUnit, Plan, Product } from '../shared/api-types.gen.ts'
import type { useForm } from '../shared/form.ts'
import { MoneyInput } from '../shared/inputs.tsx'
import { Section } from '../shared/page.tsx'
import styles from './catalogue.module.css'
import formStyles from './form-layout.module.css'
import { bodyOfTerm, PlanTerms, rowsOfTerms, type TermRow } from './plan-terms.tsx'
import { PriceFields } from './price-fields.tsx'
import { bodyOfPrice, lacksSomething, newPrice, type PriceRow, rowsOfPrices } from './price-rows.ts'
import priceStyles from './prices.module.css'
import { BillingModeField, TermMonthsField, TrialDaysField } from './service-fields.tsx'

export const planKinds: Plan['kind'][] = [
  'dial_up',
  'broadband',
  'additional_point',
  'email',
  'hosting',
  'domain',
  'licence',
  'support_pack',
  'generic',
]
const itemKinds: Plan['items'][number]['item'][] = [
  'login',
  'ip',
  'mailbox',
  'domain',
  'ftp_user',
  'database',
  'host_record',
  'licence',
]
const optionKinds = ['option', 'add_on', 'module'] as const
const suspensionCredits = ['unless_debt', 'always', 'never'] as const

interface ItemRow {
  item: Plan['items'][number]['item']
  included: number | string
  maximum: number | string
  extra_amount: number | null
}
interface OptionRow {
  /** Stable while the form is open; an option that exists has its `id` too. */
  key: string
  id?: string
  kind: (typeof optionKinds)[number]
  name: string
  prices: PriceRow[]
  archived: boolean
  sold: boolean
}
interface MeterRow {
  key: string
  id?: string
  code: string
  name: string
  unit_name: string
  prices: PriceRow[]
  archived: boolean
  sold: boolean
}

/** A plan as its form holds it. */
export type PlanValues = {
  business_unit_id: string
  product_id: string
  name: string
  kind: string
  description: string
  proportional_trial: boolean
  trial_days: number | string
  billing_mode: string
  term_months: number | string
  terms: TermRow[]
  suspension_credit: string
  position: number | string
  /** Today where it is sold. */
  day: string
  prices: PriceRow[]
  items: ItemRow[]
  options: OptionRow[]
  meters: MeterRow[]
}

/** A plan as its form begins. */
export function valuesOfPlan(
  plan: Plan | null,
  unit: BusinessUnit | undefined,
  productId: string,
  today: string,
): PlanValues {
  const day = plan?.day ?? today
  return {
    business_unit_id: plan?.business_unit_id ?? unit?.id ?? '',
    product_id: plan?.product_id ?? productId,
    name: plan?.name ?? '',
    kind: plan?.kind ?? 'broadband',
    description: plan?.description ?? '',
    proportional_trial: plan?.proportional_trial ?? false,
    trial_days: plan?.trial_days ?? 0,
    billing_mode: plan?.billing_mode ?? '',
    term_months: plan?.term_months ?? 0,
    terms: rowsOfTerms(plan?.terms ?? []),
    position: plan?.position ?? 0,
    suspension_credit: plan?.suspension_credit ?? 'unless_debt',
    day,
    prices: plan ? rowsOfPrices(plan.prices, day) : [newPrice(unit?.currency ?? 'USD')],
    items: plan?.items.map((one) => ({ ...one, maximum: one.maximum ?? '' })) ?? [],
    options:
      plan?.options.map((one) => ({
        key: one.id,
        id: one.id,
        kind: one.kind,
        name: one.name,
        prices: rowsOfPrices(one.prices, day),
        archived: one.archived_at !== null,
        sold: one.sold,
      })) ?? [],
    meters:
      plan?.meters.map((one) => ({
        key: one.id,
        id: one.id,
        code: one.code,
        name: one.name,
        unit_name: one.unit_name,
        prices: rowsOfPrices(one.prices, day),
        archived: one.archived_at !== null,
        sold: one.sold,
      })) ?? [],
  }
}

/** What the API takes, without the business unit, which a plan keeps. */
export function bodyOfPlan(values: PlanValues) {
  return {
    product_id: values.product_id,
    name: values.name,
    kind: values.kind as Plan['kind'],
    description: values.description,
    proportional_trial: values.proportional_trial,
    trial_days: Number(values.trial_days),
    billing_mode: values.billing_mode === '' ? null : (values.billing_mode as 'advance' | 'arrears'),
    term_months: Number(values.term_months),
    terms: values.terms.map(bodyOfTerm),
    position: Number(values.position),
    suspension_credit: values.suspension_credit as Plan['suspension_credit'],
    prices: values.prices.map(bodyOfPrice),
    items: values.items.map((one) => ({
      item: one.item,
      included: Number(one.included),
      maximum: one.maximum === '' ? null : Number(one.maximum),
      extra_amount: one.extra_amount,
    })),
    options: values.options.map(({ id, kind, name, prices, archived }) => ({
      ...(id ? { id } : {}),
      kind,
      name,
      prices: prices.map(bodyOfPrice),
      archived,
    })),
    meters: values.meters.map(({ id, code, name, unit_name, prices, archived }) => ({
      ...(id ? { id } : {}),
      code,
      name,
      unit_name,
      prices: prices.map(bodyOfPrice),
      archived,
    })),
  }
}

/** What a plan lacks, by field. */
export function checkPlan(values: PlanValues, missing: string) {
  return {
    name: !values.name.trim() && missing,
    product_id: values.product_id === '' && missing,
    prices: values.prices.some(lacksSomething) && missing,
    terms: values.terms.some((one) => one.months === '') && missing,
    options: values.options.some((one) => !one.name.trim() || one.prices.some(lacksSomething)) && missing,
    meters:
      values.meters.some(
        (one) =>
          !one.name.trim() || !one.unit_name.trim() || !isCode(one.code) || one.prices.some(lacksSomething),
      ) && missing,
  }
}

const isCode = (code: string) => /^[a-z][a-z0-9_]{0,39}$/.test(code)

type PlanForm = ReturnType<typeof useForm<PlanValues, unknown>>

/** All of a plan: what it is, what it costs, what it allows, what can be added. */
export function PlanFields({
  form,
  units,
  products,
  isNew,
}: {
  form: PlanForm
  units: BusinessUnit[]
  products: Product[]
  isNew: boolean
}) {
  const { t } = useTranslation()
  const { values } = form
  const unit = units.find((one) => one.id === values.business_unit_id)
  const currency = unit?.currency ?? values.prices[0]?.currency ?? 'USD'
  const ownProducts = products.filter((one) => one.business_unit_id === values.business_unit_id)
  return (
    <>
      <Section title={t('catalogue.plan')}>
        <div className={formStyles.fields}>
          <div data-span="8">
            <TextInput label={t('catalogue.name')} required autoComplete="off" {...form.field('name')} />
          </div>
          <div data-span="4">
            <NativeSelect
              label={t('catalogue.kind')}
              data={planKinds.map((value) => ({ value, label: t(`words.plan_kind.${value}`) }))}
              {...form.field('kind')}
            />
          </div>
          {isNew && (
            <div data-span="6">
              <NativeSelect
                label={t('words.unit')}
                required
                data={units
                  .filter((one) => one.archived_at === null)
                  .map((one) => ({ value: one.id, label: one.name }))}
                {...form.field('business_unit_id')}
                onChange={(event) => {
                  const chosen = units.find((one) => one.id === event.currentTarget.value)
                  form.set('business_unit_id', event.currentTarget.value)
                  form.set(
                    'product_id',
                    products.find((one) => one.business_unit_id === chosen?.id)?.id ?? '',
                  )
                  form.set('prices', [
                    newPrice(chosen?.currency ?? 'USD', { amount: values.prices[0]?.amount ?? null }),
                  ])
                }}
              />
            </div>
          )}
          <div data-span="6">
            <NativeSelect
              label={t('catalogue.product')}
              required
              data={[
                ...(values.product_id === '' ? [{ value: '', label: t('catalogue.product_choose') }] : []),
                ...ownProducts.map((one) => ({ value: one.id, label: one.name })),
              ]}
              {...form.field('product_id')}
            />
          </div>
          <Textarea
            label={t('catalogue.description')}
            description={t('catalogue.description_help')}
            {...form.field('description')}
          />
        </div>
      </Section>
      <Section title={t('catalogue.prices')} description={t('prices.text')}>
        <PriceFields
          prices={values.prices}
          onChange={(prices) => form.set('prices', prices)}
          currency={currency}
          day={values.day}
          error={form.errors.prices}
        />
      </Section>
      <Section title={t('catalogue.conditions')} description={t('catalogue.conditions_text')}>
        <div className={formStyles.fields}>
          <TrialDaysField {...form.control('trial_days')} />
          <TermMonthsField {...form.control('term_months')} />
          <BillingModeField standard={t('catalogue.billing_mode_unit')} {...form.field('billing_mode')} />
          <div data-span="6">
            <NativeSelect
              label={t('prices.suspension_credit')}
              description={t('prices.suspension_credit_help')}
              data={suspensionCredits.map((value) => ({
                value,
                label: t(`prices.suspension_credit_${value}`),
              }))}
              {...form.field('suspension_credit')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('catalogue.position')}
              description={t('catalogue.position_help')}
              min={0}
              allowDecimal={false}
              hideControls
              {...form.control('position')}
            />
          </div>
          <Checkbox
            label={t('catalogue.proportional_trial')}
            description={t('catalogue.proportional_trial_help')}
            {...form.toggle('proportional_trial')}
          />
        </div>
      </Section>
      <PlanTerms
        own={values.term_months}
        terms={values.terms}
        error={form.errors.terms}
        onChange={(terms) => form.set('terms', terms)}
      />
      <Items form={form} currency={currency} />
      <Options form={form} currency={currency} />
      <Meters form={form} currency={currency} />
    </>
  )
}

function RowButton({ label, icon, onClick }: { label: string; icon: ReactNode; onClick: () => void }) {
  return (
    <Button variant="subtle" color="neutral" px="xs" aria-label={label} title={label} onClick={onClick}>
      {icon}
    </Button>
  )
}

function Complaint({ children }: { children: string | undefined }) {
  if (!children) return null
  return (
    <p className={styles.error} role="alert">
      {children}
    </p>
  )
}

const replaced = <Row,>(rows: Row[], at: number, change: Partial<Row>): Row[] =>
  rows.map((row, index) => (index === at ? { ...row, ...change } : row))
const without = <Row,>(rows: Row[], at: number): Row[] => rows.filter((_row, index) => index !== at)

function Items({ form, currency }: { form: PlanForm; currency: string }) {
  const { t } = useTranslation()
  const { items } = form.values
  const free = itemKinds.filter((kind) => !items.some((one) => one.item === kind))
  return (
    <Section title={t('catalogue.items')} description={t('catalogue.items_text')}>
      <div className={styles.rows}>
        {items.map((row, index) => (
          <div key={row.item} className={styles.row} data-of="item">
            <NativeSelect
              label={t('catalogue.item')}
              value={row.item}
              data={itemKinds
                .filter((kind) => kind === row.item || free.includes(kind))
                .map((value) => ({ value, label: t(`words.item.${value}`) }))}
              onChange={(event) =>
                form.set(
                  'items',
                  replaced(items, index, { item: event.currentTarget.value as ItemRow['item'] }),
                )
              }
            />
            <NumberInput
              label={t('catalogue.item_included')}
              min={0}
              allowDecimal={false}
              hideControls
              value={row.included}
              onChange={(included) => form.set('items', replaced(items, index, { included }))}
            />
            <NumberInput
              label={t('catalogue.item_maximum')}
              placeholder={t('catalogue.item_no_maximum')}
              min={0}
              allowDecimal={false}
              hideControls
              value={row.maximum}
              onChange={(maximum) => form.set('items', replaced(items, index, { maximum }))}
            />
            <MoneyInput
              label={t('catalogue.item_extra')}
              placeholder={t('catalogue.item_no_extra')}
              currency={currency}
              value={row.extra_amount}
              onChange={(extra_amount) => form.set('items', replaced(items, index, { extra_amount }))}
            />
            <RowButton
              label={t('catalogue.item_remove', { name: t(`words.item.${row.item}`) })}
              icon={<IconTrash size={16} aria-hidden />}
              onClick={() => form.set('items', without(items, index))}
            />
          </div>
        ))}
        <Complaint>{form.errors.items}</Complaint>
        {free[0] && (
          <Button
            className={styles.add}
            size="xs"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => {
              const [item] = free
              if (item) form.set('items', [...items, { item, included: 1, maximum: '', extra_amount: null }])
            }}
          >
            {t('catalogue.item_add')}
          </Button>
        )}
      </div>
    </Section>
  )
}

/** Archives what was sold, and removes what was not. */
function PartButton({
  name,
  sold,
  archived,
  onArchive,
  onRemove,
}: {
  name: string
  sold: boolean
  archived: boolean
  onArchive: () => void
  onRemove: () => void
}) {
  const { t } = useTranslation()
  if (!sold) {
    return (
      <RowButton
        label={t('catalogue.option_remove', { name })}
        icon={<IconTrash size={16} aria-hidden />}
        onClick={onRemove}
      />
    )
  }
  return (
    <RowButton
      label={t(archived ? 'catalogue.option_bring_back' : 'catalogue.option_archive', { name })}
      icon={archived ? <IconArrowBackUp size={16} aria-hidden /> : <IconArchive size={16} aria-hidden />}
      onClick={onArchive}
    />
  )
}

function Options({ form, currency }: { form: PlanForm; currency: string }) {
  const { t } = useTranslation()
  const { options, day } = form.values
  const error = form.errors.options
  const change = (index: number, row: Partial<OptionRow>) =>
    form.set('options', replaced(options, index, row))
  return (
    <Section title={t('catalogue.options')} description={t('prices.option_text')}>
      <div className={priceStyles.blocks}>
        {options.map((row, index) => (
          <div key={row.key} className={priceStyles.block} data-archived={row.archived || undefined}>
            <div className={priceStyles.blockHead}>
              <TextInput
                label={t('catalogue.name')}
                required
                description={row.archived ? t('catalogue.archived') : undefined}
                value={row.name}
                error={error !== undefined && !row.name.trim()}
                onChange={(event) => change(index, { name: event.currentTarget.value })}
              />
              <NativeSelect
                label={t('catalogue.option_kind')}
                value={row.kind}
                data={optionKinds.map((value) => ({ value, label: t(`words.option_kind.${value}`) }))}
                onChange={(event) => change(index, { kind: event.currentTarget.value as OptionRow['kind'] })}
              />
              <PartButton
                name={row.name}
                sold={row.sold}
                archived={row.archived}
                onArchive={() => change(index, { archived: !row.archived })}
                onRemove={() => form.set('options', without(options, index))}
              />
            </div>
            <PriceFields
              prices={row.prices}
              onChange={(prices) => change(index, { prices })}
              currency={currency}
              day={day}
              error={error !== undefined && row.prices.some(lacksSomething) ? error : undefined}
            />
          </div>
        ))}
        <Complaint>{error}</Complaint>
        <Button
          className={styles.add}
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() =>
            form.set('options', [
              ...options,
              {
                key: crypto.randomUUID(),
                kind: 'option',
                name: '',
                prices: [newPrice(currency)],
                archived: false,
                sold: false,
              },
            ])
          }
        >
          {t('catalogue.option_add')}
        </Button>
      </div>
    </Section>
  )
}

function Meters({ form, currency }: { form: PlanForm; currency: string }) {
  const { t } = useTranslation()
  const { meters, day } = form.values
  const error = form.errors.meters
  const change = (index: number, row: Partial<MeterRow>) => form.set('meters', replaced(meters, index, row))
  return (
    <Section title={t('prices.meters')} description={t('prices.meters_text')}>
      <div className={priceStyles.blocks}>
        {meters.length === 0 && <p className={styles.nothing}>{t('prices.meter_none')}</p>}
        {meters.map((row, index) => (
          <div key={row.key} className={priceStyles.block} data-archived={row.archived || undefined}>
            <div className={priceStyles.blockHead} data-of="meter">
              <TextInput
                label={t('catalogue.name')}
                required
                description={row.archived ? t('catalogue.archived') : undefined}
                value={row.name}
                error={error !== undefined && !row.name.trim()}
                onChange={(event) => change(index, { name: event.currentTarget.value })}
              />
              <TextInput
                label={t('prices.meter_code')}
                title={t('prices.meter_code_help')}
                required
                readOnly={row.sold}
                maxLength={40}
                value={row.code}
                error={error !== undefined && !isCode(row.code)}
                onChange={(event) =>
                  change(index, {
                    code: event.currentTarget.value.toLowerCase().replace(/[^a-z0-9_]+/g, '_'),
                  })
                }
              />
              <TextInput
                label={t('prices.meter_unit')}
                placeholder={t('prices.meter_unit_hint')}
                required
                maxLength={40}
                value={row.unit_name}
                error={error !== undefined && !row.unit_name.trim()}
                onChange={(event) => change(index, { unit_name: event.currentTarget.value })}
              />
              <PartButton
                name={row.name}
                sold={row.sold}
                archived={row.archived}
                onArchive={() => change(index, { archived: !row.archived })}
                onRemove={() => form.set('meters', without(meters, index))}
              />
            </div>
            <PriceFields
              prices={row.prices}
              onChange={(prices) => change(index, { prices })}
              currency={currency}
              day={day}
              metered
              unitName={row.unit_name}
              error={error !== undefined && row.prices.some(lacksSomething) ? error : undefined}
            />
          </div>
        ))}
        <Complaint>{error}</Complaint>
        <Button
          className={styles.add}
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() =>
            form.set('meters', [
              ...meters,
              {
                key: crypto.randomUUID(),
                code: '',
                name: '',
                unit_name: '',
                prices: [newPrice(currency)],
                archived: false,
                sold: false,
              },
            ])
          }
        >
          {t('prices.meter_add')}
        </Button>
      </div>
    </Section>
  )
}
