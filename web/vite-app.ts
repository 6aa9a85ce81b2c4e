import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import { minifySync, type Plugin, type Rolldown, type UserConfig } from 'vite'

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
              { name: 'react', test: /node_modules\/(react|react-dom|scheduler)\//, priority: 5 },
              {
                name: 'vendor',
                test: /node_modules\/(@tanstack|i18next|react-i18next|openapi-fetch|use-sync-external-store)\//,
                priority: 4,
              },
              { name: 'base', tags: ['$initial'], priority: 3 },
              { name: 'base', test: menus, priority: 3 },
              { name: 'forms', test: forms, priority: 2 },
              { name: 'entrance', test: entrance, priority: 2 },
              { name: 'frame', test: frame, priority: 2 },
              { name: 'lists', test: lists, priority: 2 },
              // Not what only some forms need, nor what only paying, ordering and single areas of the office do.
              {
                name: 'parts',
                test: /^(?!.*(?:components\/(?:Textarea|Checkbox|Radio|NumberInput|NativeSelect|Switch|InlineInput|Combobox)\/|node_modules\/(?:react-number-format|uqr)\/|shared\/(?:inputs|permission-picker|webhook-queries|qr-code)\.tsx?|utils\/InlineInput\/|portal\/(?:pay-|order-|shop|copy-|change-queries|member-queries|members\.module)|office\/(?:plan-form|price-|prices|statement-|invoice-lines|documents-preview|provider-|discount-|dunning|coupon-|bank-file-|account-|payments-nav|profile-|contract-form|contact-dialog|duration-input|reports\.)|icons\/Icon(?:Qrcode|Barcode|BuildingBank|Flask)\.))/,
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
      bundleCatalogues(app),
      bootBeforePaint(base),
      precompress(),
    ],
  }
}

// What a first page loads is cut by who needs it: who signs in has no list before them, and who is in no password.
/** Both: how it looks, in which language. */
const menus = /shared\/(?:menu|preferences|support-footer)\./
/** The pages before the sign-in. */
const entrance =
  /shared\/(?:auth-layout|entry|passkeys)\.|portal\/unit-name\.|\/auth\.module\.css|components\/PasswordInput\/|icons\/IconMailForward\./
/** Wherever something is typed. */
const forms =
  /@mantine\/core\/esm\/components\/(?:Input|InputBase|TextInput|ActionIcon)\/|@mantine\/core\/esm\/(?:utils\/InputsGroupFieldset|core\/DirectionProvider)\/|hooks\/esm\/use-merged-ref\/|shared\/form\.ts/
/** The pages behind it. */
const frame =
  /shared\/(?:portal-shell|office-shell|user-avatar|navigation|state-badge|states|formats|use-formats|values)\.|portal\/(?:list|area-navs|section-nav|service-words|area-problem|view-banner|home)\.|portal\/routes\/_app(?:\.index)?\.tsx\?tsr-split=component/

/** The lists of the office. */
const lists = /shared\/(?:data-table|table-views|table-search)\.|office\/(?:narrowed|panes|more-rows)\./

/**
 * The groups of an app's own texts that its first pages need: home, sign-in and what stands around them. The rest is one more
 * file, which every other page brings (`loadTexts('rest')`); web/first-texts.test.ts reads the pages and finds what is missing.
 */
export const firstTexts: Record<WebApp['app'], string[]> = {
  portal: [
    'account',
    'contacts',
    'emails',
    'field',
    'forgot',
    'home',
    'invitation',
    'nav',
    'no_account',
    'password',
    'services',
    'sign_in',
    'user',
    'view_as',
  ],
  office: ['closings', 'me', 'search', 'shell', 'signIn', 'today', 'words'],
}
// What only some pages need is a chunk of its own per language, which `loadTexts` brings.
const lateNamespaces = [
  'errors',
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

/** `virtual:catalogues`: chunks per language with the texts of this app, so that a visitor loads one language. */
function bundleCatalogues(app: WebApp['app']): Plugin {
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
        const late = [...lateNamespaces, 'rest'].map(
          (name) =>
            `${name}: { ${listLanguages().map((language) => importOf(language, `${language}/${name}`))} }`,
        )
        const names = Object.fromEntries(listLanguages().map((language) => [language, nameOf(language)]))
        return `export const catalogues = { ${entries.join(', ')} }; export const late = { ${late.join(', ')} }; export const names = ${JSON.stringify(names)}`
      }
      if (!id.startsWith(`\0${catalogueId}`)) return null
      const catalogue: Record<string, unknown> = {}
      const [language = '', own] = id.slice(catalogueId.length + 1).split('/')
      for (const namespace of own === undefined ? ['common', app] : [own === 'rest' ? app : own]) {
        const file = join(localesRoot, language, `${namespace}.json`)
        if (!existsSync(file)) continue
        this.addWatchFile(file)
        const groups = Object.entries(JSON.parse(readFileSync(file, 'utf8')))
        const isHere = ([group]: [string, unknown]) =>
          namespace !== app || firstTexts[app].includes(group) === (own === undefined)
        catalogue[namespace] = Object.fromEntries(groups.filter(isHere))
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

/**
 * A route as boot.js knows it: the segments of its address (null is a parameter), the chunks that its page needs, and whether
 * it needs the rest of the texts.
 */
type RouteChunks = [segments: (string | null)[], chunks: string[], needsRest: boolean]

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
    return chunk.moduleIds.flatMap((module) => {
      const file = /\/routes\/(.+)\.tsx\?tsr-split=component$/.exec(module)?.[1]
      return file === undefined ? [] : [{ id: file.split(/[/.]/), fileName: chunk.fileName }]
    })
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
      id[0] === '_app' && id[1] !== 'index',
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
    const catalogueOf = (path: string) =>
      Object.values(bundle ?? {}).find(
        (one) => one.type === 'chunk' && one.facadeModuleId === `\0${catalogueId}${path}`,
      )?.fileName ?? ''
    const facts = {
      base,
      catalogues: Object.fromEntries(
        listLanguages().map((language) => [
          language,
          [catalogueOf(language), catalogueOf(`${language}/rest`)],
        ]),
      ),
      routes: bundle ? listRouteChunks(bundle) : [],
    }
    const text = readFileSync(bootFile, 'utf8').replace('__FACTS__', () => JSON.stringify(facts))
    const source = bundle ? minifySync(bootFile, text).code : text
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
