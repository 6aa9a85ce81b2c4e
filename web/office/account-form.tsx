import { NativeSelect, Textarea, TextInput } from '@mantine/core'
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
  }
}

/** What the API takes; empty text removes a value. */
export function bodyOfAccount(values: AccountValues) {
  return {
    ...values,
    kind: values.kind as Account['kind'],
    rank: values.rank === '' ? null : (values.rank as NonNullable<Account['rank']>),
    language: values.language as Account['language'],
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

/** The inputs of an account's details, for creating and for editing. */
export function AccountFields<Values extends AccountValues>({
  form,
  units,
  isNew,
}: {
  form: ReturnType<typeof useForm<Values, unknown>>
  units: BusinessUnit[]
  isNew?: boolean
}) {
  const { t } = useTranslation()
  const countryOptions = useCountries(form.values.country)
  const shownUnits = units.filter(
    (unit) => unit.archived_at === null || unit.id === form.values.business_unit_id,
  )
  return (
    <div className={styles.fields}>
      <div data-span="8">
        <TextInput label={t('accounts.name')} required autoComplete="off" {...form.field('name')} />
      </div>
      <div data-span="4">
        <NativeSelect
          label={t('accounts.kind')}
          data={['company', 'person'].map((value) => ({ value, label: t(`words.account_kind.${value}`) }))}
          {...form.field('kind')}
        />
      </div>
      <div data-span="6">
        <NativeSelect
          label={t('words.unit')}
          description={t('accounts.unit_help')}
          required
          data={shownUnits.map((unit) => ({ value: unit.id, label: unit.name }))}
          {...form.field('business_unit_id')}
          onChange={(event) => {
            const before = units.find((unit) => unit.id === form.values.business_unit_id)
            const chosen = units.find((unit) => unit.id === event.currentTarget.value)
            form.set('business_unit_id', event.currentTarget.value as Values['business_unit_id'])
            // What only came from the other unit comes from this one now; what was chosen stays.
            if (!isNew || !before || !chosen) return
            if (form.values.country === before.country)
              form.set('country', chosen.country as Values['country'])
            if (form.values.language === before.language)
              form.set('language', chosen.language as Values['language'])
          }}
        />
      </div>
      <div data-span="6">
        <NativeSelect
          label={t('accounts.rank')}
          description={t('accounts.rank_help')}
          data={[{ value: '', label: '–' }, 'A', 'B', 'C']}
          {...form.field('rank')}
        />
      </div>
      <div data-span="6">
        <TextInput label={t('accounts.tax_id')} autoComplete="off" {...form.field('tax_id')} />
      </div>
      <div data-span="6">
        <NativeSelect
          label={t('common:language')}
          data={languages.map((value) => ({ value, label: nameOfLanguage(value) }))}
          {...form.field('language')}
        />
      </div>
      <TextInput
        type="email"
        label={t('accounts.email')}
        description={t('accounts.email_help')}
        autoComplete="off"
        {...form.field('email')}
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
      <TextInput
        label={t('accounts.external_id')}
        description={t('accounts.external_id_help')}
        autoComplete="off"
        {...form.field('external_id')}
      />
      <Textarea label={t('accounts.notes')} description={t('accounts.notes_help')} {...form.field('notes')} />
    </div>
  )
}
