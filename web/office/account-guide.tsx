import { Button, VisuallyHidden } from '@mantine/core'
import IconArrowRight from '@tabler/icons-react/dist/esm/icons/IconArrowRight.mjs'
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs'
import IconHistory from '@tabler/icons-react/dist/esm/icons/IconHistory.mjs'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useRouter } from '@tanstack/react-router'
import { type ReactNode, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../shared/api.ts'
import type { Account, AccountSetup, BusinessUnit } from '../shared/api-types.gen.ts'
import { useForm } from '../shared/form.ts'
import { PageTitle, Section, Stacked } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { LikelyDuplicates } from './account-duplicates.tsx'
import { AccountFields, bodyOfAccount, valuesOfAccount } from './account-form.tsx'
import styles from './account-guide.module.css'
import { accountQuery, contactsQuery, refreshAccounts } from './account-queries.ts'
import { contractsQuery, setupQuery } from './agreement-queries.ts'
import { BackLink } from './back-link.tsx'
import { ButtonLink } from './button-link.tsx'
import { localToday } from './calendar-day.ts'
import { ContactFields, valuesOfContact } from './contact-dialog.tsx'
import { bodyOfContract, ContractFields, checkContract, valuesOfContract } from './contract-form.tsx'
import { useDraft, useKeptDraft } from './draft.ts'
import { type GuideStep, guideSteps, nextStep } from './guide-steps.ts'
import { chooseProfiles, ProfileFields, valuesOfProfiles } from './profile-choice.tsx'
import { useMay } from './session.ts'

/** The page around each step: title, how far one is, and the step itself. */
export function GuideFrame({
  step,
  account,
  setup,
  children,
}: {
  step: GuideStep
  /** Null before it was created. */
  account: Account | null
  setup: AccountSetup | null
  children: ReactNode
}) {
  const { t } = useTranslation()
  return (
    <Stacked>
      <PageTitle
        back={
          account ? (
            <BackLink to={`/accounts/${account.id}`}>{account.name}</BackLink>
          ) : (
            <BackLink to="/accounts">{t('shell.accounts')}</BackLink>
          )
        }
        title={t('shell.new_account')}
        subtitle={account ? `${account.name} · ${account.business_unit_name}` : t('guide.subtitle')}
      />
      <nav aria-label={t('guide.steps')}>
        <ol className={styles.steps}>
          {guideSteps.map((one, index) => {
            const state =
              one === 'account' ? (account ? 'done' : 'open') : (setup?.[one as 'contract'] ?? 'open')
            const current = one === step
            const content = (
              <>
                <span className={styles.mark} aria-hidden>
                  {state === 'done' ? <IconCheck size={16} /> : index + 1}
                </span>
                <span className={styles.name}>{t(`guide.step.${one}`)}</span>
                <span className={styles.what}>{t(`guide.state.${current ? 'current' : state}`)}</span>
              </>
            )
            return (
              <li key={one} data-current={current || undefined}>
                {account && !current ? (
                  <Link
                    className={styles.step}
                    data-state={state}
                    to="/accounts/$id/setup"
                    params={{ id: account.id }}
                    search={{ step: one } as never}
                  >
                    {content}
                  </Link>
                ) : (
                  <span
                    className={styles.step}
                    data-state={state}
                    {...(current ? { 'aria-current': 'step' as const } : {})}
                  >
                    {content}
                  </span>
                )}
              </li>
            )
          })}
        </ol>
      </nav>
      {children}
    </Stacked>
  )
}

/** The form of a step with its buttons: leave it out, or save and go on. */
function StepForm({
  step,
  accountId,
  title,
  text,
  problem,
  busy,
  skippable,
  restored,
  onStartOver,
  onSubmit,
  onSkipped,
  submitLabel,
  note,
  beside,
  children,
}: {
  step: GuideStep
  /** Null before the account was created. */
  accountId: string | null
  title: string
  text: string
  problem: unknown
  busy: boolean
  skippable: boolean
  restored: boolean
  onStartOver: () => void
  onSubmit: (event: { preventDefault: () => void }) => void
  onSkipped?: () => void
  submitLabel?: string
  note?: ReactNode
  /** Stands beside the form where there is room, else between it and its buttons. */
  beside?: ReactNode
  children: ReactNode
}) {
  const { t } = useTranslation()
  const goOn = useGoOn(accountId)
  const skip = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/setup/skip', {
          params: { path: { id: accountId ?? '' } },
          body: { step: step as 'contract' },
        }),
      ),
    onSuccess: () => {
      onSkipped?.()
      return goOn(step)
    },
    onError: useProblemToast(),
  })
  return (
    <form
      className={styles.body}
      data-beside={beside !== undefined || undefined}
      onSubmit={onSubmit}
      noValidate
    >
      <ProblemAlert error={problem} />
      <Section title={title} description={text}>
        <div className={styles.form}>
          {note}
          {restored && (
            <p className={styles.restored}>
              <IconHistory size={16} aria-hidden />
              {t('guide.restored')}
              <Button variant="subtle" size="compact-sm" onClick={onStartOver}>
                {t('guide.start_over')}
              </Button>
            </p>
          )}
          {children}
        </div>
      </Section>
      {beside && <div className={styles.beside}>{beside}</div>}
      <div className={styles.end}>
        {accountId === null ? (
          <ButtonLink to="/accounts" variant="subtle">
            {t('common:action.cancel')}
          </ButtonLink>
        ) : (
          <ButtonLink to="/accounts/$id" params={{ id: accountId }} variant="subtle">
            {t('guide.later')}
          </ButtonLink>
        )}
        {skippable && (
          <Button variant="default" loading={skip.isPending} onClick={() => skip.mutate()}>
            {t('guide.skip')}
          </Button>
        )}
        <Button type="submit" loading={busy} rightSection={<IconArrowRight size={16} aria-hidden />}>
          {submitLabel ?? t('guide.save')}
        </Button>
      </div>
    </form>
  )
}

