// The one command line: `npm run zaguan -- <command>`. `npm start` is `serve`, `npm run demo` is `demo`.
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// What was compiled is kept, so that the next start takes half as long. It counts for what is imported from here on; where the
// folder cannot be written nothing is kept.
enableCompileCache(join(import.meta.dirname, '../node_modules/.cache/node'))
const { runCommand } = await import('./command-line.ts')
const { commands } = await import('./commands/all.ts')
process.exitCode = await runCommand(commands, process.argv.slice(2))
