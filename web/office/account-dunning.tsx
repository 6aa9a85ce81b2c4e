import { Button, Textarea } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Account, AccountDunning as State } from '../shared/api-types.gen.ts'
import { ConfirmDialog, Dialog, DialogActions } from '../shared/dialog.tsx'
import { useForm } from '../shared/form.ts'
import { addDays } from '../shared/formats.ts'
import { DateInput } from '../shared/inputs.tsx'
import { Facts, Section } from '../shared/page.tsx'
import { Callout, ProblemAlert } from '../shared/problem-alert.tsx'
import { showToast } from '../shared/toasts.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { DateText, Money } from '../shared/values.tsx'
import styles from './dunning.module.css'
import { accountDunningQuery, refreshDunning } from './dunning-queries.ts'
import formStyles from './form-layout.module.css'
import { useMay } from './session.ts'

/** Where an account stands in dunning. Nothing is shown where there is no policy and nothing to say. */
export function AccountDunning({ account }: { account: Account }) {
  const { t } = useTranslation('dunning')
  const may = useMay()
  const { date } = useFormats()
  const queryClient = useQueryClient()
  const { data: state } = useQuery({
    ...accountDunningQuery(account.id),
    enabled: may('dunning.read') && account.erased_at === null,
  })
  const [dialog, setDialog] = useState<'exempt' | 'lift' | null>(null)
  const lift = useMutation({
    mutationFn: () =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/dunning/lift', { params: { path: { id: account.id } } }),
      ),
    onSuccess: async () => {
      await refreshDunning(queryClient)
      showToast({ tone: 'good', title: t('account.lifted') })
    },
  })
  if (!state || (state.policy_id === null && state.done.length === 0 && state.exemption === null)) return null
  const { oldest, next, exemption, currency } = state
  return (
    <Section
      title={t('account.title')}
      actions={
        state.done.length > 0 && (
          <Link to="/dunning" search={{ account_id: account.id } as never}>
            {t('account.all')}
          </Link>
        )
      }
    >
      {exemption && (
        <div className={styles.exempt}>
          <Callout tone="info" title={t('account.exempt_until', { date: date(exemption.until) })}>
            <p>
              {exemption.created_by_name
                ? t('account.exempt_by', { name: exemption.created_by_name, reason: exemption.reason })
                : exemption.reason}
            </p>
          </Callout>
        </div>
      )}
      <Facts
        facts={[
          state.policy_id === null && [t('done.policy'), t('account.no_policy')],
          oldest
            ? [
                t('account.oldest'),
                <span key="oldest">
                  <Link to="/invoices/$id" params={{ id: oldest.invoice_id }}>
                    {oldest.number}
                  </Link>
                  <small className={styles.detail}>{wordsOfDelay(t, oldest.days)}</small>
                </span>,
              ]
            : [t('account.overdue'), t('account.clear')],
          state.overdue > 0 && [
            t('account.overdue'),
            <Money key="overdue" amount={state.overdue} currency={currency} />,
          ],
          state.suspended_services > 0 && [t('account.suspended'), state.suspended_services],
          state.policy_id !== null &&
            oldest && [
              t('account.next'),
              next ? (
                <span key="next">
                  {t(`action.${next.action}`)}
                  <small className={styles.detail}>
                    <DateText value={next.on_date} />
                  </small>
                </span>
              ) : (
                t('account.next_none')
              ),
            ],
          state.done.length > 0 && [
            t('account.done'),
            <ul key="done" className={styles.plain}>
              {state.done.slice(0, 3).map((one) => (
                <li key={one.id}>
                  {t(`action.${one.action}`)}
                  <small className={styles.detail}>
                    <DateText value={one.on_date} />
                    {one.result !== 'done' && ` · ${t(`result.${one.result}`)}`}
                  </small>
                </li>
              ))}
            </ul>,
          ],
        ]}
      />
      {may('dunning.write') && (
        <div className={styles.buttons}>
          <Button size="xs" variant="default" onClick={() => setDialog('exempt')}>
            {t(exemption ? 'account.exempt_again' : 'account.exempt')}
          </Button>
          {exemption && (
            <Button size="xs" variant="default" onClick={() => setDialog('lift')}>
              {t('account.lift')}
            </Button>
          )}
        </div>
      )}
      {dialog === 'exempt' && (
        <ExemptDialog account={account} state={state} onClose={() => setDialog(null)} />
      )}
      <ConfirmDialog
        opened={dialog === 'lift'}
        onClose={() => setDialog(null)}
        title={t('account.lift_title')}
        confirm={t('account.lift')}
        onConfirm={() => lift.mutateAsync()}
      >
        <p>{t('account.lift_text')}</p>
      </ConfirmDialog>
    </Section>
  )
}

function wordsOfDelay(t: ReturnType<typeof useTranslation>['t'], days: number): string {
  if (days === 0) return t('dunning:account.due_today')
  return t(days > 0 ? 'dunning:account.overdue_days' : 'dunning:account.due_in', { count: Math.abs(days) })
}

/** Up to which day the account is left alone, and why. */
function ExemptDialog({ account, state, onClose }: { account: Account; state: State; onClose: () => void }) {
  const { t } = useTranslation('dunning')
  const queryClient = useQueryClient()
  const form = useForm({
    initial: {
      until: state.exemption?.until ?? addDays(state.today, 7),
      reason: state.exemption?.reason ?? '',
    },
    check: (values) => {
      const missing = t('common:input.required')
      return { until: values.until === '' && missing, reason: !values.reason.trim() && missing }
    },
    submit: (body) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/dunning/exempt', {
          params: { path: { id: account.id } },
          body,
        }),
      ),
    onDone: () => {
      void refreshDunning(queryClient)
      showToast({ tone: 'good', title: t('account.exempted') })
      onClose()
    },
  })
  return (
    <Dialog opened onClose={onClose} title={t('account.exempt_title')} size="small">
      <form className={formStyles.body} onSubmit={form.onSubmit} noValidate>
        <p>{t('account.exempt_text')}</p>
        <ProblemAlert error={form.problem} />
        <DateInput label={t('account.until')} required min={state.today} {...form.field('until')} />
        <Textarea label={t('account.reason')} required maxLength={500} {...form.field('reason')} />
        <DialogActions>
          <Button variant="default" onClick={onClose}>
            {t('common:action.cancel')}
          </Button>
          <Button type="submit" loading={form.busy}>
            {t('account.save')}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  )
}
