import { Button, Checkbox, NativeSelect, NumberInput, Radio, Switch, TextInput } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from './api.ts'
import styles from './api-keys.module.css'
import type { StaffApiKey } from './api-types.gen.ts'
import shared from './credentials.module.css'
import { Dialog, DialogActions } from './dialog.tsx'
import { useForm } from './form.ts'
import { Callout, ProblemAlert } from './problem-alert.tsx'
import { type ScopeGroup, ScopePicker } from './scope-picker.tsx'
import { ShownOnce } from './shown-once.tsx'
import { currentSide, mine } from './side.ts'
import { useFormats } from './use-formats.ts'

/** A key of either side. */
export type Key = Omit<StaffApiKey, 'scopes' | 'idle_scopes'> & { scopes: string[]; idle_scopes: string[] }
/** A key with the secret that is shown this once. */
export type KeySecret = { key: Key; secret: string }

/** What is different between the keys of an operator and those of an account. */
export interface KeyTerms {
  groups: ScopeGroup[]
  /** Whether the person may do what a scope says. */
  held: (scope: string) => boolean
  /** The business units that a key can be narrowed to; none for accounts. */
  units?: { id: string; name: string }[]
  mostCalls: number
  usualCalls: number
  /** An address below the API that every key may read, for the example. */
  example: string
}

const day = 86_400_000
const spans = ['30', '90', '365'] as const

/** The end of a day in the browser's time zone. */
const endOf = (date: string) => new Date(`${date}T23:59:59`)

/** Makes a key, or changes one; its secret stays. */
export function KeyDialog({
  apiKey,
  terms,
  onClose,
  onMade,
  onChanged,
}: {
  /** Null makes one. */
  apiKey: Key | null
  terms: KeyTerms
  onClose: () => void
  onMade: (made: KeySecret) => void
  onChanged: (key: Key) => void
}) {
  const { t } = useTranslation('keys')
  const formats = useFormats()
  const unitsId = useId()
  const form = useForm({
    initial: {
      name: apiKey?.name ?? '',
      scopes: apiKey?.scopes ?? ([] as string[]),
      all_units: (apiKey?.unit_ids ?? null) === null,
      unit_ids: apiKey?.unit_ids ?? ([] as string[]),
      read_only: apiKey?.read_only ?? false,
      rate_limit: (apiKey?.rate_limit ?? terms.usualCalls) as number | string,
      expiry: (apiKey ? 'keep' : '90') as string,
      expiry_day: '',
    },
    check: (values) => ({
      name: !values.name.trim() && t('common:input.required'),
      scopes: values.scopes.length === 0 && t('scopes_missing'),
      unit_ids: !values.all_units && values.unit_ids.length === 0 && t('units_missing'),
      rate_limit:
        !(Number(values.rate_limit) >= 1 && Number(values.rate_limit) <= terms.mostCalls) &&
        t('rate_range', { most: formats.number(terms.mostCalls) }),
      expiry_day:
        values.expiry === 'date' &&
        !(values.expiry_day && endOf(values.expiry_day) > new Date()) &&
        t('expiry_past'),
    }),
    submit: async (values, { idempotencyKey }) => {
      const expires_at =
        values.expiry === 'never'
          ? null
          : values.expiry === 'date'
            ? endOf(values.expiry_day).toISOString()
            : new Date(Date.now() + Number(values.expiry) * day).toISOString()
      const body = {
        name: values.name.trim(),
        scopes: values.scopes,
        read_only: values.read_only,
        rate_limit: Number(values.rate_limit),
        ...(terms.units ? { unit_ids: values.all_units ? null : values.unit_ids } : {}),
        ...(values.expiry === 'keep' ? {} : { expires_at }),
      } as never
      if (apiKey === null) {
        const headers = { 'Idempotency-Key': idempotencyKey }
        onMade((await orThrow(api.POST(mine('/api/v1/portal/api-keys'), { body, headers }))) as KeySecret)
      } else {
        const params = { path: { id: apiKey.id } }
        onChanged((await orThrow(api.PATCH(mine('/api/v1/portal/api-keys/{id}'), { params, body }))) as Key)
      }
    },
  })
  const expiries = [
    ...(apiKey
      ? [
          {
            value: 'keep',
            label: t('expiry_keep', {
              date: apiKey.expires_at ? formats.date(apiKey.expires_at) : t('expiry_never'),
            }),
          },
        ]
      : []),
    ...spans.map((span) => ({ value: span as string, label: t('expiry_days', { count: Number(span) }) })),
    { value: 'date', label: t('expiry_date') },
    { value: 'never', label: t('expiry_never') },
  ]
  const toggleUnit = (id: string, chosen: boolean) =>
    form.set(
      'unit_ids',
      chosen ? [...form.values.unit_ids, id] : form.values.unit_ids.filter((one) => one !== id),
    )
  return (
    <Dialog
      opened
      onClose={onClose}
      title={apiKey ? t('edit_title', { name: apiKey.name }) : t('new_title')}
      size="large"
    >
      <form className={shared.form} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('name')}
          description={t('name_help')}
          maxLength={100}
          autoComplete="off"
          required
          withAsterisk={false}
          {...form.field('name')}
        />
        <ScopePicker
          label={t('scopes')}
          groups={terms.groups}
          value={form.values.scopes}
          kept={apiKey?.scopes ?? []}
          held={terms.held}
          error={form.errors.scopes}
          onChange={(scopes) => form.set('scopes', scopes)}
        />
        <Switch label={t('read_only')} description={t('read_only_help')} {...form.toggle('read_only')} />
        {terms.units && (
          <fieldset className={styles.scopes}>
            <legend>{t('units')}</legend>
            <div className={styles.units}>
              <Radio
                name={unitsId}
                label={t('all_units')}
                checked={form.values.all_units}
                onChange={() => form.set('all_units', true)}
              />
              <Radio
                name={unitsId}
                label={t('some_units')}
                checked={!form.values.all_units}
                onChange={() => form.set('all_units', false)}
              />
              {!form.values.all_units && (
                <div>
                  {terms.units.map((unit) => (
                    <Checkbox
                      key={unit.id}
                      label={unit.name}
                      checked={form.values.unit_ids.includes(unit.id)}
                      aria-invalid={form.errors.unit_ids ? true : undefined}
                      onChange={(event) => toggleUnit(unit.id, event.currentTarget.checked)}
                    />
                  ))}
                  {form.errors.unit_ids && (
                    <p role="alert" className={shared.error}>
                      {form.errors.unit_ids}
                    </p>
                  )}
                </div>
              )}
            </div>
          </fieldset>
        )}
        <div className={styles.pair}>
          <NativeSelect
            label={t('expiry')}
            description={t('expiry_help')}
            data={expiries}
            {...form.field('expiry')}
          />
          {form.values.expiry === 'date' && (
            <TextInput
              type="date"
              label={t('expiry_day')}
              description={' '}
              required
              withAsterisk={false}
              {...form.field('expiry_day')}
            />
          )}
          <NumberInput
            label={t('calls')}
            description={t('rate_help')}
            min={1}
            max={terms.mostCalls}
            clampBehavior="none"
            allowDecimal={false}
            hideControls
            {...form.control('rate_limit')}
          />
        </div>
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t(apiKey ? 'common:action.save' : 'create')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}

