import '@mantine/charts/styles.layer.css'
import { BarChart, DonutChart, LineChart } from '@mantine/charts'
import { useNavigate } from '@tanstack/react-router'
import { type ChartProps, colourOf } from './charts.tsx'

/** The plot of a Chart. In a file of its own, so that pages without plots do not load the library. */
export function Plot({ kind, series, points, format, formatShort, height }: ChartProps & { height: number }) {
  const navigate = useNavigate()
  const open = (to: string | undefined) => {
    if (to) void navigate({ to })
  }
  if (kind === 'donut') {
    const only = series[0]?.id ?? ''
    return (
      <DonutChart
        data={points.map((point, index) => ({
          name: point.label,
          value: point.values[only] ?? 0,
          color: `var(--chart-${(index % 6) + 1})`,
        }))}
        size={Math.min(height, 200)}
        thickness={28}
        strokeColor="var(--surface)"
        strokeWidth={2}
        valueFormatter={format}
        tooltipDataSource="segment"
        pieChartProps={{ accessibilityLayer: false }}
        pieProps={{
          rootTabIndex: -1,
          isAnimationActive: false,
          onClick: (_slice, index) => open(points[index]?.to),
          cursor: points.some((point) => point.to) ? 'pointer' : undefined,
        }}
      />
    )
  }
  const data = points.map((point) => ({ label: point.label, to: point.to, ...point.values }))
  const shared = {
    h: height,
    data,
    dataKey: 'label',
    series: series.map((one, index) => ({ name: one.id, label: one.label, color: colourOf(one, index) })),
    valueFormatter: format,
    gridAxis: 'x' as const,
    tickLine: 'none' as const,
    gridColor: 'var(--chart-grid)',
    textColor: 'var(--text-muted)',
    yAxisProps: {
      width: 64,
      tickFormatter: formatShort ?? format,
      tick: { fontSize: 12, fill: 'var(--text-muted)' },
    },
    xAxisProps: { tick: { fontSize: 12, fill: 'var(--text-muted)' }, minTickGap: 16 },
  }
  if (kind === 'line') {
    return (
      <LineChart
        {...shared}
        curveType="monotone"
        withDots={points.length <= 31}
        strokeWidth={2}
        lineProps={(one) => ({
          isAnimationActive: false,
          // Lines are told apart without their colour too.
          strokeDasharray: ['', '6 4', '2 3', '8 3 2 3'][
            series.findIndex((item) => item.id === one.name) % 4
          ],
        })}
        lineChartProps={{
          accessibilityLayer: false,
          onClick: (state) => open(points[Number(state.activeTooltipIndex)]?.to),
        }}
      />
    )
  }
  return (
    <BarChart
      {...shared}
      type={kind === 'stacked' ? 'stacked' : 'default'}
      maxBarWidth={40}
      cursorFill="var(--hover)"
      barProps={{ isAnimationActive: false, radius: kind === 'stacked' ? 0 : [4, 4, 0, 0] }}
      barChartProps={{
        accessibilityLayer: false,
        // What comes off hangs below the axis, and does not hide what came on.
        stackOffset: 'sign',
        onClick: (state) => open(points[Number(state.activeTooltipIndex)]?.to),
        style: points.some((point) => point.to) ? { cursor: 'pointer' } : undefined,
      }}
    />
  )
}
