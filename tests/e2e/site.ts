import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
  type Request,
} from 'playwright-core'
import { inject } from 'vitest'
import { type Language, type Translate, translator } from '../../server/platform/translations.ts'
import { createTestDatabase } from '../database.ts'
import { type Program, startProgram, until } from '../processes.ts'

const root = join(import.meta.dirname, '../..')

export const password = 'correct horse battery'
export const admin = { email: 'ana@operator.example', name: 'Ana Prado', password }

// biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects and fails where it is not there
export type Body = any

/** Somebody with a session at the API, to seed what a test needs; an answer that is no success fails the test. */
export type Caller = {
  get(path: string): Promise<Body>
  post(path: string, body?: object): Promise<Body>
  patch(path: string, body: object): Promise<Body>
  put(path: string, body: object): Promise<Body>
  upload(path: string, file: File, fields?: Record<string, string>): Promise<Body>
  /** As a browser keeps it. */
  cookie(): { name: string; value: string }
}

/** A whole Zaguan as it is served to people: its own process, database, folder and browser. */
export type Site = {
  address: string
  browser: Browser
  /** The first administrator. */
  admin: Caller
  signIn(side: 'office' | 'portal', email: string): Promise<Caller>
  /** First access with one's e-mail, by the mail that one gets; of a customer unless said. */
  enter(email: string, language: Language, side?: 'office' | 'portal'): Promise<Caller>
  /** Asks for a link to choose a password, and gives the token in its mail. */
  askLink(side: 'office' | 'portal', email: string): Promise<string>
  /** SQL as the owner of the database, to let time pass: `query('update …', [values])`. */
  query(text: string, values?: unknown[]): Promise<void>
  /** A browser of somebody's own, which tells in `faults` what it complained of. */
  visit(options: VisitOptions): Promise<Visit>
  close(): Promise<void>
}

export type VisitOptions = {
  language: Language
  width: number
  height?: number
  scheme?: 'light' | 'dark'
  as?: Caller | undefined
  reducedMotion?: boolean
}
export type Visit = {
  context: BrowserContext
  page: Page
  width: number
  /** The language of the pages that are opened from now on; `t` stays. */
  speak(language: Language): Promise<void>
  /** Waits until the page has its heading and no answer of the API is outstanding. */
  settle(): Promise<void>
  /** Errors that the pages wrote to the console or threw, and what their content security policy refused. */
  faults: string[]
  /** The texts of the screens: `t('portal:pay.submit')`. */
  t: Translate
}

/** The apps in dist/, built if a source is newer; several test files may ask at once. */
async function buildApps(): Promise<void> {
  const client = new pg.Client({ connectionString: inject('cluster').adminUrl })
  await client.connect()
  try {
    await client.query('select pg_advisory_lock(774411)')
    const build = spawn(process.execPath, ['scripts/build.ts', '--if-needed'], {
      cwd: root,
      stdio: 'inherit',
    })
    const [code] = await once(build, 'exit')
    if (code !== 0) throw new Error(`The web apps could not be built: ${code}`)
  } finally {
    await client.end()
  }
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (typeof address !== 'object' || address === null) throw new Error('no port is free')
  return address.port
}

/**
 * Starts a server process on a database of its own, makes its first administrator and opens a browser. `settings` are further
 * ones of its environment.
 */
