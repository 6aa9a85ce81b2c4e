import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from './http.ts'
import { pageHeaders } from './page-policy.ts'

const mark = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2563eb"/><path d="M8 25V15a8 8 0 0 1 16 0v10h-4.5V15a3.5 3.5 0 0 0-7 0v10z" fill="#fff"/></svg>`

const apps = [
  { folder: 'office', prefix: '/office/' },
  { folder: 'portal', prefix: '/' },
] as const

/**
 * Serves the two web apps as they were built into dist/, and the API's documentation. An address that is no file is the
 * app's page: its router decides. The portal's page carries the look of its business unit (by `?unit=`, else by host), so that
 * it is painted in it at once. Each page carries a nonce of its own, the only inline style that the policy lets in.
 */
export async function serveWeb(
  app: App,
  dist: string,
  readLook: (unit: string | null, host: string) => Promise<object | null>,
): Promise<void> {
  const { server } = app
  await server.register(swaggerUi, {
    routePrefix: '/api/docs',
    staticCSP: true,
    logo: { type: 'image/svg+xml', content: Buffer.from(mark), href: '/api/docs/', target: '_self' },
    theme: { title: 'Zaguan API' },
    uiConfig: { docExpansion: 'none', deepLinking: true, tryItOutEnabled: false },
  })
  const pages = new Map<string, string>()
  for (const { folder, prefix } of apps) {
    const root = join(dist, folder)
    if (!existsSync(join(root, 'index.html')))
      throw new Error(`The web apps are not built: run npm run build`)
    pages.set(folder, await readFile(join(root, 'index.html'), 'utf8'))
    await server.register(async (scope) => {
      await scope.register(fastifyStatic, {
        root,
        prefix,
        index: false,
        preCompressed: true,
        wildcard: false,
        decorateReply: false,
        // The name of an asset carries its content's hash: it never changes.
        setHeaders(reply, path) {
          reply.header(
            'cache-control',
            path.includes('/assets/') ? 'public, max-age=31536000, immutable' : 'public, max-age=3600',
          )
        },
      })
    })
  }
  const sendPage = async (request: FastifyRequest, reply: FastifyReply, folder: 'office' | 'portal') => {
    const { unit } = request.query as { unit?: unknown }
    const look =
      folder === 'portal'
        ? await readLook(typeof unit === 'string' ? unit.slice(0, 40) : null, request.hostname).catch(
            () => null,
          )
        : null
    const nonce = randomBytes(16).toString('base64')
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .headers(pageHeaders(nonce, folder === 'portal' ? request.url : null))
      .send(
        pages
          .get(folder)!
          .replaceAll('__CSP_NONCE__', nonce)
          .replace('__LOOK__', () => (look ? escapeAttribute(JSON.stringify(look)) : '')),
      )
  }
  server.get('/', { schema: { hide: true } }, (request, reply) => sendPage(request, reply, 'portal'))
  server.get('/office', { schema: { hide: true } }, (_request, reply) => reply.redirect('/office/'))
  server.get('/office/', { schema: { hide: true } }, (request, reply) => sendPage(request, reply, 'office'))
  app.sendPage = (request, reply) =>
    sendPage(request, reply, request.url.startsWith('/office/') ? 'office' : 'portal')
}

function escapeAttribute(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('"', '&quot;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
}
