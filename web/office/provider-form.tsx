import {
  Button,
  Checkbox,
  NativeSelect,
  NumberInput,
  PasswordInput,
  Switch,
  Textarea,
  TextInput,
} from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { BusinessUnit, PaymentDriver, PaymentProvider } from '../shared/api-types.gen.ts'
import { useForm, useUnsavedWarning } from '../shared/form.ts'
import { Section, Stacked } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import styles from './form-layout.module.css'
import { refreshProviders } from './provider-queries.ts'
import { useMay } from './session.ts'

type Field = PaymentDriver['fields'][number]
type Values = Record<string, unknown> & {
  name: string
  methods: PaymentProvider['methods']
  enabled: boolean
  position: string
}

const isSecret = (field: Field) => field.kind === 'secret' || field.kind === 'secret_text'
const pathOf = (field: Field) => `${isSecret(field) ? 'secrets' : 'settings'}.${field.name}`

function valuesOf(driver: PaymentDriver, provider: PaymentProvider | null, title: string): Values {
  const own = Object.fromEntries(
    driver.fields.map((field) => {
      if (isSecret(field)) return [pathOf(field), '']
      const stored = provider?.settings[field.name]
      if (field.kind === 'switch') return [pathOf(field), stored === true]
      return [pathOf(field), stored === undefined || stored === null ? '' : String(stored)]
    }),
  )
  return {
    name: provider?.name ?? title,
    methods: provider?.methods ?? [...driver.methods],
    enabled: provider?.enabled ?? false,
    position: String(provider?.position ?? 0),
    ...own,
  }
}

/** What is sent of a form: settings as their drivers read them, and only the secrets that were typed. */
function readInput(driver: PaymentDriver, values: Values) {
  const settings: Record<string, unknown> = {}
  const secrets: Record<string, string> = {}
  for (const field of driver.fields) {
    const value = values[pathOf(field)]
    if (isSecret(field)) {
      if (value !== '') secrets[field.name] = String(value)
    } else if (field.kind === 'switch') settings[field.name] = value === true
    else if (value !== '')
      settings[field.name] = field.kind === 'number' ? Number(value) : String(value).trim()
  }
  return {
    name: values.name.trim(),
    methods: values.methods,
    settings,
    secrets,
    enabled: values.enabled,
    position: Number(values.position) || 0,
  }
}

