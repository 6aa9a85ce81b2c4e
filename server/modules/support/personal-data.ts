import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** The support credits that an account was given and used. */
export const personalData: PersonalDataSource[] = [rowsOfAccount('support_credit_entries')]
