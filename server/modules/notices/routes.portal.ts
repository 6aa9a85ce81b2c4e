import { z } from 'zod'
import { isRefusal, notFound } from '../../platform/errors.ts'
import { type App, Binary, type CustomerActor, portalRoute } from '../../platform/http.ts'
import { mayMember } from '../../platform/permissions.ts'
import { idParams, pageOf } from '../../platform/schemas.ts'
import { getOwnNotice, listOwnNotices, renderForFrame, requestResend } from './mailbox.ts'
import { ownNoticeDetail, ownNoticeQuery, ownNoticeSchema } from './schemas.ts'

const tag = 'E-mails received'

const seesBilling = (actor: CustomerActor) => mayMember(actor.permissions, 'billing')

export function registerNoticesPortal(app: App): void {
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/notices',
      operation: 'list_notices',
      summary: 'Every e-mail that was sent to the account',
      description: 'Those about invoices and payments need the permission for billing',
      tag,
      permission: 'any_member',
      query: ownNoticeQuery,
      response: pageOf(ownNoticeSchema),
    },
    (tx, { query }, actor) =>
      listOwnNotices(tx, actor.account_id!, { ...query, seesBilling: seesBilling(actor) }),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/notices/{id}',
      operation: 'get_notice',
      summary: 'Read an e-mail',
      tag,
      permission: 'any_member',
      params: idParams,
      response: ownNoticeDetail,
    },
    (tx, { params }, actor) => getOwnNotice(tx, actor.account_id!, params.id, seesBilling(actor)),
  )
  portalRoute(
    app,
    {
      method: 'GET',
      path: '/notices/{id}/html',
      operation: 'get_notice_html',
      summary: 'An e-mail’s HTML, to be shown in a frame',
      tag,
      permission: 'any_member',
      params: idParams,
      response: 'binary',
    },
    async (tx, { params }, actor, context) => {
      const notice = await getOwnNotice(tx, actor.account_id!, params.id, seesBilling(actor))
      if (isRefusal(notice)) return notice
      if (notice.html === null) return notFound()
      const html = await renderForFrame(tx, context.files, notice.id, notice.html)
      return new Binary(html, 'text/html; charset=utf-8', 'mail.html', true)
    },
  )
  portalRoute(
    app,
    {
      method: 'POST',
      path: '/notices/{id}/resend',
      operation: 'resend_notice',
      summary: 'Have an e-mail sent again to the same address',
      tag,
      permission: 'any_member',
      params: idParams,
      response: z.object({ accepted: z.literal(true) }),
      status: 202,
    },
    async (tx, { params }, actor) =>
      (await requestResend(tx, actor.account_id!, params.id, seesBilling(actor))) ?? {
        accepted: true as const,
      },
  )
}
