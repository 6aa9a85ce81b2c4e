import type { Config } from '../../platform/config.ts'
import type { FileStore } from '../../platform/files.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { approveStatement } from './statement-approval.ts'
import { dropStatementFile, readStatement } from './statement-reading.ts'
import { forgetStatementFiles } from './statement-uploads.ts'

/** The jobs of bank statements. */
export function createStatementJobs(services: { config: Config; files: FileStore }): JobHandlers {
  const { config, files } = services
  return {
    'payments:read_statement': (payload, context) =>
      readStatement(String(payload.statement_id), files, config, context),
    'payments:approve_statement': (payload, context) =>
      approveStatement(String(payload.statement_id), config, context),
    'payments:drop_statement_file': (payload, context) =>
      dropStatementFile(String(payload.file_id), files, context),
    'payments:forget_statement_files': async (_payload, { transact, now }) => {
      const gone = await transact((tx) => forgetStatementFiles(tx, now()))
      for (const id of gone) await files.remove(id)
    },
  }
}

/** When they run by themselves (UTC). */
export const statementSchedule: Schedule = { 'payments:forget_statement_files': '41 3 * * *' }
