import type { TablerIcon } from '@tabler/icons-react'
import IconAlertTriangle from '@tabler/icons-react/dist/esm/icons/IconAlertTriangle.mjs'
import IconArchive from '@tabler/icons-react/dist/esm/icons/IconArchive.mjs'
import IconBan from '@tabler/icons-react/dist/esm/icons/IconBan.mjs'
import IconCircleCheck from '@tabler/icons-react/dist/esm/icons/IconCircleCheck.mjs'
import IconCircleDashed from '@tabler/icons-react/dist/esm/icons/IconCircleDashed.mjs'
import IconCircleX from '@tabler/icons-react/dist/esm/icons/IconCircleX.mjs'
import IconClock from '@tabler/icons-react/dist/esm/icons/IconClock.mjs'
import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import IconLoader2 from '@tabler/icons-react/dist/esm/icons/IconLoader2.mjs'
import IconPencil from '@tabler/icons-react/dist/esm/icons/IconPencil.mjs'
import IconPlayerPause from '@tabler/icons-react/dist/esm/icons/IconPlayerPause.mjs'
import IconRefresh from '@tabler/icons-react/dist/esm/icons/IconRefresh.mjs'
import IconSend from '@tabler/icons-react/dist/esm/icons/IconSend.mjs'
import type { Tone } from './theme.ts'

/** How one state looks. Its word is `common:state.<kind>.<state>`. */
export interface StateLook {
  tone: Tone
  icon: TablerIcon
}

const waiting: StateLook = { tone: 'neutral', icon: IconClock }
const running: StateLook = { tone: 'info', icon: IconLoader2 }
const succeeded: StateLook = { tone: 'good', icon: IconCircleCheck }
const failed: StateLook = { tone: 'bad', icon: IconCircleX }
const draft: StateLook = { tone: 'neutral', icon: IconPencil }
const stopped: StateLook = { tone: 'neutral', icon: IconBan }

const run = {
  draft,
  preparing: running,
  prepared: { tone: 'info', icon: IconCircleDashed },
  queued: waiting,
  running,
  done: succeeded,
  failed,
  interrupted: { tone: 'warning', icon: IconAlertTriangle },
} satisfies Record<string, StateLook>

/** Every state of the domain and how it looks, in one place: equal meanings look alike on every screen. */
export const states = {
  invoice: {
    draft,
    open: { tone: 'info', icon: IconFileInvoice },
    overdue: { tone: 'bad', icon: IconAlertTriangle },
    paid: succeeded,
    void: stopped,
    issued: succeeded,
    offered: { tone: 'info', icon: IconSend },
    converted: succeeded,
    expired: { tone: 'neutral', icon: IconClock },
    withdrawn: stopped,
  },
  subscription: {
    awaiting_installation: { tone: 'info', icon: IconClock },
    active: succeeded,
    suspended: { tone: 'warning', icon: IconPlayerPause },
    suspended_administratively: { tone: 'bad', icon: IconPlayerPause },
    cancelled: stopped,
    ended: { tone: 'neutral', icon: IconArchive },
  },
  account_change: {
    pending: { tone: 'warning', icon: IconClock },
    approved: succeeded,
    rejected: failed,
    withdrawn: stopped,
  },
  payment_notice: {
    pending: { tone: 'warning', icon: IconClock },
    approved: succeeded,
    rejected: failed,
  },
  notice: {
    queued: waiting,
    sent: { tone: 'good', icon: IconSend },
    kept: { tone: 'neutral', icon: IconArchive },
    failed,
  },
  job: { ...run, retrying: { tone: 'warning', icon: IconRefresh } },
  closing: run,
  import: run,
  closing_account: {
    planned: waiting,
    invoiced: succeeded,
    parked: { tone: 'warning', icon: IconAlertTriangle },
    changed: { tone: 'warning', icon: IconAlertTriangle },
  },
  user: {
    invited: { tone: 'info', icon: IconSend },
    active: succeeded,
    disabled: stopped,
  },
  api_key: {
    active: succeeded,
    stopped: { tone: 'warning', icon: IconPlayerPause },
    expired: { tone: 'neutral', icon: IconClock },
    revoked: stopped,
  },
} satisfies Record<string, Record<string, StateLook>>

/** The kinds of thing that have a state: `invoice`, `subscription`, `closing` … */
export type StateKind = keyof typeof states

/** The look of a state as the API names it; an unknown one is neutral rather than an error. */
export function lookOf(kind: StateKind, state: string): StateLook {
  return (states[kind] as Record<string, StateLook>)[state] ?? { tone: 'neutral', icon: IconCircleDashed }
}

/** What a tone's icon is where a page gives none. */
export const toneIcons: Record<Tone, TablerIcon> = {
  neutral: IconCircleDashed,
  info: IconClock,
  good: IconCircleCheck,
  warning: IconAlertTriangle,
  bad: IconCircleX,
}
