import { type Command, exitCodes, expectDone, UsageError } from '../command-line.ts'
import { closeUnit, previewUnit } from '../modules/billing/index.ts'
import { findUnitBySlug } from '../modules/units/index.ts'
import { transactAsSystem } from '../platform/database.ts'
import { toDecimal } from '../platform/money.ts'
import { openDatabase } from '../start.ts'
import { readDate } from './import.ts'

export const closeCommand: Command = {
  summary: 'Bill a business unit up to a date; safe to repeat (B2). --preview only says what it would bill',
  usage: '--business-unit SLUG --up-to DATE [--preview]',
  positionals: [],
  options: {
    'business-unit': { type: 'string' },
    'up-to': { type: 'string' },
    preview: { type: 'boolean' },
  },
  async run({ config, options, voice }) {
    const slug = options['business-unit']
    if (typeof slug !== 'string') throw new UsageError('--business-unit SLUG says what to close')
    const upTo = readDate(options['up-to'], '--up-to')
    if (!upTo) throw new UsageError('--up-to DATE says which closing dates are due: those on or before it')
    const preview = options.preview === true
    const database = await openDatabase(config, voice.log)
    try {
      const unit = expectDone(
        await transactAsSystem(
          database.office,
          { kind: 'system', way: 'command', operation: 'close_unit', name: 'zaguan' },
          (tx) => findUnitBySlug(tx, slug),
        ),
      )
      const input = {
        business_unit_id: unit.id,
        up_to: upTo,
        now: () => Temporal.Now.instant(),
        stopping: voice.stopping,
        progress: (done: number, total: number) => voice.progress(done, total, 'accounts'),
      }
      const result = preview
        ? { preview, closing_id: null, ...expectDone(await previewUnit(database.office, input)) }
        : { preview, ...expectDone(await closeUnit(database.office, input)) }
      const [invoices, accounts] = [count(result.invoices, 'invoice'), count(result.accounts, 'account')]
      const parked = count(result.parked, 'account')
      voice.result({ business_unit: slug, up_to: upTo.toString(), ...result }, [
        result.accounts === 0
          ? `Nothing of ${slug} is due up to ${upTo}.`
          : `${preview ? 'Would bill' : 'Billed'} ${slug} up to ${upTo}: ${invoices}, ${toDecimal(result.total, result.currency)} ${result.currency} in all, of ${accounts}.`,
        ...(result.parked > 0
          ? [
              `${parked} cannot be billed as ${result.parked === 1 ? 'it stands' : 'they stand'}${
                result.closing_id
                  ? `; which and why: ${config.publicUrl}/office/closings/${result.closing_id}`
                  : ''
              }.`,
            ]
          : []),
        ...(result.outcome === 'interrupted' ? ['Interrupted: run it again and it goes on.'] : []),
      ])
      if (result.outcome === 'interrupted') return exitCodes.interrupted
      return result.parked > 0 ? exitCodes.partly : exitCodes.done
    } finally {
      await database.close()
    }
  },
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`
}
