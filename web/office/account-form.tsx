import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core'
import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, BusinessUnit } from '../shared/api-types.gen.ts'
import type { useForm } from '../shared/form.ts'
import { languages, nameOfLanguage } from '../shared/i18n.ts'
import styles from './form-layout.module.css'

/** The fields of an account as text, as a form holds them. */
export type AccountValues = {
  name: string
  kind: string
  business_unit_id: string
  rank: string
  tax_id: string
  email: string
  phone: string
  fax: string
  address: string
  city: string
  state: string
  country: string
  postal_code: string
  language: string
  external_id: string
  notes: string
  /** As typed: `acme.com, acme.com.br`. */
  domains: string
}

/** An account as its form begins; a new one begins with what its business unit says. */
export function valuesOfAccount(account: Account | null, unit: BusinessUnit | undefined): AccountValues {
  return {
    name: account?.name ?? '',
    kind: account?.kind ?? 'company',
    business_unit_id: account?.business_unit_id ?? unit?.id ?? '',
    rank: account?.rank ?? '',
    tax_id: account?.tax_id ?? '',
    email: account?.email ?? '',
    phone: account?.phone ?? '',
    fax: account?.fax ?? '',
    address: account?.address ?? '',
    city: account?.city ?? '',
    state: account?.state ?? '',
    country: account ? (account.country ?? '') : (unit?.country ?? ''),
    postal_code: account?.postal_code ?? '',
    language: account?.language ?? unit?.language ?? 'en',
    external_id: account?.external_id ?? '',
    notes: account?.notes ?? '',
    domains: account?.domains.join(', ') ?? '',
  }
}

/** The single domains of what was typed, separated by commas, semicolons, blanks or lines. */
export function readDomains(typed: string): string[] {
  return typed.split(/[\s,;]+/).filter(Boolean)
}

/** What the API takes; empty text removes a value. */
export function bodyOfAccount(values: AccountValues) {
  return {
    ...values,
    kind: values.kind as Account['kind'],
    rank: values.rank === '' ? null : (values.rank as NonNullable<Account['rank']>),
    language: values.language as Account['language'],
    domains: readDomains(values.domains),
  }
}

const countries =
  'AR BO BR CA CL CO CR CU DE DO EC ES FR GB GT HN IT JP MX NI PA PE PR PT PY SV US UY VE ZA'.split(' ')

/** Countries by their name in the language of the screen; one that an account has already is always among them. */
export function useCountries(current: string) {
  const { i18n } = useTranslation()
  const names = new Intl.DisplayNames([i18n.language], { type: 'region' })
  const codes = current !== '' && !countries.includes(current) ? [...countries, current] : countries
  return codes
    .map((value) => ({ value, label: names.of(value) ?? value }))
    .sort((one, other) => one.label.localeCompare(other.label, i18n.language))
}

/** What a new account is asked behind "show more". */
const furtherFields = [
  'rank',
  'tax_id',
  'domains',
  'language',
  'phone',
  'fax',
  'address',
  'city',
  'postal_code',
  'state',
  'country',
  'external_id',
  'notes',
] as const

type Form<Values extends AccountValues> = ReturnType<typeof useForm<Values, unknown>>

/** The inputs of an account's details, for creating and for editing; a new one asks for the rest behind "show more". */
export function AccountFields<Values extends AccountValues>({
  form,
  units,
  isNew,
}: {
  form: Form<Values>
  units: BusinessUnit[]
  isNew?: boolean
}) {
  const { t } = useTranslation()
  const shownUnits = units.filter(
    (unit) => unit.archived_at === null || unit.id === form.values.business_unit_id,
  )
  const unit = units.find((one) => one.id === form.values.business_unit_id)
  return (
    <div className={styles.fields}>
      <div data-span="8">
        <TextInput
          label={t('accounts.name')}
          required
          autoComplete="off"
          autoFocus={isNew ?? false}
          {...form.field('name')}
        />
      </div>
      <div data-span="4">
        <NativeSelect
          label={t('accounts.kind')}
          data={['company', 'person'].map((value) => ({ value, label: t(`words.account_kind.${value}`) }))}
          {...form.field('kind')}
        />
      </div>
      <NativeSelect
        label={t('words.unit')}
        description={
          unit
            ? t('accounts.unit_currency', { currency: unit.currency, day: unit.closing_day })
            : t('accounts.unit_help')
        }
        required
        data={[
          ...(unit ? [] : [{ value: '', label: t('accounts.unit_choose') }]),
          ...shownUnits.map((one) => ({ value: one.id, label: one.name })),
        ]}
        {...form.field('business_unit_id')}
        onChange={(event) => {
          const chosen = units.find((one) => one.id === event.currentTarget.value)
          form.set('business_unit_id', event.currentTarget.value as Values['business_unit_id'])
          // What only came from the other unit comes from this one now; what was chosen stays.
          if (!isNew || !chosen) return
          if (form.values.country === (unit?.country ?? ''))
            form.set('country', chosen.country as Values['country'])
          if (form.values.language === (unit?.language ?? 'en'))
            form.set('language', chosen.language as Values['language'])
        }}
      />
      <TextInput
        type="email"
        label={t('accounts.email')}
        description={t('accounts.email_help')}
        autoComplete="off"
        {...form.field('email')}
      />
      <Further form={form} isNew={isNew}>
        <FurtherFields form={form} />
      </Further>
    </div>
  )
}

