import IconFilter from '@tabler/icons-react/dist/esm/icons/IconFilter.mjs'
import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Search } from '../shared/router.ts'
import { useFormats } from '../shared/use-formats.ts'
import { accountQuery } from './account-queries.ts'
import { closingQuery } from './billing-queries.ts'
import styles from './narrowed.module.css'
import { useMay } from './session.ts'

/**
 * Says over a list that its address narrows it to one account or one closing, which no filter of the list shows, and
 * leads back to all of it.
 */
export function Narrowed() {
  const search = useSearch({ strict: false }) as Search
  return (
    <>
      {search.account_id && <ByAccount id={search.account_id} />}
      {search.closing_id && <ByClosing id={search.closing_id} />}
    </>
  )
}

function ByAccount({ id }: { id: string }) {
  const { t } = useTranslation()
  const may = useMay()
  const { data: account } = useQuery({ ...accountQuery(id), enabled: may('accounts.read') })
  return (
    <p className={styles.note}>
      <IconFilter size={16} aria-hidden />
      <span>
        {t('words.only_account')} {account && <Link to={`/accounts/${id}` as never}>{account.name}</Link>}
      </span>
      <Link to="." search={((before: Search) => ({ ...before, account_id: undefined })) as never}>
        {t('words.show_all')}
      </Link>
    </p>
  )
}

function ByClosing({ id }: { id: string }) {
  const { t } = useTranslation()
  const { date } = useFormats()
  const { data: closing } = useQuery(closingQuery(id))
  return (
    <p className={styles.note}>
      <IconFilter size={16} aria-hidden />
      <span>
        {t('words.only_closing')}{' '}
        {closing && (
          <Link to="/closings/$id" params={{ id }}>
            {t('closings.page_title', {
              unit: closing.business_unit_name,
              date: date(closing.up_to, 'long'),
            })}
          </Link>
        )}
      </span>
      <Link to="." search={((before: Search) => ({ ...before, closing_id: undefined })) as never}>
        {t('words.show_all')}
      </Link>
    </p>
  )
}
