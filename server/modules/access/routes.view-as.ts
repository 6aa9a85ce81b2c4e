import { z } from 'zod'
import { isRefusal } from '../../platform/errors.ts'
import { type App, officeRoute, portalRoute, publicRoute } from '../../platform/http.ts'
import { id, idParams, instant, name } from '../../platform/schemas.ts'
import { offerView, readView, startView, stopView } from './view-as.ts'

const viewInput = z.strictObject({
  reason: name(500).meta({ description: 'Why: it stands in the audit log' }),
  member_id: id
    .nullable()
    .optional()
    .meta({ description: 'A membership of the account; none: the account itself' }),
  write: z
    .boolean()
    .default(false)
    .meta({ description: 'To change something in the customer’s name: needs accounts.act_as' }),
})
const view = z
  .object({
    viewer_name: z.string(),
    account_id: id,
    account_name: z.string(),
    member_name: z.string().nullable(),
    read_only: z.boolean(),
    started_at: instant,
    expires_at: instant,
  })
  .meta({ id: 'ViewAs' })

export function registerViewAsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/accounts/{id}/view-as',
      operation: 'view_as_customer',
      summary: 'See the portal as this customer',
      description:
        'Gives the address that opens the portal as the account, or as one member of it: once, within two minutes, for an hour. Nothing can be changed unless `write` was asked for, which needs accounts.act_as.',
      tag: 'Accounts',
      permission: 'accounts.view_as',
      session: 'person',
      secret: true,
      params: idParams,
      body: viewInput,
      response: z.object({ url: z.string() }),
    },
    async (tx, { params, body }, actor) => {
      const offered = await offerView(tx, params.id, body, actor)
      return isRefusal(offered) ? offered : { url: `/view-as?code=${offered.code}` }
    },
  )
}

export function registerViewAsPortal(app: App): void {
  const tag = 'Sign-in'
  publicRoute(
    app,
    'portal',
    {
      method: 'POST',
      path: '/view-as',
      operation: 'start_view_as',
      summary: 'Staff: begin to see the portal as a customer, by a code from the office',
      tag,
      perMinute: 30,
      body: z.strictObject({ code: z.string().min(1).max(200) }),
    },
    async (tx, { body }, _actor, context) => {
      const started = await startView(tx, {
        code: body.code,
        before: context.viewing ? context.session_token : null,
        ip: context.ip,
        userAgent: context.user_agent,
        request_id: context.request_id,
        now: context.now,
      })
      if (isRefusal(started)) return started
      context.setViewing(started.token, started.expires)
    },
  )
  publicRoute(
    app,
    'portal',
    {
      method: 'DELETE',
      path: '/view-as',
      operation: 'stop_view_as',
      summary: 'Staff: stop seeing the portal as a customer',
      tag,
      perMinute: 60,
    },
    async (tx, _input, _actor, context) => {
      if (context.viewing && context.session_token !== null) await stopView(tx, context.session_token)
      context.setViewing(null)
    },
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/view-as',
      operation: 'read_view_as',
      summary: 'Staff: as whom they see the portal, since when, and whether they may change something',
      tag,
      permission: 'any_member',
      response: view,
    },
    (tx, _input, actor) => readView(tx, actor),
  )
}