/** The secret, this once. */
export function SecretDialog({
  made,
  terms,
  onClose,
}: {
  made: KeySecret
  terms: KeyTerms
  onClose: () => void
}) {
  const { t } = useTranslation('keys')
  const formats = useFormats()
  const until = made.key.previous_works_until
  const address = `${window.location.origin}/api/v1/${currentSide()}${terms.example}`
  return (
    <ShownOnce
      texts="keys"
      title={t('secret_title', { name: made.key.name })}
      warning={t('secret_text')}
      label={t('secret')}
      value={made.secret}
      older={until ? t('old_secret', { date: `${formats.date(until)}, ${formats.time(until)}` }) : null}
      example={`curl -H "Authorization: Bearer $ZAGUAN_KEY" \\\n  ${address}`}
      done={t('secret_done')}
      onClose={onClose}
    />
  )
}

const overlaps = [0, 1, 24, 72, 168] as const

/** Gives a key a new secret while the old one works on. */
export function RotateDialog({
  apiKey,
  onClose,
  onMade,
}: {
  apiKey: Key
  onClose: () => void
  onMade: (made: KeySecret) => void
}) {
  const { t } = useTranslation('keys')
  const formats = useFormats()
  const form = useForm({
    initial: { overlap_hours: '24' },
    submit: async ({ overlap_hours }) =>
      onMade(
        (await orThrow(
          api.POST(mine('/api/v1/portal/api-keys/{id}/rotate'), {
            params: { path: { id: apiKey.id } },
            body: { overlap_hours: Number(overlap_hours) },
          }),
        )) as KeySecret,
      ),
  })
  const words = (hours: number) =>
    hours === 0
      ? t('overlap_none')
      : hours % 24 === 0
        ? t('overlap_days', { count: hours / 24 })
        : t('overlap_hours', { count: hours })
  return (
    <Dialog opened onClose={onClose} title={t('rotate_title', { name: apiKey.name })} size="small">
      <form className={shared.form} onSubmit={form.onSubmit} noValidate>
        <p>{t('rotate_text')}</p>
        {apiKey.previous_works_until && (
          <Callout tone="warning">
            <p>
              {t('rotate_again', {
                date: `${formats.date(apiKey.previous_works_until)}, ${formats.time(apiKey.previous_works_until)}`,
              })}
            </p>
          </Callout>
        )}
        <ProblemAlert error={form.problem} />
        <NativeSelect
          label={t('overlap')}
          data={overlaps.map((hours) => ({ value: String(hours), label: words(hours) }))}
          {...form.field('overlap_hours')}
        />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('rotate_confirm')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
