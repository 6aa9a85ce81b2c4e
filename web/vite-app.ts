import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { tanstackRouter } from '@tanstack/router-plugin/vite'
import react from '@vitejs/plugin-react'
import type { HtmlTagDescriptor, Plugin, UserConfig } from 'vite'

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
    },
    server: {
      port: app === 'portal' ? 5173 : 5174,
      proxy: { '/api': 'http://localhost:3000' },
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

const portalNamespaces = ['common', 'errors', 'portal'] as const
const officeNamespaces = ['common', 'errors', 'office'] as const
const catalogueId = 'virtual:catalogue/'

/** The languages there are: the folders of `locales/`. Another language is another folder. */
function listLanguages(): string[] {
  return readdirSync(localesRoot, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
}

/** `virtual:catalogues`: one chunk per language with the namespaces of this app, so that a visitor loads one language. */
function bundleCatalogues(namespaces: string[]): Plugin {
  const catalogueFiles = (language: string) =>
    namespaces.map((namespace) => [namespace, join(localesRoot, language, `${namespace}.json`)] as const)
  return {
    name: 'zaguan:catalogues',
    resolveId(id) {
      return id === 'virtual:catalogues' || id.startsWith(catalogueId) ? `\0${id}` : null
    },
    load(id) {
      if (id === '\0virtual:catalogues') {
        const entries = listLanguages().map(
          (language) =>
            `${JSON.stringify(language)}: () => import(${JSON.stringify(catalogueId + language)})`,
        )
        return `export const catalogues = { ${entries.join(', ')} }`
      }
      if (!id.startsWith(`\0${catalogueId}`)) return null
      const catalogue: Record<string, unknown> = {}
      for (const [namespace, file] of catalogueFiles(id.slice(catalogueId.length + 1))) {
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

/**
 * Puts `shared/boot.js` into the head as a file of its own (the policy allows no inline script). It sets the colour
 * scheme and the language before the first paint and starts loading that language's catalogue at once.
 */
function bootBeforePaint(base: string): Plugin {
  const bootFile = join(projectRoot, 'web', 'shared', 'boot.js')
  const readBoot = () => readFileSync(bootFile, 'utf8')
  const bootName = () =>
    `assets/boot-${createHash('sha256').update(readBoot()).digest('base64url').slice(0, 8)}.js`
  return {
    name: 'zaguan:boot',
    configureServer(server) {
      server.middlewares.use(`${base}boot.js`, (_request, response) => {
        response.setHeader('content-type', 'text/javascript').end(readBoot())
      })
    },
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: bootName(), source: readBoot() })
    },
    transformIndexHtml: {
      order: 'post',
      handler(_html, context) {
        const chunks = Object.values(context.bundle ?? {})
        const urlOf = (language: string) => {
          const chunk = chunks.find(
            (one) => one.type === 'chunk' && one.facadeModuleId === `\0${catalogueId}${language}`,
          )
          return chunk ? base + chunk.fileName : ''
        }
        const catalogues = Object.fromEntries(listLanguages().map((language) => [language, urlOf(language)]))
        const tags: HtmlTagDescriptor[] = [
          {
            tag: 'meta',
            attrs: { name: 'catalogues', content: JSON.stringify(catalogues) },
            injectTo: 'head-prepend',
          },
          {
            tag: 'script',
            attrs: { src: base + (context.bundle ? bootName() : 'boot.js') },
            injectTo: 'head-prepend',
          },
        ]
        return tags
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
