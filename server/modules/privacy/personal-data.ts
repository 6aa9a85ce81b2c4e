import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** The files of an account (their bytes are downloaded where they belong) and earlier exports of it, and an erasure that is under way. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('files', { without: ['sha256'] }),
  rowsOfAccount('account_erasures', { without: ['asked_by'] }),
  rowsOfAccount('privacy_exports', { without: ['json_file_id', 'pdf_file_id'] }),
]
