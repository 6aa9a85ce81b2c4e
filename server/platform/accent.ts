// A business unit chooses any accent colour; what we print with it must stay readable (WCAG 2.2 AA).

type Rgb = [red: number, green: number, blue: number]

function parseColour(colour: string): Rgb {
  if (!/^#[0-9a-f]{6}$/i.test(colour)) throw new Error(`Not a colour of the form #rrggbb: ${colour}`)
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16)) as Rgb
}

const formatColour = (rgb: Rgb) => `#${rgb.map((part) => part.toString(16).padStart(2, '0')).join('')}`

function luminance(colour: string): number {
  const [red, green, blue] = parseColour(colour).map((part) => {
    const value = part / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }) as Rgb
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** Contrast of two #rrggbb colours by WCAG 2: 1 (same) to 21 (black on white). */
export function contrastRatio(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** Black or white, whichever reads better on the colour: always at least 4.58 to 1. */
export function inkOn(colour: string): '#000000' | '#ffffff' {
  return contrastRatio(colour, '#ffffff') >= contrastRatio(colour, '#000000') ? '#ffffff' : '#000000'
}

/** `share` of 0 is the first colour, 1 the second. */
export function mixColours(one: string, other: string, share: number): string {
  const to = parseColour(other)
  return formatColour(parseColour(one).map((part, i) => Math.round(part + (to[i]! - part) * share)) as Rgb)
}

/** The accent, darkened or lightened only as far as text in it needs to reach 4.5 to 1 on the background. */
export function readableAccent(accent: string, background: string): string {
  const goal = inkOn(background)
  for (let share = 0; share < 1; share += 0.05) {
    const colour = mixColours(accent, goal, share)
    if (contrastRatio(colour, background) >= 4.5) return colour
  }
  return goal
}
