// Imports: accounts, contacts and services from other systems, by CSV and a mapping of its columns; previewed, repeatable,
// with every row that is left out and why.

export { listRejects } from './imports.ts'
export { type ImportMapping, mappingSchema } from './mapping.ts'
export { personalData } from './personal-data.ts'
export { registerImportsOffice } from './routes.office.ts'
export { createImportJobs, importFile } from './runs.ts'
