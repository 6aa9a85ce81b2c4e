import { defaultTexts } from './texts.ts'

const everyDay = [1, 2, 3, 4, 5, 6, 7]
/** Nobody is cut off before a weekend, when nobody answers the telephone. */
const mondayToThursday = [1, 2, 3, 4]
const none = { amount: null, basis_points: null, day_count: null, scope: null, texts: null } as const

/** What a new policy begins with: reminders, 2 % late fee and 1 % interest a month, suspension, cancellation. */
export function makeTemplateSteps() {
  const mail = (day: number, kind: 'before' | 'after' | 'last') =>
    ({ ...none, day, action: 'mail', weekdays: everyDay, texts: defaultTexts(kind) }) as const
  return [
    mail(-3, 'before'),
    mail(1, 'after'),
    mail(7, 'after'),
    { ...none, day: 10, action: 'late_fee', weekdays: everyDay, basis_points: 200 },
    { ...none, day: 10, action: 'interest', weekdays: everyDay, basis_points: 100, day_count: 'commercial' },
    {
      ...none,
      day: 15,
      action: 'suspend',
      weekdays: mondayToThursday,
      scope: 'account',
      texts: defaultTexts('suspended'),
    },
    mail(50, 'last'),
    {
      ...none,
      day: 60,
      action: 'cancel',
      weekdays: mondayToThursday,
      scope: 'account',
      texts: defaultTexts('cancelled'),
    },
  ] as const
}
