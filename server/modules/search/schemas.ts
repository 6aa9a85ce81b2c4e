import { z } from 'zod'
import { id } from '../../platform/schemas.ts'
import { matches } from './search.ts'

/** What may be asked of the search where these kinds are declared. */
export function searchQuery(kinds: [string, ...string[]]) {
  return z.object({
    q: z.string().trim().max(200),
    kinds: z
      .preprocess((value) => (typeof value === 'string' ? [value] : value), z.array(z.enum(kinds)).max(50))
      .optional(),
  })
}

export function foundSchema(kinds: [string, ...string[]]) {
  return z
    .object({
      items: z.array(
        z.object({
          kind: z.enum(kinds),
          id,
          title: z.string(),
          detail: z
            .string()
            .nullable()
            .meta({ description: 'What tells it from others of the same title; a date is ISO 8601' }),
          account_id: id.nullable(),
          account_name: z.string().nullable(),
          business_unit_name: z.string().nullable(),
          matched: z.enum(matches).meta({
            description:
              'exact: a whole number, tax id, e-mail, phone or title; start: begins so; words: holds every word; similar: may have been meant',
          }),
        }),
      ),
    })
    .meta({ id: 'Found' })
}
