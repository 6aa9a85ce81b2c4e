import { useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import { AccountStep, GuideFrame } from '../account-guide.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { useMay } from '../session.ts'

/** The first step of a new account; the others follow once it exists. */
export const Route = createFileRoute('/_app/accounts/new')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(unitsQuery),
  component: NewAccount,
})

function NewAccount() {
  const { t } = useTranslation()
  const may = useMay()
  const { data: units } = useSuspenseQuery(unitsQuery)
  const usable = units.some((unit) => unit.archived_at === null)
  if (!may('accounts.create') || !usable) {
    return (
      <>
        <PageTitle
          title={t('shell.new_account')}
          back={<BackLink to="/accounts">{t('shell.accounts')}</BackLink>}
        />
        <EmptyState
          title={t(may('accounts.create') ? 'guide.no_unit' : 'words.not_permitted')}
          action={
            may('accounts.create') &&
            may('units.write') && <ButtonLink to="/units/new">{t('guide.new_unit')}</ButtonLink>
          }
        />
      </>
    )
  }
  return (
    <GuideFrame step="account" account={null} setup={null}>
      <AccountStep account={null} units={units} />
    </GuideFrame>
  )
}
