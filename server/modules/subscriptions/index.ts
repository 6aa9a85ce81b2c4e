// Subscriptions: what an account has of the catalogue, its states and what it costs a month; and the billing periods,
// which both a subscription's first charged day and the closing are computed from.

export {
  billingStart,
  boundaryAfter,
  boundaryDayAfter,
  boundaryDayOnOrBefore,
  boundaryOnOrAfter,
  boundaryOnOrBefore,
  type DayCount,
  type DayFraction,
  dayFraction,
  dayFractionOfSpan,
  isClosingDay,
  periodOf,
} from './periods.ts'
