/** The colours that one accent gives, each with AA contrast where it is used. All are #rrggbb. */
export interface AccentColours {
  /** Background of a filled button, and its hovered state. */
  fill: string
  fillHover: string
  /** Text and icons on the fill: at least 4.5:1. */
  onFill: string
  /** The accent as text, icon or focus ring on the page, on cards and on the subtle tint: at least 4.5:1. */
  text: string
  /** Tint behind a selected row or a quiet button. */
  subtle: string
  subtleHover: string
}

type Rgb = [number, number, number]

const ink = '#18181b'

function parse(hex: string): Rgb {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex)
  if (!match) return parse(defaultAccent)
  return [1, 2, 3].map((group) => Number.parseInt(match[group] ?? '0', 16)) as Rgb
}

function mix(from: string, to: string, share: number): string {
  const a = parse(from)
  const b = parse(to)
  const channel = (index: 0 | 1 | 2) => Math.round(a[index] + (b[index] - a[index]) * share)
  return `#${([0, 1, 2] as const).map((index) => channel(index).toString(16).padStart(2, '0')).join('')}`
}

function luminance(hex: string): number {
  const [r, g, b] = parse(hex).map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as Rgb
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

/** WCAG contrast of two colours written #rrggbb: 1 to 21. */
export function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

/** The colour itself, or as little of `pole` mixed in as makes it reach the ratio against every background. */
function reach(colour: string, pole: string, ratio: number, backgrounds: string[]): string {
  for (let share = 0; share <= 1; share += 0.02) {
    const candidate = mix(colour, pole, share)
    if (backgrounds.every((background) => contrast(candidate, background) >= ratio)) return candidate
  }
  return pole
}

/** What the screens use when a business unit has no colour, and what the database defaults to. */
export const defaultAccent = '#2563eb'

/**
 * Any #rrggbb, however pale or dark, as the accent of one colour scheme. White text is kept where a slightly darker fill
 * makes it readable; a light accent such as yellow gets dark text instead and stays what it is.
 */
export function deriveAccent(hex: string, scheme: 'light' | 'dark'): AccentColours {
  const surface = scheme === 'light' ? '#ffffff' : '#1b1c20'
  const page = scheme === 'light' ? '#f7f7f8' : '#121316'
  const visible = scheme === 'light' ? hex : reach(hex, '#ffffff', 2.2, [surface])
  const whiteText = contrast(visible, '#ffffff') >= 3
  const fill = whiteText ? reach(visible, '#000000', 4.5, ['#ffffff']) : visible
  const subtle = mix(surface, hex, scheme === 'light' ? 0.08 : 0.16)
  const subtleHover = mix(surface, hex, scheme === 'light' ? 0.14 : 0.24)
  return {
    fill,
    fillHover: whiteText ? mix(fill, '#000000', 0.12) : mix(fill, '#ffffff', 0.16),
    onFill: whiteText ? '#ffffff' : ink,
    text: reach(hex, scheme === 'light' ? '#000000' : '#ffffff', 4.5, [surface, page, subtle, subtleHover]),
    subtle,
    subtleHover,
  }
}
