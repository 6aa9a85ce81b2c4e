import IconFilter from '@tabler/icons-react/dist/esm/icons/IconFilter.mjs'
import { createFileRoute, Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { PageTitle } from '../../shared/page.tsx'
import type { Search } from '../../shared/router.ts'
import { tableQuery } from '../../shared/table-search.ts'
import { auditSource, everyStaffQuery } from '../audit-queries.ts'
import { AuditTable } from '../audit-table.tsx'
import { unitsQuery } from '../frame-queries.ts'
import narrowedStyles from '../narrowed.module.css'
import { Narrowed } from '../narrowed.tsx'

/** Who changed what, when and through what (A10). */
export const Route = createFileRoute('/_app/audit')({
  validateSearch: (search: Record<string, unknown>) => search as Search,
  loaderDeps: ({ search }) => search,
  loader: ({ context: { queryClient, session }, deps }) => {
    void queryClient.prefetchQuery(unitsQuery)
    if (session.permissions.includes('staff.read')) void queryClient.prefetchQuery(everyStaffQuery)
    void queryClient.prefetchInfiniteQuery(tableQuery(auditSource, deps))
  },
  component: Audit,
})

function Audit() {
  const { t } = useTranslation()
  const search = Route.useSearch() as Search
  return (
    <>
      <PageTitle title={t('shell.audit')} subtitle={t('audit.subtitle')} />
      <Narrowed />
      {search.object_id && <Only name="object_id" words={t('audit.only_object')} />}
      {search.request_id && (
        <Only name="request_id" words={t('audit.only_request_id', { id: search.request_id })} />
      )}
      <AuditTable name="audit" source={auditSource} />
    </>
  )
}

/** Says that the address narrows the list by what no filter shows, and leads back to all of it. */
function Only({ name, words }: { name: string; words: string }) {
  const { t } = useTranslation()
  return (
    <p className={narrowedStyles.note}>
      <IconFilter size={16} aria-hidden />
      <span>{words}</span>
      <Link to="." search={((before: Search) => ({ ...before, [name]: undefined })) as never}>
        {t('words.show_all')}
      </Link>
    </p>
  )
}
