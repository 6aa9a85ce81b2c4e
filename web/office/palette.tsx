import type { TablerIcon } from '@tabler/icons-react'
import IconAddressBook from '@tabler/icons-react/dist/esm/icons/IconAddressBook.mjs'
import IconBuilding from '@tabler/icons-react/dist/esm/icons/IconBuilding.mjs'
import IconCalendarCheck from '@tabler/icons-react/dist/esm/icons/IconCalendarCheck.mjs'
import IconCash from '@tabler/icons-react/dist/esm/icons/IconCash.mjs'
import IconFileImport from '@tabler/icons-react/dist/esm/icons/IconFileImport.mjs'
import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import IconFileText from '@tabler/icons-react/dist/esm/icons/IconFileText.mjs'
import IconKey from '@tabler/icons-react/dist/esm/icons/IconKey.mjs'
import IconPackage from '@tabler/icons-react/dist/esm/icons/IconPackage.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconReceipt from '@tabler/icons-react/dist/esm/icons/IconReceipt.mjs'
import IconRouter from '@tabler/icons-react/dist/esm/icons/IconRouter.mjs'
import IconShoppingCart from '@tabler/icons-react/dist/esm/icons/IconShoppingCart.mjs'
import IconTags from '@tabler/icons-react/dist/esm/icons/IconTags.mjs'
import IconUserCog from '@tabler/icons-react/dist/esm/icons/IconUserCog.mjs'
import IconUserPlus from '@tabler/icons-react/dist/esm/icons/IconUserPlus.mjs'
import IconUsers from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import type { Found } from '../shared/api-types.gen.ts'
import { CommandPalette, type PaletteEntry, type PaletteGroup } from '../shared/command-palette.tsx'
import type { NavItem } from '../shared/navigation.tsx'
import { keepRecent, readRecent } from '../shared/recent-entries.ts'
import { useFormats } from '../shared/use-formats.ts'
import { todayQuery, unitsQuery } from './frame-queries.ts'
import { readMonthCommand } from './month-words.ts'
import { NewClosingDialog } from './new-closing-dialog.tsx'
import { useMay } from './session.ts'

type Hit = Found['items'][number]
type Kind = Hit['kind']

const icons: Record<Kind, TablerIcon> = {
  account: IconUsers,
  contact: IconAddressBook,
  user: IconKey,
  contract: IconFileText,
  subscription: IconPackage,
  invoice: IconFileInvoice,
  order: IconShoppingCart,
  payment: IconCash,
  payment_notice: IconReceipt,
  plan: IconTags,
  routing_point: IconRouter,
  staff: IconUserCog,
  unit: IconBuilding,
}

/** Where a thing is looked at: its own page, or the list that shows it. */
function placeOf(hit: Hit): { to: string; search?: Record<string, string> } {
  switch (hit.kind) {
    case 'account':
    case 'contact':
    case 'user':
    case 'contract':
      return { to: `/accounts/${hit.account_id}` }
    case 'subscription':
      return { to: `/services/${hit.id}` }
    case 'invoice':
      return { to: `/invoices/${hit.id}` }
    case 'order':
      return { to: `/orders/${hit.id}` }
    case 'payment':
      return { to: '/payments/received', search: { account_id: hit.account_id ?? '' } }
    case 'payment_notice':
      return { to: '/payments', search: { state: 'all', id: hit.id } }
    case 'plan':
      return { to: `/catalogue/plans/${hit.id}` }
    case 'routing_point':
      return { to: '/catalogue/routing-points', search: { q: hit.title } }
    case 'staff':
      return { to: '/staff', search: { q: hit.detail ?? hit.title } }
    case 'unit':
      return { to: `/units/${hit.id}` }
  }
}

