import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { tidyDictionary } from './search.ts'

/** The jobs of the search. */
export const searchJobs: JobHandlers = {
  'search:tidy_dictionary': async (_payload, { transact }) => transact(tidyDictionary),
}

/** When they run by themselves (UTC). */
export const searchSchedule: Schedule = { 'search:tidy_dictionary': '41 3 * * *' }
