// Simulations: what billing would make of services, events and runs, by the engine itself, with nothing written.

export { registerSimulations } from './routes.office.ts'
