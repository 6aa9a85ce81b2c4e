import { Anchor } from '@mantine/core'
import IconShieldCheck from '@tabler/icons-react/dist/esm/icons/IconShieldCheck.mjs'
import IconShieldOff from '@tabler/icons-react/dist/esm/icons/IconShieldOff.mjs'
import IconUserCog from '@tabler/icons-react/dist/esm/icons/IconUserCog.mjs'
import IconUserPlus from '@tabler/icons-react/dist/esm/icons/IconUserPlus.mjs'
import { useQuery } from '@tanstack/react-query'
import { createFileRoute } from '@tanstack/react-router'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Staff } from '../../shared/api-types.gen.ts'
import { type Column, DataTable } from '../../shared/data-table.tsx'
import { loadTexts } from '../../shared/i18n.ts'
import { EmptyState, PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { StateBadge, ToneBadge } from '../../shared/state-badge.tsx'
import { tableQuery } from '../../shared/table-search.ts'
import { UserAvatar } from '../../shared/user-avatar.tsx'
import { DateText } from '../../shared/values.tsx'
import { unitsQuery } from '../frame-queries.ts'
import { PermittedButton } from '../permitted-button.tsx'
import { useSession } from '../session.ts'
import styles from '../staff.module.css'
import { StaffDialog } from '../staff-dialog.tsx'
import { staffRolesQuery, staffSource, stateOfStaff } from '../staff-queries.ts'

/** Who works here and what they may do (A10). */
export const Route = createFileRoute('/_app/staff')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(staffSource, deps))
    void queryClient.prefetchQuery(staffRolesQuery)
    return loadTexts('keys')
  },
  component: StaffList,
})

function StaffList() {
  const { t } = useTranslation()
  const session = useSession()
  const { data: units } = useQuery(unitsQuery)
  const [edited, setEdited] = useState<Staff | 'new' | null>(null)
  const columns = useMemo<Column<Staff>[]>(
    () => [
      {
        id: 'name',
        header: t('staff.name'),
        cell: (row) => (
          <span className={styles.person}>
            <UserAvatar name={row.name} photo={row.photo_file_id} size={24} />
            <Anchor component="button" type="button" fw={550} data-row-link onClick={() => setEdited(row)}>
              {row.name}
            </Anchor>
            {row.id === session.user_id && <span className={styles.you}> ({t('staff.you')})</span>}
          </span>
        ),
        sort: 'name',
        primary: true,
        width: '22%',
      },
      { id: 'email', header: t('staff.email'), cell: (row) => row.email, sort: 'email' },
      {
        id: 'role',
        header: t('staff.role'),
        cell: (row) => (
          <>
            {t(`shell.role.${row.role}`)}
            {row.granted.length + row.withheld.length > 0 && (
              <small className={styles.differs}>{t('staff.differs')}</small>
            )}
          </>
        ),
      },
      {
        id: 'units',
        header: t('staff.units'),
        cell: (row) =>
          row.all_units
            ? t('staff.all_units_short')
            : row.units.map((id) => units?.find((unit) => unit.id === id)?.name ?? '…').join(', '),
      },
      {
        id: 'state',
        header: t('staff.state'),
        cell: (row) => <StateBadge kind="user" state={stateOfStaff(row)} />,
      },
      {
        id: 'second_factor',
        header: t('staff.second_factor'),
        cell: (row) => (
          <ToneBadge
            tone={row.has_second_factor ? 'good' : 'neutral'}
            icon={row.has_second_factor ? IconShieldCheck : IconShieldOff}
          >
            {t(row.has_second_factor ? 'staff.second_factor_has' : 'staff.second_factor_lacks')}
          </ToneBadge>
        ),
      },
      {
        id: 'last_seen',
        header: t('staff.last_seen'),
        cell: (row) => <DateText value={row.last_seen_at} relative empty={t('staff.never_seen')} />,
      },
      {
        id: 'since',
        header: t('staff.since'),
        cell: (row) => <DateText value={row.created_at} />,
        optional: true,
      },
    ],
    [t, session.user_id, units],
  )
  const invite = (
    <PermittedButton
      needs="staff.write"
      leftSection={<IconUserPlus size={16} aria-hidden />}
      onClick={() => setEdited('new')}
    >
      {t('staff.invite')}
    </PermittedButton>
  )
  return (
    <>
      <PageTitle title={t('shell.staff')} subtitle={t('staff.subtitle')} actions={invite} />
      <DataTable
        name="staff"
        label={t('shell.staff')}
        source={staffSource}
        columns={columns}
        rowId={(row) => row.id}
        rowLabel={(row) => row.name}
        searchHint={t('staff.search_hint')}
        empty={
          <EmptyState icon={<IconUserCog size={24} aria-hidden />} title={t('staff.none')} action={invite}>
            {t('staff.none_text')}
          </EmptyState>
        }
      />
      {edited && (
        <StaffDialog
          key={edited === 'new' ? 'new' : edited.id}
          member={edited === 'new' ? null : edited}
          onClose={() => setEdited(null)}
        />
      )}
    </>
  )
}
