// biome-ignore-all lint/a11y/noRedundantRoles: a table laid out as cards on a phone is no table to every screen reader without them
import { Button } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import IconColumns3 from '@tabler/icons-react/dist/esm/icons/IconColumns3.mjs'
import IconSearchOff from '@tabler/icons-react/dist/esm/icons/IconSearchOff.mjs'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { type ReactNode, useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './data-table.module.css'
import { EmptyState } from './page.tsx'
import { Popout } from './popout.tsx'
import { ProblemAlert } from './problem-alert.tsx'
import type { Search } from './router.ts'
import { rowHeight, useRowKeys, useVisibleRange } from './table-movement.ts'
import { BodyRow, HeaderCell, SpacerRow } from './table-rows.tsx'
import { requestOf, type TableSource, tableQuery } from './table-search.ts'
import { ExportMenu, FilterControl, SearchBox, Views } from './table-tools.tsx'

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