/** After a step: the next one that waits, else the account's page. */
function useGoOn(accountId: string | null) {
  const { t } = useTranslation()
  const router = useRouter()
  const queryClient = useQueryClient()
  return async (after: GuideStep) => {
    if (accountId === null) return
    const setup = await queryClient.fetchQuery({ ...setupQuery(accountId), staleTime: 0 })
    const account = await queryClient.fetchQuery({ ...accountQuery(accountId), staleTime: 0 })
    const next = setup && nextStep(setup, after)
    // The steps asked for themselves; what other pages show of the account is asked again when they are opened.
    void refreshAccounts(queryClient)
    if (next) {
      await router.navigate({
        to: '/accounts/$id/setup',
        params: { id: accountId },
        search: { step: next } as never,
      })
      return
    }
    showToast({ tone: 'good', title: t('guide.finished', { name: account.name }) })
    await router.navigate({ to: '/accounts/$id', params: { id: accountId } })
  }
}

/** Step one: the account itself, new or to be corrected, with what may be the same one beside it. */
export function AccountStep({ account, units }: { account: Account | null; units: BusinessUnit[] }) {
  const { t } = useTranslation()
  const router = useRouter()
  const queryClient = useQueryClient()
  const goOn = useGoOn(account?.id ?? null)
  const usable = useMemo(() => units.filter((unit) => unit.archived_at === null), [units])
  const base = useMemo(
    () => valuesOfAccount(account, usable.length === 1 ? usable[0] : undefined),
    [account, usable],
  )
  const draft = useDraft(account ? `account.${account.id}` : 'account', base)
  const [sent, setSent] = useState(false)
  const form = useForm({
    initial: draft.initial,
    check: (values) => ({
      name: !values.name.trim() && t('common:input.required'),
      business_unit_id: values.business_unit_id === '' && t('accounts.unit_choose'),
    }),
    submit: (values, { idempotencyKey }) =>
      account === null
        ? orThrow(
            api.POST('/api/v1/office/accounts', {
              body: { ...bodyOfAccount(values), guided: true },
              headers: idempotent(idempotencyKey),
            }),
          )
        : orThrow(
            api.PATCH('/api/v1/office/accounts/{id}', {
              params: { path: { id: account.id } },
              body: bodyOfAccount(values),
            }),
          ),
    onDone: async (saved) => {
      setSent(true)
      draft.forget()
      if (account) {
        await goOn('account')
        return
      }
      showToast({ tone: 'good', title: t('accounts.created_toast', { name: saved.name }) })
      queryClient.setQueryData(accountQuery(saved.id).queryKey, saved)
      void refreshAccounts(queryClient)
      // Going back does not lead to the empty form of an account that exists.
      await router.navigate({
        to: '/accounts/$id/setup',
        params: { id: saved.id },
        search: { step: 'contract' } as never,
        replace: true,
      })
    },
  })
  useKeptDraft(draft, form.values, sent)
  const [restored, setRestored] = useState(draft.restored)
  return (
    <StepForm
      step="account"
      accountId={account?.id ?? null}
      title={t('guide.step.account')}
      text={t('guide.text.account')}
      problem={form.problem}
      busy={form.busy}
      skippable={false}
      restored={restored}
      onStartOver={() => {
        draft.forget()
        form.reset(base)
        setRestored(false)
      }}
      onSubmit={form.onSubmit}
      submitLabel={t(account ? 'guide.save' : 'accounts.create')}
      {...(account ? {} : { beside: <LikelyDuplicates values={form.values} /> })}
    >
      <AccountFields form={form} units={units} isNew />
    </StepForm>
  )
}