/** The rest of the fields: open where one has something to say. */
function Further<Values extends AccountValues>({
  form,
  isNew,
  children,
}: {
  form: Form<Values>
  isNew: boolean | undefined
  children: ReactNode
}) {
  const { t } = useTranslation()
  const id = useId()
  const typed = (name: (typeof furtherFields)[number]) =>
    name !== 'country' && name !== 'language' && form.values[name] !== ''
  const [opened, setOpened] = useState(() => !isNew || furtherFields.some(typed))
  const shown = opened || furtherFields.some((name) => form.errors[name] !== undefined)
  if (!isNew) return children
  return (
    <>
      <div>
        <Button
          variant="subtle"
          size="compact-sm"
          aria-expanded={shown}
          aria-controls={id}
          rightSection={
            <IconChevronDown size={16} aria-hidden style={shown ? { rotate: '180deg' } : undefined} />
          }
          onClick={() => setOpened(!shown)}
        >
          {t(shown ? 'guide.less' : 'guide.more')}
        </Button>
      </div>
      <div id={id} hidden={!shown}>
        <div className={styles.fields}>{shown && children}</div>
      </div>
    </>
  )
}

function FurtherFields<Values extends AccountValues>({ form }: { form: Form<Values> }) {
  const { t } = useTranslation()
  const countryOptions = useCountries(form.values.country)
  return (
    <>
      <TextInput
        label={t('accounts.tax_id')}
        description={t('accounts.tax_id_help')}
        autoComplete="off"
        {...form.field('tax_id')}
      />
      <TextInput
        label={t('accounts.domains')}
        description={t('accounts.domains_help')}
        placeholder="acme.com, acme.com.br"
        inputMode="url"
        autoCapitalize="none"
        spellCheck={false}
        autoComplete="off"
        {...form.field('domains')}
      />
      <div data-span="6">
        <TextInput label={t('accounts.phone')} inputMode="tel" autoComplete="off" {...form.field('phone')} />
      </div>
      <div data-span="6">
        <TextInput label={t('accounts.fax')} inputMode="tel" autoComplete="off" {...form.field('fax')} />
      </div>
      <TextInput label={t('accounts.address')} autoComplete="off" {...form.field('address')} />
      <div data-span="8">
        <TextInput label={t('accounts.city')} autoComplete="off" {...form.field('city')} />
      </div>
      <div data-span="4">
        <TextInput label={t('accounts.postal_code')} autoComplete="off" {...form.field('postal_code')} />
      </div>
      <div data-span="6">
        <TextInput label={t('accounts.state')} autoComplete="off" {...form.field('state')} />
      </div>
      <div data-span="6">
        <NativeSelect
          label={t('accounts.country')}
          data={[{ value: '', label: '–' }, ...countryOptions]}
          {...form.field('country')}
        />
      </div>
      <div data-span="6">
        <NativeSelect
          label={t('common:language')}
          data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
          {...form.field('language')}
        />
      </div>
      <div data-span="6">
        <TextInput label={t('accounts.external_id')} autoComplete="off" {...form.field('external_id')} />
      </div>
      <NativeSelect
        label={t('accounts.rank')}
        description={t('accounts.rank_help')}
        data={[{ value: '', label: '–' }, 'A', 'B', 'C']}
        {...form.field('rank')}
      />
      <Textarea label={t('accounts.notes')} description={t('accounts.notes_help')} {...form.field('notes')} />
    </>
  )
}
