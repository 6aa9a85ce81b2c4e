import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineThemeOverride,
  type VariantColorsResolver,
} from '@mantine/core'
import { deriveAccent, derivePlotColours } from './accent.ts'

/** The five states that anything can be in. The same tone looks the same everywhere; see states.ts. */
export type Tone = 'neutral' | 'info' | 'good' | 'warning' | 'bad'

const tones: readonly string[] = ['neutral', 'info', 'good', 'warning', 'bad']

/** The portal is 16 px and thumb sized, the office 14 px and dense. */
export type Density = 'portal' | 'office'

const rem = (px: number) => `${px / 16}rem`

const fontSizes = {
  office: { xs: rem(12), sm: rem(13), md: rem(14), lg: rem(16), xl: rem(18) },
  portal: { xs: rem(13), sm: rem(14), md: rem(16), lg: rem(18), xl: rem(20) },
}

type Shades = [string, string, string, string, string, string, string, string, string, string]

/** Every shade of a family points at our own variables, so that no page can pick one that fails contrast. */
function shadesOf(prefix: string): Shades {
  const [subtle, fill, text] = [`var(--${prefix}-subtle)`, `var(--${prefix}-fill)`, `var(--${prefix}-text)`]
  return [subtle, subtle, subtle, fill, fill, fill, fill, text, text, text]
}

const gray: Shades = [
  '#f7f7f8',
  '#f1f1f3',
  '#e4e4e8',
  '#d5d5da',
  '#c3c3ca',
  '#90909a',
  '#6b6b75',
  '#50505a',
  '#33333b',
  '#18181b',
]
const dark: Shades = [
  '#ededf0',
  '#b2b2bb',
  '#90909a',
  '#73737d',
  '#393a41',
  '#2a2b30',
  '#212226',
  '#1b1c20',
  '#121316',
  '#0b0b0d',
]

/** Colours of filled, light, outline and subtle parts come from the tokens in styles.css, in both schemes. */
const resolveVariant: VariantColorsResolver = (input) => {
  const name = input.color === 'red' ? 'bad' : (input.color ?? input.theme.primaryColor)
  const prefix = name === 'accent' ? 'accent' : tones.includes(name) ? `tone-${name}` : null
  if (!prefix) return defaultVariantColorsResolver(input)
  const text = `var(--${prefix}-text)`
  const subtle = `var(--${prefix}-subtle)`
  const hover = `var(--${prefix}-subtle-hover)`
  if (input.variant === 'filled') {
    return {
      background: `var(--${prefix}-fill)`,
      hover: `var(--${prefix}-fill-hover)`,
      color: `var(--${prefix}-on-fill)`,
      border: '1px solid transparent',
    }
  }
  if (input.variant === 'light')
    return { background: subtle, hover, color: text, border: '1px solid transparent' }
  if (input.variant === 'outline') {
    return { background: 'transparent', hover: subtle, color: text, border: `1px solid ${text}` }
  }
  if (input.variant === 'subtle') {
    return { background: 'transparent', hover: subtle, color: text, border: '1px solid transparent' }
  }
  if (input.variant === 'transparent') {
    return { background: 'transparent', hover: 'transparent', color: text, border: '1px solid transparent' }
  }
  return defaultVariantColorsResolver(input)
}

