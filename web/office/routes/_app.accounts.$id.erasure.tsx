import { Button, Textarea, TextInput } from '@mantine/core'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import { useQueryClient, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { api, idempotent, orThrow } from '../../shared/api.ts'
import type { ErasurePreview } from '../../shared/api-types.gen.ts'
import { useForm } from '../../shared/form.ts'
import { PageTitle, Section } from '../../shared/page.tsx'
import { Callout, ProblemAlert } from '../../shared/problem-alert.tsx'
import { showToast } from '../../shared/toasts.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { AccountErased } from '../account-heading.tsx'
import { accountQuery } from '../account-queries.ts'
import { BackLink } from '../back-link.tsx'
import styles from '../privacy.module.css'
import { erasureQuery, forgetAccount } from '../privacy-queries.ts'

/** What an erasure takes and leaves, before it is done; and the deed. */
export const Route = createFileRoute('/_app/accounts/$id/erasure')({
  loader: ({ context: { queryClient }, params: { id } }) =>
    Promise.all([queryClient.ensureQueryData(accountQuery(id)), queryClient.fetchQuery(erasureQuery(id))]),
  component: ErasurePage,
})

function ErasurePage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const { data: account } = useSuspenseQuery(accountQuery(id))
  const { data: preview } = useSuspenseQuery(erasureQuery(id))
  const erased = preview.erased_at !== null
  const underWay = preview.under_way?.state === 'under_way'
  // Whoever waits sees the end of it, and nothing of what was read before.
  const queryClient = useQueryClient()
  const known = account.erased_at !== null
  useEffect(() => {
    if (erased && !known) void forgetAccount(queryClient)
  }, [erased, known, queryClient])
  return (
    <>
      <PageTitle
        back={<BackLink to={`/accounts/${id}/privacy`}>{account.name}</BackLink>}
        title={erased ? preview.name : t('privacy.erase_title', { name: preview.name })}
        subtitle={erased ? t('accounts.number_of', { number: preview.number }) : t('privacy.erase_subtitle')}
      />
      <div className={styles.page}>
        {erased ? (
          <AccountErased account={{ ...account, erased_at: preview.erased_at }} />
        ) : (
          <>
            <UnderWay preview={preview} />
            <Obstacles preview={preview} />
          </>
        )}
        {erased && (preview.under_way?.left_behind ?? 0) > 0 && (
          <Callout
            tone="warning"
            icon={<IconAlertTriangle size={20} aria-hidden />}
            title={t('privacy.left_title')}
          >
            <p>{t('privacy.left_text', { count: preview.under_way!.left_behind })}</p>
          </Callout>
        )}
        <div className={styles.two}>
          {!erased && <Goes preview={preview} />}
          <Stays preview={preview} />
        </div>
        {!erased && !underWay && preview.obstacles.length === 0 && <Confirm preview={preview} />}
      </div>
    </>
  )
}

/** That providers are asked to let go first, or that something came in between. */
function UnderWay({ preview }: { preview: ErasurePreview }) {
  const { t, i18n } = useTranslation()
  const { date } = useFormats()
  const { under_way: wish } = preview
  if (!wish || wish.state === 'done') return null
  if (wish.state === 'obstructed')
    return (
      <Callout
        tone="warning"
        icon={<IconAlertTriangle size={20} aria-hidden />}
        title={t('privacy.stopped_title')}
      >
        <p>{t('privacy.stopped_text')}</p>
      </Callout>
    )
  const names = wish.waits_for.map(({ provider_name, count }) => `${provider_name} (${count})`)
  return (
    <Callout tone="info" icon={<IconClock size={20} aria-hidden />} title={t('privacy.waiting_title')}>
      <p>{t('privacy.waiting_text', { date: date(wish.requested_at, 'long') })}</p>
      {names.length > 0 && (
        <p>{t('privacy.waiting_for', { providers: new Intl.ListFormat(i18n.language).format(names) })}</p>
      )}
    </Callout>
  )
}

