import IconArchive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import IconBan from '@tabler/icons-react/dist/esm/icons/IconBan.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconLoader2 from '@tabler/icons-react/dist/esm/icons/IconLoader2.mjs'
import IconSend from '@tabler/icons-react/dist/esm/icons/IconSend.mjs'
import { useTranslation } from 'react-i18next'
import type { OwnOrderSummary, ShopPlan, ShopPrice } from '../shared/api-types.gen.ts'
import { ToneBadge } from '../shared/state-badge.tsx'
import type { StateLook } from '../shared/states.ts'
import { useFormats } from '../shared/use-formats.ts'

type Shown = Pick<OwnOrderSummary, 'state' | 'delayed' | 'payable'>

const looks: Record<OwnOrderSummary['state'], StateLook> = {
  quoted: { tone: 'info', icon: IconSend },
  open: { tone: 'warning', icon: IconClock },
  paid: { tone: 'info', icon: IconLoader2 },
  processed: { tone: 'good', icon: IconCircleCheck },
  declined: { tone: 'neutral', icon: IconBan },
  expired: { tone: 'neutral', icon: IconArchive },
  cancelled: { tone: 'neutral', icon: IconBan },
}

/** How an order stands, in the customer's words. */
export function OrderState({ order }: { order: Shown }) {
  const { t } = useTranslation('shop')
  // Nothing is due: it is on its way by itself.
  const word = order.state === 'open' && !order.payable ? 'paid' : order.state
  const { tone, icon } = looks[word]
  return (
    <ToneBadge tone={tone} icon={icon}>
      {t(`state.${word}`)}
    </ToneBadge>
  )
}

type Cycle = { cycle_unit: string; cycle_count: number }

/** How often an amount is charged: 'R$ 99,00 por mês'. */
export function useCycleWords(currency: string) {
  const { t } = useTranslation('shop')
  const { money } = useFormats()
  return {
    /** With its amount. */
    amount: (cycle: Cycle, amount: number) =>
      t(`cycle.${cycle.cycle_unit}`, { count: cycle.cycle_count, amount: money(amount, currency) }),
    /** Without: 'por mês'. */
    every: (cycle: Cycle) => t(`every.${cycle.cycle_unit}`, { count: cycle.cycle_count }),
  }
}

/** Whether more than one of a price can be had. */
export function isCountable(price: Pick<ShopPrice, 'price_model'>): boolean {
  return price.price_model !== 'flat'
}

/** The price that a plan's card says: the first, which is the shortest cycle. */
export function firstPrice(plan: Pick<ShopPlan, 'prices'>): ShopPrice | undefined {
  return plan.prices[0]
}

/** What tells one cycle of a plan from another. */
export function cycleKey(cycle: Pick<ShopPrice, 'cycle_unit' | 'cycle_count' | 'cycle_alignment'>): string {
  return [cycle.cycle_unit, cycle.cycle_count, cycle.cycle_alignment].join(' ')
}
