// Imports: accounts, contacts and services from other systems, by CSV and a mapping of its columns; previewed, repeatable,
// with every row that is left out and why.

export { describeReject, listRejects, writeRejectsFile } from './imports.ts'
export { type ImportMapping, mappingSchema, suggestMapping } from './mapping.ts'
export { registerImportsOffice } from './routes.office.ts'
export { createImportJobs, type FileImport, importFile, type PassResult } from './runs.ts'
