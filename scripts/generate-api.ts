// Writes the OpenAPI document (docs/openapi.gen.json) from the routes, the web's types from that document, and the events of
// webhooks (docs/webhook-events.gen.md).
// `--check` writes nothing and fails where a file is stale.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../server/app.ts'
import { describeEvents } from '../server/modules/webhooks/index.ts'
import { readConfig } from '../server/platform/config.ts'
import { openPool } from '../server/platform/database.ts'
import { createDiskStore } from '../server/platform/files.ts'

const root = join(import.meta.dirname, '..')
const documentFile = join(root, 'docs/openapi.gen.json')
const typesFile = join(root, 'web/shared/api-types.gen.ts')
const eventsFile = join(root, 'docs/webhook-events.gen.md')
const check = process.argv.includes('--check')

/** The OpenAPI document of this program; no database is asked for it. */
async function describeApi(): Promise<string> {
  const config = readConfig({ LOG_LEVEL: 'silent' })
  const pool = openPool('postgres://nobody@127.0.0.1:1/none', 2)
  const app = await createApp({
    config,
    portal: pool,
    office: pool,
    files: createDiskStore(tmpdir()),
    now: () => Temporal.Now.instant(),
    version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
  })
  await app.server.ready()
  const document = `${JSON.stringify(app.server.swagger(), null, 1)}\n`
  await app.server.close()
  await pool.end()
  return document
}

function describeTypes(document: string): string {
  const tool = join(root, 'tools/node_modules/.bin/openapi-typescript')
  if (!existsSync(tool)) execFileSync('npm', ['ci', '--prefix', join(root, 'tools')], { stdio: 'inherit' })
  const folder = mkdtempSync(join(tmpdir(), 'zaguan-api-types-'))
  try {
    writeFileSync(join(folder, 'openapi.json'), document)
    execFileSync(
      tool,
      [
        join(folder, 'openapi.json'),
        '-o',
        join(folder, 'types.ts'),
        '--root-types',
        '--root-types-no-schema-prefix',
      ],
      { stdio: 'pipe' },
    )
    return readFileSync(join(folder, 'types.ts'), 'utf8')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Every event of webhooks with an example of its data, as each side gets it. */
function describeWebhooks(): string {
  const office = describeEvents('staff')
  const portal = describeEvents('customer')
  const objects = [...new Set(office.map((event) => event.object))]
  const example = (events: typeof office, object: string) =>
    JSON.stringify(JSON.parse(events.find((event) => event.object === object)!.example).data, null, 2)
  return [
    '# Events of webhooks',
    '',
    'Written by `npm run generate`. How they are sent and verified: [Webhooks](guides/webhooks.md).',
    '',
    '| type | data | when |',
    '| --- | --- | --- |',
    ...office.map(
      ({ type, object, description }) =>
        `| \`${type}\` | [${object}](#${object.replaceAll('_', '-')}) | ${description} |`,
    ),
    '| `webhook.test` | `{endpoint_id, message, sent_at}` | Somebody pressed *Send a test*. Every endpoint gets its own. |',
    '',
    '`data` of each, by examples made from the schemas of the API.',
    ...objects.flatMap((object) => [
      '',
      `## ${object.replaceAll('_', ' ')}`,
      '',
      'To an account:',
      '',
      '```json',
      example(portal, object),
      '```',
      '',
      'To the operator:',
      '',
      '```json',
      example(office, object),
      '```',
    ]),
    '',
  ].join('\n')
}

const document = await describeApi()
const stale: string[] = []
for (const [file, text] of [
  [documentFile, document],
  [typesFile, describeTypes(document)],
  [eventsFile, describeWebhooks()],
] as const) {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
  if (check) stale.push(file.slice(root.length + 1))
  else writeFileSync(file, text)
}
if (stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run npm run generate and commit what it writes.`)
  process.exitCode = 1
}
