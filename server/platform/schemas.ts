import { z } from 'zod'

/**
 * Building blocks of the API's schemas. In the domain, dates are Temporal; on the wire they are ISO 8601 text.
 * Property names are snake_case and equal the column's (house rule 9).
 */

const plainDateInstance = z.custom<Temporal.PlainDate>((value) => value instanceof Temporal.PlainDate)
const instantInstance = z.custom<Temporal.Instant>((value) => value instanceof Temporal.Instant)

/** A calendar date, `2026-05-31`. */
export const plainDate = z
  .codec(z.iso.date(), plainDateInstance, {
    decode: (text) => Temporal.PlainDate.from(text),
    encode: (date) => date.toString(),
  })
  .meta({ type: 'string', format: 'date' })

/** A moment, `2026-05-31T12:00:00Z`. */
export const instant = z
  .codec(z.iso.datetime({ offset: true }), instantInstance, {
    decode: (text) => Temporal.Instant.from(text),
    encode: (moment) => moment.toString({ smallestUnit: 'millisecond' }),
  })
  .meta({ type: 'string', format: 'date-time' })

/** An amount in minor units of the currency that stands beside it. */
export const minorUnits = z.int().meta({ description: 'Integer minor units of the currency (ISO 4217)' })
export const currency = z
  .string()
  .regex(/^[A-Z]{3}$/)
  .meta({ description: 'ISO 4217 code', example: 'BRL' })
export const id = z.uuid()
export const language = z.enum(['pt-BR', 'es', 'en'])
export const email = z.email().max(254)

/** Optional text of an edit form: trimmed, and empty means "remove". */
export function text(longest: number) {
  return z
    .string()
    .trim()
    .max(longest)
    .transform((value) => (value === '' ? null : value))
    .nullable()
}
/** Required text: trimmed, not empty. */
export function name(longest: number) {
  return z.string().trim().min(1).max(longest)
}

export const idParams = z.object({ id })

/** What every list takes: how many, from where, sorted by what (`name`, or `-name` for descending). */
export function listQuery<S extends [string, ...string[]]>(sorts: S, fallback: S[number] | `-${S[number]}`) {
  const signed = sorts.flatMap((sort) => [sort, `-${sort}`]) as [string, ...string[]]
  return z.object({
    limit: z.coerce.number().int().min(1).max(200).default(50),
    cursor: z.string().max(1000).optional(),
    sort: z.enum(signed).default(fallback),
    q: z.string().trim().max(200).optional(),
  })
}

/** A page of a list: `next_cursor` is null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next_cursor: z.string().nullable() })
}