/** Step two: a contract with the account. */
export function ContractStep({
  account,
  setup,
  unit,
}: {
  account: Account
  setup: AccountSetup
  unit: BusinessUnit | undefined
}) {
  const { t, i18n } = useTranslation()
  const may = useMay()
  const goOn = useGoOn(account.id)
  const { data: contracts = [] } = useQuery(contractsQuery(account.id))
  const base = useMemo(() => valuesOfContract(null, localToday(unit?.time_zone)), [unit])
  const draft = useDraft(`contract.${account.id}`, base)
  const [sent, setSent] = useState(false)
  const [restored, setRestored] = useState(draft.restored)
  const form = useForm({
    initial: draft.initial,
    check: (values) => checkContract(values, t('common:input.required'), t('contracts.ends_too_early')),
    submit: (values, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/contracts', {
          params: { path: { id: account.id } },
          body: bodyOfContract(values),
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: () => {
      setSent(true)
      draft.forget()
      void goOn('contract')
    },
  })
  useKeptDraft(draft, form.values, sent)
  if (!may('contracts.write')) return <Forbidden account={account} setup={setup} step="contract" />
  return (
    <StepForm
      step="contract"
      accountId={account.id}
      title={t('guide.step.contract')}
      text={t('guide.text.contract')}
      problem={form.problem}
      busy={form.busy}
      skippable={setup.contract === 'open'}
      restored={restored}
      onStartOver={() => {
        draft.forget()
        form.reset(base)
        setRestored(false)
      }}
      onSubmit={form.onSubmit}
      onSkipped={() => {
        setSent(true)
        draft.forget()
      }}
      note={
        contracts.length > 0 && (
          <Callout tone="info">
            {t('guide.recorded', {
              names: new Intl.ListFormat(i18n.language).format(contracts.map((one) => one.name)),
            })}
          </Callout>
        )
      }
    >
      <ContractFields form={form} account={account} autoFocus />
    </StepForm>
  )
}

/** Step three: which SLA and which alert thresholds the account follows. */
export function ProfilesStep({ account, setup }: { account: Account; setup: AccountSetup }) {
  const { t } = useTranslation()
  const goOn = useGoOn(account.id)
  const base = useMemo(() => valuesOfProfiles(account), [account])
  const draft = useDraft(`profiles.${account.id}`, base)
  const [sent, setSent] = useState(false)
  const form = useForm({
    initial: draft.initial,
    submit: (values) => chooseProfiles(account, values),
    onDone: () => {
      setSent(true)
      draft.forget()
      void goOn('profiles')
    },
  })
  useKeptDraft(draft, form.values, sent)
  return (
    <StepForm
      step="profiles"
      accountId={account.id}
      title={t('guide.step.profiles')}
      text={t('guide.text.profiles')}
      problem={form.problem}
      busy={form.busy}
      skippable={setup.profiles === 'open'}
      restored={false}
      onStartOver={() => {}}
      onSubmit={form.onSubmit}
      onSkipped={() => {
        setSent(true)
        draft.forget()
      }}
    >
      <ProfileFields form={form} account={account} />
    </StepForm>
  )
}

/** Step four: somebody to talk to. */
export function ContactStep({ account, setup }: { account: Account; setup: AccountSetup }) {
  const { t, i18n } = useTranslation()
  const goOn = useGoOn(account.id)
  const { data: contacts = [] } = useQuery(contactsQuery(account.id))
  // The first contact of a person is most often that person.
  const [base] = useState(() => {
    if (contacts.length > 0) return valuesOfContact(null)
    const [first = '', ...rest] = account.kind === 'person' ? account.name.split(/\s+/) : []
    return {
      ...valuesOfContact(null),
      first_name: first,
      last_name: rest.join(' '),
      email: account.email ?? '',
      phone: account.phone ?? '',
    }
  })
  const draft = useDraft(`contact.${account.id}`, base)
  const [sent, setSent] = useState(false)
  const [restored, setRestored] = useState(draft.restored)
  const form = useForm({
    initial: draft.initial,
    check: (values) => ({ first_name: !values.first_name.trim() && t('common:input.required') }),
    submit: (body, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/contacts', {
          params: { path: { id: account.id } },
          body,
          headers: idempotent(idempotencyKey),
        }),
      ),
    onDone: () => {
      setSent(true)
      draft.forget()
      void goOn('contact')
    },
  })
  useKeptDraft(draft, form.values, sent)
  return (
    <StepForm
      step="contact"
      accountId={account.id}
      title={t('guide.step.contact')}
      text={t(contacts.length === 0 ? 'guide.text.contact' : 'guide.text.contact_more')}
      problem={form.problem}
      busy={form.busy}
      skippable={setup.contact === 'open'}
      restored={restored}
      onStartOver={() => {
        draft.forget()
        form.reset(base)
        setRestored(false)
      }}
      onSubmit={form.onSubmit}
      onSkipped={() => {
        setSent(true)
        draft.forget()
      }}
      note={
        contacts.length > 0 && (
          <Callout tone="info">
            {t('guide.recorded', {
              names: new Intl.ListFormat(i18n.language).format(
                contacts.map((one) => [one.first_name, one.last_name].filter(Boolean).join(' ')),
              ),
            })}
          </Callout>
        )
      }
    >
      <ContactFields form={form} first={contacts.length === 0} autoFocus />
    </StepForm>
  )
}

/** A step that the person may not do: it can still be left out. */
function Forbidden({
  account,
  setup,
  step,
}: {
  account: Account
  setup: AccountSetup
  step: 'contract' | 'profiles' | 'contact'
}) {
  const { t } = useTranslation()
  const goOn = useGoOn(account.id)
  const skip = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/setup/skip', {
          params: { path: { id: account.id } },
          body: { step },
        }),
      ),
    onSuccess: () => goOn(step),
    onError: useProblemToast(),
  })
  return (
    <Section title={t(`guide.step.${step}`)} description={t('words.not_permitted')}>
      <VisuallyHidden>{t(`guide.state.${setup[step]}`)}</VisuallyHidden>
      <Button variant="default" loading={skip.isPending} onClick={() => skip.mutate()}>
        {t('guide.skip')}
      </Button>
    </Section>
  )
}
