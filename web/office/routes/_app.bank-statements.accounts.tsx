import { Button } from '@mantine/core'
import IconBuildingBank from '@tabler/icons-react/dist/esm/icons/IconBuildingBank.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useMutation, useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { BankAccount } from '../../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section } from '../../shared/page.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { useProblemToast } from '../../shared/toasts.tsx'
import { DateText } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { BankAccountDialog } from '../bank-account-dialog.tsx'
import { PermittedButton } from '../permitted-button.tsx'
import { useMay } from '../session.ts'
import { bankAccountsQuery } from '../statement-queries.ts'
import styles from '../statements.module.css'

/** The business units' accounts at banks: last digits and names, never a number. */
export const Route = createFileRoute('/_app/bank-statements/accounts')({
  loader: ({ context: { queryClient } }) => queryClient.ensureQueryData(bankAccountsQuery),
  component: BankAccounts,
})

function BankAccounts() {
  const { t } = useTranslation()
  const may = useMay()
  const { data } = useSuspenseQuery(bankAccountsQuery)
  const [open, setOpen] = useState<BankAccount | 'new' | null>(null)
  const add = (
    <PermittedButton
      needs="payments.decide"
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setOpen('new')}
    >
      {t('statements.new_account')}
    </PermittedButton>
  )
  const several = new Set(data.items.map((one) => one.business_unit_id)).size > 1
  return (
    <>
      <PageTitle
        back={<BackLink to="/bank-statements">{t('statements.title')}</BackLink>}
        title={t('statements.accounts')}
        subtitle={t('statements.accounts_text')}
        actions={data.items.length > 0 && add}
      />
      {data.items.length === 0 ? (
        <EmptyState
          icon={<IconBuildingBank size={24} aria-hidden />}
          title={t('statements.no_accounts')}
          action={add}
        >
          {t('statements.first_account')}
        </EmptyState>
      ) : (
        <Section flush>
          <SimpleTable
            label={t('statements.accounts')}
            rows={data.items}
            rowId={(row) => row.id}
            columns={[
              {
                id: 'name',
                header: t('statements.account_name'),
                primary: true,
                cell: (row) => (
                  <span className={row.archived_at ? styles.out : undefined}>
                    {row.name}
                    {row.archived_at && ` (${t('statements.archived')})`}
                  </span>
                ),
              },
              { id: 'bank', header: t('statements.bank'), cell: (row) => row.bank ?? '–' },
              {
                id: 'digits',
                header: t('statements.digits'),
                cell: (row) => (row.last_digits ? `…${row.last_digits}` : '–'),
              },
              ...(several
                ? [
                    {
                      id: 'unit',
                      header: t('words.unit'),
                      cell: (row: BankAccount) => row.business_unit_name,
                    },
                  ]
                : []),
              { id: 'currency', header: t('statements.currency'), cell: (row) => row.currency },
              {
                id: 'read_to',
                header: t('statements.read_to'),
                cell: (row) => (row.read_to ? <DateText value={row.read_to} /> : '–'),
              },
              {
                id: 'undecided',
                header: t('statements.undecided'),
                align: 'end',
                cell: (row) => row.undecided,
              },
              ...(may('payments.decide')
                ? [
                    {
                      id: 'actions',
                      header: t('statements.actions'),
                      align: 'end' as const,
                      cell: (row: BankAccount) => (
                        <AccountActions account={row} onEdit={() => setOpen(row)} />
                      ),
                    },
                  ]
                : []),
            ]}
          />
        </Section>
      )}
      {open && (
        <BankAccountDialog {...(open === 'new' ? {} : { account: open })} onClose={() => setOpen(null)} />
      )}
    </>
  )
}

function AccountActions({ account, onEdit }: { account: BankAccount; onEdit: () => void }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const archive = useMutation({
    mutationFn: () =>
      orThrow(
        api.PATCH('/api/v1/office/bank-accounts/{id}', {
          params: { path: { id: account.id } },
          body: { archived: account.archived_at === null },
        }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: bankAccountsQuery.queryKey }),
    onError: useProblemToast(),
  })
  return (
    <span className={styles.bar}>
      <Button
        size="xs"
        variant="default"
        onClick={onEdit}
        aria-label={t('statements.edit_account', { name: account.name })}
      >
        {t('common:action.edit')}
      </Button>
      <Button
        size="xs"
        variant="subtle"
        loading={archive.isPending}
        onClick={() => archive.mutate()}
        aria-label={t(account.archived_at ? 'statements.restore_account' : 'statements.archive_account', {
          name: account.name,
        })}
      >
        {t(account.archived_at ? 'statements.restore' : 'statements.archive')}
      </Button>
    </span>
  )
}
