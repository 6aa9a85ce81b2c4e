// biome-ignore-all lint/a11y/noRedundantRoles: a table laid out as cards on a phone is no table to every screen reader without them
import type { ReactNode } from 'react'
import styles from './table.module.css'

/** A column of a table that is shown whole. */
export interface SimpleColumn<Row> {
  id: string
  header: ReactNode
  cell: (row: Row) => ReactNode
  /** Amounts and quantities stand at the end of their cell. */
  align?: 'end'
  width?: string
  /** The column that says which row this is; the first one otherwise. */
  primary?: boolean
}

/** A short table whose rows are all there: invoice lines, contacts. On a phone its rows become cards. */
export function SimpleTable<Row>({
  label,
  columns,
  rows,
  rowId,
  footer,
}: {
  /** What the table is called for those who do not see it. */
  label: string
  columns: SimpleColumn<Row>[]
  rows: Row[]
  rowId: (row: Row) => string
  /** Total lines: a label and its value. */
  footer?: { label: ReactNode; value: ReactNode; strong?: boolean }[]
}) {
  const primary = columns.find((column) => column.primary) ?? columns[0]
  return (
    // The roles keep the table a table where its parts are laid out as cards.
    <table className={styles.table} role="table" aria-label={label}>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <th
              key={column.id}
              role="columnheader"
              scope="col"
              data-align={column.align}
              style={column.width ? { width: column.width } : undefined}
            >
              {column.header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => (
          <tr key={rowId(row)} role="row">
            {columns.map((column) => (
              <td
                key={column.id}
                role="cell"
                data-align={column.align}
                data-primary={column === primary || undefined}
              >
                <span className={styles.cardLabel} aria-hidden>
                  {column.header}
                </span>
                <span className={styles.cellValue}>{column.cell(row)}</span>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
      {footer && footer.length > 0 && (
        <tfoot role="rowgroup">
          {footer.map((line, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: totals keep their place
            <tr key={index} role="row" data-strong={line.strong || undefined}>
              <th scope="row" role="rowheader" colSpan={columns.length - 1}>
                {line.label}
              </th>
              <td role="cell" data-align="end">
                {line.value}
              </td>
            </tr>
          ))}
        </tfoot>
      )}
    </table>
  )
}
