import { z } from 'zod'
import { isRefusal, notFound } from '../../platform/errors.ts'
import { type App, Binary, officeRoute, type StaffActor } from '../../platform/http.ts'
import { id, idParams, pageOf } from '../../platform/schemas.ts'
import { getNotice, listNotices, renderForFrame, resendNotice } from './mailbox.ts'
import { noticeDetail, noticeQuery, noticeSchema } from './schemas.ts'

const tag = 'Mailbox'

const maySeeSecrets = (actor: StaffActor) => actor.permissions.includes('staff.write')

export function registerNoticesOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/notices',
      operation: 'list_notices',
      summary: 'The mailbox: every mail that was sent or kept',
      description:
        '`q` finds by address or subject; without a mail server, mails are kept here (state `kept`)',
      tag,
      permission: 'notices.read',
      query: noticeQuery,
      response: pageOf(noticeSchema),
    },
    (tx, { query }) => listNotices(tx, query),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/notices/{id}',
      operation: 'get_notice',
      summary: 'Read a mail',
      description:
        'A mail with a link that signs somebody in shows its body only to those who may manage staff, and only while it is kept because no mail server is configured',
      tag,
      permission: 'notices.read',
      params: idParams,
      response: noticeDetail,
    },
    (tx, { params }, actor) => getNotice(tx, params.id, maySeeSecrets(actor)),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/notices/{id}/html',
      operation: 'get_notice_html',
      summary: 'A mail’s HTML, to be shown in a frame',
      tag,
      permission: 'notices.read',
      params: idParams,
      response: 'binary',
    },
    async (tx, { params }, actor, context) => {
      const notice = await getNotice(tx, params.id, maySeeSecrets(actor))
      if (isRefusal(notice)) return notice
      if (notice.html === null) return notFound()
      const html = await renderForFrame(tx, context.files, notice.id, notice.html)
      return new Binary(html, 'text/html; charset=utf-8', 'mail.html', true)
    },
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/notices/{id}/resend',
      operation: 'resend_notice',
      summary: 'Send a mail again to the same address',
      description: 'Makes a new mail; one with a link to choose a password gets a fresh link',
      tag,
      permission: 'accounts.write',
      params: idParams,
      response: z.object({ id }),
      status: 201,
    },
    async (tx, { params }, _actor, context) => {
      const again = await resendNotice(tx, params.id, context.config.publicUrl)
      return isRefusal(again) ? again : { id: again }
    },
  )
}
