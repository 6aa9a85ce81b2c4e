import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** The services of an account, what they are made of, and when they rested. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('subscriptions'),
  rowsOfAccount('subscription_components'),
  rowsOfAccount('subscription_suspensions'),
  rowsOfAccount('charges'),
  rowsOfAccount('subscription_coupons'),
  rowsOfAccount('usage_records'),
]
