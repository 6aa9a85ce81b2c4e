import { type App, officeRoute } from '../../platform/http.ts'
import { replay } from './replay.ts'
import { simulationInput, simulationSchema } from './schemas.ts'

/** Registers the simulation of billing for staff, and for programs with a key of theirs. */
export function registerSimulations(app: App): void {
  officeRoute(
    app,
    {
      method: 'POST',
      path: '/simulations',
      top: true,
      operation: 'simulate_billing',
      summary: 'What billing would make of services, events and runs',
      description:
        'Replays services and a timeline of events through the billing engine, under the rules of a business unit or those in the request, and answers every invoice, line, credit and balance that would come about. Nothing is written. On each day come first its events, in the order of the request, then its run.',
      tag: 'simulations',
      permission: 'simulations.run',
      body: simulationInput,
      response: simulationSchema,
      status: 200,
      perMinute: 60,
    },
    (tx, { body }, _actor, { language }) => replay(tx, body, language),
  )
}
