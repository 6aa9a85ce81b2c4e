import { today } from '../../platform/calendar.ts'
import { type App, officeRoute } from '../../platform/http.ts'
import { dunningPreviewInput, dunningPreviewSchema } from '../dunning/index.ts'
import { previewDunningMail } from './dunning.ts'

/** The preview of a mail of dunning stands here: mails know their looks, dunning does not. */
export function registerDunningPreview(app: App): void {
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/dunning-texts/preview',
      operation: 'preview_dunning_text',
      summary: 'See a text of a step as a mail, with an invented debt',
      tag: 'Dunning',
      permission: 'dunning.read',
      body: dunningPreviewInput,
      response: dunningPreviewSchema,
    },
    (tx, { body }, _actor, context) =>
      previewDunningMail(tx, context.files, body, today(context.now, 'UTC'), context.config.publicUrl),
  )
}
