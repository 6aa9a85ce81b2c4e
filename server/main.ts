// The one command line: `npm run zaguan -- <command>`. `npm start` is `serve`, `npm run demo` is `demo`.
import { runCommand } from './command-line.ts'
import { closeCommand } from './commands/close.ts'
import { backupCommand, linkCommand, migrateCommand, restoreCommand } from './commands/database.ts'
import { demoCommand } from './commands/demo.ts'
import { importCommand } from './commands/import.ts'
import { serveCommand, workerCommand } from './commands/serve.ts'

process.exitCode = await runCommand(
  {
    serve: serveCommand,
    worker: workerCommand,
    demo: demoCommand,
    migrate: migrateCommand,
    import: importCommand,
    close: closeCommand,
    backup: backupCommand,
    restore: restoreCommand,
    'first-admin': linkCommand,
  },
  process.argv.slice(2),
)
