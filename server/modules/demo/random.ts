/** A repeatable source of choices: the same seed gives the same sequence on every machine. */
export type Random = {
  /** From 0 up to, but without, 1. */
  next(): number
  /** A whole number from `low` to `high`, both included. */
  integer(low: number, high: number): number
  /** Whether something happens that happens this often. */
  chance(probability: number): boolean
  pick<T>(choices: readonly T[]): T
  /** Picks by weight. */
  weigh<T>(choices: readonly (readonly [T, number])[]): T
  shuffle<T>(choices: readonly T[]): T[]
  digits(count: number): string
}

/** A source of choices from a text: whatever is drawn for one thing never moves what is drawn for another. */
export function createRandom(seed: string): Random {
  let state = hashText(seed)
  // mulberry32: one word of state, good enough to invent people with.
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
  const integer = (low: number, high: number) => low + Math.floor(next() * (high - low + 1))
  const pick = <T>(choices: readonly T[]): T => choices[integer(0, choices.length - 1)]!
  return {
    next,
    integer,
    pick,
    chance: (probability) => next() < probability,
    weigh(choices) {
      let at = next() * choices.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [choice, weight] of choices) {
        at -= weight
        if (at < 0) return choice
      }
      return choices.at(-1)![0]
    },
    shuffle(choices) {
      const all = [...choices]
      for (let last = all.length - 1; last > 0; last--) {
        const other = integer(0, last)
        ;[all[last], all[other]] = [all[other]!, all[last]!]
      }
      return all
    },
    digits: (count) => Array.from({ length: count }, () => integer(0, 9)).join(''),
  }
}

/** FNV-1a. */
function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash
}

/** An id like the database's own (uuid version 7), of a moment in the past: lists that go by id go by time. */
export function createId(random: Random, at: Temporal.Instant): string {
  const time = at.epochMilliseconds.toString(16).padStart(12, '0')
  const hex = (count: number) =>
    Array.from({ length: count }, () => random.integer(0, 15).toString(16)).join('')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`
}
