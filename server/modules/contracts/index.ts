// Contracts of services (P4): templates, what was agreed, documents that the customer accepts, and the penalty for leaving early.

export {
  getDocument as getContractDocument,
  getOwnDocument as getOwnContractDocument,
  renderDocument,
} from './documents.ts'
export { contractJobs, contractSchedule } from './jobs.ts'
export { computePenalty, evaluatePenalty, type Penalty, type PenaltyTerms, type Term } from './penalty.ts'
export { personalData } from './personal-data.ts'
export { registerContractsOffice } from './routes.office.ts'
export { registerContractsPortal } from './routes.portal.ts'
export {
  contractDataInput,
  documentSchema as contractDocumentSchema,
  ownDocumentSchema as ownContractDocumentSchema,
} from './schemas.ts'
export { type ContractDataInput, copyContractData, setContractData } from './service-contracts.ts'
