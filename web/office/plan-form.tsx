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

interface PriceRow {
  currency: string
  amount: number | null
}
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
  amount: number | null
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
  position: number | string
  prices: PriceRow[]
  items: ItemRow[]
  options: OptionRow[]
}

/** A plan as its form begins. */
export function valuesOfPlan(
  plan: Plan | null,
  unit: BusinessUnit | undefined,
  productId: string,
): PlanValues {
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
    position: plan?.position ?? 0,
    prices: plan?.prices.map(({ currency, amount }) => ({ currency, amount })) ?? [
      { currency: unit?.currency ?? 'USD', amount: null },
    ],
    items: plan?.items.map((one) => ({ ...one, maximum: one.maximum ?? '' })) ?? [],
    options:
      plan?.options.map((one) => ({
        key: one.id,
        id: one.id,
        kind: one.kind,
        name: one.name,
        amount: one.amount,
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
    position: Number(values.position),
    prices: values.prices.map((one) => ({
      currency: one.currency,
      interval: 'month' as const,
      amount: one.amount ?? 0,
    })),
    items: values.items.map((one) => ({
      item: one.item,
      included: Number(one.included),
      maximum: one.maximum === '' ? null : Number(one.maximum),
      extra_amount: one.extra_amount,
    })),
    options: values.options.map(({ id, kind, name, amount, archived }) => ({
      ...(id ? { id } : {}),
      kind,
      name,
      amount: amount ?? 0,
      archived,
    })),
  }
}

/** What a plan lacks, by field. */
export function checkPlan(values: PlanValues, missing: string) {
  return {
    name: !values.name.trim() && missing,
    product_id: values.product_id === '' && missing,
    prices: values.prices.some((one) => one.amount === null || !/^[A-Z]{3}$/.test(one.currency)) && missing,
    options: values.options.some((one) => !one.name.trim() || one.amount === null) && missing,
  }
}

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
                    { currency: chosen?.currency ?? 'USD', amount: values.prices[0]?.amount ?? null },
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
      <Prices form={form} unitCurrency={unit?.currency} />
      <Section title={t('catalogue.conditions')} description={t('catalogue.conditions_text')}>
        <div className={formStyles.fields}>
          <div data-span="6">
            <NumberInput
              label={t('services.trial_days')}
              min={0}
              max={3650}
              allowDecimal={false}
              hideControls
              {...form.control('trial_days')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('services.term_months')}
              min={0}
              max={600}
              allowDecimal={false}
              hideControls
              {...form.control('term_months')}
            />
          </div>
          <div data-span="6">
            <NativeSelect
              label={t('services.billing_mode')}
              data={[
                { value: '', label: t('catalogue.billing_mode_unit') },
                ...['advance', 'arrears'].map((value) => ({
                  value,
                  label: t(`words.billing_mode.${value}`),
                })),
              ]}
              {...form.field('billing_mode')}
            />
          </div>
          <div data-span="6">
            <NumberInput
              label={t('catalogue.position')}
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
      <Items form={form} currency={unit?.currency ?? values.prices[0]?.currency ?? 'USD'} />
      <Options form={form} currency={unit?.currency ?? values.prices[0]?.currency ?? 'USD'} />
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

function Prices({ form, unitCurrency }: { form: PlanForm; unitCurrency: string | undefined }) {
  const { t } = useTranslation()
  const { prices } = form.values
  return (
    <Section title={t('catalogue.price_month')} description={t('catalogue.price_text')}>
      <div className={styles.rows}>
        {prices.map((price, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: prices have no identity of their own
          <div key={index} className={styles.row} data-of="price">
            <TextInput
              label={t('catalogue.currency')}
              maxLength={3}
              readOnly={price.currency === unitCurrency}
              value={price.currency}
              onChange={(event) =>
                form.set(
                  'prices',
                  replaced(prices, index, { currency: event.currentTarget.value.toUpperCase() }),
                )
              }
            />
            {/^[A-Z]{3}$/.test(price.currency) ? (
              <MoneyInput
                label={t('catalogue.price')}
                required
                currency={price.currency}
                value={price.amount}
                error={form.errors.prices !== undefined && price.amount === null}
                onChange={(amount) => form.set('prices', replaced(prices, index, { amount }))}
              />
            ) : (
              <span />
            )}
            {prices.length > 1 && price.currency !== unitCurrency && (
              <RowButton
                label={t('catalogue.price_remove')}
                icon={<IconTrash size={16} aria-hidden />}
                onClick={() => form.set('prices', without(prices, index))}
              />
            )}
          </div>
        ))}
        <Complaint>{form.errors.prices}</Complaint>
        <Button
          className={styles.add}
          size="xs"
          variant="default"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form.set('prices', [...prices, { currency: '', amount: null }])}
        >
          {t('catalogue.price_add')}
        </Button>
      </div>
    </Section>
  )
}

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

function Options({ form, currency }: { form: PlanForm; currency: string }) {
  const { t } = useTranslation()
  const { options } = form.values
  return (
    <Section title={t('catalogue.options')} description={t('catalogue.options_text')}>
      <div className={styles.rows}>
        {options.map((row, index) => (
          <div
            key={row.key}
            className={styles.row}
            data-of="option"
            data-archived={row.archived || undefined}
          >
            <TextInput
              label={t('catalogue.name')}
              required
              description={row.archived ? t('catalogue.archived') : undefined}
              value={row.name}
              error={form.errors.options !== undefined && !row.name.trim()}
              onChange={(event) =>
                form.set('options', replaced(options, index, { name: event.currentTarget.value }))
              }
            />
            <NativeSelect
              label={t('catalogue.option_kind')}
              value={row.kind}
              data={optionKinds.map((value) => ({ value, label: t(`words.option_kind.${value}`) }))}
              onChange={(event) =>
                form.set(
                  'options',
                  replaced(options, index, { kind: event.currentTarget.value as OptionRow['kind'] }),
                )
              }
            />
            <MoneyInput
              label={t('catalogue.price_month')}
              required
              currency={currency}
              value={row.amount}
              error={form.errors.options !== undefined && row.amount === null}
              onChange={(amount) => form.set('options', replaced(options, index, { amount }))}
            />
            {row.sold ? (
              <RowButton
                label={t(row.archived ? 'catalogue.option_bring_back' : 'catalogue.option_archive', {
                  name: row.name,
                })}
                icon={
                  row.archived ? (
                    <IconArrowBackUp size={16} aria-hidden />
                  ) : (
                    <IconArchive size={16} aria-hidden />
                  )
                }
                onClick={() => form.set('options', replaced(options, index, { archived: !row.archived }))}
              />
            ) : (
              <RowButton
                label={t('catalogue.option_remove', { name: row.name })}
                icon={<IconTrash size={16} aria-hidden />}
                onClick={() => form.set('options', without(options, index))}
              />
            )}
          </div>
        ))}
        <Complaint>{form.errors.options}</Complaint>
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
                amount: null,
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
