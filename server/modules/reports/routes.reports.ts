import type { z } from 'zod'
import type { Tx } from '../../platform/database.ts'
import { exportRoute } from '../../platform/exports.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { pageOf } from '../../platform/schemas.ts'
import { moneyCell } from '../../platform/spreadsheets.ts'
import { readClosingMonths, readPaymentMonths, readReceivables, splitBilled } from './money.ts'
import { listMovements, readCohorts, readRevenueMonths, splitRevenue } from './revenue.ts'
import {
  billedQuery,
  billedSchema,
  closingMonthsSchema,
  cohortQuery,
  cohortSchema,
  monthsQuery,
  movementListQuery,
  movementSchema,
  paymentMonthsSchema,
  receivablesQuery,
  receivablesSchema,
  revenueQuery,
  revenueSchema,
  splitQuery,
  splitSchema,
} from './schemas.reports.ts'
import { chooseScope } from './scope.ts'

const tag = 'Reports'
const permission = 'reports.read'

/** The days of the last months up to today's, half-open. */
function lastMonths(today: Temporal.PlainDate, months: number) {
  const first = today.with({ day: 1 })
  return { from: first.subtract({ months: months - 1 }), to: first.add({ months: 1 }) }
}

const whole = <Row>(items: Row[]) => ({ items, next_cursor: null })

