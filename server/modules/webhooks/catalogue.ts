import { z } from 'zod'
import type { UserSide } from '../../platform/database.gen.ts'
import { type EventType, eventNames, eventTypes, objects } from './event-types.ts'
import { makeExample } from './examples.ts'

// The catalogue in words, for the API, the screens and the docs.

export type DescribedEvent = { type: EventType; object: string; description: string; example: string }

const exampleTime = '2026-05-31T12:00:00.000Z'
const known = new Map<UserSide, DescribedEvent[]>()

/** Every event type with an example of its message, as one side gets it. */
export function describeEvents(side: UserSide): DescribedEvent[] {
  const ready = known.get(side)
  if (ready) return ready
  const described = eventNames.map((type) => {
    const { object, description } = eventTypes[type]
    const data = makeExample(objects[object][side].schema)
    return {
      type,
      object,
      description,
      example: JSON.stringify({ type, timestamp: exampleTime, data }, null, 2),
    }
  })
  known.set(side, described)
  return described
}

/** The JSON Schema of the data of every object, as one side gets it. */
export function describeObjects(side: UserSide): { object: string; name: string | null; schema: object }[] {
  return Object.entries(objects).map(([object, parts]) => {
    const { schema } = parts[side]
    return {
      object,
      name: (schema.meta()?.id as string | undefined) ?? null,
      schema: z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    }
  })
}
