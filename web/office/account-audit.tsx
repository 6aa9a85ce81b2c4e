import { useMemo } from 'react'
import { accountAuditSource } from './audit-queries.ts'
import { AuditTable } from './audit-table.tsx'

/** The audit log of one account, with every filter of the whole one; the filters stand in the page's address. */
export function AccountAudit({ id }: { id: string }) {
  const source = useMemo(() => accountAuditSource(id), [id])
  return <AuditTable name="account-audit" source={source} ofAccount />
}
