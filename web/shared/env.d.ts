/** One loader per language; each brings the namespaces of the app that is built (see vite-app.ts). */
declare module 'virtual:catalogues' {
  type Catalogue = Record<string, Record<string, unknown>>
  export const catalogues: Record<string, () => Promise<{ default: Catalogue }>>
  /** The same of what only some pages need, by namespace. */
  export const late: Record<string, Record<string, () => Promise<{ default: Catalogue }>>>
  /** What each language calls itself. */
  export const names: Record<string, string>
}

/** Icons are imported one by one: the package's index would make every build read six thousand files. */
declare module '@tabler/icons-react/dist/esm/icons/*.mjs' {
  import type { TablerIcon } from '@tabler/icons-react'

  const Icon: TablerIcon
  export default Icon
}