function Obstacles({ preview }: { preview: ErasurePreview }) {
  const { t } = useTranslation()
  const { money } = useFormats()
  if (preview.obstacles.length === 0) return null
  const pages: Record<string, string> = {
    services_running: `/accounts/${preview.account_id}`,
    contracts_in_force: `/accounts/${preview.account_id}`,
    credit_left: `/accounts/${preview.account_id}`,
    invoices_open: '/invoices',
    payments_pending: '/payments',
    payments_under_way: '/payments/providers',
    days_unbilled: '/closings',
  }
  return (
    <Callout tone="warning" icon={<IconAlertTriangle size={20} aria-hidden />} title={t('privacy.obstacles')}>
      <p>{t('privacy.obstacles_text')}</p>
      <ul className={styles.obstacles}>
        {preview.obstacles.map((one) => (
          <li key={one.code}>
            {t(`privacy.obstacle.${one.code}`, {
              count: one.count,
              amount: money(one.amount ?? 0, preview.currency),
            })}{' '}
            <Link
              to={pages[one.code] as never}
              search={
                (['invoices_open', 'payments_pending', 'payments_under_way'].includes(one.code)
                  ? { account_id: preview.account_id }
                  : {}) as never
              }
              aria-label={`${t('privacy.obstacle_see')}: ${t(`privacy.obstacle.${one.code}`, { count: one.count, amount: money(one.amount ?? 0, preview.currency) })}`}
            >
              {t('privacy.obstacle_see')}
            </Link>
          </li>
        ))}
      </ul>
    </Callout>
  )
}

function Goes({ preview }: { preview: ErasurePreview }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  return (
    <Section title={t('privacy.goes')}>
      <ul className={styles.facts}>
        <li>
          <span>{t('privacy.goes_account')}</span>
        </li>
        {preview.goes
          .filter(({ count }) => count > 0)
          .map(({ kind, count }) => (
            <li key={kind}>
              <span>{t(`privacy.kind.${kind}`)}</span>
              <strong>{number(count)}</strong>
            </li>
          ))}
      </ul>
    </Section>
  )
}

function Stays({ preview }: { preview: ErasurePreview }) {
  const { t } = useTranslation()
  const { number } = useFormats()
  return (
    <Section title={t('privacy.stays')}>
      <ul className={styles.facts}>
        {preview.stays
          .filter(({ count }) => count > 0)
          .map(({ kind, count }) => (
            <li key={kind}>
              <span>{t(`privacy.kept.${kind}`)}</span>
              <strong>{number(count)}</strong>
              <small>{t(`privacy.kept_why.${kind}`)}</small>
            </li>
          ))}
        <li>
          <span>{t('privacy.elsewhere')}</span>
          <small>{t('privacy.elsewhere_text')}</small>
        </li>
      </ul>
    </Section>
  )
}

function Confirm({ preview }: { preview: ErasurePreview }) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const navigate = Route.useNavigate()
  const form = useForm({
    initial: { number: '', reason: '' },
    check: (values) => ({
      number:
        values.number.trim() !== String(preview.number) &&
        t('privacy.confirm_wrong', { number: preview.number }),
      reason: !values.reason.trim() && t('common:input.required'),
    }),
    submit: ({ number, reason }, { idempotencyKey }) =>
      orThrow(
        api.POST('/api/v1/office/accounts/{id}/erasure', {
          params: { path: { id: preview.account_id } },
          body: { number: Number(number), reason },
          headers: idempotent(idempotencyKey) as never,
        }),
      ),
    onDone: async (after) => {
      if (after.erased_at === null) {
        queryClient.setQueryData(erasureQuery(preview.account_id).queryKey, after)
        return
      }
      showToast({ tone: 'good', title: t('privacy.erased') })
      await forgetAccount(queryClient)
      await navigate({ to: '/accounts/$id', params: { id: preview.account_id } })
    },
  })
  return (
    <Section title={t('privacy.confirm_title')}>
      <form className={styles.confirm} onSubmit={form.onSubmit} noValidate>
        <ProblemAlert error={form.problem} />
        <TextInput
          label={t('privacy.confirm_number', { number: preview.number })}
          inputMode="numeric"
          autoComplete="off"
          required
          withAsterisk={false}
          {...form.field('number')}
        />
        <Textarea
          label={t('privacy.reason')}
          description={t('privacy.reason_help')}
          autosize
          minRows={2}
          maxLength={500}
          required
          withAsterisk={false}
          {...form.field('reason')}
        />
        <div>
          <Button type="submit" color="bad" loading={form.busy}>
            {t('privacy.erase_submit')}
          </Button>
        </div>
      </form>
    </Section>
  )
}
