import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** Where an account's programs are told what happened, and what was told of it in the last 30 days. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('webhook_endpoints'),
  rowsOfAccount('webhook_messages'),
]
