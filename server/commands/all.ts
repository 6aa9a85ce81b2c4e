import { closeCommand } from './close.ts'
import { backupCommand, linkCommand, migrateCommand, restoreCommand } from './database.ts'
import { demoCommand } from './demo.ts'
import { importCommand } from './import.ts'
import { serveCommand, workerCommand } from './serve.ts'

/** The commands of the one command line, by the word that calls each. */
export const commands = {
  serve: serveCommand,
  worker: workerCommand,
  demo: demoCommand,
  migrate: migrateCommand,
  import: importCommand,
  close: closeCommand,
  backup: backupCommand,
  restore: restoreCommand,
  'first-admin': linkCommand,
}
