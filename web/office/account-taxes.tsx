import { Button, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account, AccountTax } from '../shared/api-types.gen.ts'
import { Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { addDays } from '../shared/formats.ts'
import { DateInput } from '../shared/inputs.tsx'
import { Section } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import { ToneBadge } from '../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import formStyles from './form-layout.module.css'
import styles from './list.module.css'
import { formatRate } from './rates.ts'
import { useMay } from './session.ts'
import { accountTaxesQuery } from './tax-queries.ts'

/** The taxes of an account's business unit, and which it is exempt from. Nothing is shown where there are none. */
export function AccountTaxes({ account }: { account: Account }) {
  const { t, i18n } = useTranslation('books')
  const may = useMay()
  const { date } = useFormats()
  const { data: taxes = [] } = useQuery(accountTaxesQuery(account.id))
  const [edited, setEdited] = useState<AccountTax | null>(null)
  if (taxes.length === 0) return null
  const editable = may('documents.write') && account.erased_at === null
  return (
    <Section title={t('exemptions.title')}>
      <ul className={styles.list}>
        {taxes.map((tax) => (
          <li key={tax.tax_id}>
            <div className={styles.words}>
              <strong>
                {tax.name}
                <TaxState tax={tax} />
              </strong>
              <small>
                {formatRate(tax.rate, i18n.language)}
                {' · '}
                {t(tax.inclusive ? 'taxes.inclusive' : 'taxes.exclusive')}
              </small>
              {tax.exemption && (
                <>
                  <small>{tax.exemption.reason}</small>
                  <small>
                    {tax.exemption.until === null
                      ? t('exemptions.for_good')
                      : t('exemptions.until', { date: date(addDays(tax.exemption.until, -1)) })}
                    {tax.exemption.created_by_name !== null && ` · ${tax.exemption.created_by_name}`}
                  </small>
                </>
              )}
            </div>
            {editable && (
              <Button variant="subtle" size="compact-sm" onClick={() => setEdited(tax)}>
                {t(tax.exemption ? 'exemptions.change' : 'exemptions.exempt_action')}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {edited && <ExemptionDialog account={account} tax={edited} onClose={() => setEdited(null)} />}
    </Section>
  )
}

function TaxState({ tax }: { tax: AccountTax }) {
  const { t } = useTranslation('books')
  if (tax.exemption?.in_force) return <ToneBadge tone="info">{t('exemptions.exempt')}</ToneBadge>
  if (tax.archived_at !== null) return <ToneBadge tone="neutral">{t('taxes.archived')}</ToneBadge>
  return <ToneBadge tone="neutral">{t(tax.exemption ? 'exemptions.over' : 'exemptions.charged')}</ToneBadge>
}

function ExemptionDialog({
  account,
  tax,
  onClose,
}: {
  account: Account
  tax: AccountTax
  onClose: () => void
}) {
  const { t } = useTranslation('books')
  const queryClient = useQueryClient()
  const path = { id: account.id, tax_id: tax.tax_id }
  const refresh = () => queryClient.invalidateQueries({ queryKey: ['accounts', account.id] })
  const form = useForm({
    initial: {
      reason: tax.exemption?.reason ?? '',
      last_day: tax.exemption?.until ? addDays(tax.exemption.until, -1) : '',
    },
    check: (values) => ({ reason: !values.reason.trim() && t('common:input.required') }),
    submit: ({ reason, last_day }) =>
      orThrow(
        api.PUT('/api/v1/office/accounts/{id}/tax-exemptions/{tax_id}', {
          params: { path },
          body: { reason, until: last_day === '' ? null : addDays(last_day, 1) },
        }),
      ),
    onDone: () => {
      void refresh()
      showToast({ tone: 'good', title: t('exemptions.saved', { account: account.name, name: tax.name }) })
      onClose()
    },
  })
  const end = useMutation({
    mutationFn: () =>
      orThrow(api.DELETE('/api/v1/office/accounts/{id}/tax-exemptions/{tax_id}', { params: { path } })),
    onSuccess: () => {
      void refresh()
      showToast({ tone: 'good', title: t('exemptions.ended', { name: tax.name }) })
      onClose()
    },
    onError: useProblemToast(),
  })
  return (
    <Dialog opened onClose={onClose} title={t('exemptions.dialog', { name: tax.name })}>
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <p>{t('exemptions.text', { account: account.name })}</p>
        <div className={formStyles.fields}>
          <Textarea
            label={t('exemptions.reason')}
            description={t('exemptions.reason_help')}
            required
            autosize
            minRows={2}
            maxLength={500}
            {...form.field('reason')}
          />
          <div data-span="6">
            <DateInput
              label={t('exemptions.last_day')}
              description={t('exemptions.last_day_help')}
              {...form.field('last_day')}
              error={form.errors.last_day ?? form.errors.until}
            />
          </div>
        </div>
        <DialogActions>
          {tax.exemption && (
            <Button variant="default" loading={end.isPending} onClick={() => end.mutate()}>
              {t('exemptions.end')}
            </Button>
          )}
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('common:action.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
