// The demonstration: an operator that does not exist, with two years of accounts, closings and payments, so that
// everything can be looked at before anything of one's own is in it.

export { createDemo, type DemoPerson, type DemoSummary, demoPeople } from './demo.ts'
