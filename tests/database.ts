import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { loginUrl } from '../server/platform/migrations.ts'

export interface TestDatabase {
  ownerUrl: string
  portalUrl: string
  officeUrl: string
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>
}

/** A database for one test file: migrated, empty, nobody else's. `{ empty: true }` leaves out the migrations too. */
export async function createTestDatabase(options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const { adminUrl, template, error } = inject('cluster')
  if (!options.empty && !template) throw new Error(`There is no template to copy: ${error}`)
  const name = `zaguan_test_${randomBytes(6).toString('hex')}`
  const copied = options.empty ? 'template0' : template
  await runOnce(adminUrl, `create database ${name} template ${copied} strategy file_copy`)
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  const ownerUrl = url.href
  return {
    ownerUrl,
    portalUrl: loginUrl(ownerUrl, 'zaguan_portal'),
    officeUrl: loginUrl(ownerUrl, 'zaguan_office'),
    drop: () => runOnce(adminUrl, `drop database if exists ${name} with (force)`),
  }
}

async function runOnce(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