/** Registers the reports of the office (B12): recurring revenue, churn, receivables, what was billed and paid. */
export function registerReports(app: App): void {
  const revenue = async (tx: Tx, query: z.output<typeof revenueQuery>, now: Temporal.Instant) => {
    const scope = await chooseScope(tx, query, now)
    return {
      ...scope,
      ...(await readRevenueMonths(tx, { ...query, currency: scope.currency }, query.months, scope.today)),
    }
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/recurring-revenue',
      operation: 'get_recurring_revenue',
      summary: 'Recurring revenue by month, and what moved it',
      tag,
      permission,
      query: revenueQuery,
      response: revenueSchema,
    },
    (tx, { query }, _actor, { now }) => revenue(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/reports/recurring-revenue.csv',
      operation: 'export_recurring_revenue',
      summary: 'Export recurring revenue by month',
      tag,
      permission,
      query: revenueQuery,
      file: 'recurring-revenue',
    },
    async (tx, query, _actor, { now }) => {
      const { months, currency } = await revenue(tx, query, now)
      return whole(months.map((month) => ({ ...month, currency })))
    },
    {
      month: (row) => row.month,
      start: (row) => moneyCell(row.start, row.currency),
      new: (row) => moneyCell(row.new, row.currency),
      expansion: (row) => moneyCell(row.expansion, row.currency),
      reactivation: (row) => moneyCell(row.reactivation, row.currency),
      contraction: (row) => moneyCell(row.contraction, row.currency),
      churn: (row) => moneyCell(row.churn, row.currency),
      transfer: (row) => moneyCell(row.transfer, row.currency),
      end: (row) => moneyCell(row.end, row.currency),
      currency: (row) => row.currency,
    },
  )
  const movements = async (tx: Tx, query: z.output<typeof movementListQuery>, now: Temporal.Instant) => {
    const { currency } = await chooseScope(tx, query, now)
    return listMovements(tx, { ...query, currency })
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/recurring-revenue/movements',
      operation: 'list_revenue_movements',
      summary: 'The services behind the movements of some days',
      tag,
      permission,
      query: movementListQuery,
      response: pageOf(movementSchema),
    },
    (tx, { query }, _actor, { now }) => movements(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/reports/recurring-revenue/movements.csv',
      operation: 'export_revenue_movements',
      summary: 'Export the services behind the movements of some days',
      tag,
      permission,
      query: movementListQuery,
      file: 'revenue-movements',
    },
    (tx, query, _actor, { now }) => movements(tx, query, now),
    {
      account_number: (row) => row.account_number,
      account: (row) => row.account_name,
      service: (row) => row.number,
      plan: (row) => row.plan_name,
      business_unit: (row) => row.business_unit_name,
      kind: (row) => row.kind,
      before: (row) => moneyCell(row.before, row.currency),
      after: (row) => moneyCell(row.after, row.currency),
      difference: (row) => moneyCell(row.difference, row.currency),
      currency: (row) => row.currency,
    },
  )
  const split = async (tx: Tx, query: z.output<typeof splitQuery>, now: Temporal.Instant) => {
    const scope = await chooseScope(tx, query, now)
    return {
      currency: scope.currency,
      rows: await splitRevenue(tx, { ...query, currency: scope.currency }, query.by, scope.today),
    }
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/recurring-revenue/split',
      operation: 'split_recurring_revenue',
      summary: 'Recurring revenue of today by business unit, plan or salesperson',
      tag,
      permission,
      query: splitQuery,
      response: splitSchema,
    },
    (tx, { query }, _actor, { now }) => split(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/reports/recurring-revenue/split.csv',
      operation: 'export_revenue_split',
      summary: 'Export recurring revenue of today by business unit, plan or salesperson',
      tag,
      permission,
      query: splitQuery,
      file: 'recurring-revenue-split',
    },
    async (tx, query, _actor, { now }) => {
      const { rows, currency } = await split(tx, query, now)
      return whole(rows.map((row) => ({ ...row, currency })))
    },
    {
      name: (row) => row.name,
      services: (row) => row.services,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
    },
  )
  const cohorts = async (tx: Tx, query: z.output<typeof cohortQuery>, now: Temporal.Instant) => {
    const scope = await chooseScope(tx, query, now)
    return readCohorts(tx, { ...query, currency: scope.currency }, query.months, scope.today)
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/cohorts',
      operation: 'get_cohorts',
      summary: 'Churn by the month in which services began',
      tag,
      permission,
      query: cohortQuery,
      response: cohortSchema,
    },
    async (tx, { query }, _actor, { now }) => ({ months: await cohorts(tx, query, now) }),
  )
  exportRoute(
    app,
    {
      path: '/reports/cohorts.csv',
      operation: 'export_cohorts',
      summary: 'Export churn by the month in which services began',
      tag,
      permission,
      query: cohortQuery,
      file: 'cohorts',
    },
    async (tx, query, _actor, { now }) =>
      whole(
        (await cohorts(tx, query, now)).flatMap(({ month, services, kept }) =>
          [services, ...kept].map((count, age) => ({ month, age, services: count })),
        ),
      ),
    { month: (row) => row.month, months_later: (row) => row.age, services: (row) => row.services },
  )
  const receivables = async (tx: Tx, query: z.output<typeof receivablesQuery>, now: Temporal.Instant) => {
    const scope = await chooseScope(tx, query, now)
    return {
      currency: scope.currency,
      ...(await readReceivables(tx, { ...query, currency: scope.currency }, now, scope.today)),
    }
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/receivables',
      operation: 'get_receivables',
      summary: 'What is owed, by how late it is',
      tag,
      permission,
      query: receivablesQuery,
      response: receivablesSchema,
    },
    (tx, { query }, _actor, { now }) => receivables(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/reports/receivables.csv',
      operation: 'export_receivables',
      summary: 'Export what is owed, by how late it is',
      tag,
      permission,
      query: receivablesQuery,
      file: 'receivables',
    },
    async (tx, query, _actor, { now }) => {
      const { buckets, currency } = await receivables(tx, query, now)
      return whole(
        buckets.flatMap(({ bucket, units }) => units.map((unit) => ({ ...unit, bucket, currency }))),
      )
    },
    {
      age: (row) => row.bucket,
      business_unit: (row) => row.business_unit_name,
      documents: (row) => row.documents,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
    },
  )
  const billed = async (tx: Tx, query: z.output<typeof billedQuery>, now: Temporal.Instant) => {
    const scope = await chooseScope(tx, query, now)
    const month = lastMonths(scope.today, 1)
    const [from, to] = [query.from ?? month.from, query.to ?? month.to]
    return {
      currency: scope.currency,
      from,
      to,
      ...(await splitBilled(tx, { ...query, currency: scope.currency }, query.by, from, to)),
    }
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/billed',
      operation: 'get_billed',
      summary: 'What was billed without taxes, by business unit, plan or salesperson',
      tag,
      permission,
      query: billedQuery,
      response: billedSchema,
    },
    (tx, { query }, _actor, { now }) => billed(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/reports/billed.csv',
      operation: 'export_billed',
      summary: 'Export what was billed, by business unit, plan or salesperson',
      tag,
      permission,
      query: billedQuery,
      file: 'billed',
    },
    async (tx, query, _actor, { now }) => {
      const { rows, currency } = await billed(tx, query, now)
      return whole(rows.map((row) => ({ ...row, currency })))
    },
    {
      name: (row) => row.name,
      documents: (row) => row.documents,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
    },
  )
  const payments = async (tx: Tx, query: z.output<typeof monthsQuery>, now: Temporal.Instant) => {
    const scope = await chooseScope(tx, query, now)
    const { from, to } = lastMonths(scope.today, query.months)
    return {
      currency: scope.currency,
      ...(await readPaymentMonths(tx, { ...query, currency: scope.currency }, from, to)),
    }
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/payments',
      operation: 'get_payment_months',
      summary: 'Payments by month and method',
      tag,
      permission,
      query: monthsQuery,
      response: paymentMonthsSchema,
    },
    (tx, { query }, _actor, { now }) => payments(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/reports/payments.csv',
      operation: 'export_payment_months',
      summary: 'Export payments by month and method',
      tag,
      permission,
      query: monthsQuery,
      file: 'payments-by-month',
    },
    async (tx, query, _actor, { now }) => {
      const { rows, currency } = await payments(tx, query, now)
      return whole(rows.map((row) => ({ ...row, currency })))
    },
    {
      month: (row) => row.month,
      method: (row) => row.method,
      payments: (row) => row.payments,
      amount: (row) => moneyCell(row.amount, row.currency),
      currency: (row) => row.currency,
    },
  )
  const closings = async (tx: Tx, query: z.output<typeof monthsQuery>, now: Temporal.Instant) => {
    const scope = await chooseScope(tx, query, now)
    const { from, to } = lastMonths(scope.today, query.months)
    return {
      currency: scope.currency,
      rows: await readClosingMonths(tx, { ...query, currency: scope.currency }, from, to),
    }
  }
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/reports/closings',
      operation: 'get_closing_months',
      summary: 'Closings by month and business unit',
      tag,
      permission,
      query: monthsQuery,
      response: closingMonthsSchema,
    },
    (tx, { query }, _actor, { now }) => closings(tx, query, now),
  )
  exportRoute(
    app,
    {
      path: '/reports/closings.csv',
      operation: 'export_closing_months',
      summary: 'Export closings by month and business unit',
      tag,
      permission,
      query: monthsQuery,
      file: 'closings-by-month',
    },
    async (tx, query, _actor, { now }) => {
      const { rows, currency } = await closings(tx, query, now)
      return whole(rows.map((row) => ({ ...row, currency })))
    },
    {
      month: (row) => row.month,
      business_unit: (row) => row.business_unit_name,
      closings: (row) => row.closings,
      invoices: (row) => row.invoices,
      amount: (row) => moneyCell(row.amount, row.currency),
      parked: (row) => row.parked,
      currency: (row) => row.currency,
    },
  )
}
