import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { describeEvents } from './catalogue.ts'
import { eventNames, eventTypes, objects } from './event-types.ts'
import { nextTry, retryDelays } from './retries.ts'
import { createSigningKey, signMessage } from './signatures.ts'

describe('the catalogue', () => {
  it.each(['staff', 'customer'] as const)(
    'has for %s an example of each type that its schema reads',
    (side) => {
      const described = describeEvents(side)
      expect(described.map((one) => one.type)).toEqual(eventNames)
      for (const { type, example } of described) {
        const { data } = JSON.parse(example)
        const { schema } = objects[eventTypes[type].object][side]
        const read = z.safeDecode(schema as z.ZodType, data as never)
        expect(read.success ? null : read.error.issues, `${side} ${type}`).toBeNull()
        expect(z.encode(schema as z.ZodType, read.data as never), type).toEqual(data)
      }
    },
  )
})

describe('retries', () => {
  const now = Temporal.Instant.from('2026-05-31T12:00:00Z')
  it('come ever later, over three days in all, and end', () => {
    expect(retryDelays).toEqual([...retryDelays].sort((one, other) => one - other))
    const hours = retryDelays.reduce((sum, seconds) => sum + seconds, 0) / 3600
    expect(hours).toBeGreaterThan(72)
    expect(hours).toBeLessThan(96)
    expect(nextTry(1, 0, now)?.toString()).toBe('2026-05-31T12:00:05Z')
    expect(nextTry(2, 0.5, now)?.toString()).toBe('2026-05-31T12:05:15Z')
    expect(nextTry(retryDelays.length + 1, 0, now)).toBeNull()
  })
})

describe('a signature', () => {
  it('is that of the convention’s own example', () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, "Signature scheme"
    expect(
      signMessage(
        'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
        'msg_p5jXN8AQM9LWM0D4loKWxJek',
        1614265330,
        '{"test": 2432232314}',
      ),
    ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })
  it('is made with 32 random bytes', () => {
    const keys = new Set(Array.from({ length: 50 }, createSigningKey))
    expect(keys.size).toBe(50)
    for (const key of keys) expect(Buffer.from(key.slice(6), 'base64').length).toBe(32)
  })
})