/** ⌘K: everything that the search finds; commands and pages by their name; a month to close by "close july". */
export function Palette({
  opened,
  onClose,
  pages,
}: {
  opened: boolean
  onClose: () => void
  pages: NavItem[]
}) {
  const { t } = useTranslation()
  const { date, month: monthText } = useFormats()
  const may = useMay()
  const queryClient = useQueryClient()
  // The closing that was asked for; '' is one of whichever month is due.
  const [closing, setClosing] = useState<string | null>(null)
  const openClosing = async (month: string) => {
    // The dialog begins with a business unit and its date.
    await Promise.all([
      queryClient.ensureQueryData(unitsQuery),
      queryClient.ensureQueryData(todayQuery),
    ]).catch(() => undefined)
    setClosing(month)
  }

  const commands: (PaletteEntry | false)[] = [
    may('accounts.create') && {
      id: 'new-account',
      label: t('shell.new_account'),
      icon: IconUserPlus,
      to: '/accounts/new',
      keywords: t('shell.new_account_words'),
    },
    may('billing.run') && {
      id: 'new-closing',
      label: t('shell.new_closing'),
      icon: IconCalendarCheck,
      onRun: () => void openClosing(''),
      keywords: t('shell.new_closing_words'),
    },
    may('imports.run') && {
      id: 'new-import',
      label: t('shell.new_import'),
      icon: IconFileImport,
      to: '/imports',
      keywords: t('shell.new_import_words'),
    },
    may('catalogue.write') && {
      id: 'new-plan',
      label: t('shell.new_plan'),
      icon: IconPlus,
      to: '/catalogue/plans/new',
      keywords: t('shell.new_plan_words'),
    },
  ]
  const answers = (typed: string): PaletteEntry[] => {
    const month = may('billing.run') ? readMonthCommand(typed, t('search.close_words'), new Date()) : null
    if (month === null) return []
    return [
      {
        id: `close-${month}`,
        label: t('search.close_month', { month: monthText(`${month}-01`) }),
        icon: IconCalendarCheck,
        onRun: () => void openClosing(month),
      },
    ]
  }

  const labelOf = (hit: Hit) =>
    hit.kind === 'subscription' ? t('search.contract_number', { number: hit.title }) : hit.title
  /** What tells a hit from others of its name; of one whose kind no heading says, the kind as well. */
  const detailOf = (hit: Hit, alone: boolean) => {
    const own = hit.detail !== null && /^\d{4}-\d\d-\d\d$/.test(hit.detail) ? date(hit.detail) : hit.detail
    const rest =
      hit.account_id === null || hit.kind === 'account'
        ? [own, hit.business_unit_name]
        : [own, hit.account_name]
    return [alone && t(`search.name.${hit.kind}`), ...rest]
      .filter((one) => one && one !== hit.title)
      .join(' · ')
  }
  const entryOf = (hit: Hit, alone = false): PaletteEntry => {
    const place = placeOf(hit)
    const id = `${hit.kind}-${hit.id}`
    return {
      id,
      label: labelOf(hit),
      detail: detailOf(hit, alone),
      icon: icons[hit.kind],
      ...place,
      onRun: () => keepRecent({ id, kind: hit.kind, label: labelOf(hit), ...place }),
    }
  }
  const recent = () =>
    readRecent().map((one): PaletteEntry => {
      const icon = (icons as Partial<typeof icons>)[one.kind as Kind]
      return {
        id: one.id,
        label: one.label,
        ...(icon ? { icon, detail: t(`search.name.${one.kind as Kind}`) } : {}),
        to: one.to,
        ...(one.search ? { search: one.search } : {}),
        onRun: () => keepRecent(one),
      }
    })
  return (
    <>
      <CommandPalette
        opened={opened}
        onClose={onClose}
        commands={[
          ...commands.filter((one) => one !== false),
          ...pages.map((page) => ({
            id: `page${page.to.replaceAll('/', '-')}`,
            label: page.label,
            icon: page.icon,
            to: page.to,
          })),
        ]}
        answers={answers}
        recent={opened ? recent() : []}
        search={async (q, signal) => {
          const { items } = await orThrow(
            api.GET('/api/v1/office/search', { params: { query: { q } }, signal }),
          )
          const groups = new Map<Kind, PaletteGroup>()
          const similar: PaletteEntry[] = []
          for (const hit of items) {
            if (hit.matched === 'similar') similar.push(entryOf(hit, true))
            else {
              const group = groups.get(hit.kind) ?? { label: t(`search.kinds.${hit.kind}`), entries: [] }
              groups.set(hit.kind, group)
              group.entries.push(entryOf(hit))
            }
          }
          return [...groups.values(), { label: t('common:palette.similar'), entries: similar }]
        }}
      />
      <NewClosingDialog
        opened={closing !== null}
        onClose={() => setClosing(null)}
        month={closing || undefined}
      />
    </>
  )
}
