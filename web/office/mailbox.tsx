import { NativeSelect, TextInput } from '@mantine/core'
import IconChevronLeft from '@tabler/icons-react/dist/esm/icons/IconChevronLeft.mjs'
import IconMail from '@tabler/icons-react/dist/esm/icons/IconMail.mjs'
import IconMailOpened from '@tabler/icons-react/dist/esm/icons/IconMailOpened.mjs'
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Notice } from '../shared/api-types.gen.ts'
import { EmptyState, PageTitle, Section, SkeletonText } from '../shared/page.tsx'
import { ProblemAlert } from '../shared/problem-alert.tsx'
import type { Search } from '../shared/router.ts'
import { StateBadge } from '../shared/state-badge.tsx'
import { DateText } from '../shared/values.tsx'
import { unitsQuery } from './frame-queries.ts'
import styles from './mailbox.module.css'
import { MoreRows } from './more-rows.tsx'
import { Narrowed } from './narrowed.tsx'
import { mailFilterOf, mailsQuery, noticeKinds, noticeStates } from './notice-queries.ts'
import { Panes, paneStyles, useListKeys } from './panes.tsx'

const keepSearch = ((before: Search) => before) as never

/** The mailbox: the list of mails, and beside it the one that is read. On a phone each has the screen for itself. */
export function Mailbox({ id, children }: { id: string | undefined; children: ReactNode }) {
  const { t } = useTranslation()
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const filter = mailFilterOf(search)
  const filtered = Object.values(filter).some((value) => value !== undefined)
  const query = useInfiniteQuery(mailsQuery(filter))
  const { data: units = [] } = useQuery(unitsQuery)
  const mails = query.data?.pages.flatMap((page) => page.items) ?? []
  const patch = (change: Search) =>
    void navigate({
      to: '.',
      search: ((before: Search) => ({ ...before, ...change })) as never,
      replace: true,
      resetScroll: false,
    })
  useListKeys(
    mails.map((one) => one.id),
    id,
    (next) =>
      void navigate({
        to: '/mailbox/$id',
        params: { id: next },
        search: keepSearch,
        replace: id !== undefined,
        resetScroll: false,
      }),
  )
  const nothing = query.isSuccess && mails.length === 0
  return (
    <div className={id === undefined ? undefined : styles.open}>
      <PageTitle title={t('shell.mailbox')} subtitle={t('mailbox.subtitle')} />
      <div className={styles.onlyList}>
        <Narrowed />
        <div className={paneStyles.filters}>
          <SearchField value={search.q ?? ''} onChange={(q) => patch({ q: q || undefined })} />
          <NativeSelect
            aria-label={t('mailbox.state')}
            value={filter.state ?? ''}
            data={[
              { value: '', label: t('mailbox.all_states') },
              ...noticeStates.map((value) => ({
                value: value as string,
                label: t(`common:state.notice.${value}`),
              })),
            ]}
            onChange={(event) => patch({ state: event.currentTarget.value || undefined })}
          />
          <NativeSelect
            aria-label={t('mailbox.kind')}
            value={filter.kind ?? ''}
            data={[
              { value: '', label: t('mailbox.all_kinds') },
              ...noticeKinds.map((value) => ({ value: value as string, label: t(`mailbox.kinds.${value}`) })),
            ]}
            onChange={(event) => patch({ kind: event.currentTarget.value || undefined })}
          />
          {units.length > 1 && (
            <NativeSelect
              aria-label={t('words.unit')}
              value={filter.business_unit_id ?? ''}
              data={[
                { value: '', label: t('mailbox.all_units') },
                ...units.map((unit) => ({ value: unit.id, label: unit.name })),
              ]}
              onChange={(event) => patch({ business_unit_id: event.currentTarget.value || undefined })}
            />
          )}
        </div>
        <ProblemAlert error={query.isFetchNextPageError ? null : query.error} onRetry={query.refetch} />
      </div>
      {nothing && id === undefined ? (
        <Section>
          <EmptyState
            icon={<IconMail size={24} aria-hidden />}
            title={t(filtered ? 'mailbox.nothing' : 'mailbox.none')}
            action={
              filtered && (
                <Link to="/mailbox" search={{}}>
                  {t('mailbox.clear')}
                </Link>
              )
            }
          >
            {filtered ? null : t('mailbox.none_text')}
          </EmptyState>
        </Section>
      ) : (
        <Panes
          opened={id !== undefined}
          list={
            <List mails={query.isSuccess ? mails : null} current={id} more={<MoreRows query={query} />} />
          }
          detail={
            <>
              <Link to="/mailbox" search={keepSearch} className={paneStyles.backToList}>
                <IconChevronLeft size={16} aria-hidden />
                {t('mailbox.back')}
              </Link>
              {id === undefined ? (
                <div className={styles.choose}>
                  <EmptyState icon={<IconMailOpened size={24} aria-hidden />} title={t('mailbox.choose')} />
                </div>
              ) : (
                children
              )}
            </>
          }
        />
      )}
      {mails.length > 1 && <p className={paneStyles.keys}>{t('words.list_keys')}</p>}
    </div>
  )
}

function List({
  mails,
  current,
  more,
}: {
  mails: Notice[] | null
  current: string | undefined
  more: ReactNode
}) {
  const { t } = useTranslation()
  if (mails === null) {
    return (
      <div className={paneStyles.row}>
        <SkeletonText lines={12} />
      </div>
    )
  }
  if (mails.length === 0) return <p className={paneStyles.row}>{t('mailbox.nothing')}</p>
  return (
    <>
      <ul className={paneStyles.rows} aria-label={t('mailbox.list')}>
        {mails.map((mail) => (
          <li key={mail.id}>
            <Link
              to="/mailbox/$id"
              params={{ id: mail.id }}
              search={keepSearch}
              resetScroll={false}
              className={paneStyles.row}
              data-pane-row={mail.id}
              data-chosen={mail.id === current || undefined}
              aria-current={mail.id === current ? 'true' : undefined}
            >
              <strong>{mail.account_name ?? mail.to_email}</strong>
              <small className={paneStyles.end}>
                <DateText value={mail.created_at} relative />
              </small>
              <small className={styles.to} lang={mail.language}>
                {mail.subject}
              </small>
              <small>{mail.account_name === null ? t(`mailbox.kinds.${mail.kind}`) : mail.to_email}</small>
              <span className={paneStyles.end}>
                <StateBadge kind="notice" state={mail.state} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {more}
    </>
  )
}

/** Searches when typing pauses, so that not every letter asks the server. */
function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState(value)
  const sent = useRef(value)
  const latest = useRef(onChange)
  latest.current = onChange
  useEffect(() => {
    if (value === sent.current) return
    sent.current = value
    setTyped(value)
  }, [value])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      latest.current(typed)
    }, 250)
    return () => clearTimeout(timer)
  }, [typed])
  return (
    <TextInput
      type="search"
      className={styles.search}
      aria-label={t('mailbox.search')}
      placeholder={t('mailbox.search')}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
    />
  )
}
