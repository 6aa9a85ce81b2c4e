import { z } from 'zod'
import { notFound } from '../../platform/errors.ts'
import { type App, Binary, publicRoute } from '../../platform/http.ts'
import { describeLook, findLogo, findLook } from './look.ts'
import { lookSchema } from './schemas.ts'

const tag = 'Looks'

export function registerUnitsPublic(app: App): void {
  publicRoute(
    app,
    'portal',
    {
      method: 'GET',
      path: '/look',
      operation: 'get_look',
      summary: 'How the sign-in page of a business unit looks',
      description: 'By slug, else by the host name of the request; null where neither names one',
      tag,
      perMinute: 300,
      query: z.object({ unit: z.string().max(40).optional() }),
      response: z.object({ look: lookSchema.nullable() }),
    },
    async (tx, { query }, _actor, context) => {
      const look = await findLook(tx, query.unit ?? null, context.host)
      return { look: look && describeLook(look) }
    },
  )
  publicRoute(
    app,
    'portal',
    {
      method: 'GET',
      path: '/logos/{id}',
      operation: 'get_logo',
      summary: 'The logo of a business unit',
      tag,
      perMinute: 600,
      params: z.object({ id: z.uuid() }),
      response: 'binary',
    },
    async (tx, { params }, _actor, context) => {
      const logo = await findLogo(tx, params.id)
      return logo ? new Binary(context.files.read(logo.id), logo.media_type, 'logo.png', true) : notFound()
    },
  )
}
