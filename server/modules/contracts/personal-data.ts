import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** What was agreed about the services of an account, and the contracts as they were issued. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('service_contracts'),
  rowsOfAccount('contract_documents'),
]
