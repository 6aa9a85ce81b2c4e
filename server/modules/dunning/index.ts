// Dunning: what happens, step by step, when an account does not pay, and how it comes back when it does.

export { describeConsequence, getAction as getDunningAction, getOwnDunning } from './actions.ts'
export { findUnit, listDebtors } from './debts.ts'
export { exemptAccount } from './exemptions.ts'
export { dunningJobs, dunningSchedule } from './jobs.ts'
export { personalData } from './personal-data.ts'
export { changePolicy, createPolicy, switchPolicyOn } from './policies.ts'
export { registerDunningOffice } from './routes.office.ts'
export { registerDunningPortal } from './routes.portal.ts'
export { loadRules } from './rules.ts'
export { dunAccount } from './runs.ts'
export {
  actionSchema as dunningActionSchema,
  ownDunningSchema,
  previewQuery as dunningPreviewQuery,
} from './schemas.ts'
export { summarizeSimulation } from './simulation.ts'
export { type DunningText, type DunningValues, renderDunningText } from './texts.ts'
