import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconBan from '@tabler/icons-react/dist/esm/icons/IconBan.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconSend from '@tabler/icons-react/dist/esm/icons/IconSend.mjs'
import { useTranslation } from 'react-i18next'
import type { OrderSummary } from '../shared/api-types.gen.ts'
import { ToneBadge } from '../shared/state-badge.tsx'
import { Money } from '../shared/values.tsx'
import { useCycleWords } from './cycle-words.ts'

export const orderStates = [
  'quoted',
  'open',
  'paid',
  'processed',
  'cancelled',
  'declined',
  'expired',
] as const
export const orderKinds = ['subscription', 'change', 'support_pack'] as const

const looks = {
  quoted: { tone: 'info', icon: IconSend },
  open: { tone: 'warning', icon: IconClock },
  paid: { tone: 'bad', icon: IconAlertTriangle },
  processed: { tone: 'good', icon: IconCircleCheck },
  cancelled: { tone: 'neutral', icon: IconBan },
  declined: { tone: 'neutral', icon: IconBan },
  expired: { tone: 'neutral', icon: IconClock },
} as const

type Stands = Pick<OrderSummary, 'state' | 'due' | 'failure_code'>

/** How an order stands; one that waits for its payment and one that could not be done say so. */
export function OrderState({ order }: { order: Stands }) {
  const { t } = useTranslation('orders')
  const failed = order.failure_code !== null && order.state === 'open'
  const { tone, icon } = failed ? looks.paid : looks[order.state]
  const word =
    order.state === 'open'
      ? failed
        ? 'failed'
        : order.due > 0
          ? 'waiting'
          : 'in_turn'
      : order.state === 'paid'
        ? 'paid_failed'
        : order.state
  return (
    <ToneBadge tone={tone} icon={icon}>
      {t(`state.${word}`)}
    </ToneBadge>
  )
}

type Priced = Pick<
  OrderSummary,
  'freemium' | 'total' | 'currency' | 'recurring_amount' | 'recurring_unit' | 'recurring_count'
>

/** What an order comes to now; what costs nothing at all is freemium. */
export function OrderPrice({ order }: { order: Priced }) {
  const { t } = useTranslation('orders')
  return order.freemium ? t('freemium') : <Money amount={order.total} currency={order.currency} />
}

/** What it costs from then on: "R$ 90,00 a month". */
export function OrderRecurring({ order }: { order: Priced }) {
  const say = useCycleWords()
  if (order.recurring_amount === null || order.recurring_unit === null || order.recurring_amount === 0)
    return '–'
  return (
    <>
      <Money amount={order.recurring_amount} currency={order.currency} />{' '}
      {say({ cycle_unit: order.recurring_unit, cycle_count: order.recurring_count ?? 1 })}
    </>
  )
}
