// biome-ignore-all lint/a11y/noRedundantRoles: a table laid out as cards on a phone is no table to every screen reader without them
import IconArrowDown from '@tabler/icons-react/dist/esm/icons/IconArrowDown.mjs'
import IconArrowsSort from '@tabler/icons-react/dist/esm/icons/IconArrowsSort.mjs'
import IconArrowUp from '@tabler/icons-react/dist/esm/icons/IconArrowUp.mjs'
import { Link } from '@tanstack/react-router'
import { memo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './data-table.module.css'
import type { Column } from './data-table.tsx'

/** Stands for the rows that are not in the document, so that the scroll bar tells the truth. */
export function SpacerRow({ height, width }: { height: number; width: number }) {
  return (
    <tr aria-hidden className={styles.spacer}>
      <td colSpan={width} style={{ height }} />
    </tr>
  )
}

/** The head of a column: what it is called, and the order that it gives. */
export function HeaderCell<Row>({
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
export const BodyRow = memo(
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
