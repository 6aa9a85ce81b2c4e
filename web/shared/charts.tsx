import IconChartBar from '@tabler/icons-react/dist/esm/icons/IconChartBar.mjs'
import IconTable from '@tabler/icons-react/dist/esm/icons/IconTable.mjs'
import { Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import styles from './charts.module.css'
import { SimpleTable } from './simple-table.tsx'

/** One line, bar or slice colour of a chart. */
export interface ChartSeries {
  id: string
  label: string
  /** 1 to 6 of the chart colours; otherwise by its place. */
  color?: 1 | 2 | 3 | 4 | 5 | 6
}

/** One place on the axis (or one slice), and where its rows are. */
export interface ChartPoint {
  label: string
  values: Record<string, number>
  to?: string
}

/** What all charts take. Money is given in minor units and written by `format`. */
export interface ChartProps {
  kind: 'bar' | 'stacked' | 'line' | 'donut'
  title: string
  description?: ReactNode
  series: ChartSeries[]
  points: ChartPoint[]
  /** A value in full: in the table, the tooltip and the legend. */
  format: (value: number) => string
  /** A value in little room: on the axis. */
  formatShort?: (value: number) => string
  height?: number
  /** Beside the title: the total, a link. */
  aside?: ReactNode
}

const Plot = lazy(() => import('./chart-plot.tsx').then((module) => ({ default: module.Plot })))

/** The variable of a series' colour. */
export function colourOf(series: ChartSeries, index: number): string {
  return `var(--chart-${series.color ?? (index % 6) + 1})`
}

/**
 * A plot with its legend, and the same numbers as a table for those who cannot see it or want them exactly. Points with an
 * address lead to their rows. The plotting library is loaded only here, when a chart is on the page.
 */
export function Chart(props: ChartProps) {
  const { kind, title, description, series, points, format, height = 240, aside } = props
  const { t } = useTranslation('common')
  const [asTable, setAsTable] = useState(false)
  const id = useId()
  const empty = points.every((point) => series.every((one) => !point.values[one.id]))
  const legend =
    kind === 'donut'
      ? points.map((point, index) => ({
          key: point.label,
          label: point.label,
          to: point.to,
          value: format(point.values[series[0]?.id ?? ''] ?? 0),
          colour: `var(--chart-${(index % 6) + 1})`,
        }))
      : series.length > 1
        ? series.map((one, index) => ({
            key: one.id,
            label: one.label,
            to: undefined,
            value: undefined,
            colour: colourOf(one, index),
          }))
        : []
  return (
    <figure className={styles.figure} aria-labelledby={id}>
      <figcaption className={styles.head}>
        <div>
          <h2 id={id}>{title}</h2>
          {description && <p className={styles.description}>{description}</p>}
        </div>
        <div className={styles.tools}>
          {aside}
          <button
            type="button"
            className={styles.switch}
            aria-label={asTable ? t('chart.as_chart') : t('chart.as_table')}
            title={asTable ? t('chart.as_chart') : t('chart.as_table')}
            onClick={() => setAsTable(!asTable)}
          >
            {asTable ? <IconChartBar size={16} aria-hidden /> : <IconTable size={16} aria-hidden />}
          </button>
        </div>
      </figcaption>
      {empty ? (
        <p className={styles.nothing} style={{ height }}>
          {t('chart.nothing')}
        </p>
      ) : asTable ? (
        <div className={styles.table}>
          <SimpleTable
            label={title}
            rows={points}
            rowId={(point) => point.label}
            columns={[
              {
                id: 'label',
                header: t('chart.item'),
                cell: (point) => (point.to ? <Link to={point.to}>{point.label}</Link> : point.label),
              },
              ...series.map((one) => ({
                id: one.id,
                header: one.label,
                align: 'end' as const,
                cell: (point: ChartPoint) => format(point.values[one.id] ?? 0),
              })),
            ]}
          />
        </div>
      ) : (
        <div className={styles.content} data-kind={kind}>
          {/* The picture says nothing to a screen reader; the table above is one button away and says it all. */}
          <div aria-hidden style={{ height }} className={styles.plot}>
            <Suspense fallback={<div className={styles.pending} style={{ height }} />}>
              <Plot {...props} height={height} />
            </Suspense>
          </div>
          {legend.length > 0 && (
            <ul className={styles.legend}>
              {legend.map((line) => (
                <li key={line.key}>
                  <span className={styles.swatch} style={{ background: line.colour }} aria-hidden />
                  {line.to ? <Link to={line.to}>{line.label}</Link> : <span>{line.label}</span>}
                  {line.value && <strong>{line.value}</strong>}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </figure>
  )
}