/** Mantine's theme for one app. It holds no colour of a business unit: those are variables (see createCssVariables). */
export function createAppTheme(density: Density): MantineThemeOverride {
  const size = density === 'portal' ? 'md' : 'sm'
  const sized = { defaultProps: { size } }
  const font = "'Inter Variable', 'Inter Fallback', system-ui, sans-serif"
  return createTheme({
    primaryColor: 'accent',
    primaryShade: 5,
    colors: {
      gray,
      dark,
      accent: shadesOf('accent'),
      neutral: shadesOf('tone-neutral'),
      info: shadesOf('tone-info'),
      good: shadesOf('tone-good'),
      warning: shadesOf('tone-warning'),
      bad: shadesOf('tone-bad'),
    },
    variantColorResolver: resolveVariant,
    white: '#ffffff',
    black: '#18181b',
    fontFamily: font,
    headings: {
      fontFamily: font,
      fontWeight: '600',
      sizes: {
        h1: { fontSize: rem(density === 'portal' ? 28 : 22), lineHeight: '1.25' },
        h2: { fontSize: rem(density === 'portal' ? 20 : 16), lineHeight: '1.35' },
        h3: { fontSize: rem(density === 'portal' ? 17 : 14), lineHeight: '1.4' },
        h4: { fontSize: rem(density === 'portal' ? 16 : 14), lineHeight: '1.4' },
      },
    },
    fontSizes: fontSizes[density],
    spacing: { xs: rem(8), sm: rem(12), md: rem(16), lg: rem(24), xl: rem(32) },
    radius: { xs: rem(4), sm: rem(6), md: rem(8), lg: rem(12), xl: rem(16) },
    defaultRadius: 'md',
    cursorType: 'pointer',
    respectReducedMotion: true,
    components: {
      Button: sized,
      InputWrapper: sized,
      ActionIcon: { defaultProps: { variant: 'subtle', color: 'neutral', size: 'lg' } },
      TextInput: sized,
      PasswordInput: sized,
      NumberInput: sized,
      Textarea: { defaultProps: { size, autosize: true, minRows: 3 } },
      NativeSelect: sized,
      Select: { defaultProps: { size, allowDeselect: false } },
      MultiSelect: sized,
      Autocomplete: sized,
      Checkbox: { defaultProps: { size: 'sm' } },
      Radio: { defaultProps: { size: 'sm' } },
      Switch: { defaultProps: { size: 'sm' } },
      SegmentedControl: sized,
      Badge: { defaultProps: { variant: 'light', color: 'neutral', size: 'md' } },
      Alert: { defaultProps: { variant: 'light' } },
      Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
      Modal: { defaultProps: { centered: true } },
      Anchor: { defaultProps: { underline: 'hover' } },
    },
  })
}

function accentVariables(accent: string, scheme: 'light' | 'dark'): Record<string, string> {
  const colours = deriveAccent(accent, scheme)
  return {
    '--accent-fill': colours.fill,
    '--accent-fill-hover': colours.fillHover,
    '--accent-on-fill': colours.onFill,
    '--accent-text': colours.text,
    '--accent-subtle': colours.subtle,
    '--accent-subtle-hover': colours.subtleHover,
    ...Object.fromEntries(
      derivePlotColours(accent, scheme).map((colour, index) => [`--chart-${index + 1}`, colour]),
    ),
  }
}

const familyVariables = Object.fromEntries(
  ['accent', ...tones].flatMap((name) => {
    const prefix = name === 'accent' ? 'accent' : `tone-${name}`
    return [
      [`--mantine-color-${name}-filled`, `var(--${prefix}-fill)`],
      [`--mantine-color-${name}-filled-hover`, `var(--${prefix}-fill-hover)`],
      [`--mantine-color-${name}-light`, `var(--${prefix}-subtle)`],
      [`--mantine-color-${name}-light-hover`, `var(--${prefix}-subtle-hover)`],
      [`--mantine-color-${name}-light-color`, `var(--${prefix}-text)`],
      [`--mantine-color-${name}-outline`, `var(--${prefix}-text)`],
      [`--mantine-color-${name}-outline-hover`, `var(--${prefix}-subtle)`],
      [`--mantine-color-${name}-text`, `var(--${prefix}-text)`],
    ]
  }),
)

const sharedVariables = {
  ...familyVariables,
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-bright': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-muted)',
  '--mantine-color-placeholder': 'var(--text-faint)',
  '--mantine-color-anchor': 'var(--accent-text)',
  '--mantine-color-error': 'var(--tone-bad-text)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-border': 'var(--border-strong)',
  '--mantine-color-disabled': 'var(--hover)',
  '--mantine-color-disabled-color': 'var(--text-faint)',
  '--mantine-color-disabled-border': 'var(--border)',
  '--mantine-primary-color-contrast': 'var(--accent-on-fill)',
}

/** Mantine's variables in both colour schemes for a business unit's accent (#rrggbb): give it to MantineProvider. */
export function createCssVariables(accent: string): CSSVariablesResolver {
  return () => ({
    variables: {},
    light: { ...accentVariables(accent, 'light'), ...sharedVariables },
    dark: { ...accentVariables(accent, 'dark'), ...sharedVariables },
  })
}
