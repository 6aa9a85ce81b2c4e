/** Hundredths of a percent out of a percentage that was typed (12.5 is 1250); null when it is none. */
export function toBasisPoints(percent: number | string): number | null {
  if (percent === '') return null
  const points = Math.round(Number(percent) * 100)
  return Number.isSafeInteger(points) ? Math.max(0, Math.min(10_000, points)) : null
}
