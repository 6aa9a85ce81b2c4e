// Dunning: what happens, step by step, when an account does not pay, and how it comes back when it does.

export { describeConsequence } from './actions.ts'
export { dunningJobs, dunningSchedule } from './jobs.ts'
export { personalData } from './personal-data.ts'
export { createPolicy, switchPolicyOn } from './policies.ts'
export { registerDunningOffice } from './routes.office.ts'
export { registerDunningPortal } from './routes.portal.ts'
export { dunAccount } from './runs.ts'
export { previewInput as dunningPreviewInput, previewSchema as dunningPreviewSchema } from './schemas.ts'
export { type DunningText, type DunningValues, renderDunningText } from './texts.ts'
