import { today } from '../../platform/calendar.ts'
import { isRefusal } from '../../platform/errors.ts'
import { type App, Binary, officeRoute } from '../../platform/http.ts'
import { dunningPreviewQuery } from '../dunning/index.ts'
import { previewDunningMail } from './dunning.ts'

/** The preview of a mail of dunning stands here: mails know their looks, dunning does not. */
export function registerDunningPreview(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/dunning-texts/preview',
      operation: 'preview_dunning_text',
      summary: 'See a text of a step as a mail, with an invented debt, to be shown in a frame',
      tag: 'Dunning',
      permission: 'dunning.read',
      query: dunningPreviewQuery,
      response: 'binary',
    },
    async (tx, { query }, _actor, context) => {
      const html = await previewDunningMail(
        tx,
        context.files,
        query,
        today(context.now, 'UTC'),
        context.config.publicUrl,
      )
      return isRefusal(html) ? html : new Binary(html, 'text/html; charset=utf-8', 'mail.html', true)
    },
  )
}
