/**
 * One PostgreSQL for the whole run, and in it one migrated template that every test file copies
 * (tests/database.ts). DATABASE_URL names a server to use; without it an own one runs in a temporary folder.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { startEmbeddedPostgres } from '../server/platform/embedded-postgres.ts'
import { migrate } from '../server/platform/migrations.ts'

export interface TestCluster {
  /** Owner's URL of the server's maintenance database, for create and drop database. */
  adminUrl: string
  /** Name of the migrated template; null when the migrations fail, so that tests without a database still run. */
  template: string | null
  error: string | null
}

declare module 'vitest' {
  export interface ProvidedContext {
    cluster: TestCluster
  }
}

const PREFIX = 'zaguan-test-'

const quiet = { info() {}, warn: (message: string) => console.warn(message) }

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = process.env.DATABASE_URL
    ? { url: process.env.DATABASE_URL, stop: async () => {} }
    : await startTemporaryCluster()
  try {
    const { provided, drop } = await createTemplate(cluster.url)
    project.provide('cluster', provided)
    return async () => {
      await drop()
      await cluster.stop()
    }
  } catch (error) {
    await cluster.stop()
    throw error
  }
}

/** Starts a server that trades durability for speed, in a folder that goes away with it. */
export async function startTemporaryCluster(): Promise<{ url: string; stop(): Promise<void> }> {
  await sweepDeadClusters()
  const dataDir = await fs.mkdtemp(path.join(os.tmpdir(), `${PREFIX}${process.pid}-`))
  const remove = () => fs.rm(dataDir, { recursive: true, force: true, maxRetries: 5 })
  try {
    const server = await startEmbeddedPostgres({
      dataDir,
      log: quiet,
      settings: {
        fsync: 'off',
        synchronous_commit: 'off',
        full_page_writes: 'off',
        shared_buffers: '256MB',
        max_connections: '300',
      },
    })
    return {
      url: server.url,
      async stop() {
        await server.stop()
        await remove()
      },
    }
  } catch (error) {
    await remove()
    throw error
  }
}

/** Stops and removes what runs that were killed left behind. */
async function sweepDeadClusters(): Promise<void> {
  for (const name of await fs.readdir(os.tmpdir())) {
    const owner = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]
    if (!owner || isAlive(Number(owner))) continue
    const dataDir = path.join(os.tmpdir(), name)
    const pidFile = await fs.readFile(path.join(dataDir, 'postgres/postmaster.pid'), 'utf8').catch(() => '')
    const [pid, directory] = pidFile.split('\n')
    if (pid && directory?.startsWith(dataDir)) {
      try {
        process.kill(Number(pid), 'SIGQUIT')
        for (let i = 0; i < 50 && isAlive(Number(pid)); i++) await sleep(100)
      } catch {
        // Dead already.
      }
    }
    await fs.rm(dataDir, { recursive: true, force: true }).catch(() => {})
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'
  }
}

async function createTemplate(adminUrl: string): Promise<{ provided: TestCluster; drop(): Promise<void> }> {
  const template = `zaguan_test_template_${randomBytes(4).toString('hex')}`
  const run = async (...statements: string[]): Promise<void> => {
    const client = new pg.Client({ connectionString: adminUrl })
    await client.connect()
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await run(`create database ${template}`)
  const drop = () =>
    run(`alter database ${template} is_template false`, `drop database if exists ${template} with (force)`)
  const url = new URL(adminUrl)
  url.pathname = `/${template}`
  try {
    await migrate(url.href)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    console.error(`The template of the test databases could not be made: ${message}`)
    return { provided: { adminUrl, template: null, error: message }, drop }
  }
  // Nobody may connect to it any more: a template in use cannot be copied.
  await run(`alter database ${template} is_template true allow_connections false`)
  return { provided: { adminUrl, template, error: null }, drop }
}
