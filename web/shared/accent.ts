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

/** OKLab: lightness 0 to 1 as the eye sees it, and the two axes of colour. */
function toLab(hex: string): Rgb {
  const [r, g, b] = parse(hex).map((value) => {
    const share = value / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as Rgb
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ]
}

/** The same hue at another lightness, with as much of its colour as a screen can show there. */
function withLightness([, a, b]: Rgb, lightness: number): string {
  for (let chroma = 1; chroma > 0; chroma -= 0.02) {
    const l = (lightness + 0.3963377774 * a * chroma + 0.2158037573 * b * chroma) ** 3
    const m = (lightness - 0.1055613458 * a * chroma - 0.0638541728 * b * chroma) ** 3
    const s = (lightness - 0.0894841775 * a * chroma - 1.291485548 * b * chroma) ** 3
    const linear = [
      4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
      -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
      -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
    ]
    if (linear.some((value) => value < -0.0005 || value > 1.0005)) continue
    const bytes = linear.map((value) => {
      const share = Math.min(1, Math.max(0, value))
      return Math.round(255 * (share <= 0.0031308 ? 12.92 * share : 1.055 * share ** (1 / 2.4) - 0.055))
    })
    return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
  }
  return lightness > 0.5 ? '#ffffff' : '#000000'
}

/** The colour itself, or the nearest lighter (or darker) one that reaches the ratio against every background. */
function reach(colour: string, towards: 'lighter' | 'darker', ratio: number, backgrounds: string[]): string {
  const passes = (candidate: string) =>
    backgrounds.every((background) => contrast(candidate, background) >= ratio)
  if (passes(colour)) return colour
  const lab = toLab(colour)
  const step = towards === 'lighter' ? 0.01 : -0.01
  for (let lightness = lab[0] + step; lightness > 0 && lightness < 1; lightness += step) {
    const candidate = withLightness(lab, lightness)
    if (passes(candidate)) return candidate
  }
  return towards === 'lighter' ? '#ffffff' : '#000000'
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
  const visible = scheme === 'light' ? hex : reach(hex, 'lighter', 2.2, [surface])
  const whiteText = contrast(visible, '#ffffff') >= 3
  const fill = whiteText ? reach(visible, 'darker', 4.5, ['#ffffff']) : visible
  const subtle = mix(surface, hex, scheme === 'light' ? 0.08 : 0.16)
  const subtleHover = mix(surface, hex, scheme === 'light' ? 0.14 : 0.24)
  return {
    fill,
    fillHover: whiteText ? mix(fill, '#000000', 0.12) : mix(fill, '#ffffff', 0.16),
    onFill: whiteText ? '#ffffff' : ink,
    text: reach(hex, scheme === 'light' ? 'darker' : 'lighter', 4.5, [surface, page, subtle, subtleHover]),
    subtle,
    subtleHover,
  }
}

/** Colours of plots that go with each other: name, light and dark shade (both at least 3:1 on a card). */
const plotColours = [
  ['#0b7f86', '#3fb8be'],
  ['#b4590a', '#e39a4d'],
  ['#7a4fc9', '#b196ee'],
  ['#b8326f', '#ec83b0'],
  ['#2563eb', '#7aa5f8'],
] as const

/**
 * The colours of a plot's series: the accent first, then those that are not near to it, so that two series never look
 * alike, and grey for the rest.
 */
export function derivePlotColours(accent: string, scheme: 'light' | 'dark'): string[] {
  const hueOf = (hex: string) => {
    const [, a, b] = toLab(hex)
    return Math.atan2(b, a)
  }
  const own = hueOf(accent)
  const distance = (hex: string) => {
    const difference = Math.abs(hueOf(hex) - own)
    return Math.min(difference, 2 * Math.PI - difference)
  }
  const nearest = [...plotColours].sort((x, y) => distance(x[0]) - distance(y[0]))[0]
  const others = plotColours.filter((colour) => colour !== nearest)
  // Far hues first: most plots have two series.
  others.sort((x, y) => distance(y[0]) - distance(x[0]))
  return [
    // A plot needs 3:1 and no more: an orange stays an orange.
    reach(accent, scheme === 'light' ? 'darker' : 'lighter', scheme === 'light' ? 3 : 4.5, [
      scheme === 'light' ? '#ffffff' : '#1b1c20',
    ]),
    ...others.map((colour) => colour[scheme === 'light' ? 0 : 1]),
    scheme === 'light' ? '#5b6472' : '#9aa4b2',
  ]
}
