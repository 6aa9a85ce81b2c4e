import { createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'

const describeAllComponents = createJsonSchemaTransformObject({}) as (document: unknown) => ApiDocument
type ApiDocument = { components?: { schemas?: Record<string, unknown> } }

/** The named schemas that the document refers to: each exists as input and as output, and few are both. */
export function describeComponents(document: unknown): ApiDocument {
  const whole = describeAllComponents(document)
  const schemas = whole.components?.schemas ?? {}
  const referred = new Set(
    [...JSON.stringify(whole).matchAll(/#\/components\/schemas\/(\w+)/g)].map((found) => found[1]),
  )
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => referred.has(name)))
  return { ...whole, components: { ...whole.components, schemas: kept } }
}

const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    request_id: z.string(),
    errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'Problem', description: 'What went wrong, why, and what to do (RFC 9457)' })

/** What a route answers: its own schema or bytes, and problems. */
export function describeResponse(route: { response?: unknown }, status: number): Record<string, unknown> {
  const problem = {
    description: 'Refused',
    content: { 'application/problem+json': { schema: problemSchema } },
  }
  const ok =
    route.response === undefined
      ? { [status]: z.undefined().meta({ description: 'Done' }) }
      : route.response === 'binary'
        ? {
            [status]: {
              description: 'The file',
              content: { 'application/octet-stream': { schema: z.string().meta({ format: 'binary' }) } },
            },
          }
        : { [status]: route.response }
  return { ...ok, '4xx': problem, '5xx': problem }
}
