// Names as banks tell them: cut off, in capitals, without accents.

/** A name as it is compared: lower case, no accents, letters and digits. */
export function foldName(name: string): string {
  return name
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

const fillers = new Set(
  'de da do das dos e y del la las los the of ltda me mei eireli epp sa s a srl sas spa inc ltd llc gmbh ag cia co'.split(
    ' ',
  ),
)

const partsOf = new Map<string, string[]>()

/** The words of a name that say whose it is. Names come again and again: the last ones are remembered. */
export function nameParts(name: string): string[] {
  const known = partsOf.get(name)
  if (known) return known
  if (partsOf.size > 20_000) partsOf.clear()
  const parts = splitName(name)
  partsOf.set(name, parts)
  return parts
}

function splitName(name: string): string[] {
  const parts = foldName(name).split(' ').filter(Boolean)
  const told = parts.filter((part) => !fillers.has(part))
  return told.length > 0 ? told : parts
}

/**
 * How alike two names are, 0 to 100: shared words of all words, where a word that a bank cut off counts. Word order and legal
 * forms play no part.
 */
export function compareNames(one: string, other: string): number {
  const [a, b] = [nameParts(one), nameParts(other)]
  if (a.length === 0 || b.length === 0) return 0
  const left = [...b]
  let shared = 0
  for (const part of a) {
    const exact = left.indexOf(part)
    const at =
      exact >= 0
        ? exact
        : left.findIndex(
            (word) =>
              Math.min(word.length, part.length) >= 4 && (word.startsWith(part) || part.startsWith(word)),
          )
    if (at === -1) continue
    shared++
    left.splice(at, 1)
  }
  return Math.round((200 * shared) / (a.length + b.length))
}

/** Whether a name is the other, or what a bank left of it. */
export function isSameName(told: string, name: string): boolean {
  const [a, b] = [nameParts(told).join(' '), nameParts(name).join(' ')]
  return a === b || (a.length >= 15 && b.startsWith(a)) || (b.length >= 15 && a.startsWith(b))
}
