import { type PersonalDataSource, rowsOfAccount } from '../../platform/personal-data.ts'

/** The files of an account (their bytes are downloaded where they belong) and earlier exports of it. */
export const personalData: PersonalDataSource[] = [
  rowsOfAccount('files', { without: ['sha256'] }),
  rowsOfAccount('privacy_exports', { without: ['json_file_id', 'pdf_file_id'] }),
]
