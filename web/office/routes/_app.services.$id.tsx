import { Button } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import IconArrowsExchange from '@tabler/icons-react/dist/esm/icons/IconArrowsExchange.mjs'
import IconBan from '@tabler/icons-react/dist/esm/icons/IconBan.mjs'
import IconCalendarDue from '@tabler/icons-react/dist/esm/icons/IconCalendarDue.mjs'
import IconCalendarRepeat from '@tabler/icons-react/dist/esm/icons/IconCalendarRepeat.mjs'
import IconChevronDown from '@tabler/icons-react/dist/esm/icons/IconChevronDown.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconCoin from '@tabler/icons-react/dist/esm/icons/IconCoin.mjs'
import IconDiscount from '@tabler/icons-react/dist/esm/icons/IconDiscount.mjs'
import IconGift from '@tabler/icons-react/dist/esm/icons/IconGift.mjs'
import IconHash from '@tabler/icons-react/dist/esm/icons/IconHash.mjs'
import IconInfoCircle from '@tabler/icons-react/dist/esm/icons/IconInfoCircle.mjs'
import IconPackage from '@tabler/icons-react/dist/esm/icons/IconPackage.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlayerPause from '@tabler/icons-react/dist/esm/icons/IconPlayerPause.mjs'
import IconPlayerPlay from '@tabler/icons-react/dist/esm/icons/IconPlayerPlay.mjs'
import IconPuzzle from '@tabler/icons-react/dist/esm/icons/IconPuzzle.mjs'
import IconTrash from '@tabler/icons-react/dist/esm/icons/IconTrash.mjs'
import IconUserShare from '@tabler/icons-react/dist/esm/icons/IconUserShare.mjs'
import { useQuery, useSuspenseQuery } from '@tanstack/react-query'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Subscription, SubscriptionComponent } from '../../shared/api-types.gen.ts'
import { addDays } from '../../shared/formats.ts'
import { Menu, type MenuItem } from '../../shared/menu.tsx'
import { Columns, Facts, PageTitle, Section } from '../../shared/page.tsx'
import { Callout } from '../../shared/problem-alert.tsx'
import { SimpleTable } from '../../shared/simple-table.tsx'
import { StateBadge } from '../../shared/state-badge.tsx'
import { useFormats } from '../../shared/use-formats.ts'
import { DateText, Money } from '../../shared/values.tsx'
import { BackLink } from '../back-link.tsx'
import { ButtonLink } from '../button-link.tsx'
import { localToday } from '../calendar-day.ts'
import { ChangeDialog } from '../change-dialog.tsx'
import type { ChangeKind } from '../change-draft.ts'
import { CorrectServiceDialog } from '../correct-service-dialog.tsx'
import { type Cycle, useCycleWords } from '../cycle-words.ts'
import { unitsQuery } from '../frame-queries.ts'
import listStyles from '../list.module.css'
import styles from '../service.module.css'
import { ScheduledChanges, ServiceChanges } from '../service-changes.tsx'
import { ServiceContractSection } from '../service-contract.tsx'
import { ServiceCoupons } from '../service-coupons.tsx'
import { ActivateDialog, DeleteDialog } from '../service-dialogs.tsx'
import { serviceQuery } from '../service-queries.ts'
import { ServiceUsage } from '../service-usage.tsx'
import { useMay } from '../session.ts'

/** One service: what it is made of, what it is, how it is billed, and what can be done with it. */
export const Route = createFileRoute('/_app/services/$id')({
  // The dialogs begin with today where the business unit is.
  loader: ({ context: { queryClient }, params }) =>
    Promise.all([
      queryClient.ensureQueryData(serviceQuery(params.id)),
      queryClient.ensureQueryData(unitsQuery),
    ]),
  component: ServicePage,
})

type Action = 'activate' | 'delete' | 'correct'

