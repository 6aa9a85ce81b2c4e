import { join, resolve } from 'node:path'
import { type Command, exitCodes, expectDone } from '../command-line.ts'
import { backup } from '../platform/backup.ts'
import type { Config } from '../platform/config.ts'
import { startEmbeddedPostgres } from '../platform/embedded-postgres.ts'
import { secretKeyFile } from '../platform/encryption.ts'
import { migrate } from '../platform/migrations.ts'
import { restore } from '../platform/restore.ts'
import { createFirstAdminLink, openDatabase, readLoginPasswords, type StartLog } from '../start.ts'

/** Runs `work` with the owner's URL, the own PostgreSQL started for it where there is no other. */
async function withOwner<T>(
  config: Config,
  log: StartLog,
  work: (ownerUrl: string) => Promise<T>,
): Promise<T> {
  const embedded =
    config.databaseUrl === null ? await startEmbeddedPostgres({ dataDir: config.dataDir, log }) : null
  try {
    return await work(embedded?.url ?? config.databaseUrl!)
  } finally {
    await embedded?.stop()
  }
}

export const migrateCommand: Command = {
  summary: 'Bring the database to this version; also done at every start',
  usage: '',
  positionals: [],
  options: {},
  async run({ config, voice }) {
    const { applied } = await withOwner(config, voice.log, (url) =>
      migrate(url, { log: voice.log, ...readLoginPasswords(config) }),
    )
    voice.result({ applied }, [
      applied.length === 0 ? 'The database is up to date.' : `Applied: ${applied.join(', ')}`,
    ])
    return exitCodes.done
  },
}

export const backupCommand: Command = {
  summary: 'Write everything (tables, waiting jobs, files) into one archive',
  usage: 'FILE',
  positionals: ['file'],
  options: {},
  async run({ config, args, voice }) {
    const file = resolve(args.file!)
    const result = expectDone(
      await withOwner(config, voice.log, (url) =>
        backup(url, file, {
          filesDir: join(config.dataDir, 'files'),
          secretKeyFile: join(config.dataDir, secretKeyFile),
          onProgress: (progress) => voice.progress(progress.done, progress.total, progress.what),
        }),
      ),
    )
    voice.result({ file, ...result }, [
      `Backed up ${result.rows} rows of ${result.tables} tables and ${result.files} files to ${file} (${result.bytes} bytes).`,
    ])
    return exitCodes.done
  },
}

export const restoreCommand: Command = {
  summary: 'Load an archive into an empty database; --force replaces what is there',
  usage: 'FILE [--force]',
  positionals: ['file'],
  options: { force: { type: 'boolean' } },
  async run({ config, args, options, voice }) {
    const file = resolve(args.file!)
    const result = expectDone(
      await withOwner(config, voice.log, (url) =>
        restore(url, file, {
          filesDir: join(config.dataDir, 'files'),
          secretKeyFile: join(config.dataDir, secretKeyFile),
          force: options.force === true,
          logins: readLoginPasswords(config),
          onProgress: (progress) => voice.progress(progress.done, progress.total, progress.what),
        }),
      ),
    )
    voice.result({ file, ...result }, [
      `Restored ${result.rows} rows of ${result.tables} tables and ${result.files} files from ${file}.`,
    ])
    return exitCodes.done
  },
}

export const linkCommand: Command = {
  summary: 'Print a new one-time link that makes the first administrator',
  usage: '',
  positionals: [],
  options: {},
  async run({ config, voice }) {
    const database = await openDatabase(config, voice.log)
    try {
      const link = await createFirstAdminLink(config, database.office)
      voice.result({ first_admin_link: link }, [
        link ?? 'There is staff already: an administrator invites others in the office.',
      ])
      return link === null ? exitCodes.refused : exitCodes.done
    } finally {
      await database.close()
    }
  },
}
