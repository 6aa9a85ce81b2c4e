import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import { z } from 'zod'
import { type App, officeRoute } from '../../platform/http.ts'
import { idParams } from '../../platform/schemas.ts'
import { unitChange, unitInput, unitSchema } from './schemas.ts'
import { createUnit, getUnit, listUnits, setUnitLogo, updateUnit } from './units.ts'

const tag = 'Business units'

export function registerUnitsOffice(app: App): void {
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/business-units',
      operation: 'list_business_units',
      summary: 'List business units',
      tag,
      permission: 'units.read',
      response: z.object({ items: z.array(unitSchema) }),
    },
    async (tx) => ({ items: await listUnits(tx) }),
  )
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/business-units',
      operation: 'create_business_unit',
      summary: 'Create a business unit',
      tag,
      permission: 'units.write',
      body: unitInput,
      response: unitSchema,
      status: 201,
    },
    (tx, { body }) => createUnit(tx, body),
  )
  officeRoute(
    app,
    {
      method: 'GET',
      path: '/business-units/{id}',
      operation: 'get_business_unit',
      summary: 'Read a business unit',
      tag,
      permission: 'units.read',
      params: idParams,
      response: unitSchema,
    },
    (tx, { params }) => getUnit(tx, params.id),
  )
  officeRoute(
    app,
    {
      method: 'PATCH',
      path: '/business-units/{id}',
      operation: 'update_business_unit',
      summary: 'Change a business unit',
      tag,
      permission: 'units.write',
      params: idParams,
      body: unitChange,
      response: unitSchema,
    },
    (tx, { params, body }) => updateUnit(tx, params.id, body),
  )
  officeRoute(
    app,
    {
      method: 'PUT',
      path: '/business-units/{id}/logo',
      operation: 'set_business_unit_logo',
      summary: 'Set the logo',
      description: 'PNG, JPEG, WebP, AVIF or SVG; re-encoded to PNG',
      tag,
      permission: 'units.write',
      params: idParams,
      upload: { maxBytes: 5_000_000 },
      response: unitSchema,
    },
    async (tx, { params, upload }, actor, context) => {
      const image = await buffer(context.files.read(upload!.id))
      await context.files.remove(upload!.id)
      return setUnitLogo(tx, context.files, params.id, image, randomUUID(), actor.user_id)
    },
  )
}