function ServicePage() {
  const { t } = useTranslation()
  const { id } = Route.useParams()
  const may = useMay()
  const { data: service } = useSuspenseQuery(serviceQuery(id))
  const [dialog, setDialog] = useState<Action | null>(null)
  const close = () => setDialog(null)
  const [changing, setChanging] = useState<ChangeKind | null>(null)
  const can = (action: Subscription['actions'][number]) =>
    may('subscriptions.write') && service.actions.includes(action)
  const runs = can('cancel')
  const movable = service.status === 'awaiting_installation' || service.status === 'active'
  const { data: units = [] } = useQuery(unitsQuery)
  const today = localToday(units.find((one) => one.id === service.business_unit_id)?.time_zone)
  const inTrial = movable && (service.billing_start === null || service.billing_start >= today)
  const item = (kind: ChangeKind, icon: TablerIcon): MenuItem => ({
    label: t(`services.change_${kind}`),
    icon,
    onClick: () => setChanging(kind),
  })
  const changes: MenuItem[] = runs
    ? [
        t('services.change_what'),
        item('plan', IconArrowsExchange),
        item('quantity', IconHash),
        item('options', IconPuzzle),
        t('services.change_price_head'),
        item('price', IconCoin),
        item('discount', IconDiscount),
        item('cycle', IconCalendarRepeat),
        item('due_day', IconCalendarDue),
        t('services.change_state'),
        ...(inTrial ? [item('extend_trial', IconGift)] : []),
        ...(movable ? [item('transfer', IconUserShare)] : []),
        ...(can('suspend') ? [item('suspend', IconPlayerPause)] : []),
        {
          label: t('services.cancel'),
          icon: IconBan,
          danger: true,
          onClick: () => setChanging('cancel'),
        },
      ]
    : []
  return (
    <>
      <PageTitle
        back={<BackLink to={`/accounts/${service.account_id}`}>{service.account_name}</BackLink>}
        title={service.plan_name}
        state={<StateBadge kind="subscription" state={service.status} />}
        subtitle={[
          service.product_name,
          t('services.contract_number', { number: service.contract_number }),
          service.business_unit_name,
        ].join(' · ')}
        actions={
          may('subscriptions.write') && (
            <>
              {can('delete') && (
                <Button
                  variant="default"
                  leftSection={<IconTrash size={16} aria-hidden />}
                  onClick={() => setDialog('delete')}
                >
                  {t('services.delete')}
                </Button>
              )}
              <Button
                variant="default"
                leftSection={<IconPencil size={16} aria-hidden />}
                onClick={() => setDialog('correct')}
              >
                {t('services.correct')}
              </Button>
              {changes.length > 0 && (
                <Menu
                  label={t('services.change')}
                  trigger={
                    <>
                      {t('services.change')}
                      <IconChevronDown size={16} aria-hidden />
                    </>
                  }
                  items={changes}
                />
              )}
              {can('activate') && (
                <Button
                  leftSection={<IconPlayerPlay size={16} aria-hidden />}
                  onClick={() => setDialog('activate')}
                >
                  {t('services.activate')}
                </Button>
              )}
              {can('reactivate') && (
                <Button
                  leftSection={<IconPlayerPlay size={16} aria-hidden />}
                  onClick={() => setChanging('reactivate')}
                >
                  {t('services.reactivate')}
                </Button>
              )}
            </>
          )
        }
      />
      <Columns
        main={
          <>
            <Situation service={service} />
            <ScheduledChanges service={service} />
            <Components service={service} />
            <ServiceUsage service={service} />
            <Billing service={service} />
            <ServiceContractSection service={service} />
            <Included service={service} />
            <ServiceCoupons service={service} />
            <Suspensions service={service} />
            <ServiceChanges service={service} />
          </>
        }
        aside={<Data service={service} />}
      />
      {dialog === 'activate' && <ActivateDialog service={service} onClose={close} />}
      {dialog === 'delete' && <DeleteDialog service={service} onClose={close} />}
      {dialog === 'correct' && <CorrectServiceDialog service={service} onClose={close} />}
      {changing && <ChangeDialog service={service} kind={changing} onClose={() => setChanging(null)} />}
    </>
  )
}

/** What its state means, only where there is something to say. */
function Situation({ service }: { service: Subscription }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  if (service.status === 'awaiting_installation') {
    return (
      <Callout tone="info" icon={<IconClock size={20} aria-hidden />} title={t('services.awaiting_title')}>
        <p>{t('services.awaiting_text')}</p>
      </Callout>
    )
  }
  const pause = service.suspensions.find((one) => one.to_date === null)
  if (pause) {
    return (
      <Callout
        tone={pause.administrative ? 'bad' : 'warning'}
        icon={<IconPlayerPause size={20} aria-hidden />}
        title={t(pause.administrative ? 'services.suspended_admin_since' : 'services.suspended_since', {
          date: date(pause.from_date, 'long'),
        })}
      >
        <p>{pause.reason ?? t('services.suspended_text')}</p>
      </Callout>
    )
  }
  if (service.end_date !== null && (service.status === 'cancelled' || service.status === 'ended')) {
    return (
      <Callout
        tone="neutral"
        icon={<IconInfoCircle size={20} aria-hidden />}
        title={t('services.ended_title', { date: date(addDays(service.end_date, -1), 'long') })}
      >
        {service.end_reason && <p>{service.end_reason}</p>}
      </Callout>
    )
  }
  return null
}