/** The settings of a way to be paid: what every one has, then what its driver asks for. */
export function ProviderForm({
  driver,
  provider,
  unit,
  onSaved,
}: {
  driver: PaymentDriver
  /** Null: a new one. */
  provider: PaymentProvider | null
  unit: Pick<BusinessUnit, 'id'>
  onSaved: (provider: PaymentProvider) => void
}) {
  const { t } = useTranslation('providers')
  const may = useMay()
  const queryClient = useQueryClient()
  const text = (field: Field, part: 'label' | 'help') =>
    t(`${driver.driver}.fields.${field.name}.${part}`, { defaultValue: '' }) || undefined
  const form = useForm({
    initial: valuesOf(driver, provider, t(`${driver.driver}.title`)),
    check: (values) => ({
      name: values.name.trim() === '' && t('common:input.required'),
      methods: values.methods.length === 0 && t('office.methods_needed'),
      ...Object.fromEntries(
        driver.fields
          .filter(
            (field) => field.required && !(isSecret(field) && provider?.secrets_set.includes(field.name)),
          )
          .map((field) => [
            pathOf(field),
            field.kind !== 'switch' && values[pathOf(field)] === '' && t('common:input.required'),
          ]),
      ),
    }),
    submit: (values) =>
      provider === null
        ? orThrow(
            api.POST('/api/v1/office/payment-providers', {
              body: { ...readInput(driver, values), business_unit_id: unit.id, driver: driver.driver },
            }),
          )
        : orThrow(
            api.PUT('/api/v1/office/payment-providers/{id}', {
              params: { path: { id: provider.id } },
              body: readInput(driver, values),
            }),
          ),
    onDone: (saved) => {
      form.reset(valuesOf(driver, saved, saved.name))
      void refreshProviders(queryClient)
      showToast({ tone: 'good', title: t('office.saved') })
      onSaved(saved)
    },
  })
  useUnsavedWarning(form.changed && !form.busy, t('office.unsaved'))
  const readOnly = !may('settings.write') || provider?.archived_at != null
  return (
    <form onSubmit={form.onSubmit} noValidate>
      <fieldset className={styles.plain} disabled={readOnly}>
        <Stacked>
          <Section
            title={t('office.general')}
            description={t(`${driver.driver}.about`, { defaultValue: '' })}
          >
            <div className={styles.body}>
              <ProblemAlert error={form.problem} />
              <div className={styles.fields}>
                <div data-span="8">
                  <TextInput
                    label={t('office.name')}
                    description={t('office.name_help')}
                    required
                    maxLength={80}
                    autoComplete="off"
                    {...form.field('name')}
                  />
                </div>
                <div data-span="4">
                  <NumberInput
                    label={t('office.position')}
                    description={t('office.position_help')}
                    min={0}
                    max={1000}
                    allowDecimal={false}
                    name="position"
                    value={Number(form.values.position)}
                    error={form.errors.position}
                    onChange={(value) => form.set('position', String(value))}
                  />
                </div>
              </div>
              {driver.methods.length > 1 && (
                <fieldset className={styles.checks}>
                  <legend>{t('office.methods')}</legend>
                  {driver.methods.map((method) => (
                    <Checkbox
                      key={method}
                      label={t(`office:words.payment_method.${method}`)}
                      checked={form.values.methods.includes(method)}
                      error={form.errors.methods}
                      onChange={(event) =>
                        form.set(
                          'methods',
                          driver.methods.filter((one) =>
                            one === method ? event.currentTarget.checked : form.values.methods.includes(one),
                          ),
                        )
                      }
                    />
                  ))}
                </fieldset>
              )}
              <Switch
                label={t('office.enabled')}
                description={t('office.enabled_help')}
                {...form.toggle('enabled')}
              />
            </div>
          </Section>
          {driver.fields.length > 0 && (
            <Section title={t('office.settings')}>
              <div className={styles.body}>
                {driver.fields.map((field) => (
                  <ProviderInput
                    key={field.name}
                    field={field}
                    form={form}
                    label={text(field, 'label') ?? field.name}
                    help={text(field, 'help')}
                    choice={(value) =>
                      t(`${driver.driver}.fields.${field.name}.choices.${value}`, { defaultValue: value })
                    }
                    kept={provider?.secrets_set.includes(field.name) ?? false}
                  />
                ))}
              </div>
            </Section>
          )}
          {!readOnly && (
            <div className={styles.end}>
              <Button type="submit" loading={form.busy}>
                {t(provider === null ? 'office.add' : 'common:action.save')}
              </Button>
            </div>
          )}
        </Stacked>
      </fieldset>
    </form>
  )
}

function ProviderInput({
  field,
  form,
  label,
  help,
  choice,
  kept,
}: {
  field: Field
  form: ReturnType<typeof useForm<Values, PaymentProvider>>
  label: string
  help: string | undefined
  choice: (value: string) => string
  /** A secret that is stored already. */
  kept: boolean
}) {
  const { t } = useTranslation('providers')
  const path = pathOf(field)
  const common = { label, description: help, required: field.required && !kept }
  if (field.kind === 'switch') return <Switch label={label} description={help} {...form.toggle(path)} />
  if (field.kind === 'choice')
    return (
      <NativeSelect
        {...common}
        data={[
          ...(field.required ? [] : [{ value: '', label: '–' }]),
          ...(field.choices ?? []).map((value) => ({ value, label: choice(value) })),
        ]}
        {...form.field(path)}
      />
    )
  if (field.kind === 'secret_text')
    return (
      <Textarea
        {...common}
        autosize
        minRows={3}
        maxRows={10}
        autoComplete="off"
        spellCheck={false}
        placeholder={kept ? t('office.kept') : undefined}
        {...form.field(path)}
      />
    )
  if (field.kind === 'secret')
    return (
      <PasswordInput
        {...common}
        autoComplete="off"
        placeholder={kept ? t('office.kept') : undefined}
        visibilityToggleButtonProps={{ 'aria-label': t('office.show') }}
        {...form.field(path)}
      />
    )
  return (
    <TextInput
      {...common}
      inputMode={field.kind === 'number' ? 'decimal' : undefined}
      autoComplete="off"
      spellCheck={false}
      {...form.field(path)}
    />
  )
}
