import { z } from 'zod'
import { notFound } from '../../platform/errors.ts'
import { type App, Binary, publicRoute } from '../../platform/http.ts'
import { findLogo, findLook, type UnitLook } from './look.ts'
import { lookSchema } from './schemas.ts'

const tag = 'Looks'

/** How a look is told to a web app: the logo by its address. */
export function describeLook(look: UnitLook) {
  const { id: _id, logo_file_id, ...rest } = look
  return { ...rest, logo_url: logo_file_id === null ? null : `/api/v1/portal/logos/${logo_file_id}` }
}

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
