/** An exact fraction: what amounts are computed with before they are rounded once (billing.md 8). The divisor is positive. */
export class Exact {
  readonly over: bigint
  readonly under: bigint

  constructor(over: bigint, under: bigint = 1n) {
    if (under === 0n) throw new DivisionByZero()
    const common = greatestCommonDivisor(over < 0n ? -over : over, under < 0n ? -under : under)
    const sign = under < 0n ? -1n : 1n
    this.over = (sign * over) / common
    this.under = (sign * under) / common
  }

  plus(other: Exact): Exact {
    return new Exact(this.over * other.under + other.over * this.under, this.under * other.under)
  }
  minus(other: Exact): Exact {
    return new Exact(this.over * other.under - other.over * this.under, this.under * other.under)
  }
  times(other: Exact): Exact {
    return new Exact(this.over * other.over, this.under * other.under)
  }
  /** Throws DivisionByZero. */
  dividedBy(other: Exact): Exact {
    return new Exact(this.over * other.under, this.under * other.over)
  }
  negated(): Exact {
    return new Exact(-this.over, this.under)
  }
  /** Negative, zero or positive, as this is less than, equal to or more than the other. */
  compare(other: Exact): number {
    const difference = this.over * other.under - other.over * this.under
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }
  /** The next whole number down, -1.5 to -2. */
  floor(): bigint {
    const whole = this.over / this.under
    return this.over < 0n && whole * this.under !== this.over ? whole - 1n : whole
  }
  ceil(): bigint {
    return -this.negated().floor()
  }
  /** Half-up on the absolute value (billing.md 9). */
  round(): bigint {
    const size = this.over < 0n ? -this.over : this.over
    const rounded = (2n * size + this.under) / (2n * this.under)
    return this.over < 0n ? -rounded : rounded
  }
  /** `7`, or `699300/25` where it is no whole number. */
  toString(): string {
    return this.under === 1n ? String(this.over) : `${this.over}/${this.under}`
  }
}

/** What no fraction is. */
export class DivisionByZero extends Error {}

/** Reads a decimal number as it is written: `2.5` is 5/2, not the nearest binary number. */
export function readExact(text: string): Exact {
  const [whole = '0', fraction = ''] = text.split('.')
  return new Exact(BigInt(whole + fraction), 10n ** BigInt(fraction.length))
}

function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let [a, b] = [left, right]
  while (b !== 0n) [a, b] = [b, a % b]
  return a === 0n ? 1n : a
}
