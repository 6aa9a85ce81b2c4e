import { resolve } from 'node:path'
import { z } from 'zod'
import { isNetwork } from './outbound.ts'

export const processRoles = ['all', 'web', 'worker'] as const

const flag = z.enum(['0', '1', 'true', 'false']).transform((value) => value === '1' || value === 'true')

/** A key of 32 bytes as hex or base64; null where the text is neither. */
export function readSecretKey(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : null
}

const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65535).default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  DATA_DIR: z.string().min(1).default('./data'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_URL_PORTAL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_URL_OFFICE: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL: z.coerce.number().int().min(2).max(200).default(10),
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).default('Zaguan <no-reply@localhost>'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  TRUST_PROXY: flag.default(false),
  METRICS_TOKEN: z.string().min(16).optional(),
  SECRET_KEY: z
    .string()
    .refine((text) => readSecretKey(text) !== null)
    .transform((text) => readSecretKey(text)!)
    .optional(),
  BREACHED_PASSWORDS_URL: z.url({ protocol: /^https?$/ }).optional(),
  RATE_LIMIT: z.coerce.number().int().min(10).max(10_000_000).default(1200),
  WEBHOOK_NETWORKS: z
    .string()
    .transform((text) => text.split(/[\s,]+/).filter(Boolean))
    .refine((networks) => networks.every(isNetwork))
    .default([]),
})

/** What a Zaguan process runs with. Every variable is documented in docs/configuration.md. */
export type Config = {
  port: number
  host: string
  dataDir: string
  /** Null: start an own PostgreSQL in the data folder. */
  databaseUrl: string | null
  portalUrl: string | null
  officeUrl: string | null
  databasePool: number
  /** Where people reach this installation, without a trailing slash; links in mail start with it. */
  publicUrl: string
  smtpUrl: string | null
  mailFrom: string
  logLevel: string
  trustProxy: boolean
  metricsToken: string | null
  /** What secrets are encrypted with; null: the key in the data folder. */
  secretKey: Buffer | null
  /** A range API of breached passwords (k-anonymity), ending in `/`; null: nobody outside is asked. */
  breachedPasswordsUrl: string | null
  /** Requests per minute from one address. */
  rateLimit: number
  /** Networks of one's own that webhooks of the operator may reach beside the internet; empty: none. */
  webhookNetworks: string[]
}

/** A configuration that cannot be used; the message says which variable to set and to what. */
export class ConfigError extends Error {}

const advice: Record<string, string> = {
  PORT: 'a port number such as 3000',
  HOST: 'an address to listen on such as 127.0.0.1 or 0.0.0.0',
  DATA_DIR: 'a folder such as ./data',
  DATABASE_URL: 'a URL such as postgres://user:password@host:5432/zaguan, or leave it out',
  DATABASE_URL_PORTAL: 'a URL such as postgres://zaguan_portal:password@host:5432/zaguan, or leave it out',
  DATABASE_URL_OFFICE: 'a URL such as postgres://zaguan_office:password@host:5432/zaguan, or leave it out',
  DATABASE_POOL: 'a number of connections for each login, 2 to 200',
  PUBLIC_URL: 'the address that people use, such as https://clients.example.com',
  SMTP_URL: 'a URL such as smtps://user:password@mail.example.com:465, or leave it out',
  MAIL_FROM: 'a sender such as Example <billing@example.com>',
  LOG_LEVEL: 'one of fatal, error, warn, info, debug, trace, silent',
  TRUST_PROXY: '1 behind a reverse proxy, else 0',
  RATE_LIMIT: 'requests per minute from one address, 10 or more',
  SECRET_KEY: '32 random bytes as base64 or hex (openssl rand -base64 32), or leave it out',
  BREACHED_PASSWORDS_URL: 'a range API such as https://api.pwnedpasswords.com/range/, or leave it out',
  WEBHOOK_NETWORKS: 'networks of your own such as 10.1.0.0/16, separated by commas, or leave it out',
  METRICS_TOKEN: 'a secret of 16 characters or more, or leave it out',
}

/** Reads and validates the environment. Throws a ConfigError that says what to set. An empty variable counts as unset. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  const parsed = environment.safeParse(given)
  if (!parsed.success) {
    const lines = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0])))].map(
      (name) => `  ${name}=${redact(name, given[name])}: set it to ${advice[name]}`,
    )
    throw new ConfigError(`These environment variables cannot be used:\n${lines.join('\n')}`)
  }
  const value = parsed.data
  return {
    port: value.PORT,
    host: value.HOST,
    dataDir: resolve(value.DATA_DIR),
    databaseUrl: value.DATABASE_URL ?? null,
    portalUrl: value.DATABASE_URL_PORTAL ?? null,
    officeUrl: value.DATABASE_URL_OFFICE ?? null,
    databasePool: value.DATABASE_POOL,
    publicUrl: (value.PUBLIC_URL ?? `http://localhost:${value.PORT}`).replace(/\/+$/, ''),
    smtpUrl: value.SMTP_URL ?? null,
    mailFrom: value.MAIL_FROM,
    logLevel: value.LOG_LEVEL,
    trustProxy: value.TRUST_PROXY,
    metricsToken: value.METRICS_TOKEN ?? null,
    secretKey: value.SECRET_KEY ?? null,
    breachedPasswordsUrl: value.BREACHED_PASSWORDS_URL?.replace(/\/*$/, '/') ?? null,
    rateLimit: value.RATE_LIMIT,
    webhookNetworks: value.WEBHOOK_NETWORKS,
  }
}

function redact(name: string, value: string | undefined): string {
  if (/URL|TOKEN|SECRET/.test(name) && name !== 'PUBLIC_URL') return '…'
  return value ?? ''
}
