import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '../shared/api-types.gen.ts'
import { Dialog } from '../shared/dialog.tsx'
import { Facts } from '../shared/page.tsx'
import { SimpleTable } from '../shared/simple-table.tsx'
import { useFormats } from '../shared/use-formats.ts'
import { accountQuery } from './account-queries.ts'
import styles from './audit.module.css'
import { fieldsOf, nameOfActor, nameOfColumn, pageOfObject, useAuditValues } from './audit-words.tsx'
import { ButtonLink } from './button-link.tsx'
import { unitsQuery } from './frame-queries.ts'
import { useMay } from './session.ts'

/** One entry of the audit log: what was there before, what after, who did it and through what. */
export function AuditEntryDialog({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const { t } = useTranslation()
  const { exact, date } = useFormats()
  const may = useMay()
  const { say, nameOfObject } = useAuditValues()
  const { data: units = [] } = useQuery(unitsQuery)
  const { data: account } = useQuery({
    ...accountQuery(entry.account_id ?? ''),
    enabled: entry.account_id !== null && may('accounts.read'),
    // What happened to an account that is gone is still told.
    retry: false,
  })
  const fields = fieldsOf(entry)
  const page = pageOfObject(entry)
  const unit = units.find((one) => one.id === entry.business_unit_id)
  const name = nameOfObject(entry)
  const title = t('audit.line', {
    object: t(`audit.object.${entry.object_type}`, { defaultValue: entry.object_type }),
    action: t(`audit.action.${entry.action}`, { defaultValue: entry.action }),
  })
  return (
    <Dialog opened onClose={onClose} title={title} size="large">
      <div className={styles.body}>
        <Facts
          stacked
          facts={[
            [t('audit.at'), exact(entry.at)],
            [t('audit.who'), nameOfActor(t, entry)],
            [t('audit.way_column'), t(`audit.way.${entry.way}`, { defaultValue: entry.way })],
            name !== null && [t('audit.what'), name],
            entry.account_id !== null && [
              t('audit.name.account_id'),
              account ? (
                <Link key="account" to="/accounts/$id" params={{ id: account.id }}>
                  {account.name}
                </Link>
              ) : (
                <code key="account">{entry.account_id}</code>
              ),
            ],
            unit && [t('words.unit'), unit.name],
          ]}
        />
        {entry.redacted_at !== null && (
          <p className={styles.nothing}>{t('audit.redacted', { date: date(entry.redacted_at, 'long') })}</p>
        )}
        {fields.length === 0 ? (
          <p className={styles.nothing}>{t('audit.no_fields')}</p>
        ) : (
          <div className={styles.diff}>
            <SimpleTable
              label={t('audit.fields')}
              rows={fields}
              rowId={(field) => field.column}
              columns={[
                {
                  id: 'field',
                  header: t('audit.field'),
                  cell: (field) => nameOfColumn(t, field.column, entry.object_type),
                  width: '30%',
                },
                ...(entry.action === 'created'
                  ? []
                  : [
                      {
                        id: 'before',
                        header: t('audit.before'),
                        cell: (field: (typeof fields)[number]) => (
                          <span className={styles.was}>{say(entry, field.column, field.before)}</span>
                        ),
                      },
                    ]),
                ...(entry.action === 'deleted'
                  ? []
                  : [
                      {
                        id: 'after',
                        header: t(entry.action === 'created' ? 'audit.value' : 'audit.after'),
                        cell: (field: (typeof fields)[number]) => say(entry, field.column, field.after),
                      },
                    ]),
              ]}
            />
          </div>
        )}
        <Facts
          facts={[
            [t('audit.operation'), <code key="operation">{entry.operation}</code>],
            entry.object_id !== null && [t('audit.object_id'), <code key="id">{entry.object_id}</code>],
            entry.ip !== null && [t('audit.ip'), <code key="ip">{entry.ip}</code>],
            entry.request_id !== null && [
              t('audit.request_id'),
              <code key="request">{entry.request_id}</code>,
            ],
          ]}
        />
        <div className={styles.links}>
          {page !== null && (
            <ButtonLink to={page as never} variant="default">
              {t('audit.open_object')}
            </ButtonLink>
          )}
          {entry.actor_id !== null && (
            <ButtonLink
              to="/audit"
              search={{ actor_id: entry.actor_id } as never}
              variant="default"
              onClick={onClose}
            >
              {t('audit.only_actor_link')}
            </ButtonLink>
          )}
          {entry.request_id !== null && (
            <ButtonLink
              to="/audit"
              search={{ request_id: entry.request_id } as never}
              variant="default"
              onClick={onClose}
            >
              {t('audit.only_request_link')}
            </ButtonLink>
          )}
          {entry.object_id !== null && (
            <ButtonLink
              to="/audit"
              search={{ object_type: entry.object_type, object_id: entry.object_id } as never}
              variant="default"
              onClick={onClose}
            >
              {t('audit.only_request')}
            </ButtonLink>
          )}
        </div>
      </div>
    </Dialog>
  )
}
