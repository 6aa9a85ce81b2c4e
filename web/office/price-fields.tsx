import { Button, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import IconCalendarPlus from '@tabler/icons-react/dist/esm/icons/IconCalendarPlus.mjs'
import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { type KeyboardEvent, useDeferredValue, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { PricePart } from '../shared/api-types.gen.ts'
import { addDays } from '../shared/formats.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { useCycleWords } from './cycle-words.ts'
import {
  firstTiers,
  isTiered,
  lacksSomething,
  newPrice,
  type PriceRow,
  type TierRow,
  termsOfRow,
  withTierAfter,
} from './price-rows.ts'
import styles from './prices.module.css'

const models = ['per_unit', 'flat', 'tiered', 'volume', 'package'] as const

/** The cycles that are offered by name; the rest says how many of what. */
const cycles = {
  month: { cycle_unit: 'month', cycle_count: 1 },
  quarter: { cycle_unit: 'month', cycle_count: 3 },
  half_year: { cycle_unit: 'month', cycle_count: 6 },
  year: { cycle_unit: 'month', cycle_count: 12 },
  once: { cycle_unit: 'once', cycle_count: 1 },
  months: { cycle_unit: 'month', cycle_count: 2 },
  weeks: { cycle_unit: 'week', cycle_count: 1 },
  days: { cycle_unit: 'day', cycle_count: 30 },
} as const
type CycleName = keyof typeof cycles

function nameOf(row: PriceRow, counted: boolean): CycleName {
  if (row.cycle_unit === 'once') return 'once'
  if (row.cycle_unit !== 'month') return row.cycle_unit === 'week' ? 'weeks' : 'days'
  if (counted) return 'months'
  return (
    (['month', 'quarter', 'half_year', 'year'] as const).find(
      (name) => cycles[name].cycle_count === Number(row.cycle_count),
    ) ?? 'months'
  )
}

/**
 * The prices of a plan, an option or a meter: a line each, with what is rarer one click away, and what quantities cost as
 * it is typed.
 */
export function PriceFields({
  prices,
  onChange,
  currency,
  day,
  error,
  metered,
  unitName,
}: {
  prices: PriceRow[]
  onChange: (prices: PriceRow[]) => void
  /** The business unit's, which comes first. */
  currency: string
  /** Today where it is sold. */
  day: string
  error?: string | undefined
  /** Charged by the period alone. */
  metered?: boolean
  unitName?: string
}) {
  const { t } = useTranslation()
  const replace = (key: string, change: Partial<PriceRow>) =>
    onChange(prices.map((row) => (row.key === key ? { ...row, ...change } : row)))
  const schedule = (row: PriceRow) => {
    const index = prices.indexOf(row)
    const copy = newPrice(row.currency, {
      ...row,
      tiers: row.tiers.map((tier) => ({ ...tier, key: crypto.randomUUID() })),
      valid_from: addDays(day, 1),
      since: null,
      until: null,
    })
    onChange([...prices.slice(0, index + 1), copy, ...prices.slice(index + 1)])
  }
  return (
    <div className={styles.prices}>
      {prices.map((row) => (
        <PriceLine
          key={row.key}
          row={row}
          onChange={(change) => replace(row.key, change)}
          onRemove={prices.length > 1 ? () => onChange(prices.filter((one) => one !== row)) : undefined}
          onSchedule={row.valid_from === '' ? () => schedule(row) : undefined}
          invalid={error !== undefined && lacksSomething(row)}
          day={day}
          metered={metered ?? false}
          unitName={unitName}
        />
      ))}
      {error && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <Button
        className={styles.add}
        size="xs"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => onChange([...prices, newPrice(currency)])}
      >
        {t('prices.add')}
      </Button>
    </div>
  )
}

type LineProps = {
  row: PriceRow
  onChange: (change: Partial<PriceRow>) => void
  onRemove: (() => void) | undefined
  onSchedule: (() => void) | undefined
  invalid: boolean
  day: string
  metered: boolean
  unitName: string | undefined
}

function PriceLine(props: LineProps) {
  const { row, onChange, onRemove, onSchedule, invalid, metered } = props
  const { t } = useTranslation()
  const say = useCycleWords()
  const { date } = useFormats()
  const details = useId()
  const [counted, setCounted] = useState(() => nameOf(row, false) === 'months')
  const [open, setOpen] = useState(
    isTiered(row.price_model) || row.price_model === 'package' || Number(row.included) > 0,
  )
  const name = nameOf(row, counted)
  const known = /^[A-Z]{3}$/.test(row.currency)
  const offered = (Object.keys(cycles) as CycleName[]).filter((one) => !(metered && one === 'once'))
  return (
    <fieldset
      className={styles.price}
      data-coming={row.valid_from !== '' || undefined}
      aria-label={`${row.currency} ${say({ cycle_unit: row.cycle_unit, cycle_count: Number(row.cycle_count) || 1 })}`}
    >
      <div className={styles.line}>
        <TextInput
          className={styles.currency}
          label={t('catalogue.currency')}
          maxLength={3}
          value={row.currency}
          error={invalid && !known}
          onChange={(event) => onChange({ currency: event.currentTarget.value.toUpperCase() })}
        />
        <NativeSelect
          className={styles.cycle}
          label={t('prices.cycle')}
          value={name}
          data={offered.map((value) => ({ value, label: t(`prices.cycle_${value}`) }))}
          onChange={(event) => {
            const chosen = event.currentTarget.value as CycleName
            const { cycle_unit, cycle_count } = cycles[chosen]
            setCounted(chosen === 'months')
            onChange({
              cycle_unit,
              cycle_count,
              cycle_alignment:
                cycle_unit === 'day' || cycle_unit === 'week' ? 'anniversary' : row.cycle_alignment,
            })
          }}
        />
        {(name === 'months' || name === 'weeks' || name === 'days') && (
          <NumberInput
            className={styles.count}
            label={t('prices.cycle_count')}
            min={1}
            max={366}
            allowDecimal={false}
            hideControls
            value={row.cycle_count}
            onChange={(cycle_count) => onChange({ cycle_count })}
          />
        )}
        <NativeSelect
          className={styles.model}
          label={t('prices.model')}
          value={row.price_model}
          data={models.map((value) => ({ value, label: t(`prices.model_${value}`) }))}
          onChange={(event) => {
            const price_model = event.currentTarget.value as PriceRow['price_model']
            onChange({
              price_model,
              ...(isTiered(price_model) && row.tiers.length === 0 ? { tiers: firstTiers() } : {}),
            })
            if (isTiered(price_model) || price_model === 'package') setOpen(true)
          }}
        />
        {!isTiered(row.price_model) && known && (
          <MoneyInput
            className={styles.amount}
            label={t(`prices.amount_${row.price_model}`)}
            required
            currency={row.currency}
            value={row.amount}
            error={invalid && row.amount === null}
            onChange={(amount) => onChange({ amount })}
          />
        )}
        <div className={styles.tools}>
          <Button
            size="xs"
            variant="subtle"
            color="neutral"
            aria-expanded={open}
            aria-controls={details}
            aria-label={t('prices.details_of', { name: row.currency })}
            rightSection={<IconChevronDown size={14} aria-hidden className={styles.chevron} />}
            onClick={() => setOpen(!open)}
          >
            {t('prices.details')}
          </Button>
          {onSchedule && (
            <Button
              size="xs"
              px={8}
              variant="subtle"
              color="neutral"
              aria-label={t('prices.schedule')}
              title={t('prices.schedule')}
              onClick={onSchedule}
            >
              <IconCalendarPlus size={16} aria-hidden />
            </Button>
          )}
          {onRemove && (
            <Button
              size="xs"
              px={8}
              variant="subtle"
              color="neutral"
              aria-label={t('prices.remove')}
              title={t('prices.remove')}
              onClick={onRemove}
            >
              <IconTrash size={16} aria-hidden />
            </Button>
          )}
        </div>
      </div>
      {row.valid_from !== '' ? (
        <DateInput
          className={styles.date}
          label={t('prices.valid_from')}
          required
          min={addDays(props.day, 1)}
          value={row.valid_from}
          onChange={(event) => onChange({ valid_from: event.currentTarget.value || addDays(props.day, 1) })}
        />
      ) : (
        (row.since || row.until) && (
          <p className={styles.since}>
            {[
              row.since ? t('prices.since', { date: date(row.since) }) : t('prices.since_ever'),
              row.until && t('prices.until', { date: date(addDays(row.until, -1)) }),
            ]
              .filter(Boolean)
              .join(', ')}
          </p>
        )
      )}
      <div id={details} hidden={!open}>
        {open && <Details {...props} />}
      </div>
    </fieldset>
  )
}

function Details({ row, onChange, invalid, unitName }: LineProps) {
  const { t } = useTranslation()
  const ofDays = row.cycle_unit === 'day' || row.cycle_unit === 'week'
  return (
    <div className={styles.details}>
      <p className={styles.about}>{t(`prices.model_${row.price_model}_text`)}</p>
      <div className={styles.line}>
        {row.cycle_unit !== 'once' && (
          <NativeSelect
            className={styles.alignment}
            label={t('prices.alignment')}
            disabled={ofDays}
            value={row.cycle_alignment}
            data={(['closing', 'anniversary'] as const).map((value) => ({
              value,
              label: t(`prices.alignment_${value}`),
            }))}
            onChange={(event) =>
              onChange({ cycle_alignment: event.currentTarget.value as PriceRow['cycle_alignment'] })
            }
          />
        )}
        {row.price_model === 'package' && (
          <NumberInput
            className={styles.number}
            label={t('prices.package_size')}
            required
            min={1}
            max={1_000_000_000}
            allowDecimal={false}
            hideControls
            value={row.package_size}
            error={invalid && row.package_size === ''}
            onChange={(package_size) => onChange({ package_size })}
          />
        )}
        {row.price_model !== 'flat' && (
          <NumberInput
            className={styles.number}
            label={t('prices.included')}
            title={t('prices.included_help')}
            min={0}
            allowDecimal={false}
            hideControls
            value={row.included}
            onChange={(included) => onChange({ included })}
          />
        )}
      </div>
      {isTiered(row.price_model) && /^[A-Z]{3}$/.test(row.currency) && (
        <Tiers
          tiers={row.tiers}
          currency={row.currency}
          invalid={invalid}
          onChange={(tiers) => onChange({ tiers })}
        />
      )}
      <Calculator row={row} unitName={unitName} />
    </div>
  )
}

/** Tiers, as a little table: Enter adds one below, and goes on there. */
function Tiers({
  tiers,
  currency,
  invalid,
  onChange,
}: {
  tiers: TierRow[]
  currency: string
  invalid: boolean
  onChange: (tiers: TierRow[]) => void
}) {
  const { t } = useTranslation()
  const { number } = useFormats()
  const id = useId()
  const replace = (key: string, change: Partial<TierRow>) =>
    onChange(tiers.map((tier) => (tier.key === key ? { ...tier, ...change } : tier)))
  const add = (index: number) => {
    const after = withTierAfter(tiers, index)
    onChange(after.tiers)
    requestAnimationFrame(() => document.getElementById(`${id}-${after.key}`)?.focus())
  }
  const onKeyDown = (index: number) => (event: KeyboardEvent) => {
    if (event.key !== 'Enter') return
    // Else it would send the form.
    event.preventDefault()
    add(index)
  }
  return (
    <fieldset className={styles.tiers}>
      <legend>{t('prices.tiers')}</legend>
      <div className={styles.tierHead} aria-hidden>
        <span>{t('prices.tier_up_to')}</span>
        <span>{t('prices.tier_unit')}</span>
        <span>{t('prices.tier_flat')}</span>
      </div>
      {tiers.map((tier, index) => {
        const last = index === tiers.length - 1
        const end = last ? t('prices.tier_above') : number(Number(tier.up_to) || 0)
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: Enter in any of its inputs goes on below
          <div key={tier.key} className={styles.tier} onKeyDown={onKeyDown(index)}>
            {last ? (
              <span className={styles.above}>{t('prices.tier_above')}</span>
            ) : (
              <NumberInput
                id={`${id}-${tier.key}`}
                aria-label={t('prices.tier_up_to')}
                min={1}
                allowDecimal={false}
                hideControls
                value={tier.up_to}
                error={invalid && tier.up_to === ''}
                onChange={(up_to) => replace(tier.key, { up_to })}
              />
            )}
            <MoneyInput
              aria-label={`${t('prices.tier_unit')}, ${end}`}
              currency={currency}
              value={tier.unit_amount}
              error={invalid && tier.unit_amount === null}
              onChange={(unit_amount) => replace(tier.key, { unit_amount })}
            />
            <MoneyInput
              aria-label={`${t('prices.tier_flat')}, ${end}`}
              currency={currency}
              value={tier.flat_amount}
              onChange={(flat_amount) => replace(tier.key, { flat_amount })}
            />
            {!last && tiers.length > 1 ? (
              <Button
                size="xs"
                px={8}
                variant="subtle"
                color="neutral"
                aria-label={t('prices.tier_remove', { count: Number(tier.up_to) || 0 })}
                onClick={() => onChange(tiers.filter((one) => one !== tier))}
              >
                <IconTrash size={16} aria-hidden />
              </Button>
            ) : (
              <span />
            )}
          </div>
        )
      })}
      <Button
        className={styles.add}
        size="xs"
        variant="default"
        title={t('prices.tier_keys')}
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={() => add(tiers.length - 2)}
      >
        {t('prices.tier_add')}
      </Button>
    </fieldset>
  )
}

/** What a quantity costs at the price as it stands, by the rule that bills it. */
function Calculator({ row, unitName }: { row: PriceRow; unitName: string | undefined }) {
  const { t } = useTranslation()
  const { money, number } = useFormats()
  const say = useCycleWords()
  const [quantity, setQuantity] = useState<number | string>(17)
  const terms = JSON.stringify(termsOfRow(row))
  const asked = useDeferredValue(terms)
  const units = useDeferredValue(Math.max(0, Number(quantity) || 0))
  const complete = !lacksSomething(row)
  const { data, isError } = useQuery({
    queryKey: ['prices', 'calculate', asked, units],
    enabled: complete,
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: ({ signal }) =>
      orThrow(
        api.POST('/api/v1/office/prices/calculate', {
          body: { ...JSON.parse(asked), quantities: [units] },
          signal,
        }),
      ),
  })
  const found = complete && !isError ? data?.items[0] : undefined
  const describe = (part: PricePart): string => {
    if (part.kind === 'included') return t('prices.part_included', { count: part.units })
    if (part.kind === 'flat') return t('prices.part_flat')
    const amount = money(part.unit_amount, row.currency)
    const said =
      part.kind === 'package'
        ? t('prices.part_package', { count: part.units, amount })
        : t('prices.part_unit', { units: number(part.units), amount })
    return part.flat_amount === 0
      ? said
      : t('prices.part_plus', { part: said, amount: money(part.flat_amount, row.currency) })
  }
  return (
    <div className={styles.calculator}>
      <NumberInput
        className={styles.number}
        label={t('prices.try')}
        min={0}
        max={1_000_000_000}
        allowDecimal={false}
        value={quantity}
        onChange={setQuantity}
      />
      <output aria-live="polite">
        {found && (
          <>
            <strong>
              {t('prices.try_result', {
                quantity: [number(found.quantity), unitName].filter(Boolean).join(' '),
                amount: money(found.amount, row.currency),
                cycle: say({ cycle_unit: row.cycle_unit, cycle_count: Number(row.cycle_count) || 1 }),
              })}
            </strong>
            {found.parts.length > 0 && <span>{found.parts.map(describe).join(' · ')}</span>}
          </>
        )}
      </output>
    </div>
  )
}
