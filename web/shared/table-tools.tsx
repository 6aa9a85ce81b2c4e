import { Button } from '@mantine/core'
import IconBookmark from '@tabler/icons-react/dist/esm/icons/IconBookmark.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs'
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import { Link } from '@tanstack/react-router'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './data-table.module.css'
import type { TableFilter, TableView } from './data-table.tsx'
import { Popout } from './popout.tsx'
import { type Search, stringifySearch } from './router.ts'
import type { TableRequest } from './table-search.ts'
import { useKeptViews } from './table-views.ts'

/** The search of a table: sent a little after the last letter. */
export function SearchBox({
  ref,
  label,
  hint,
  value,
  onChange,
}: {
  ref: React.Ref<HTMLInputElement>
  label: string
  hint: string
  value: string
  onChange: (value: string) => void
}) {
  const [typed, setTyped] = useState(value)
  const sent = useRef(value)
  useEffect(() => {
    // The address changed by itself (a view was opened, filters were cleared).
    if (value !== sent.current) {
      sent.current = value
      setTyped(value)
    }
  }, [value])
  useEffect(() => {
    if (typed === sent.current) return
    const timer = setTimeout(() => {
      sent.current = typed
      onChange(typed)
    }, 250)
    return () => clearTimeout(timer)
  }, [typed, onChange])
  return (
    <div className={styles.search}>
      <IconSearch size={16} aria-hidden />
      <input
        ref={ref}
        type="search"
        aria-label={label}
        placeholder={hint}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <kbd aria-hidden>/</kbd>
    </div>
  )
}

/** The list as a file, with the search, filters and order of the screen: CSV or a workbook, what is shown or all of it. */
export function ExportMenu({
  path,
  request,
  columns,
}: {
  path: string
  request: TableRequest
  columns: string
}) {
  const { t } = useTranslation('common')
  const groups = [
    { name: t('table.export_shown'), search: { ...request, columns } },
    { name: t('table.export_all'), search: request },
  ]
  const formats = [
    { name: 'Excel', ending: '.xlsx' },
    { name: 'CSV', ending: '.csv' },
  ]
  return (
    <Popout
      title={t('table.export')}
      variant="outlined"
      trigger={
        <>
          <IconDownload size={16} aria-hidden />
          {t('table.export')}
        </>
      }
    >
      {(close) => (
        <div className={styles.exports}>
          {groups.map((group) => (
            <div key={group.name}>
              <span>{group.name}</span>
              {formats.map((format) => (
                <a
                  key={format.name}
                  href={path.replace(/\.csv$/, format.ending) + stringifySearch(group.search)}
                  download
                  aria-label={t('table.export_as', { columns: group.name, format: format.name })}
                  // After the browser has taken the address.
                  onClick={() => setTimeout(close)}
                >
                  {format.name}
                </a>
              ))}
            </div>
          ))}
        </div>
      )}
    </Popout>
  )
}

/** One filter, as a choice, a day or a text. */
export function FilterControl({
  filter,
  value,
  onChange,
}: {
  filter: TableFilter
  value: string
  onChange: (value: string) => void
}) {
  const { t } = useTranslation('common')
  const kind = filter.kind ?? (filter.options ? 'select' : 'text')
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is inside, whichever it is
    <label className={styles.filter} data-set={value !== '' || undefined}>
      <span>{filter.label}</span>
      {kind === 'select' ? (
        <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">{t('table.all')}</option>
          {filter.options?.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label}
            </option>
          ))}
        </select>
      ) : (
        <input
          type={kind === 'date' ? 'date' : 'text'}
          value={value}
          onChange={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </label>
  )
}

/** What was kept as a view, and what the table came with; a filter set that is none yet may become one. */
export function Views({
  name,
  views,
  search,
  filters,
}: {
  name: string
  views: TableView[]
  search: Search
  filters: TableFilter[]
}) {
  const { t } = useTranslation('common')
  const { kept, keep, drop } = useKeptViews(name)
  const [label, setLabel] = useState('')
  const meaning = ['q', 'sort', 'cols', ...filters.map((filter) => filter.id)]
  const pick = (from: Search) => Object.fromEntries(meaning.map((key) => [key, from[key] || undefined]))
  const written = (from: Search) => stringifySearch(pick(from))
  const current = written(search)
  const all = [...views, ...kept]
  const isNew = current !== '' && !all.some((view) => written(view.search) === current)
  if (all.length === 0 && !isNew) return null
  return (
    <nav className={styles.views} aria-label={t('table.view')}>
      <ul>
        {all.map((view) => (
          <li key={view.label}>
            <Link
              to="."
              search={view.search as never}
              activeOptions={{ exact: true, includeSearch: true }}
              aria-current={written(view.search) === current ? 'page' : undefined}
              className={styles.view}
              data-current={written(view.search) === current || undefined}
            >
              {view.label}
            </Link>
            {kept.includes(view) && (
              <button
                type="button"
                className={styles.drop}
                aria-label={t('table.view_remove', { name: view.label })}
                onClick={() => drop(view)}
              >
                <IconX size={14} aria-hidden />
              </button>
            )}
          </li>
        ))}
      </ul>
      {isNew && (
        <Popout
          title={t('table.view_save')}
          align="start"
          trigger={
            <>
              <IconBookmark size={16} aria-hidden />
              {t('table.view_save')}
            </>
          }
        >
          {(close) => (
            <form
              className={styles.keep}
              onSubmit={(event) => {
                event.preventDefault()
                if (label.trim() === '') return
                keep({ label: label.trim(), search: pick(search) })
                setLabel('')
                close()
              }}
            >
              <label>
                {t('table.view_name')}
                <input
                  value={label}
                  onChange={(event) => setLabel(event.currentTarget.value)}
                  maxLength={40}
                />
              </label>
              <p>{t('table.view_help')}</p>
              <Button type="submit" size="xs" disabled={label.trim() === ''}>
                {t('action.save')}
              </Button>
            </form>
          )}
        </Popout>
      )}
    </nav>
  )
}
