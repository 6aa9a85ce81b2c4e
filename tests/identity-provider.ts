import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

/** Somebody whom the provider knows. */
export type ProviderPerson = { sub: string; email?: string; email_verified?: boolean }

/** A real OpenID provider in this process, whose people sign in without being asked. */
export type TestProvider = {
  issuer: string
  client_id: string
  client_secret: string
  /** Who is signed in with the provider now; null refuses. */
  person: ProviderPerson | null
  /** Goes where the office sends a browser, as that browser, until the provider sends it back; gives that address. */
  visit(address: string): Promise<URL>
  close(): Promise<void>
}

export async function startTestProvider(callback: string): Promise<TestProvider> {
  const server: Server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const secret = randomBytes(24).toString('base64url')
  const self: TestProvider = {
    issuer,
    client_id: 'zaguan',
    client_secret: secret,
    person: null,
    async visit(address) {
      const jar = new Map<string, string>()
      let url = new URL(address)
      for (let step = 0; step < 10; step++) {
        if (url.href.startsWith(callback)) return url
        const reply = await fetch(url, {
          redirect: 'manual',
          headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') },
        })
        for (const line of reply.headers.getSetCookie()) {
          const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
          jar.set(name, value)
        }
        const next = reply.headers.get('location')
        if (!next) throw new Error(`the provider answered ${reply.status}: ${await reply.text()}`)
        url = new URL(next, url)
      }
      throw new Error('the provider never came back')
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'zaguan',
        client_secret: secret,
        redirect_uris: [callback],
        token_endpoint_auth_method: 'client_secret_post',
      },
    ],
    clientAuthMethods: ['client_secret_post', 'client_secret_basic'],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    // The claims stand in the identity itself, as most providers do it.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    cookies: { keys: [randomBytes(16).toString('hex')] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    async findAccount(_context, id) {
      return { accountId: id, claims: async () => ({ ...self.person, sub: id }) }
    },
  })
  const answer = provider.callback()
  server.on('request', async (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return answer(request, response)
    try {
      const { prompt, params, session } = await provider.interactionDetails(request, response)
      const { person } = self
      if (!person) {
        const refusal = { error: 'access_denied', error_description: 'nobody is here' }
        return await provider.interactionFinished(request, response, refusal)
      }
      if (prompt.name === 'login')
        return await provider.interactionFinished(request, response, { login: { accountId: person.sub } })
      const grant = new provider.Grant({
        accountId: session!.accountId,
        clientId: String(params.client_id),
      })
      grant.addOIDCScope('openid email profile')
      const grantId = await grant.save()
      await provider.interactionFinished(request, response, { consent: { grantId } })
    } catch (error) {
      response.writeHead(500).end(String(error))
    }
  })
  return self
}
