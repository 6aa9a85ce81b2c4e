import { Button } from '@mantine/core'
import IconCreditCard from '@tabler/icons-react/dist/esm/icons/IconCreditCard.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import { useMutation, useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../../shared/api.ts'
import type { OwnStoredMethod } from '../../shared/api-types.gen.ts'
import { ConfirmDialog } from '../../shared/dialog.tsx'
import { addDays } from '../../shared/formats.ts'
import { EmptyState, PageTitle, Section, Stacked } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { ToneBadge } from '../../shared/state-badge.tsx'
import { showToast, useProblemToast } from '../../shared/toasts.tsx'
import { BillingNav } from '../area-navs.tsx'
import { AreaProblem } from '../area-problem.tsx'
import { ButtonLink } from '../button-link.tsx'
import { List, Row, Tile } from '../list.tsx'
import { choicesQuery, storedMethodsQuery } from '../pay-queries.ts'
import { iconOfMethod, keeps, monthOnCard, nameOfStored, TestBadge } from '../pay-words.tsx'

/** What the account keeps at its providers: to pay again, and to be debited by itself (B8). */
export const Route = createFileRoute('/_app/payment-methods/')({
  loader: ({ context: { queryClient } }) =>
    Promise.all([
      queryClient.fetchQuery({ ...storedMethodsQuery, staleTime: 0 }),
      queryClient.ensureQueryData(choicesQuery),
    ]),
  component: PaymentMethodsPage,
  errorComponent: AreaProblem,
})

function PaymentMethodsPage() {
  const { t } = useTranslation('pay')
  const { data: methods } = useSuspenseQuery(storedMethodsQuery)
  const { data: choices } = useQuery(choicesQuery)
  const mayAdd =
    choices?.providers.some((provider) => provider.methods.some((method) => keeps(provider, method))) ?? false
  const add = (
    <ButtonLink to="/payment-methods/new" leftSection={<IconPlus size={18} aria-hidden />}>
      {t('methods.add')}
    </ButtonLink>
  )
  return (
    <>
      <BillingNav />
      <PageTitle
        title={t('methods.title')}
        subtitle={t('methods.subtitle')}
        actions={mayAdd && methods.length > 0 && add}
      />
      <Stacked>
        <Debit methods={methods} />
        <Section flush>
          {methods.length === 0 ? (
            <EmptyState
              icon={<IconCreditCard size={24} aria-hidden />}
              title={t('methods.empty')}
              action={mayAdd && add}
            >
              {t(mayAdd ? 'methods.empty_text' : 'methods.none_here')}
            </EmptyState>
          ) : (
            <List label={t('methods.title')}>
              {methods.map((method) => (
                <MethodRow key={method.id} method={method} />
              ))}
            </List>
          )}
        </Section>
      </Stacked>
    </>
  )
}

/** Whether invoices are paid by themselves, and by what. */
function Debit({ methods }: { methods: OwnStoredMethod[] }) {
  const { t } = useTranslation('pay')
  if (methods.length === 0) return null
  const automatic = methods.find((one) => one.automatic)
  if (automatic && automatic.state === 'active')
    return (
      <Callout tone="good" icon={<IconCreditCard size={20} aria-hidden />} title={t('methods.on')}>
        <p>{t('methods.on_text', { method: nameOfStored(automatic, t) })}</p>
      </Callout>
    )
  if (automatic)
    return (
      <Callout tone="warning" icon={<IconCreditCard size={20} aria-hidden />} title={t('methods.stopped')}>
        <p>{t('methods.stopped_text', { method: nameOfStored(automatic, t) })}</p>
      </Callout>
    )
  return (
    <Callout tone="neutral" icon={<IconCreditCard size={20} aria-hidden />} title={t('methods.off')}>
      <p>{t('methods.off_text')}</p>
    </Callout>
  )
}

/** Within how many days of its end a card is spoken of. */
const soonDays = 45

