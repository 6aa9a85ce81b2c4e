// `npm start` and `npm run demo`: builds the web apps where they are not built, and becomes the program. One process in
// the place of the shell (exec), so that the signals which npm hands on reach it: a shell between the two would keep them.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const built = spawnSync(process.execPath, [join(import.meta.dirname, 'build.ts'), '--if-needed'], {
  stdio: 'inherit',
})
if (built.status !== 0) process.exit(built.status ?? 1)
await import('../server/main.ts')
