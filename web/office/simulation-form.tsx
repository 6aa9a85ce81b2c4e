import { ActionIcon, Button, Checkbox, NativeSelect, NumberInput, TextInput } from '@mantine/core'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import { useTranslation } from 'react-i18next'
import type { BusinessUnit } from '../shared/api-types.gen.ts'
import { DateInput, MoneyInput } from '../shared/inputs.tsx'
import { Section } from '../shared/page.tsx'
import form from './form-layout.module.css'
import {
  type CycleChoice,
  cycleChoices,
  type Draft,
  type DraftEvent,
  type DraftService,
  type EventKind,
  eventKinds,
  isOfService,
} from './simulation-draft.ts'
import styles from './simulations.module.css'

const withAmount: EventKind[] = ['plan', 'discount', 'cancel', 'coupon', 'charge', 'payment', 'adjustment']
const withNumber: EventKind[] = ['quantity', 'extend_trial', 'coupon', 'charge']
const withText: EventKind[] = ['plan', 'transfer', 'coupon', 'charge']

const count = (value: number | string, fallback: number) => (typeof value === 'number' ? value : fallback)

/** What is to be replayed: whose rules, the services, what happens to them, and when billing runs. */
export function SimulationForm({
  draft,
  onChange,
  units,
  errorOf,
}: {
  draft: Draft
  onChange: (draft: Draft) => void
  units: BusinessUnit[]
  /** What the server says of a place in the request. */
  errorOf: (path: string) => string | undefined
}) {
  const { t } = useTranslation()
  const currency = units.find((unit) => unit.id === draft.unit)?.currency ?? 'BRL'
  const set = (change: Partial<Draft>) => onChange({ ...draft, ...change })
  const nextKey = () =>
    Math.max(0, ...draft.services.map(({ key }) => key), ...draft.events.map(({ key }) => key)) + 1
  const setService = (key: number, change: Partial<DraftService>) =>
    set({ services: draft.services.map((one) => (one.key === key ? { ...one, ...change } : one)) })
  const setEvent = (key: number, change: Partial<DraftEvent>) =>
    set({ events: draft.events.map((one) => (one.key === key ? { ...one, ...change } : one)) })
  const accounts = [...new Set(draft.services.map(({ account }) => account))]
  const addService = () => {
    const key = nextKey()
    const last = draft.services.at(-1)
    set({
      services: [
        ...draft.services,
        {
          key,
          name: t('simulations.service_number', { number: draft.services.length + 1 }),
          account: last?.account ?? t('simulations.account_example'),
          start: last?.start ?? draft.from,
          amount: 10_000,
          quantity: 1,
          cycle: 'month',
          anniversary: false,
          mode: '',
          trial_days: 0,
        },
      ],
    })
  }
  const addEvent = () => {
    const last = draft.events.at(-1)
    set({
      events: [
        ...draft.events,
        {
          key: nextKey(),
          kind: 'suspend',
          on: last?.on ?? draft.from,
          service: draft.services[0]?.name ?? '',
          account: draft.services[0]?.account ?? '',
          text: '',
          amount: null,
          number: 1,
          flag: false,
        },
      ],
    })
  }
  return (
    <>
      <Section title={t('simulations.rules')} description={t('simulations.rules_text')}>
        <div className={form.fields}>
          <NativeSelect
            wrapperProps={{ 'data-span': '6' }}
            label={t('words.unit')}
            data={units.map((unit) => ({ value: unit.id, label: unit.name }))}
            value={draft.unit}
            onChange={(event) => set({ unit: event.currentTarget.value })}
          />
          <NumberInput
            wrapperProps={{ 'data-span': '3' }}
            label={t('simulations.closing_day')}
            placeholder={String(units.find((unit) => unit.id === draft.unit)?.closing_day ?? '')}
            min={1}
            max={31}
            value={draft.closing_day ?? ''}
            onChange={(value) => set({ closing_day: typeof value === 'number' ? value : null })}
            error={errorOf('rules.closing_day')}
          />
          <NativeSelect
            wrapperProps={{ 'data-span': '3' }}
            label={t('simulations.day_count')}
            data={[
              { value: '', label: t('simulations.as_unit') },
              { value: 'actual', label: t('simulations.actual') },
              { value: 'commercial', label: t('simulations.commercial') },
            ]}
            value={draft.day_count}
            onChange={(event) => set({ day_count: event.currentTarget.value as Draft['day_count'] })}
          />
        </div>
      </Section>
      <Section
        title={t('simulations.services')}
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={addService}
          >
            {t('simulations.add_service')}
          </Button>
        }
      >
        {draft.services.map((service, index) => (
          <fieldset key={service.key} className={styles.row}>
            <legend className={styles.legend}>
              {t('simulations.service_number', { number: index + 1 })}
            </legend>
            <div className={form.fields}>
              <TextInput
                wrapperProps={{ 'data-span': '6' }}
                label={t('simulations.name')}
                value={service.name}
                onChange={(event) => {
                  const name = event.currentTarget.value
                  set({
                    services: draft.services.map((one) => (one.key === service.key ? { ...one, name } : one)),
                    events: draft.events.map((one) =>
                      one.service === service.name ? { ...one, service: name } : one,
                    ),
                  })
                }}
                error={errorOf(`subscriptions.${index}.id`)}
              />
              <TextInput
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.account')}
                value={service.account}
                onChange={(event) => setService(service.key, { account: event.currentTarget.value })}
                error={errorOf(`subscriptions.${index}.account`)}
              />
              <DateInput
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.start')}
                value={service.start}
                onChange={(event) => setService(service.key, { start: event.currentTarget.value })}
                error={errorOf(`subscriptions.${index}.start`)}
              />
              <MoneyInput
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.price')}
                currency={currency}
                value={service.amount}
                onChange={(amount) => setService(service.key, { amount })}
              />
              <NumberInput
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.quantity')}
                min={0}
                max={1_000_000}
                value={service.quantity}
                onChange={(value) => setService(service.key, { quantity: count(value, 1) })}
              />
              <NativeSelect
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.cycle')}
                data={cycleChoices.map((value) => ({ value, label: t(`simulations.cycles.${value}`) }))}
                value={service.cycle}
                onChange={(event) =>
                  setService(service.key, { cycle: event.currentTarget.value as CycleChoice })
                }
              />
              <NativeSelect
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.mode')}
                data={[
                  { value: '', label: t('simulations.as_unit') },
                  { value: 'advance', label: t('simulations.advance') },
                  { value: 'arrears', label: t('simulations.arrears') },
                ]}
                value={service.mode}
                onChange={(event) =>
                  setService(service.key, { mode: event.currentTarget.value as DraftService['mode'] })
                }
              />
              <NumberInput
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.trial_days')}
                min={0}
                max={3650}
                value={service.trial_days}
                onChange={(value) => setService(service.key, { trial_days: count(value, 0) })}
              />
              <Checkbox
                className={styles.check}
                wrapperProps={{ 'data-span': '6' }}
                label={t('simulations.own_anchor')}
                checked={service.anniversary}
                onChange={(event) => setService(service.key, { anniversary: event.currentTarget.checked })}
              />
            </div>
            <RemoveButton
              label={t('simulations.remove', { what: service.name })}
              onClick={() => set({ services: draft.services.filter(({ key }) => key !== service.key) })}
            />
          </fieldset>
        ))}
      </Section>
      <Section
        title={t('simulations.events')}
        description={t('simulations.events_text')}
        actions={
          <Button
            variant="default"
            size="xs"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={addEvent}
          >
            {t('simulations.add_event')}
          </Button>
        }
      >
        {draft.events.map((event, index) => (
          <fieldset key={event.key} className={styles.row}>
            <legend className={styles.legend}>{t('simulations.event_number', { number: index + 1 })}</legend>
            <div className={form.fields}>
              <DateInput
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.on')}
                value={event.on}
                onChange={(change) => setEvent(event.key, { on: change.currentTarget.value })}
                error={errorOf(`events.${index}`) ?? errorOf(`events.${index}.on`)}
              />
              <NativeSelect
                wrapperProps={{ 'data-span': '3' }}
                label={t('simulations.what')}
                data={eventKinds.map((value) => ({ value, label: t(`simulations.kinds.${value}`) }))}
                value={event.kind}
                onChange={(change) => setEvent(event.key, { kind: change.currentTarget.value as EventKind })}
              />
              {isOfService(event.kind) && (
                <NativeSelect
                  wrapperProps={{ 'data-span': '3' }}
                  label={t('simulations.service')}
                  data={draft.services.map(({ name }) => name)}
                  value={event.service}
                  onChange={(change) => setEvent(event.key, { service: change.currentTarget.value })}
                  error={errorOf(`events.${index}.subscription`)}
                />
              )}
              {event.kind === 'transfer' ? (
                <TextInput
                  wrapperProps={{ 'data-span': '3' }}
                  label={t('simulations.to_account')}
                  value={event.account}
                  onChange={(change) => setEvent(event.key, { account: change.currentTarget.value })}
                  error={errorOf(`events.${index}.account`)}
                />
              ) : (
                !isOfService(event.kind) && (
                  <NativeSelect
                    wrapperProps={{ 'data-span': '3' }}
                    label={t('simulations.account')}
                    data={accounts}
                    value={event.account}
                    onChange={(change) => setEvent(event.key, { account: change.currentTarget.value })}
                  />
                )
              )}
              {withText.includes(event.kind) && (
                <TextInput
                  wrapperProps={{ 'data-span': '3' }}
                  label={t(`simulations.texts.${event.kind}`)}
                  value={event.text}
                  onChange={(change) => setEvent(event.key, { text: change.currentTarget.value })}
                  error={errorOf(`events.${index}.description`) ?? errorOf(`events.${index}.as`)}
                />
              )}
              {withAmount.includes(event.kind) && (
                <MoneyInput
                  wrapperProps={{ 'data-span': '3' }}
                  label={t(`simulations.amounts.${event.kind}`)}
                  currency={currency}
                  value={event.amount}
                  onChange={(amount) => setEvent(event.key, { amount })}
                  error={errorOf(`events.${index}.amount`)}
                />
              )}
              {withNumber.includes(event.kind) && (
                <NumberInput
                  wrapperProps={{ 'data-span': '3' }}
                  label={t(`simulations.numbers.${event.kind}`)}
                  min={event.kind === 'coupon' ? 0 : 1}
                  max={1_000_000}
                  value={event.number}
                  onChange={(value) => setEvent(event.key, { number: count(value, 1) })}
                />
              )}
              {event.kind === 'suspend' && (
                <Checkbox
                  className={styles.check}
                  wrapperProps={{ 'data-span': '3' }}
                  label={t('simulations.give_back')}
                  checked={event.flag}
                  onChange={(change) => setEvent(event.key, { flag: change.currentTarget.checked })}
                />
              )}
            </div>
            <RemoveButton
              label={t('simulations.remove', { what: t(`simulations.kinds.${event.kind}`) })}
              onClick={() => set({ events: draft.events.filter(({ key }) => key !== event.key) })}
            />
          </fieldset>
        ))}
        {draft.events.length === 0 && <p className={styles.none}>{t('simulations.no_events')}</p>}
      </Section>
      <Section title={t('simulations.runs')} description={t('simulations.runs_text')}>
        <div className={form.fields}>
          <DateInput
            wrapperProps={{ 'data-span': '4' }}
            label={t('simulations.from')}
            value={draft.from}
            onChange={(event) => set({ from: event.currentTarget.value })}
            error={errorOf('runs.from')}
          />
          <DateInput
            wrapperProps={{ 'data-span': '4' }}
            label={t('simulations.to')}
            value={draft.to}
            onChange={(event) => set({ to: event.currentTarget.value })}
            error={errorOf('runs.to') ?? errorOf('runs')}
          />
          <NativeSelect
            wrapperProps={{ 'data-span': '4' }}
            label={t('simulations.every')}
            data={[
              { value: 'closing', label: t('simulations.every_closing') },
              { value: 'day', label: t('simulations.every_day') },
            ]}
            value={draft.every}
            onChange={(event) => set({ every: event.currentTarget.value as Draft['every'] })}
          />
        </div>
      </Section>
    </>
  )
}

function RemoveButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon
      className={styles.remove}
      variant="subtle"
      color="neutral"
      aria-label={label}
      title={label}
      onClick={onClick}
    >
      <IconTrash size={16} aria-hidden />
    </ActionIcon>
  )
}
