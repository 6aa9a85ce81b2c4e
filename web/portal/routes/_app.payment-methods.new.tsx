import { Button, TextInput } from '@mantine/core'
import IconArrowRight from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs'
import IconCreditCardOff from '@tabler/icons-react/dist/esm/icons/IconCreditCardOff.mjs'
import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import { useForm } from '../../shared/form.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { ProblemAlert } from '../../shared/problem-alert.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import styles from '../pay-choices.module.css'
import { choicesQuery, openPayment } from '../pay-queries.ts'
import {
  iconOfMethod,
  keeps,
  needsDetails,
  type PaymentMethod,
  type PayProvider,
  TestBadge,
} from '../pay-words.tsx'

/** Keeps a payment method without paying by it now: its provider's own form, or the account that a bank is to debit. */
export const Route = createFileRoute('/_app/payment-methods/new')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(choicesQuery),
  component: NewMethodPage,
  errorComponent: AreaProblem,
})

type Way = { key: string; provider: PayProvider; method: PaymentMethod }

function NewMethodPage() {
  const { t } = useTranslation('pay')
  const { data: choices } = useSuspenseQuery(choicesQuery)
  const ways = choices.providers.flatMap((provider) =>
    provider.methods
      .filter((method) => keeps(provider, method))
      .map((method): Way => ({ key: `${provider.id} ${method}`, provider, method })),
  )
  const [chosen, setChosen] = useState(ways[0]?.key)
  const way = ways.find((one) => one.key === chosen)
  return (
    <>
      <PageTitle
        back={<BackLink to="/payment-methods">{t('methods.title')}</BackLink>}
        title={t('add.title')}
        subtitle={t('add.subtitle')}
      />
      <div className={styles.narrow}>
        <Section>
          {ways.length === 0 ? (
            <EmptyState
              icon={<IconCreditCardOff size={24} aria-hidden />}
              title={t('methods.empty')}
              action={
                <ButtonLink to="/payment-methods" variant="default">
                  {t('done.methods')}
                </ButtonLink>
              }
            >
              {t('methods.none_here')}
            </EmptyState>
          ) : (
            <>
              <fieldset className={styles.ways}>
                <legend className="visually-hidden">{t('add.which')}</legend>
                {ways.map(({ key, provider, method }) => {
                  const Icon = iconOfMethod(method)
                  return (
                    <label key={key} className={styles.way}>
                      <input
                        type="radio"
                        name="way"
                        value={key}
                        checked={key === chosen}
                        onChange={() => setChosen(key)}
                      />
                      <span className={styles.words}>
                        <span className={styles.name}>
                          {t(`portal:payment_method.${method}`)}
                          <TestBadge driver={provider.driver} />
                        </span>
                        <small>{provider.name}</small>
                      </span>
                      <Icon size={24} stroke={1.5} aria-hidden />
                    </label>
                  )
                })}
              </fieldset>
              {way && <AddForm key={way.key} way={way} />}
            </>
          )}
        </Section>
      </div>
    </>
  )
}

function AddForm({ way }: { way: Way }) {
  const { t } = useTranslation('pay')
  const typed = needsDetails(way.provider, way.method)
  const [leaving, setLeaving] = useState(false)
  const missing = (value: string) => typed && value.trim() === '' && t('common:input.required')
  const form = useForm({
    initial: { bank: '', agency: '', account: '', account_digit: '', details: '' },
    check: (values) => ({
      agency: missing(values.agency),
      account: missing(values.account),
      bank: missing(values.bank) || (typed && !/^\d{1,3}$/.test(values.bank.trim()) && t('add.bank_wrong')),
    }),
    submit: ({ bank, agency, account, account_digit }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/portal/stored-methods', {
          headers: idempotent(idempotencyKey),
          body: {
            provider_id: way.provider.id,
            method: way.method,
            details: typed
              ? {
                  bank: bank.trim(),
                  agency: agency.trim(),
                  account: account.trim(),
                  account_digit: account_digit.trim(),
                }
              : null,
          },
        }),
      ),
    onDone: (intent) => {
      setLeaving(true)
      openPayment(intent.id)
    },
  })
  const text = { autoComplete: 'off', inputMode: 'numeric' as const, withAsterisk: false }
  return (
    <form className={styles.pay} onSubmit={form.onSubmit} noValidate>
      <ProblemAlert error={form.problem} />
      {typed && (
        <>
          <p className={styles.hint}>{t('add.debit_text', { provider: way.provider.name })}</p>
          <div className={styles.pair}>
            <TextInput
              label={t('add.bank')}
              description={t('add.bank_help')}
              required
              maxLength={3}
              {...text}
              {...form.field('bank')}
            />
            <TextInput
              label={t('add.agency')}
              description={t('add.agency_help')}
              required
              maxLength={8}
              {...text}
              {...form.field('agency')}
            />
            <TextInput
              label={t('add.account')}
              description={t('add.account_help')}
              required
              maxLength={20}
              {...text}
              {...form.field('account')}
            />
            <TextInput
              label={t('add.digit')}
              description={t('add.digit_help')}
              maxLength={2}
              {...text}
              inputMode="text"
              {...form.field('account_digit')}
            />
          </div>
        </>
      )}
      <Button
        type="submit"
        size="md"
        fullWidth
        loading={form.busy || leaving}
        rightSection={<IconArrowRight size={18} aria-hidden />}
      >
        {t(typed ? 'add.authorise' : 'add.go')}
      </Button>
      <p className={styles.safe}>
        {t(typed ? 'add.authorise_text' : 'choose.safe', { provider: way.provider.name })}
      </p>
    </form>
  )
}
