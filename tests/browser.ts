import type { InjectOptions } from 'fastify'
import type { Reply, TestApi } from './api.ts'

/** A browser that keeps every cookie and comes from an address of its own; the callers of api.ts keep the session alone. */
export type TestBrowser = {
  cookies: Map<string, string>
  /** `path` below /api/v1/office or /api/v1/portal. */
  send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<Reply>
}

export function openBrowser(
  api: TestApi,
  side: 'office' | 'portal',
  options: { ip?: string; userAgent?: string; host?: string; cookies?: Map<string, string> } = {},
): TestBrowser {
  const cookies = new Map(options.cookies)
  return {
    cookies,
    async send(method, path, body, headers = {}) {
      const sent = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const request: InjectOptions = {
        method,
        url: `/api/v1/${side}${path}`,
        remoteAddress: options.ip ?? '198.51.100.7',
        headers: {
          host: options.host ?? 'localhost:3000',
          'accept-language': 'en',
          ...(options.userAgent ? { 'user-agent': options.userAgent } : {}),
          ...(sent ? { cookie: sent } : {}),
          ...headers,
        },
        ...(body ? { payload: body } : {}),
      }
      const reply = await api.server.inject(request)
      for (const { name, value } of reply.cookies) {
        if (value === '') cookies.delete(name)
        else cookies.set(name, value)
      }
      const json = /json/.test(String(reply.headers['content-type']))
      return {
        status: reply.statusCode,
        body: json && reply.payload ? JSON.parse(reply.payload) : null,
        headers: reply.headers,
        bytes: reply.rawPayload,
      }
    },
  }
}
