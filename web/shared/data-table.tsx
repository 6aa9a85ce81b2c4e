// biome-ignore-all lint/a11y/noRedundantRoles: a table laid out as cards on a phone is no table to every screen reader without them
import { Button } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import IconArrowDown from '@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs'
import IconArrowsSort from '@tabler/icons-react/dist/esm/icons/IconArrowsSort.mjs'
import IconArrowUp from '@tabler/icons-react/dist/esm/icons/IconArrowUp.mjs'
import IconBookmark from '@tabler/icons-react/dist/esm/icons/IconBookmark.mjs'
import IconColumns3 from '@tabler/icons-react/dist/esm/icons/IconColumns3.mjs'
import IconDownload from '@tabler/icons-react/dist/esm/icons/IconDownload.mjs'
import IconSearch from '@tabler/icons-react/dist/esm/icons/IconSearch.mjs'
import IconSearchOff from '@tabler/icons-react/dist/esm/icons/IconSearchOff.mjs'
import IconX from '@tabler/icons-react/dist/esm/icons/IconX.mjs'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { memo, type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './data-table.module.css'
import { EmptyState } from './page.tsx'
import { Popout } from './popout.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import { type Search, stringifySearch } from './router.ts'
import { requestOf, type TableRequest, type TableSource, tableQuery } from './table-search.ts'
import { useKeptViews } from './table-views.ts'

/** A column of a DataTable. */
export interface Column<Row> {
  id: string
  header: string
  cell: (row: Row) => ReactNode
  align?: 'end'
  /** The name that the API sorts by; without it the column cannot be sorted. */
  sort?: string
  /** Any CSS width; the others share what is left. */
  width?: string
  /** The cell that links to the row's page and names the card on a phone. Exactly one column has it. */
  primary?: boolean
  /** Not shown until it is chosen. */
  optional?: boolean
}

/** A filter over a table: one of `options`, a day, or free text. Its `id` is its name in the address and in the API. */
export interface TableFilter {
  id: string
  label: string
  options?: { value: string; label: string }[]
  kind?: 'select' | 'date' | 'text'
}

/** Something done to all selected rows. Ask first with a ConfirmDialog where it cannot be undone. */
export interface BulkAction<Row> {
  label: string
  icon?: TablerIcon
  danger?: boolean
  onRun: (rows: Row[], clear: () => void) => unknown
}

/** A filter set with a name: a tab over the table, and an address. */
export interface TableView {
  label: string
  search: Search
}

/** Over this many rows only those near the visible ones are in the document. */
const windowedFrom = 150
const rowHeight = 44
const overscan = 20

/**
 * The table of the office. Search, filters, order and columns live in the address, so that a view can be kept and sent;
 * pages come by cursor as one scrolls. Keyboard: j and k move, Enter opens, x selects, / searches.
 */
export function DataTable<Row>({
  name,
  label,
  source,
  columns,
  rowId,
  rowLabel,
  rowTo,
  filters = noFilters,
  views = noViews,
  bulkActions = noActions as BulkAction<Row>[],
  exportPath,
  searchable = true,
  searchHint,
  empty,
  actions,
}: {
  /** Stable name of this table, under which this browser keeps its views. */
  name: string
  /** What the table is called: 'Invoices'. */
  label: string
  source: TableSource<Row>
  columns: Column<Row>[]
  rowId: (row: Row) => string
  /** What a row is called: 'Invoice A-1041'. */
  rowLabel: (row: Row) => string
  /** The address of the row's page; without it rows do not open. */
  rowTo?: (row: Row) => string
  filters?: TableFilter[]
  views?: TableView[]
  bulkActions?: BulkAction<Row>[]
  /** `/api/v1/office/invoices.csv`, with a workbook beside it under `.xlsx`: gets the same search, filters and order, and the columns that are shown. */
  exportPath?: string
  searchable?: boolean
  /** What the search finds: 'Name, number, e-mail'. */
  searchHint?: string
  /** Shown when there is nothing at all: an EmptyState with the first step. */
  empty?: ReactNode
  /** More buttons at the end of the tools. */
  actions?: ReactNode
}) {
  const { t } = useTranslation('common')
  const search = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const patch = useCallback(
    (change: Search) =>
      void navigate({
        to: '.',
        search: (before: Search) => ({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  )

  const query = useInfiniteQuery({ ...tableQuery(source, search), placeholderData: keepPreviousData })
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])
  const request = requestOf(source, search)
  const sort = typeof request.sort === 'string' ? request.sort : ''

  const chosen = search.cols?.split(',')
  const shownColumns = columns.filter((column) =>
    column.primary ? true : chosen ? chosen.includes(column.id) : !column.optional,
  )
  const filtered = Boolean(search.q) || filters.some((filter) => search[filter.id])

  // Selection. It holds ids, so that it survives loading more; what is no longer there no longer counts.
  const selectable = bulkActions.length > 0
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const selectedRows = useMemo(() => rows.filter((row) => selected.has(rowId(row))), [rows, selected, rowId])
  const clear = useCallback(() => setSelected(new Set()), [])
  const toggle = useCallback((id: string) => {
    setSelected((before) => {
      const after = new Set(before)
      if (!after.delete(id)) after.add(id)
      return after
    })
  }, [])

  const region = useRef<HTMLDivElement>(null)
  const searchInput = useRef<HTMLInputElement>(null)
  const [from, to] = useVisibleRange(region, rows.length)
  useRowKeys({
    region,
    searchInput,
    count: rows.length,
    toggleAt: selectable
      ? (at) => {
          const row = rows[at]
          if (row) toggle(rowId(row))
        }
      : undefined,
    clear,
  })

  const more = useRef<HTMLDivElement>(null)
  const { fetchNextPage, hasNextPage, isFetchingNextPage } = query
  useEffect(() => {
    const mark = more.current
    if (!mark || !hasNextPage || isFetchingNextPage) return
    const box = region.current
    const scrolls = box !== null && box.scrollHeight > box.clientHeight
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.at(-1)?.isIntersecting) void fetchNextPage()
      },
      { root: scrolls ? box : null, rootMargin: '800px' },
    )
    observer.observe(mark)
    return () => observer.disconnect()
  }, [fetchNextPage, hasNextPage, isFetchingNextPage])

  const width = shownColumns.length + (selectable ? 1 : 0)
  const nothing = query.isSuccess && rows.length === 0

  return (
    <div className={styles.root}>
      <Views name={name} views={views} search={search} filters={filters} />
      <div className={styles.tools}>
        {searchable && (
          <SearchBox
            ref={searchInput}
            label={t('table.search_in', { name: label })}
            hint={searchHint ?? t('table.search')}
            value={search.q ?? ''}
            onChange={(q) => patch({ q: q || undefined })}
          />
        )}
        {filters.map((filter) => (
          <FilterControl
            key={filter.id}
            filter={filter}
            value={search[filter.id] ?? ''}
            onChange={(value) => patch({ [filter.id]: value || undefined })}
          />
        ))}
        {filtered && (
          <button
            type="button"
            className={styles.clear}
            onClick={() =>
              patch({ q: undefined, ...Object.fromEntries(filters.map((one) => [one.id, undefined])) })
            }
          >
            {t('table.clear_filters')}
          </button>
        )}
        <div className={styles.end}>
          <label className={styles.order}>
            <span className="visually-hidden">{t('table.sort_by')}</span>
            <select value={sort} onChange={(event) => patch({ sort: event.currentTarget.value })}>
              {columns
                .filter((column) => column.sort)
                .flatMap((column) => [
                  <option key={column.id} value={column.sort}>{`${column.header} ↑`}</option>,
                  <option key={`-${column.id}`} value={`-${column.sort}`}>{`${column.header} ↓`}</option>,
                ])}
            </select>
          </label>
          <Popout
            title={t('table.columns')}
            variant="outlined"
            className={styles.chooser}
            trigger={
              <>
                <IconColumns3 size={16} aria-hidden />
                {t('table.columns')}
              </>
            }
          >
            <div className={styles.checks}>
              {columns.map((column) => (
                <label key={column.id}>
                  <input
                    type="checkbox"
                    checked={shownColumns.includes(column)}
                    disabled={column.primary}
                    onChange={() => {
                      const next = columns.filter((one) =>
                        one === column ? !shownColumns.includes(one) : shownColumns.includes(one),
                      )
                      patch({ cols: next.map((one) => one.id).join(',') })
                    }}
                  />
                  {column.header}
                </label>
              ))}
              {chosen && (
                <button type="button" className={styles.clear} onClick={() => patch({ cols: undefined })}>
                  {t('table.columns_reset')}
                </button>
              )}
            </div>
          </Popout>
          {exportPath && (
            <ExportMenu
              path={exportPath}
              request={request}
              columns={shownColumns.map((column) => column.id).join(',')}
            />
          )}
          {actions}
        </div>
      </div>

      <div role="status" className={selectedRows.length > 0 ? styles.bulk : undefined}>
        {selectedRows.length > 0 && (
          <>
            <strong>{t('table.selected', { count: selectedRows.length })}</strong>
            {bulkActions.map(({ label: action, icon: Icon, danger, onRun }) => (
              <Button
                key={action}
                size="xs"
                variant={danger ? 'light' : 'default'}
                color={danger ? 'bad' : undefined}
                leftSection={Icon && <Icon size={14} aria-hidden />}
                onClick={() => onRun(selectedRows, clear)}
              >
                {action}
              </Button>
            ))}
            <button type="button" className={styles.clear} onClick={clear}>
              {t('table.clear_selection')}
            </button>
          </>
        )}
      </div>

      <ProblemAlert error={query.error} onRetry={query.refetch} />

      {nothing && !filtered && empty ? (
        <div className={styles.frame}>{empty}</div>
      ) : (
        // A group, not a landmark: the part of the page that it stands in often has the same name.
        // biome-ignore lint/a11y/useSemanticElements: a table is no set of fields
        <div
          ref={region}
          role="group"
          className={`${styles.frame} ${styles.region}`}
          aria-label={label}
          // A region that scrolls has to be reachable by keyboard.
          // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
          tabIndex={0}
          aria-busy={query.isFetching}
          data-stale={query.isPlaceholderData || undefined}
        >
          <table
            className={styles.table}
            role="table"
            aria-label={label}
            aria-rowcount={query.hasNextPage ? -1 : rows.length + 1}
          >
            <thead role="rowgroup">
              <tr role="row" aria-rowindex={1}>
                {selectable && (
                  <th role="columnheader" scope="col" className={styles.check}>
                    <input
                      type="checkbox"
                      aria-label={t('table.select_all')}
                      checked={rows.length > 0 && selectedRows.length === rows.length}
                      ref={(box) => {
                        if (box)
                          box.indeterminate = selectedRows.length > 0 && selectedRows.length < rows.length
                      }}
                      onChange={(event) =>
                        setSelected(event.currentTarget.checked ? new Set(rows.map(rowId)) : new Set())
                      }
                    />
                  </th>
                )}
                {shownColumns.map((column) => (
                  <HeaderCell
                    key={column.id}
                    column={column}
                    sort={sort}
                    onSort={(next) => patch({ sort: next })}
                  />
                ))}
              </tr>
            </thead>
            <tbody role="rowgroup">
              {from > 0 && <SpacerRow height={from * rowHeight} width={width} />}
              {rows.slice(from, to).map((row, index) => {
                const id = rowId(row)
                return (
                  <BodyRow
                    key={id}
                    id={id}
                    index={from + index}
                    row={row}
                    columns={columns}
                    shown={shownColumns.map((column) => column.id).join()}
                    label={rowLabel(row)}
                    to={rowTo?.(row)}
                    selectable={selectable}
                    selected={selected.has(id)}
                    onToggle={toggle}
                  />
                )
              })}
              {to < rows.length && <SpacerRow height={(rows.length - to) * rowHeight} width={width} />}
              {query.isPending &&
                !query.error &&
                Array.from({ length: 12 }, (_, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves here
                  <tr key={index} role="row" className={styles.ghost}>
                    {Array.from({ length: width }, (_, cell) => (
                      // biome-ignore lint/suspicious/noArrayIndexKey: nothing moves here
                      <td key={cell} role="cell">
                        <i aria-hidden />
                      </td>
                    ))}
                  </tr>
                ))}
            </tbody>
          </table>
          {nothing && (
            <EmptyState icon={<IconSearchOff size={24} aria-hidden />} title={t('table.nothing')}>
              {t('table.nothing_detail')}
            </EmptyState>
          )}
          <div ref={more} className={styles.more}>
            {query.hasNextPage && (
              <Button
                variant="default"
                size="xs"
                loading={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {t('table.more')}
              </Button>
            )}
          </div>
        </div>
      )}
      {rows.length > 0 && (
        <p className={styles.foot}>
          <span role="status">
            {query.hasNextPage
              ? t('table.shown_more', { count: rows.length })
              : t('table.shown', { count: rows.length })}
          </span>
          <span className={styles.keys}>{t('table.keys')}</span>
        </p>
      )}
    </div>
  )
}

const noFilters: TableFilter[] = []
const noViews: TableView[] = []
const noActions: BulkAction<never>[] = []

function SpacerRow({ height, width }: { height: number; width: number }) {
  return (
    <tr aria-hidden className={styles.spacer}>
      <td colSpan={width} style={{ height }} />
    </tr>
  )
}

function HeaderCell<Row>({
  column,
  sort,
  onSort,
}: {
  column: Column<Row>
  sort: string
  onSort: (sort: string) => void
}) {
  const { t } = useTranslation('common')
  const ascending = sort === column.sort
  const descending = sort === `-${column.sort}`
  return (
    <th
      role="columnheader"
      scope="col"
      data-align={column.align}
      style={column.width ? { width: column.width } : undefined}
      aria-sort={column.sort ? (ascending ? 'ascending' : descending ? 'descending' : 'none') : undefined}
    >
      {column.sort ? (
        <button
          type="button"
          className={styles.sort}
          title={t('table.sort', { name: column.header })}
          onClick={() => onSort(ascending ? `-${column.sort}` : (column.sort ?? ''))}
        >
          {column.header}
          {ascending ? (
            <IconArrowUp size={14} aria-hidden />
          ) : descending ? (
            <IconArrowDown size={14} aria-hidden />
          ) : (
            <IconArrowsSort size={14} className={styles.unsorted} aria-hidden />
          )}
        </button>
      ) : (
        column.header
      )}
    </th>
  )
}

/** Memoised, and told its columns by a text: of a thousand rows only those that change are drawn again. */
const BodyRow = memo(
  function BodyRow<Row>({
    id,
    index,
    row,
    columns,
    shown,
    label,
    to,
    selectable,
    selected,
    onToggle,
  }: {
    id: string
    index: number
    row: Row
    columns: Column<Row>[]
    shown: string
    label: string
    to: string | undefined
    selectable: boolean
    selected: boolean
    onToggle: (id: string) => void
  }) {
    const { t } = useTranslation('common')
    const visible = shown.split(',')
    return (
      <tr
        role="row"
        aria-rowindex={index + 2}
        aria-selected={selectable ? selected : undefined}
        data-index={index}
        data-opens={to ? true : undefined}
        className={styles.row}
        onClick={(event) => {
          const target = event.target as HTMLElement
          if (target.closest('a, button, input, label, select') || window.getSelection()?.toString()) return
          const link = event.currentTarget.querySelector<HTMLAnchorElement>('[data-row-link]')
          link?.dispatchEvent(
            new MouseEvent('click', {
              bubbles: true,
              cancelable: true,
              ctrlKey: event.ctrlKey,
              metaKey: event.metaKey,
            }),
          )
        }}
      >
        {selectable && (
          <td role="cell" className={styles.check}>
            <input
              type="checkbox"
              data-row-check
              aria-label={t('table.select_row', { name: label })}
              checked={selected}
              onChange={() => onToggle(id)}
            />
          </td>
        )}
        {columns
          .filter((column) => visible.includes(column.id))
          .map((column) => (
            <td
              key={column.id}
              role="cell"
              data-align={column.align}
              data-primary={column.primary || undefined}
            >
              <span className={styles.cardLabel} aria-hidden>
                {column.header}
              </span>
              {column.primary && to ? (
                <Link to={to} data-row-link className={styles.rowLink}>
                  {column.cell(row)}
                </Link>
              ) : (
                <span className={styles.cellValue}>{column.cell(row)}</span>
              )}
            </td>
          ))}
      </tr>
    )
  },
  (before, after) =>
    before.row === after.row &&
    before.index === after.index &&
    before.columns === after.columns &&
    before.shown === after.shown &&
    before.selected === after.selected &&
    before.selectable === after.selectable &&
    before.to === after.to,
) as <Row>(props: {
  id: string
  index: number
  row: Row
  columns: Column<Row>[]
  shown: string
  label: string
  to: string | undefined
  selectable: boolean
  selected: boolean
  onToggle: (id: string) => void
}) => ReactNode

function SearchBox({
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
function ExportMenu({ path, request, columns }: { path: string; request: TableRequest; columns: string }) {
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

function FilterControl({
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

function Views({
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

/** Which rows are near the visible part of the region. All of them while they are few, or laid out as cards. */
function useVisibleRange(region: React.RefObject<HTMLDivElement | null>, count: number): [number, number] {
  const [range, setRange] = useState<[number, number]>([0, windowedFrom])
  const windowed = count > windowedFrom
  useEffect(() => {
    const box = region.current
    if (!box || !windowed) return
    const cards = window.matchMedia('(max-width: 640px)')
    const measure = () => {
      if (cards.matches) {
        setRange([0, Number.POSITIVE_INFINITY])
        return
      }
      const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - overscan)
      // In steps, so that not every scrolled pixel draws the table again.
      const start = first - (first % 10)
      const end = start + Math.ceil(box.clientHeight / rowHeight) + 2 * overscan + 10
      setRange((before) => (before[0] === start && before[1] === end ? before : [start, end]))
    }
    measure()
    box.addEventListener('scroll', measure, { passive: true })
    window.addEventListener('resize', measure)
    return () => {
      box.removeEventListener('scroll', measure)
      window.removeEventListener('resize', measure)
    }
  }, [region, windowed])
  return windowed ? [range[0], Math.min(range[1], count)] : [0, count]
}

function useRowKeys(options: {
  region: React.RefObject<HTMLDivElement | null>
  searchInput: React.RefObject<HTMLInputElement | null>
  count: number
  toggleAt: ((index: number) => void) | undefined
  clear: () => void
}) {
  const latest = useRef(options)
  latest.current = options
  useEffect(() => {
    const focusRow = (index: number) => {
      const box = latest.current.region.current
      const find = () =>
        box?.querySelector<HTMLElement>(
          `tr[data-index="${index}"] [data-row-link], tr[data-index="${index}"] [data-row-check]`,
        )
      const present = box?.querySelector<HTMLElement>(`tr[data-index="${index}"] [data-row-link]`) ?? find()
      if (present) {
        present.focus()
        present.closest('tr')?.scrollIntoView({ block: 'nearest' })
        return
      }
      if (!box) return
      box.scrollTop = index * rowHeight - box.clientHeight / 2
      setTimeout(() => find()?.focus(), 60)
    }
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return
      const typing = target.closest(
        'input:not([type=checkbox]), textarea, select, [contenteditable], [role=menu]',
      )
      if (typing) {
        if (event.key === 'Escape' && target === latest.current.searchInput.current) target.blur()
        return
      }
      const { count, toggleAt, clear, searchInput } = latest.current
      const row = target.closest<HTMLElement>('tr[data-index]')
      const at = row ? Number(row.dataset.index) : -1
      if (event.key === '/') {
        event.preventDefault()
        searchInput.current?.focus()
      } else if (event.key === 'j' && at < count - 1) {
        event.preventDefault()
        focusRow(at + 1)
      } else if (event.key === 'k' && at > 0) {
        event.preventDefault()
        focusRow(at - 1)
      } else if (event.key === 'x' && at >= 0 && toggleAt) {
        event.preventDefault()
        toggleAt(at)
      } else if (event.key === 'Escape' && row) clear()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
}
