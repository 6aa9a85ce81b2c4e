import IconAddressBook from '@tabler/icons-react/dist/esm/icons/IconAddressBook.mjs'
import IconCalendarCheck from '@tabler/icons-react/dist/esm/icons/IconCalendarCheck.mjs'
import IconFileImport from '@tabler/icons-react/dist/esm/icons/IconFileImport.mjs'
import IconFileInvoice from '@tabler/icons-react/dist/esm/icons/IconFileInvoice.mjs'
import IconPlus from '@tabler/icons-react/dist/esm/icons/IconPlus.mjs'
import IconUserPlus from '@tabler/icons-react/dist/esm/icons/IconUserPlus.mjs'
import IconUsers from '@tabler/icons-react/dist/esm/icons/IconUsers.mjs'
import { useTranslation } from 'react-i18next'
import { api, orThrow } from '../shared/api.ts'
import { CommandPalette, type PaletteEntry } from '../shared/command-palette.tsx'
import type { NavItem } from '../shared/navigation.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { useMay } from './session.ts'

/** ⌘K: accounts, people and invoices by any words; commands and pages by their name. */
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
  const { money } = useFormats()
  const may = useMay()
  const commands: (PaletteEntry | false)[] = [
    may('accounts.write') && {
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
      to: '/closings',
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
  return (
    <CommandPalette
      opened={opened}
      onClose={onClose}
      commands={[
        ...commands.filter((one) => one !== false),
        ...pages.map((page) => ({ id: `page${page.to}`, label: page.label, icon: page.icon, to: page.to })),
      ]}
      search={async (q, signal) => {
        const found = await orThrow(api.GET('/api/v1/office/find', { params: { query: { q } }, signal }))
        return [
          {
            label: t('shell.accounts'),
            entries: found.accounts.map((one) => ({
              id: one.id,
              label: one.name,
              detail: [one.number, one.city, one.business_unit_name].filter(Boolean).join(' · '),
              icon: IconUsers,
              to: `/accounts/${one.id}`,
            })),
          },
          {
            label: t('shell.people'),
            entries: found.contacts.map((one) => ({
              id: one.id,
              label: one.name,
              detail: [one.email, one.account_name].filter(Boolean).join(' · '),
              icon: IconAddressBook,
              to: `/accounts/${one.account_id}`,
            })),
          },
          {
            label: t('shell.invoices'),
            entries: found.invoices.map((one) => ({
              id: one.id,
              label: one.number,
              detail: `${one.account_name} · ${money(one.total, one.currency)}`,
              icon: IconFileInvoice,
              to: `/invoices/${one.id}`,
            })),
          },
        ]
      }}
    />
  )
}
