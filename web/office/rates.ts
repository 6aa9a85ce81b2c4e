/** A rate of a tax as people type it, in percent, as millionths: 19 is 190000. Null where it is none. */
export function toMillionths(percent: number | string): number | null {
  const text = String(percent).trim()
  const match = /^(\d{1,3})(?:\.(\d{1,4}))?$/.exec(text)
  if (!match) return null
  const millionths = Number(match[1]) * 10_000 + Number((match[2] ?? '').padEnd(4, '0'))
  return millionths <= 1_000_000 ? millionths : null
}

/** Millionths as a percentage in a language: 190000 is 19 %. */
export function formatRate(millionths: number, language: string): string {
  return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: 4 }).format(
    millionths / 1_000_000,
  )
}

/** Basis points as a percentage in a language: 1000 is 10 %. */
export function formatBasisPoints(basisPoints: number, language: string): string {
  return formatRate(basisPoints * 100, language)
}
