import { Button } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconEye from '@tabler/icons-react/dist/esm/icons/IconEye.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Account, Balance } from '../../shared/api-types.gen.ts'
import { Columns, PageTitle } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { AccountContracts, AccountProfiles, UnfinishedSetup } from '../account-agreements.tsx'
import { AccountApiKeys } from '../account-api-keys.tsx'
import { AccountChanges, AccountContacts, AccountFacts } from '../account-aside.tsx'
import { AccountCharges } from '../account-charges.tsx'
import { AccountDunning } from '../account-dunning.tsx'
import { AccountErased, ErasedBadge } from '../account-heading.tsx'
import {
  AccountInvoices,
  AccountMails,
  AccountPayments,
  AccountServices,
  AccountStatement,
} from '../account-main.tsx'
import { AccountUsers } from '../account-members.tsx'
import { AccountMethods } from '../account-methods.tsx'
import { AccountMoney } from '../account-money.tsx'
import { AccountOrders, AccountSupportCredits } from '../account-orders.tsx'
import {
  accountQuery,
  accountServicesQuery,
  balanceQuery,
  contactsQuery,
  openInvoicesQuery,
  waitingPaymentsQuery,
} from '../account-queries.ts'
import { AccountTabs } from '../account-tabs.tsx'
import { AccountTaxes } from '../account-taxes.tsx'
import { AccountWebhooks } from '../account-webhooks.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { EditAccountDialog } from '../edit-account-dialog.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { RecordPaymentDialog } from '../record-payment-dialog.tsx'
import { useMay } from '../session.ts'
import { ViewAsDialog } from '../view-as-dialog.tsx'

/** Everything of one account on one page. */
export const Route = createFileRoute('/_app/accounts/$id/')({
  loader: ({ context: { queryClient, session }, params: { id } }) => {
    const may = (needed: (typeof session.permissions)[number]) => session.permissions.includes(needed)
    void queryClient.prefetchQuery(accountServicesQuery(id))
    void queryClient.prefetchQuery(contactsQuery(id))
    if (may('billing.read')) void queryClient.prefetchQuery(openInvoicesQuery(id))
    return Promise.all([
      queryClient.ensureQueryData(accountQuery(id)),
      queryClient.ensureQueryData(unitsQuery),
      may('billing.read') ? queryClient.ensureQueryData(balanceQuery(id)) : undefined,
    ])
  },
  component: AccountPage,
})

function AccountPage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const may = useMay()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  const { data: balance } = useQuery({ ...balanceQuery(id), enabled: may('billing.read') })
  const [dialog, setDialog] = useState<'edit' | 'payment' | 'view' | null>(null)
  return (
    <>
      <PageTitle
        back={<BackLink to="/accounts">{t('shell.accounts')}</BackLink>}
        title={account.name}
        state={account.erased_at !== null ? <ErasedBadge /> : balance && <BalanceBadge balance={balance} />}
        subtitle={[
          t('accounts.number_of', { number: account.number }),
          account.business_unit_name,
          [account.city, account.state].filter(Boolean).join(', '),
        ]
          .filter(Boolean)
          .join(' · ')}
        actions={
          <>
            {account.erased_at === null && may('accounts.view_as') && (
              <Button
                variant="default"
                leftSection={<IconEye size={16} aria-hidden />}
                onClick={() => setDialog('view')}
              >
                {t('view_as.action')}
              </Button>
            )}
            {account.erased_at === null && may('accounts.write') && (
              <Button
                variant="default"
                leftSection={<IconPencil size={16} aria-hidden />}
                onClick={() => setDialog('edit')}
              >
                {t('common:action.edit')}
              </Button>
            )}
            {account.erased_at === null && may('payments.decide') && (
              <Button
                variant="default"
                leftSection={<IconCash size={16} aria-hidden />}
                onClick={() => setDialog('payment')}
              >
                {t('accounts.record_payment')}
              </Button>
            )}
            {account.erased_at === null && may('subscriptions.write') && (
              <ButtonLink to={`/accounts/${id}/new-service`} leftSection={<IconPlus size={16} aria-hidden />}>
                {t('services.new')}
              </ButtonLink>
            )}
          </>
        }
      />
      <AccountTabs id={id} />
      <AccountErased account={account} />
      <Columns
        main={
          <>
            <UnfinishedSetup account={account} />
            {may('payments.read') && <WaitingPayments account={account} />}
            {may('billing.read') && <AccountInvoices account={account} balance={balance} />}
            {may('billing.read') && <AccountCharges account={account} />}
            {may('subscriptions.read') && <AccountServices account={account} />}
            {may('orders.read') && <AccountOrders account={account} />}
            {may('contracts.read') && <AccountContracts account={account} />}
            <AccountMoney account={account} balance={balance} />
            <AccountMethods account={account} />
            {may('billing.read') && <AccountStatement account={account} />}
            {may('payments.read') && <AccountPayments account={account} />}
            {may('notices.read') && <AccountMails account={account} />}
          </>
        }
        aside={
          <>
            <AccountFacts account={account} balance={balance} />
            <AccountDunning account={account} />
            <AccountTaxes account={account} />
            {account.erased_at === null && (
              <>
                <AccountContacts account={account} />
                {may('settings.read') && <AccountProfiles account={account} />}
                <AccountUsers account={account} />
              </>
            )}
            {may('orders.read') && <AccountSupportCredits account={account} />}
            <AccountApiKeys account={account} />
            <AccountWebhooks account={account} />
            {may('audit.read') && <AccountChanges account={account} />}
          </>
        }
      />
      {dialog === 'edit' && <EditAccountDialog account={account} onClose={() => setDialog(null)} />}
      {dialog === 'view' && <ViewAsDialog account={account} onClose={() => setDialog(null)} />}
      {dialog === 'payment' && <RecordPaymentDialog account={account} onClose={() => setDialog(null)} />}
    </>
  )
}

function BalanceBadge({ balance }: { balance: Balance }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  if (balance.overdue > 0) {
    return (
      <ToneBadge tone="bad" icon={IconAlertTriangle}>
        {t('accounts.overdue', { amount: money(balance.overdue, balance.currency) })}
      </ToneBadge>
    )
  }
  if (balance.owed > 0) {
    return (
      <ToneBadge tone="info">
        {t('accounts.owes', { amount: money(balance.owed, balance.currency) })}
      </ToneBadge>
    )
  }
  return <ToneBadge tone="good">{t('accounts.nothing_owed')}</ToneBadge>
}

/** What the customer told of and nobody has decided: it comes before anything else. */
function WaitingPayments({ account }: { account: Account }) {
  const { t } = useTranslation()
  const { data } = useQuery(waitingPaymentsQuery(account.id))
  const count = data?.items.length ?? 0
  if (count === 0) return null
  return (
    <Callout
      tone="warning"
      icon={<IconCash size={20} aria-hidden />}
      title={t('accounts.waiting_payments', { count })}
    >
      <p>
        <Link to="/payments" search={{ account_id: account.id } as never}>
          {t('accounts.waiting_payments_see')}
        </Link>
      </p>
    </Callout>
  )
}