/** What it is made of, as a tree: the plan, and its options below it. */
function Components({ service }: { service: Subscription }) {
  const { t } = useTranslation()
  const { percent } = useFormats()
  const say = useCycleWords()
  // What was before stands in the history.
  const going = service.components.filter((one) => one.to_date === null)
  const plans = going.filter((one) => one.role === 'plan')
  const options = going.filter((one) => one.role === 'option')
  const money = (amount: number) => <Money amount={amount} currency={service.currency} />
  return (
    <Section title={t('services.components')}>
      <ul className={styles.tree}>
        {plans.map((plan, index) => (
          <li key={plan.id}>
            <Node component={plan} currency={service.currency} cycle={service} main={index === 0} />
            {index === plans.length - 1 && options.length > 0 && (
              <ul>
                {options.map((option) => (
                  <li key={option.id}>
                    <Node component={option} currency={service.currency} cycle={service} />
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ul>
      <dl className={`${styles.sums} ${styles.treeSums}`}>
        <div>
          <dt>{t('services.plan_value')}</dt>
          <dd>{money(service.plan_value)}</dd>
        </div>
        {service.discount > 0 && (
          <div>
            <dt>
              {service.discount_kind === 'percent'
                ? t('services.discount_of', {
                    percent: percent((service.discount_basis_points ?? 0) / 10_000),
                  })
                : t('services.discount')}
            </dt>
            <dd>{money(-service.discount)}</dd>
          </div>
        )}
        {service.amount !== service.plan_value - service.discount && (
          <div>
            <dt>{t('services.options')}</dt>
            <dd>{money(service.amount - service.plan_value + service.discount)}</dd>
          </div>
        )}
        <div className={styles.total}>
          <dt>{t('services.total_cycle', { cycle: say(service) })}</dt>
          <dd>{money(service.amount)}</dd>
        </div>
      </dl>
    </Section>
  )
}

function Node({
  component,
  currency,
  cycle,
  main,
}: {
  component: SubscriptionComponent
  currency: string
  /** Of the service: another one is said. */
  cycle: Cycle
  main?: boolean
}) {
  const { t } = useTranslation()
  const { date, money, number } = useFormats()
  const say = useCycleWords()
  const Icon = component.role === 'plan' ? IconPackage : IconPuzzle
  const about = [
    main ? t('services.main') : component.option_kind && t(`words.option_kind.${component.option_kind}`),
    component.quantity > 1 &&
      (component.price_model === 'per_unit'
        ? t('services.quantity_each', {
            count: component.quantity,
            amount: money(component.unit_amount, currency),
          })
        : `${number(component.quantity)} · ${t(`prices.model_${component.price_model}`)}`),
    (component.cycle_unit !== cycle.cycle_unit || component.cycle_count !== cycle.cycle_count) &&
      say(component),
    component.to_date !== null &&
      t('services.component_until', { date: date(addDays(component.to_date, -1)) }),
  ].filter(Boolean)
  return (
    <div className={styles.node} data-over={component.to_date !== null || undefined}>
      <Icon size={18} stroke={1.75} aria-hidden />
      <span className={styles.name}>
        {component.description}
        {about.length > 0 && <small>{about.join(' · ')}</small>}
      </span>
      <Money amount={component.amount} currency={currency} />
    </div>
  )
}

/** Closings, open invoices and payments of it (P11). */
function Billing({ service }: { service: Subscription }) {
  const { t } = useTranslation()
  const may = useMay()
  const { billing } = service
  return (
    <Section
      title={t('services.billing')}
      actions={
        <>
          {may('billing.read') && (
            <ButtonLink
              to="/invoices"
              search={{ account_id: service.account_id } as never}
              variant="default"
              size="xs"
            >
              {t('shell.invoices')}
            </ButtonLink>
          )}
          {may('payments.read') && (
            <ButtonLink
              to="/payments/received"
              search={{ account_id: service.account_id } as never}
              variant="default"
              size="xs"
            >
              {t('shell.payments')}
            </ButtonLink>
          )}
        </>
      }
    >
      <Facts
        stacked
        facts={[
          [t('services.last_closing'), <DateText key="l" value={billing.last_closing_date} />],
          [
            t('services.covered'),
            billing.covered_until === null ? (
              t('services.not_billed_yet')
            ) : (
              <DateText key="c" value={addDays(billing.covered_until, -1)} />
            ),
          ],
          [t('services.next_closing'), <DateText key="n" value={billing.next_closing_date} />],
          [t('accounts.open_invoices'), billing.open_invoices],
          [
            t('accounts.open_amount'),
            <Money key="o" amount={billing.open_amount} currency={service.currency} />,
          ],
        ]}
      />
    </Section>
  )
}

function Included({ service }: { service: Subscription }) {
  const { t } = useTranslation()
  if (service.allowances.length === 0) return null
  return (
    <Section title={t('services.included')} flush>
      <SimpleTable
        label={t('services.included')}
        rows={service.allowances}
        rowId={(row) => row.item}
        columns={[
          { id: 'item', header: t('catalogue.item'), cell: (row) => t(`words.item.${row.item}`) },
          {
            id: 'included',
            header: t('catalogue.item_included'),
            align: 'end',
            cell: (row) => row.included,
          },
          {
            id: 'maximum',
            header: t('catalogue.item_maximum'),
            align: 'end',
            cell: (row) => row.maximum ?? t('catalogue.item_no_maximum'),
          },
          {
            id: 'extra',
            header: t('catalogue.item_extra'),
            align: 'end',
            cell: (row) =>
              row.extra_amount === null ? (
                t('catalogue.item_no_extra')
              ) : (
                <Money amount={row.extra_amount} currency={service.currency} />
              ),
          },
        ]}
      />
    </Section>
  )
}

function Suspensions({ service }: { service: Subscription }) {
  const { t } = useTranslation()
  const { period } = useFormats()
  if (service.suspensions.length === 0) return null
  return (
    <Section title={t('services.suspensions')}>
      <ul className={listStyles.list}>
        {service.suspensions.map((one) => (
          <li key={one.id}>
            <div className={listStyles.words}>
              <strong>{period(one.from_date, one.to_date)}</strong>
              {one.reason && <small>{one.reason}</small>}
            </div>
            <StateBadge
              kind="subscription"
              state={one.administrative ? 'suspended_administratively' : 'suspended'}
            />
          </li>
        ))}
      </ul>
    </Section>
  )
}

function Data({ service }: { service: Subscription }) {
  const { t } = useTranslation()
  return (
    <Section title={t('services.data')}>
      <Facts
        facts={[
          [
            t('services.account'),
            <Link key="a" to={`/accounts/${service.account_id}`}>
              {service.account_name}
            </Link>,
          ],
          [t('services.number_in_account'), service.number],
          [t('catalogue.kind'), t(`words.plan_kind.${service.plan_kind}`)],
          [t('services.start_date'), <DateText key="s" value={service.start_date} />],
          [t('services.activation_date'), <DateText key="i" value={service.activation_date} />],
          [t('services.billing_start'), <DateText key="b" value={service.billing_start} />],
          service.bill_from !== null && [
            t('services.bill_from'),
            <DateText key="f" value={service.bill_from} />,
          ],
          [
            t('services.trial'),
            service.proportional_trial
              ? t('services.trial_proportional')
              : service.trial_days > 0
                ? t('words.days', { count: service.trial_days })
                : t('words.none'),
          ],
          [t('services.billing_mode'), t(`words.billing_mode.${service.billing_mode}`)],
          [t('accounts.payment_method'), t(`words.payment_method.${service.payment_method}`)],
          [t('accounts.due_day'), t('words.due_day', { day: service.due_day })],
          service.routing_point_name !== null && [t('services.routing_point'), service.routing_point_name],
          [
            t('services.term'),
            service.term_months === 0
              ? t('words.none')
              : [
                  t('words.months', { count: service.term_months }),
                  service.term_end !== null && <TermEnd key="e" end={service.term_end} />,
                ],
          ],
          [t('services.salesperson'), service.salesperson_name],
          [t('services.sale_date'), <DateText key="d" value={service.sale_date} />],
          service.external_id !== null && [t('accounts.external_id'), service.external_id],
          [t('accounts.notes'), service.notes && <span className={listStyles.notes}>{service.notes}</span>],
        ]}
      />
    </Section>
  )
}

function TermEnd({ end }: { end: string }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  return (
    <small className={listStyles.detail}>{t('services.term_until', { date: date(addDays(end, -1)) })}</small>
  )
}
