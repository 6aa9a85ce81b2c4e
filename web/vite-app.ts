import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import type { Plugin, Rolldown, UserConfig } from 'vite'

/** One of the two web apps: its folder under `web/`, and the path it is served from. */
export interface WebApp {
  app: 'portal' | 'office'
  base: string
}

const projectRoot = join(import.meta.dirname, '..')
const localesRoot = join(projectRoot, 'locales')

/** The Vite configuration of one app: built to `dist/<app>`, with its files compressed beside themselves. */
export function configureApp({ app, base }: WebApp): UserConfig {
  return {
    root: join(projectRoot, 'web', app),
    base,
    publicDir: join(projectRoot, 'web', 'shared', 'public'),
    cacheDir: join(projectRoot, 'node_modules', '.vite', app),
    build: {
      outDir: join(projectRoot, 'dist', app),
      emptyOutDir: true,
      // Nothing becomes a data: URL, so the content security policy needs no exception.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
      chunkSizeWarningLimit: 700,
      rolldownOptions: {
        output: {
          // Few files, because each one costs a round trip: what hardly ever changes apart, so that it stays in the cache,
          // and whatever two pages share in one file, not in thirty.
          codeSplitting: {
            groups: [
              { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\//, priority: 3 },
              {
                name: 'vendor',
                test: /node_modules\/(@tanstack|i18next|react-i18next|openapi-fetch|use-sync-external-store)\//,
                priority: 2,
              },
              // Not what only forms need, nor what only paying and ordering do: no first page has one.
              {
                name: 'parts',
                test: /^(?!.*(?:components\/(?:Textarea|Checkbox|Radio|NumberInput|NativeSelect|Switch|InlineInput|Combobox)\/|node_modules\/(?:react-number-format|uqr)\/|shared\/(?:inputs|permission-picker|webhook-queries|qr-code)\.tsx?|utils\/InlineInput\/|portal\/(?:pay-|order-|shop|copy-|change-queries|member-queries|members\.module)|icons\/Icon(?:Qrcode|Barcode|BuildingBank|Flask)\.))/,
                minShareCount: 3,
                priority: 1,
              },
            ],
          },
        },
      },
    },
    server: {
      port: app === 'portal' ? 5173 : 5174,
      proxy: { '/api': 'http://localhost:3000', '/sandbox': 'http://localhost:3000' },
    },
    plugins: [
      tanstackRouter({
        target: 'react',
        autoCodeSplitting: true,
        routesDirectory: './routes',
        generatedRouteTree: './routeTree.gen.ts',
        quoteStyle: 'single',
        routeFileIgnorePattern: '\\.(test|module)\\.',
      }),
      react(),
      bundleCatalogues([...(app === 'portal' ? portalNamespaces : officeNamespaces)]),
      bootBeforePaint(base),
      precompress(),
    ],
  }
}

// The portal shows refusals as the API words them, so it carries no texts of errors.
const portalNamespaces = ['common', 'portal'] as const
const officeNamespaces = ['common', 'errors', 'office'] as const
// What only some pages need is a chunk of its own per language, which `loadTexts` brings.
const lateNamespaces = [
  'changes',
  'security',
  'keys',
  'contracts',
  'dunning',
  'documents',
  'books',
  'money',
  'usage',
  'pay',
  'shop',
  'orders',
  'bankfiles',
  'providers',
  'webhooks',
] as const
const catalogueId = 'virtual:catalogue/'

/** The languages there are: the folders of `locales/`. Another language is another folder. */
function listLanguages(): string[] {
  return readdirSync(localesRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

/** What a language calls itself: 'Português (Brasil)'. Known at build time, because asking the browser costs it 20 ms. */
function nameOf(language: string): string {
  const name = new Intl.DisplayNames(language, { type: 'language' }).of(language) ?? language
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1)
}

/** `virtual:catalogues`: one chunk per language with the namespaces of this app, so that a visitor loads one language. */
function bundleCatalogues(namespaces: string[]): Plugin {
  const importOf = (language: string, path = language) =>
    `${JSON.stringify(language)}: () => import(${JSON.stringify(catalogueId + path)})`
  return {
    name: 'zaguan:catalogues',
    resolveId(id) {
      return id === 'virtual:catalogues' || id.startsWith(catalogueId) ? `\0${id}` : null
    },
    load(id) {
      if (id === '\0virtual:catalogues') {
        const entries = listLanguages().map((language) => importOf(language))
        const late = lateNamespaces.map(
          (name) =>
            `${name}: { ${listLanguages().map((language) => importOf(language, `${language}/${name}`))} }`,
        )
        const names = Object.fromEntries(listLanguages().map((language) => [language, nameOf(language)]))
        return `export const catalogues = { ${entries.join(', ')} }; export const late = { ${late.join(', ')} }; export const names = ${JSON.stringify(names)}`
      }
      if (!id.startsWith(`\0${catalogueId}`)) return null
      const catalogue: Record<string, unknown> = {}
      const [language = '', own] = id.slice(catalogueId.length + 1).split('/')
      for (const namespace of own ? [own] : namespaces) {
        const file = join(localesRoot, language, `${namespace}.json`)
        if (!existsSync(file)) continue
        this.addWatchFile(file)
        catalogue[namespace] = JSON.parse(readFileSync(file, 'utf8'))
      }
      // Parsing a string of JSON costs the browser less than evaluating the same object as code.
      return `export default JSON.parse(${JSON.stringify(JSON.stringify(catalogue))})`
    },
    hotUpdate({ file, modules }) {
      if (!file.startsWith(localesRoot)) return modules
      this.environment.hot.send({ type: 'full-reload' })
      return []
    },
  }
}

/** A route as boot.js knows it: the segments of its address (null is a parameter) and the chunks that its page needs. */
type RouteChunks = [segments: (string | null)[], chunks: string[]]

/**
 * The chunks of every page, from the names of the route files: `_app/invoices/$id.tsx` is /invoices/… and needs the chunks
 * of `_app` too. What index.html loads anyway is left out.
 */
function listRouteChunks(bundle: Rolldown.OutputBundle): RouteChunks[] {
  const chunks = Object.values(bundle).filter((one) => one.type === 'chunk')
  const byFile = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const needs = (fileName: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(fileName)) return seen
    seen.add(fileName)
    for (const imported of byFile.get(fileName)?.imports ?? []) needs(imported, seen)
    return seen
  }
  const early = new Set(
    chunks.filter((chunk) => chunk.isEntry).flatMap((chunk) => [...needs(chunk.fileName)]),
  )
  const stylesOf = (fileName: string) => [...(byFile.get(fileName)?.viteMetadata?.importedCss ?? [])]
  const routes = chunks.flatMap((chunk) => {
    const file = /\/routes\/(.+)\.tsx\?tsr-split=component$/.exec(chunk.facadeModuleId ?? '')?.[1]
    return file === undefined ? [] : [{ id: file.split(/[/.]/), fileName: chunk.fileName }]
  })
  const pages = routes.filter(({ id }) => !id.at(-1)?.startsWith('_'))
  return pages.map(({ id }) => {
    const own = routes.filter((other) => other.id.every((segment, index) => segment === id[index]))
    const all = own.flatMap((one) => [...needs(one.fileName)])
    const segments = id.filter((segment) => !/^(_|index$|route$)/.test(segment))
    return [
      segments.map((segment) => (segment.startsWith('$') ? null : segment)),
      [...new Set(all)]
        .filter((fileName) => !early.has(fileName))
        .flatMap((fileName) => [fileName, ...stylesOf(fileName)]),
    ]
  })
}

/**
 * Puts `shared/boot.js` into the head as a file of its own (the policy allows no inline script). Before the first paint it
 * sets the colour scheme and the language, and starts loading the catalogue of that language and the chunks of the page
 * that was asked for, so that nothing waits for the app to find out.
 */
function bootBeforePaint(base: string): Plugin {
  const bootFile = join(projectRoot, 'web', 'shared', 'boot.js')
  const build = (bundle: Rolldown.OutputBundle | undefined) => {
    const catalogueOf = (language: string) =>
      Object.values(bundle ?? {}).find(
        (one) => one.type === 'chunk' && one.facadeModuleId === `\0${catalogueId}${language}`,
      )?.fileName ?? ''
    const facts = {
      base,
      catalogues: Object.fromEntries(listLanguages().map((language) => [language, catalogueOf(language)])),
      routes: bundle ? listRouteChunks(bundle) : [],
    }
    const source = readFileSync(bootFile, 'utf8').replace('__FACTS__', () => JSON.stringify(facts))
    const hash = createHash('sha256').update(source).digest('base64url').slice(0, 8)
    return { source, fileName: `assets/boot-${hash}.js` }
  }
  return {
    name: 'zaguan:boot',
    configureServer(server) {
      server.middlewares.use(`${base}boot.js`, (_request, response) => {
        response.setHeader('content-type', 'text/javascript').end(build(undefined).source)
      })
    },
    generateBundle(_options, bundle) {
      const { source, fileName } = build(bundle)
      this.emitFile({ type: 'asset', fileName, source })
    },
    transformIndexHtml: {
      order: 'post',
      handler(html, { bundle }) {
        const src = base + (bundle ? build(bundle).fileName : 'boot.js')
        return {
          // Behind the styles in the queue: they bring the first paint, and these bytes would only delay it.
          html: html.replaceAll(
            /(<script type="module"|<link rel="modulepreload")/g,
            '$1 fetchpriority="low"',
          ),
          tags: [{ tag: 'script', attrs: { src }, injectTo: 'head-prepend' }],
        }
      },
    },
  }
}

/** Writes .br and .gz beside every text asset. index.html stays alone: the server changes its nonce at each request. */
function precompress(): Plugin {
  return {
    name: 'zaguan:precompress',
    apply: 'build',
    writeBundle(options, bundle) {
      const folder = options.dir ?? ''
      for (const fileName of Object.keys(bundle)) {
        if (!/\.(js|css|svg|json|webmanifest|txt)$/.test(fileName)) continue
        const file = join(folder, fileName)
        const bytes = readFileSync(file)
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, quality))
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
      }
    },
  }
}