export async function startSite(settings: Record<string, string> = {}): Promise<Site> {
  await buildApps()
  const database = await createTestDatabase()
  const folder = await mkdtemp(join(tmpdir(), 'zaguan-e2e-'))
  const port = await findPort()
  const address = `http://localhost:${port}`
  let program: Program | undefined
  let browser: Browser | undefined
  const close = async () => {
    await browser?.close()
    await program?.end()
    await database.drop()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    ;[program, browser] = await Promise.all([
      startProgram(['serve'], {
        DATABASE_URL: database.ownerUrl,
        DATA_DIR: folder,
        HOST: 'localhost',
        PORT: String(port),
        PUBLIC_URL: address,
        LOG_LEVEL: 'error',
        RATE_LIMIT: '1000000',
        ...settings,
      }),
      openBrowser(),
    ])
    const own = createCaller(address, 'office')
    await own.post('/first-admin', {
      token: new URL(program.first_admin_link!).searchParams.get('token'),
      language: 'en',
      ...admin,
    })
    const askLink: Site['askLink'] = async (side, email) => {
      const before = await own.get(`/notices?kind=password_reset&q=${encodeURIComponent(email)}`)
      await createCaller(address, side).post('/password-requests', { email })
      return (await readSecretLink(own, email, before.items[0]?.id)).searchParams.get('token')!
    }
    return {
      address,
      browser,
      admin: own,
      async signIn(side, email) {
        const caller = createCaller(address, side)
        await caller.post('/session', { email, password })
        return caller
      },
      askLink,
      async enter(email, language, side = 'portal') {
        const caller = createCaller(address, side, language)
        await caller.post('/password', { token: await askLink(side, email), password })
        return caller
      },
      async query(text, values = []) {
        const client = new pg.Client({ connectionString: database.ownerUrl })
        await client.connect()
        try {
          await client.query(text, values)
        } finally {
          await client.end()
        }
      },
      visit: (options) => openVisit(browser!, address, options),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** What a page runs first, so that it finds a language that somebody chose in this browser. */
const chooseLanguage = (language: Language) =>
  `try { localStorage.setItem('zaguan.language', '${language}') } catch {}`

async function openVisit(browser: Browser, address: string, options: VisitOptions): Promise<Visit> {
  const { language, width, height = 900, scheme = 'light', as } = options
  const settings: BrowserContextOptions = {
    baseURL: address,
    locale: language,
    colorScheme: scheme,
    viewport: { width, height },
    ...(width < 600 ? { isMobile: true, hasTouch: true, deviceScaleFactor: 2 } : {}),
    ...(options.reducedMotion ? { reducedMotion: 'reduce' } : {}),
  }
  const context = await browser.newContext(settings)
  context.setDefaultTimeout(60_000)
  await context.addInitScript(
    `addEventListener('securitypolicyviolation', (event) =>
       console.error('policy: ' + event.effectiveDirective + ' refused ' + event.blockedURI + ' ' + event.sample))`,
  )
  // As somebody who chose it in this browser: the language of the person’s own user does not change it.
  await context.addInitScript(chooseLanguage(language))
  if (as) await context.addCookies([{ ...as.cookie(), url: address }])
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (message) => {
    // Asking who is signed in, or whose link this is, is how an app learns that nobody is, or that it is used.
    if (!as && / (401|410) /.test(message.text())) return
    if (message.type() === 'error') faults.push(`${message.text()} (${message.location().url})`)
  })
  let asking = 0
  let last = 0
  const ofApi = (request: Request) => request.url().startsWith(`${address}/api/`)
  page.on('request', (request) => {
    if (ofApi(request)) asking++
  })
  for (const end of ['requestfinished', 'requestfailed'] as const) {
    page.on(end as 'requestfinished', (request) => {
      if (!ofApi(request)) return
      asking--
      last = performance.now()
    })
  }
  return {
    context,
    page,
    width,
    faults,
    t: translator(language),
    // What is said last counts.
    async speak(other) {
      await context.addInitScript(chooseLanguage(other))
    },
    async settle() {
      await page.getByRole('heading', { level: 1 }).first().waitFor()
      await until('the page is at rest', 15, async () => asking === 0 && performance.now() - last > 100)
    },
  }
}

function createCaller(address: string, side: 'office' | 'portal', language: Language = 'en'): Caller {
  let kept = { name: '', value: '' }
  async function send(method: string, path: string, body?: object | FormData): Promise<Body> {
    const form = body instanceof FormData
    const reply = await fetch(`${address}/api/v1/${side}${path}`, {
      method,
      headers: {
        'accept-language': language,
        ...(kept.value ? { cookie: `${kept.name}=${kept.value}` } : {}),
        ...(body && !form ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: form ? body : JSON.stringify(body) } : {}),
    })
    for (const line of reply.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (name.endsWith(`zaguan_${side}`)) kept = { name, value }
    }
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${method} ${path} answered ${reply.status}: ${text}`)
    return /json/.test(reply.headers.get('content-type') ?? '') ? JSON.parse(text) : text
  }
  return {
    get: (path) => send('GET', path),
    post: (path, body) => send('POST', path, body),
    patch: (path, body) => send('PATCH', path, body),
    put: (path, body) => send('PUT', path, body),
    upload(path, file, fields = {}) {
      const form = new FormData()
      for (const [name, value] of Object.entries(fields)) form.append(name, value)
      form.append('file', file)
      return send('POST', path, form)
    },
    cookie: () => kept,
  }
}

/**
 * The link in the newest mail for choosing a password (or of another kind) that went to an address, which is not the one of `before`: an
 * administrator may read it once it was kept in the mailbox.
 */
export async function readSecretLink(
  own: Caller,
  email: string,
  before?: string,
  kind = 'password_reset',
): Promise<URL> {
  const notice = await until(`a link for ${email}`, 20, async () => {
    const { items } = await own.get(`/notices?kind=${kind}&q=${encodeURIComponent(email)}`)
    return items[0]?.state === 'kept' && items[0].id !== before && items[0]
  })
  const { text_body } = await own.get(`/notices/${notice.id}`)
  return new URL(/https?:\S+token=\S+/.exec(text_body)![0])
}
