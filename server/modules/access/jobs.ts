import { sql } from 'kysely'
import type { FileStore } from '../../platform/files.ts'
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'

/** The background work of access: what has expired is removed, and photos that were replaced. */
export function createAccessJobs(files: FileStore): JobHandlers {
  return {
    'access:purge': async (_payload, { transact }) => {
      await transact((tx) => sql`select purge_access()`.execute(tx))
    },
    'access:remove_photo': async (payload) => {
      await files.remove(String(payload.file_id))
    },
  }
}

/** Every night at 3:40 UTC. */
export const accessSchedule: Schedule = { 'access:purge': '40 3 * * *' }
