import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, redirect } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState } from '../../shared/page.tsx'
import { AccountStep, ContactStep, ContractStep, GuideFrame, ProfilesStep } from '../account-guide.tsx'
import { accountQuery, contactsQuery } from '../account-queries.ts'
import {
  contractsQuery,
  setupQuery,
  unitSlaProfilesQuery,
  unitThresholdProfilesQuery,
} from '../agreement-queries.ts'
import { unitsQuery } from '../frame-queries.ts'
import { type GuideStep, guideSteps, nextStep } from '../guide-steps.ts'
import { useMay } from '../session.ts'

const stepOf = (value: unknown): GuideStep | undefined => guideSteps.find((step) => step === value)

/** The guide of an account that was created: any of its steps, at first the one that waits. */
export const Route = createFileRoute('/_app/accounts/$id/setup')({
  validateSearch: (search: Record<string, unknown>): { step?: GuideStep } => {
    const step = stepOf(search.step)
    return step ? { step } : {}
  },
  loaderDeps: ({ search }) => search,
  loader: async ({ context: { queryClient, session }, params: { id } }) => {
    const [account, setup] = await Promise.all([
      queryClient.ensureQueryData(accountQuery(id)),
      queryClient.ensureQueryData(setupQuery(id)),
      queryClient.ensureQueryData(unitsQuery),
    ])
    if (!setup) throw redirect({ to: '/accounts/$id', params: { id }, replace: true })
    await Promise.all([
      session.permissions.includes('contracts.read') && queryClient.ensureQueryData(contractsQuery(id)),
      queryClient.ensureQueryData(contactsQuery(id)),
      session.permissions.includes('settings.read') &&
        queryClient.ensureQueryData(unitSlaProfilesQuery(account.business_unit_id)),
      session.permissions.includes('settings.read') &&
        queryClient.ensureQueryData(unitThresholdProfilesQuery(account.business_unit_id)),
    ])
  },
  component: Setup,
})

function Setup() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const search = Route.useSearch()
  const may = useMay()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  const { data: setup } = useSuspenseQuery(setupQuery(id))
  const { data: units } = useSuspenseQuery(unitsQuery)
  if (!setup) return null
  const step = search.step ?? nextStep(setup) ?? 'contact'
  if (!may('accounts.create')) return <EmptyState title={t('words.not_permitted')} />
  const unit = units.find((one) => one.id === account.business_unit_id)
  return (
    <GuideFrame step={step} account={account} setup={setup}>
      {step === 'account' && <AccountStep key={id} account={account} units={units} />}
      {step === 'contract' && <ContractStep key={id} account={account} setup={setup} unit={unit} />}
      {step === 'profiles' && <ProfilesStep key={id} account={account} setup={setup} />}
      {step === 'contact' && <ContactStep key={id} account={account} setup={setup} />}
    </GuideFrame>
  )
}