function MethodRow({ method }: { method: OwnStoredMethod }) {
  const { t } = useTranslation('pay')
  const { queryClient } = Route.useRouteContext()
  const [removing, setRemoving] = useState(false)
  const name = nameOfStored(method, t)
  const refresh = () => {
    void queryClient.invalidateQueries({ queryKey: storedMethodsQuery.queryKey })
    void queryClient.invalidateQueries({ queryKey: choicesQuery.queryKey })
  }
  const setAutomatic = useMutation({
    mutationFn: (automatic: boolean) =>
      orThrow(
        api.PATCH('/api/v1/portal/stored-methods/{id}', {
          params: { path: { id: method.id } },
          body: { automatic },
        }),
      ),
    onSuccess: (changed) => {
      refresh()
      showToast({
        tone: 'good',
        title: t(changed.automatic ? 'methods.now_automatic' : 'methods.no_longer', { method: name }),
      })
    },
    onError: useProblemToast(),
  })
  const today = new Date().toISOString().slice(0, 10)
  const soon =
    method.state === 'active' && method.expires_on !== null && method.expires_on <= addDays(today, soonDays)
  const usable = method.state === 'active'
  return (
    <Row
      stacked
      lead={
        <Tile
          icon={iconOfMethod(method.method)}
          tone={usable ? (method.automatic ? 'accent' : 'neutral') : 'bad'}
        />
      }
      name={
        <>
          {name}
          {method.automatic && usable && <ToneBadge tone="good">{t('methods.automatic')}</ToneBadge>}
          {method.state === 'expired' && <ToneBadge tone="bad">{t('methods.expired')}</ToneBadge>}
          {method.state === 'refused' && <ToneBadge tone="bad">{t('methods.refused')}</ToneBadge>}
          {soon && <ToneBadge tone="warning">{t('methods.soon')}</ToneBadge>}
          <TestBadge driver={method.driver} />
        </>
      }
      detail={
        <>
          {[
            t(`portal:payment_method.${method.method}`),
            method.provider_name,
            method.expires_on !== null && t('methods.good_until', { month: monthOnCard(method.expires_on) }),
          ]
            .filter(Boolean)
            .join(' · ')}
          {method.services.length > 0 && (
            <div>
              {t('methods.services', {
                services: method.services
                  .map((one) => `${one.plan_name} (${one.contract_number})`)
                  .join(', '),
              })}
            </div>
          )}
          {method.state === 'expired' && <div>{t('methods.expired_text')}</div>}
          {method.state === 'refused' && <div>{t('methods.refused_text')}</div>}
          {soon && <div>{t('methods.soon_text')}</div>}
        </>
      }
      actions={
        <>
          {(!usable || soon) && (
            <ButtonLink to="/payment-methods/new" size="xs">
              {t('methods.replace')}
            </ButtonLink>
          )}
          {(usable || method.automatic) && (
            <Button
              size="xs"
              variant="default"
              loading={setAutomatic.isPending}
              aria-label={t(method.automatic ? 'methods.stop_label' : 'methods.start_label', {
                method: name,
              })}
              onClick={() => setAutomatic.mutate(!method.automatic)}
            >
              {t(method.automatic ? 'methods.stop' : 'methods.start')}
            </Button>
          )}
          <Button
            size="xs"
            variant="default"
            aria-label={t('methods.remove_label', { method: name })}
            onClick={() => setRemoving(true)}
          >
            {t('methods.remove')}
          </Button>
          <ConfirmDialog
            opened={removing}
            onClose={() => setRemoving(false)}
            title={t('methods.remove_title', { method: name })}
            confirm={t('methods.remove')}
            danger
            onConfirm={async () => {
              await orThrow(
                api.DELETE('/api/v1/portal/stored-methods/{id}', { params: { path: { id: method.id } } }),
              )
              refresh()
              showToast({ tone: 'good', title: t('methods.removed', { method: name }) })
            }}
          >
            <p>{t(method.automatic ? 'methods.remove_automatic' : 'methods.remove_text')}</p>
          </ConfirmDialog>
        </>
      }
    />
  )
}
