// The jobs of files of banks.
import type { JobHandlers, Schedule } from '../../platform/jobs.ts'
import { makeBoletos, withdrawPaidCharges } from './bank-charge-jobs.ts'
import type { BankFileServices } from './bank-file-work.ts'
import { writeDailyRemittances, writeRemittance } from './bank-remittance-jobs.ts'
import { applyReturn, readReturn } from './bank-return-jobs.ts'

/** The jobs of files of banks. */
export function createBankFileJobs(services: BankFileServices): JobHandlers {
  const idOf = (payload: Parameters<JobHandlers[string]>[0]) => String(payload.bank_file_id)
  return {
    'payments:write_remittance': (payload, context) =>
      writeRemittance({ ...context, ...services }, idOf(payload)),
    'payments:write_daily_remittances': (_payload, context) =>
      writeDailyRemittances({ ...context, ...services }),
    'payments:read_return': (payload, context) => readReturn({ ...context, ...services }, idOf(payload)),
    'payments:apply_return': (payload, context) => applyReturn({ ...context, ...services }, idOf(payload)),
    'payments:make_boletos': (payload, context) =>
      makeBoletos({ ...context, ...services }, (payload.invoice_ids as string[] | undefined) ?? []),
    'payments:withdraw_paid_charges': (payload, context) =>
      withdrawPaidCharges({ ...context, ...services }, (payload.invoice_ids as string[] | undefined) ?? []),
  }
}

/** When they run by themselves (UTC): remittances at six in the morning of São Paulo. */
export const bankFileSchedule: Schedule = { 'payments:write_daily_remittances': '0 9 * * *' }
