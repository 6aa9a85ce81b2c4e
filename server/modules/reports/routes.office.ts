import { z } from 'zod'
import { type App, officeRoute } from '../../platform/http.ts'
import { id } from '../../platform/schemas.ts'
import { todaySchema } from './schemas.ts'
import { readToday } from './today.ts'

export function registerReportsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/today',
      operation: 'get_today',
      summary: 'What waits, and the figures of the last thirteen months',
      tag: 'Today',
      permission: 'any_staff',
      query: z.object({ business_unit_id: id.optional() }),
      response: todaySchema,
    },
    async (tx, { query }, actor, context) => {
      const today = await readToday(tx, context.now, query)
      // Who may not see billing sees what waits, without the money.
      return actor.permissions.includes('billing.read')
        ? today
        : { ...today, revenue: [], received: [], receivables: [] }
    },
  )
}
